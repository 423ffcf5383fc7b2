import AccessPolicy
import Rooms

/// Puts everybody who wants into a room, and all who are there when rules change, to the rules in force.
struct ListGate: RoomGate {
  let rules: RulesInForce

  func admit(_ request: EntryRequest) async -> EntryDecision {
    let rules = rules.current
    if let denial = rules.denial(
      address: request.address, listener: request.listener, room: request.room, door: request.door)
    {
      return .denied(denial)
    }
    if rules.requiresKnownPage, LegacyDoor.isLegacy(request.door), !rules.knows(request.pageURL, request.swfURL) {
      return .denied(Denial(.pageDenied))
    }
    return .allowed(Admittance())
  }

  func expelled(among entries: [Entry]) async -> [(session: UInt64, denial: Denial)] {
    let rules = rules.current
    return entries.compactMap { entry in
      rules.denial(address: entry.address, listener: entry.listener, room: entry.room, door: entry.door)
        .map { (entry.session, $0) }
    }
  }
}

/// What the doors of old clients are called.
enum LegacyDoor {
  /// Whether Flash clients come by it.
  static func isLegacy(_ door: String) -> Bool { door.hasPrefix("rtmp") }

  /// Whether TLS keeps what is said there. RTMPE does not count: whoever listens in from the start can read it.
  static func isEncrypted(_ door: String) -> Bool { door == "rtmps" || door == "rtmpts" }
}

extension AccessRules {
  /// Why a client may not be there; nil when it may.
  fileprivate func denial(address: String, listener: String, room: String?, door: String) -> Denial? {
    if let address = IPAddress(address) {
      guard policy.decide(address, listener: listener, room: room).isAllowed else { return Denial(.addressDenied) }
    } else if !policy.isEmpty {
      // One without an address (it has gone) cannot be judged.
      return Denial(.addressDenied)
    }
    if requiresEncryptedLegacy, LegacyDoor.isLegacy(door), !LegacyDoor.isEncrypted(door) {
      return Denial(.encryptionRequired)
    }
    return nil
  }

  /// Whether page and SWF, as far as the client names them, are of known domains; it must name one.
  fileprivate func knows(_ page: String?, _ swf: String?) -> Bool {
    let named = [page, swf].compactMap { $0 }.filter { !$0.isEmpty }
    return !named.isEmpty && named.allSatisfy { crossDomain?.allows(page: $0) == true }
  }
}
