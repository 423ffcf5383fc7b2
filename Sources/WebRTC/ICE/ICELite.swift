import NIOCore

/// The lite side of ICE (RFC 8445 sections 2.5, 7.3 and 8.2): it never sends checks, it answers them, and every
/// address a check with our password came from is good to send to. The peer, always controlling, nominates.
public struct ICELite: Sendable {
  /// What a datagram led to.
  public enum Outcome: Hashable, Sendable {
    /// A check with our password; the answer goes back to where it came from. `isNew` says that the address was
    /// not known before.
    case valid(answer: ByteBuffer, isNew: Bool)
    /// A request that gets an error answer.
    case refused(answer: ByteBuffer, Refusal)
    /// Nothing to answer.
    case ignored(Ignored)
  }

  /// Why a request was refused, with the error code of RFC 8489 section 14.8.
  public enum Refusal: Int, Hashable, Sendable, CaseIterable {
    case incomplete = 400
    case unauthenticated = 401
    case notUnderstood = 420
    case roleConflict = 487
  }

  /// Why a datagram was passed over in silence.
  public enum Ignored: Hashable, Sendable, CaseIterable {
    case malformed
    case wrongFingerprint
    case notARequest
  }

  /// Where media goes: the address the peer nominated last, before that the one it was first heard from.
  public private(set) var selected: SocketAddress?
  /// The peer has nominated `selected`.
  public private(set) var isNominated = false
  /// When the peer last proved that it is there.
  public private(set) var lastCheck: NIODeadline?
  private var local: ICECredentials
  private var remoteUfrag: String
  /// The credentials before an ICE restart: the peer uses the old pair until the new one works (RFC 8445 section 9).
  private var former: (local: ICECredentials, remoteUfrag: String)?
  private var valid: [(address: SocketAddress, seen: NIODeadline)] = []

  /// - Parameters:
  ///   - local: our fragment and password as the answer says them.
  ///   - remoteUfrag: the offerer's fragment.
  public init(local: ICECredentials, remoteUfrag: String) {
    self.local = local
    self.remoteUfrag = remoteUfrag
  }

  /// New credentials after the peer has restarted ICE; without a change this does nothing.
  public mutating func restart(local: ICECredentials, remoteUfrag: String) {
    guard local != self.local || remoteUfrag != self.remoteUfrag else { return }
    self.former = (self.local, self.remoteUfrag)
    self.local = local
    self.remoteUfrag = remoteUfrag
  }

  /// Takes a datagram of the STUN kind.
  public mutating func receive(_ datagram: ByteBuffer, from source: SocketAddress, at now: NIODeadline) -> Outcome {
    guard let message = try? STUNMessage(parsing: datagram) else { return .ignored(.malformed) }
    guard message.messageClass == .request, message.method == STUNMessage.binding else {
      return .ignored(.notARequest)
    }
    guard STUNIntegrity.verifyFingerprint(datagram) != .wrong else { return .ignored(.wrongFingerprint) }
    guard let username = message.username else { return self.refuse(message, .incomplete) }
    let password = self.password(for: username)
    switch STUNIntegrity.verify(datagram, key: (password ?? self.local.password).utf8) {
    case .missing: return self.refuse(message, .incomplete)
    case .wrong: return self.refuse(message, .unauthenticated)
    case .valid: break
    }
    guard let password else { return self.refuse(message, .unauthenticated) }
    guard message.notUnderstood.isEmpty else { return self.refuse(message, .notUnderstood, key: password) }
    if message.attributes.contains(where: { if case .iceControlled = $0 { true } else { false } }) {
      return self.refuse(message, .roleConflict, key: password)
    }
    let isNew = self.note(source, nominated: message.nominates, at: now)
    let answer = STUNMessage(
      .success, transactionID: message.transactionID, attributes: [.xorMappedAddress(source)])
    return .valid(answer: answer.encoded(integrityKey: password), isNew: isNew)
  }

  /// A check with our password has come from this address.
  public func isValid(_ address: SocketAddress) -> Bool {
    self.valid.contains { $0.address == address }
  }

  private func password(for username: String) -> String? {
    if username == "\(self.local.ufrag):\(self.remoteUfrag)" { return self.local.password }
    if let former, username == "\(former.local.ufrag):\(former.remoteUfrag)" { return former.local.password }
    return nil
  }

  private mutating func note(_ source: SocketAddress, nominated: Bool, at now: NIODeadline) -> Bool {
    self.lastCheck = now
    let known = self.valid.firstIndex { $0.address == source }
    if let known {
      self.valid[known].seen = now
    } else {
      // A peer has few addresses; one that shows more loses the one it has not used for longest.
      if self.valid.count == Self.maximumAddresses,
        let oldest = self.valid.indices.filter({ self.valid[$0].address != self.selected }).min(by: {
          self.valid[$0].seen < self.valid[$1].seen
        })
      {
        self.valid.remove(at: oldest)
      }
      self.valid.append((source, now))
    }
    if nominated || self.selected == nil { self.selected = source }
    if nominated { self.isNominated = true }
    return known == nil
  }

  /// Errors that follow a good password are protected by it (RFC 8489 section 9.1.4); others cannot be.
  private func refuse(_ message: STUNMessage, _ refusal: Refusal, key: String? = nil) -> Outcome {
    var attributes: [STUNAttribute] = [.errorCode(refusal.rawValue, reason: refusal.reason)]
    if refusal == .notUnderstood { attributes.append(.unknownAttributes(message.notUnderstood)) }
    let answer = STUNMessage(.failure, transactionID: message.transactionID, attributes: attributes)
    return .refused(answer: answer.encoded(integrityKey: key), refusal)
  }

  private static let maximumAddresses = 16
}

extension ICELite.Refusal {
  /// The reason phrases that the RFCs suggest.
  var reason: String {
    switch self {
    case .incomplete: "Bad Request"
    case .unauthenticated: "Unauthenticated"
    case .notUnderstood: "Unknown Attribute"
    case .roleConflict: "Role Conflict"
    }
  }
}
