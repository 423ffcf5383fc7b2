import NIOCore
import RTP
import Synchronization

/// Where a rendition's frames go: the fan-outs of the event loops that have receivers of it.
///
/// The list changes on the control path while the worker delivers; the lock covers the copy of a few references.
final class RenditionOutlet: Sendable {
  private let track: TrackID
  private let rendition: Rendition
  private let target = Mutex(Target())

  private struct Target {
    var sinks: [any FrameSink] = []
    /// What the source passes through: receivers that take it get that, and must not take this rendition besides.
    var untouched: PayloadCodec?
  }

  init(of track: TrackID, as rendition: Rendition) {
    self.track = track
    self.rendition = rendition
  }

  func setSinks(_ sinks: [any FrameSink], untouched: PayloadCodec?) {
    self.target.withLock { $0 = Target(sinks: sinks, untouched: untouched) }
  }

  /// Delivers nothing any more.
  func close() { self.target.withLock { $0.sinks = [] } }

  /// Hands a frame to every loop.
  func deliver(_ frame: PacketizedFrame, receivedAt: NIODeadline) {
    let target = self.target.withLock { $0 }
    for sink in target.sinks {
      sink.deliver(frame, of: track, as: rendition, untouched: target.untouched, receivedAt: receivedAt)
    }
  }
}
