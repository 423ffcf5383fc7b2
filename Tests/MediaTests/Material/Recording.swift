import Foundation
import NIOCore

@testable import Media

/// The media of an FLV file, read by just enough of the format (Adobe FLV 10.1, annex E.4) for these tests.
struct Recording: Sendable {
  var audioFormat: AudioFormat?
  var videoFormat: VideoFormat?
  var audio: [EncodedFrame] = []
  var video: [EncodedFrame] = []

  struct Missing: Error {}

  init(flv data: Data) {
    var file = ByteBuffer(bytes: data)
    file.moveReaderIndex(forwardBy: min(13, file.readableBytes))
    while let type = file.readInteger(as: UInt8.self), let sizeAndTime = file.readInteger(as: UInt64.self),
      file.readBytes(length: 2) != nil
    {
      // Eight bytes: size 24, time 24, upper time 8, first byte of the stream id.
      let size = Int(sizeAndTime >> 40)
      let time = Int64((sizeAndTime >> 16) & 0xFF_FFFF) | Int64((sizeAndTime >> 8) & 0xFF) << 24
      guard let body = file.readSlice(length: size) else { break }
      if type == 8 { self.addAudio(body, at: time) }
      if type == 9 { self.addVideo(body, at: time) }
      file.moveReaderIndex(forwardBy: min(4, file.readableBytes))
    }
  }

  func neededAudioFormat() throws -> AudioFormat {
    guard let format = self.audioFormat else { throw Missing() }
    return format
  }

  func neededVideoFormat() throws -> VideoFormat {
    guard let format = self.videoFormat else { throw Missing() }
    return format
  }

  private mutating func addAudio(_ body: ByteBuffer, at time: Int64) {
    var body = body
    guard let flags = body.readInteger(as: UInt8.self) else { return }
    let rate = [5_512, 11_025, 22_050, 44_100][Int(flags >> 2 & 3)]
    let isWide = flags & 2 != 0
    let formats: [UInt8: (AudioCodec, Int)] = [
      0: (isWide ? .pcmS16BE : .pcmU8, rate), 1: (.adpcmSWF, rate), 2: (.mp3, rate),
      3: (isWide ? .pcmS16LE : .pcmU8, rate), 4: (.nellymoser, 16_000), 5: (.nellymoser, 8_000),
      6: (.nellymoser, rate), 7: (.pcmALaw, 8_000), 8: (.pcmMuLaw, 8_000), 10: (.aac, rate), 11: (.speex, 16_000),
    ]
    guard let (codec, sampleRate) = formats[flags >> 4] else { return }
    let channels = flags & 1 != 0 ? 2 : 1
    var format = self.audioFormat ?? AudioFormat(codec: codec, sampleRate: sampleRate, channels: channels)
    defer { self.audioFormat = format }
    if codec == .aac, body.readInteger(as: UInt8.self) == 0 {
      format.configuration = body
      return
    }
    self.audio.append(EncodedFrame(time: time * 1_000, isKeyFrame: true, data: body))
  }

  private mutating func addVideo(_ body: ByteBuffer, at time: Int64) {
    var body = body
    let codecs: [UInt8: VideoCodec] = [
      2: .sorensonH263, 3: .screenVideo, 4: .vp6, 5: .vp6Alpha, 6: .screenVideo2, 7: .h264, 8: .h263,
    ]
    guard let flags = body.readInteger(as: UInt8.self), let codec = codecs[flags & 15], flags >> 4 != 5 else { return }
    var format = self.videoFormat ?? VideoFormat(codec: codec)
    defer { self.videoFormat = format }
    var presented = time
    if codec == .h264 {
      guard let kind = body.readInteger(as: UInt8.self), let high = body.readInteger(as: Int8.self),
        let low = body.readInteger(as: UInt16.self)
      else { return }
      if kind == 0 { format.configuration = body }
      guard kind == 1 else { return }
      presented += Int64(high) << 16 | Int64(low)
    }
    self.video.append(EncodedFrame(time: presented * 1_000, isKeyFrame: flags >> 4 == 1, data: body))
  }
}
