import Media
import NIOCore
import RTP

/// The current group of pictures of a track, from its key frame on, so that a joiner sees a picture at once.
///
/// Bounded in bytes and frames: a group that grows past a bound is dropped whole, and caching begins again with the
/// next key frame; joiners then wait for it.
struct GroupOfPictures {
  struct Entry {
    let frame: EncodedFrame
    /// Set when the frame was packetised for receivers, so that a joiner shares the packets.
    var packetized: PacketizedFrame?
  }

  private(set) var entries: [Entry] = []
  private var bytes = 0
  private let maximumBytes: Int
  private let maximumFrames: Int

  init(maximumBytes: Int = 4 << 20, maximumFrames: Int = 600) {
    self.maximumBytes = maximumBytes
    self.maximumFrames = maximumFrames
  }

  mutating func append(_ frame: EncodedFrame, packetized: PacketizedFrame?) {
    if frame.isKeyFrame {
      removeAll()
    } else if entries.isEmpty {
      return
    }
    bytes += frame.data.readableBytes
    guard bytes <= maximumBytes, entries.count < maximumFrames else {
      removeAll()
      return
    }
    entries.append(Entry(frame: frame, packetized: packetized))
  }

  mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    bytes = 0
  }

  /// The group as packets; packetises what was not packetised yet, and keeps it.
  mutating func packets(_ packetize: (EncodedFrame) -> PacketizedFrame?) -> [PacketizedFrame] {
    var frames: [PacketizedFrame] = []
    frames.reserveCapacity(entries.count)
    for index in entries.indices {
      if entries[index].packetized == nil { entries[index].packetized = packetize(entries[index].frame) }
      // A frame that cannot be packetised would leave a hole that the decoder shows as damage: stop before it.
      guard let packetized = entries[index].packetized else { break }
      frames.append(packetized)
    }
    return frames
  }
}
