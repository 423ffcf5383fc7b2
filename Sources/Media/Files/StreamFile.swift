import CLibAV

/// A recorded stream, written as another kind of file by libavformat.
public enum StreamFile {
  /// Writes the sound and pictures of an FLV file, untouched for `mkv` and `mp4`, decoded for `wav`.
  /// - Parameters:
  ///   - flv: path of the FLV file.
  ///   - path: of the new file, which is written over.
  ///   - format: what it shall be.
  /// - Throws: ``ContainerError``; a codec that has no place in the format is named before anything is written.
  public static func write(flv: String, to path: String, as format: ContainerFormat) throws(ContainerError) {
    let input = try InputFile(flv: flv)
    switch format {
    case .mkv, .mp4: try remux(input, to: path, as: format)
    case .wav: try SoundExtraction(input).write(input, to: path)
    }
  }

  private struct Route {
    let target: Int32
    /// The decoding time of the latest packet, in the input's units.
    var last = Int64.min
  }

  private static func remux(
    _ input: borrowing InputFile, to path: String, as format: ContainerFormat
  ) throws(ContainerError) {
    let kept = try streams(of: input, for: format)
    let output = try OutputFile(path: path, format: format)
    var routes: [Int32: Route] = [:]
    for index in kept {
      guard let stream = input.stream(index), let parameters = stream.pointee.codecpar else { continue }
      routes[stream.pointee.index] = Route(
        target: try output.addStream(parameters, timeBase: stream.pointee.time_base))
    }
    try output.writeHeader()
    let packet = try makePacket()
    while input.read(into: packet) {
      let source = packet.pointer.pointee.stream_index
      guard var route = routes[source], let stream = input.stream(Int(source)) else { continue }
      keepForward(packet, behind: &route.last)
      routes[source] = route
      try output.write(packet, stream: route.target, timeBase: stream.pointee.time_base)
    }
    try output.finish()
  }

  /// Players want times that grow; a clock that was set back stands for as long.
  private static func keepForward(_ packet: borrowing Packet, behind last: inout Int64) {
    let fields = packet.pointer
    if fields.pointee.dts == clibav_no_time { fields.pointee.dts = fields.pointee.pts }
    if fields.pointee.dts == clibav_no_time { fields.pointee.dts = last == .min ? 0 : last &+ 1 }
    if fields.pointee.dts <= last {
      let moved = last &+ 1 &- fields.pointee.dts
      fields.pointee.dts = last &+ 1
      if fields.pointee.pts != clibav_no_time { fields.pointee.pts &+= moved }
    }
    if fields.pointee.pts == clibav_no_time || fields.pointee.pts < fields.pointee.dts {
      fields.pointee.pts = fields.pointee.dts
    }
    last = fields.pointee.dts
  }

  private static func streams(
    of input: borrowing InputFile, for format: ContainerFormat
  ) throws(ContainerError) -> [Int] {
    var kept: [Int] = []
    for index in 0..<input.streamCount {
      guard let parameters = input.stream(index)?.pointee.codecpar else { continue }
      let type = parameters.pointee.codec_type
      guard type == AVMEDIA_TYPE_AUDIO || type == AVMEDIA_TYPE_VIDEO else { continue }
      let codec = parameters.pointee.codec_id
      guard codec != AV_CODEC_ID_NONE, OutputFile.takes(codec, format) else {
        throw .codecRefused(codec: name(of: codec), format: format)
      }
      kept.append(index)
    }
    guard !kept.isEmpty else { throw .nothingInside }
    return kept
  }

  static func makePacket() throws(ContainerError) -> Packet {
    do throws(MediaError) {
      return try Packet()
    } catch {
      throw .unwritable("out of memory")
    }
  }

  static func name(of codec: AVCodecID) -> String { String(cString: avcodec_get_name(codec)) }
}
