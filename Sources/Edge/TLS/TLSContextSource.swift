import NIOSSL
import Synchronization

/// The TLS context that new connections get. Replaced whole when certificates are reloaded; open connections keep
/// theirs.
public final class TLSContextSource: Sendable {
  private let context: Mutex<NIOSSLContext>

  /// Starts with a context.
  public init(_ context: NIOSSLContext) {
    self.context = Mutex(context)
  }

  /// Reads the files and starts with them.
  public convenience init(_ settings: TLSSettings) throws(TLSLoadError) {
    self.init(try settings.makeContext())
  }

  /// The context of the next connection.
  public var current: NIOSSLContext { context.withLock { $0 } }

  /// New connections get `context` from now on.
  public func replace(with context: NIOSSLContext) {
    self.context.withLock { $0 = context }
  }

  /// Reads the files again; when that fails, the context in force stays.
  public func reload(_ settings: TLSSettings) throws(TLSLoadError) {
    replace(with: try settings.makeContext())
  }
}
