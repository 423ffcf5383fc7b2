import NIOCore
import Replay

/// Capture files, and the connections inside.
enum CaptureBody {
  static func run(_ bytes: ByteBuffer) { _ = try? RecordedSession.read(capture: bytes) }
}
