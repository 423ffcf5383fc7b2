import NIOCore
import RTP
import Synchronization

/// Where a rendition's frames go: the fan-outs of the event loops that have receivers of it.
///
/// The list changes on the control path while the worker delivers; the lock covers the copy of a few references.
final class RenditionOutlet: Sendable {
  private let track: TrackID
  private let rendition: Rendition
  /// What the source passes through: receivers that take it get that, and must not take this rendition besides.
  private let untouched: PayloadCodec?
  private let sinks = Mutex<[any FrameSink]>([])

  init(of track: TrackID, as rendition: Rendition, untouched: PayloadCodec?) {
    self.track = track
    self.rendition = rendition
    self.untouched = untouched
  }

  func setSinks(_ sinks: [any FrameSink]) { self.sinks.withLock { $0 = sinks } }

  /// Hands a frame to every loop.
  func deliver(_ frame: PacketizedFrame, receivedAt: NIODeadline) {
    for sink in sinks.withLock({ $0 }) {
      sink.deliver(frame, of: track, as: rendition, untouched: untouched, receivedAt: receivedAt)
    }
  }
}
