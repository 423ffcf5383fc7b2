import NIOCore
import Synchronization

/// Whether a connection may come in.
public enum AdmissionDecision: Sendable, Hashable {
  /// It may; ``Admission/release(_:listener:)`` will be called once when it is closed.
  case admitted
  /// It may not, and is closed without a byte read or written.
  case refused(ConnectionReason)
}

/// Who stands at the door.
public enum Visitor: Sendable, Hashable {
  /// A client, by its own address: the connection's other end, or what a trusted proxy told of it.
  case client(SocketAddress)
  /// A trusted proxy, which has not told yet for whom it comes, or carries requests of many.
  case proxy(SocketAddress)

  /// Where it comes from.
  public var address: SocketAddress {
    switch self {
    case .client(let address), .proxy(let address): address
    }
  }
}

/// Asked for every accepted connection before a byte is read, again when a PROXY header has told the client's own
/// address, and for every HTTP request. Called on event loops: must not block.
public protocol Admission: Sendable {
  /// Decides, and counts the visitor when it is let in.
  func admit(_ visitor: Visitor, listener: ListenerID) -> AdmissionDecision
  /// An admitted visitor is gone, or is somebody else now.
  func release(_ visitor: Visitor, listener: ListenerID)
  /// Decides on one request of `client` over a connection that was admitted earlier, perhaps a proxy's, perhaps before
  /// the lists were read anew. Counts nothing.
  func judge(requestOf client: SocketAddress, listener: ListenerID) -> AdmissionDecision
}

extension Admission {
  /// For those who decide on connections only.
  public func judge(requestOf client: SocketAddress, listener: ListenerID) -> AdmissionDecision { .admitted }
}

/// Counts sessions, in total and per address.
///
/// An IPv6 client usually owns a whole /64 network, so sessions of one /64 count together. A proxy counts in total
/// only.
public final class SessionLimits: Admission {
  private struct Counts {
    var total = 0
    var perAddress: [AddressKey: Int] = [:]
  }

  private let maximum: Int
  private let maximumPerAddress: Int
  private let counts = Mutex(Counts())

  /// - Parameters:
  ///   - sessions: the most sessions at a time, at least 1.
  ///   - sessionsPerAddress: the most sessions of one IPv4 address or IPv6 /64, at least 1.
  public init(sessions: Int = 10_000, sessionsPerAddress: Int = 64) {
    maximum = sessions
    maximumPerAddress = sessionsPerAddress
  }

  /// Sessions now.
  public var sessions: Int { counts.withLock { $0.total } }

  /// Counts the session unless a limit is reached.
  public func admit(_ visitor: Visitor, listener: ListenerID) -> AdmissionDecision {
    counts.withLock { counts in
      guard counts.total < maximum else { return .refused(.tooManySessions) }
      guard case .client(let address) = visitor else {
        counts.total += 1
        return .admitted
      }
      let key = AddressKey(address)
      let ofAddress = counts.perAddress[key, default: 0]
      guard ofAddress < maximumPerAddress else { return .refused(.tooManySessionsFromAddress) }
      counts.total += 1
      counts.perAddress[key] = ofAddress + 1
      return .admitted
    }
  }

  /// Gives the session's place back.
  public func release(_ visitor: Visitor, listener: ListenerID) {
    counts.withLock { counts in
      guard case .client(let address) = visitor else {
        counts.total -= 1
        return
      }
      let key = AddressKey(address)
      guard let ofAddress = counts.perAddress[key] else { return }
      counts.total -= 1
      counts.perAddress[key] = ofAddress > 1 ? ofAddress - 1 : nil
    }
  }
}

/// What counts as one client: an IPv4 address (also one mapped into IPv6), or an IPv6 /64.
struct AddressKey: Hashable {
  private let network: UInt64
  private let isIPv4: Bool

  init(_ address: SocketAddress) {
    switch address {
    case .v4(let v4):
      isIPv4 = true
      network = UInt64(UInt32(bigEndian: v4.address.sin_addr.s_addr))
    case .v6(let v6):
      let bytes = withUnsafeBytes(of: v6.address.sin6_addr) { Array($0) }
      let mapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
      isIPv4 = mapped
      network = (mapped ? bytes[12..<16] : bytes[0..<8]).reduce(0) { $0 << 8 | UInt64($1) }
    case .unixDomainSocket:
      isIPv4 = false
      network = 0
    }
  }
}
