import NIOCore
import RTP

@testable import Rooms

/// An event loop's fan-out that keeps what it gets.
final class RecordingSink: FrameSink {
  struct Group: Sendable {
    let frames: [PacketizedFrame]
    let subscriber: SubscriberID
  }

  struct Received: Sendable {
    var frames: [PacketizedFrame] = []
    var renditions: [Rendition] = []
    var untouched: [PayloadCodec?] = []
    var groups: [Group] = []

    var keyFrames: Int { frames.filter(\.isKeyFrame).count }
  }

  let received = Watched(Received())

  func deliver(
    _ frame: PacketizedFrame, of track: TrackID, as rendition: Rendition, untouched: PayloadCodec?,
    receivedAt: NIODeadline
  ) {
    received.change {
      $0.frames.append(frame)
      $0.renditions.append(rendition)
      $0.untouched.append(untouched)
    }
  }

  func deliver(groupOfPictures: [PacketizedFrame], of track: TrackID, to subscriber: SubscriberID) {
    received.change { $0.groups.append(Group(frames: groupOfPictures, subscriber: subscriber)) }
  }

  func subscriber(_ number: UInt64, _ codecs: Set<PayloadCodec>) -> Subscriber {
    Subscriber(id: SubscriberID(number), codecs: codecs, sink: self)
  }
}
