/// What another reading of the configuration file would change, and a running gateway cannot.
///
/// Access rules, certificates, the log's level and most of what a room is are read anew while it runs; all else is in force
/// from its start on.
struct ConfigurationChange: Sendable, Equatable {
  /// The sections that differ, in the order of the documentation.
  let sections: [String]
  /// Rooms that wait for it.
  let rooms: [String]

  /// Where things were written does not count, nor what is in files that are named.
  init(from old: Configuration, to new: Configuration, waitingRooms: [String] = []) {
    rooms = waitingRooms
    let differs: [(String, Bool)] = [
      ("listeners", !old.listeners.elementsEqual(new.listeners, by: Self.isSame)),
      (
        "webrtc",
        old.webRTC.udpPort.value != new.webRTC.udpPort.value
          || old.webRTC.advertisedAddresses != new.webRTC.advertisedAddresses
          || old.webRTC.iceServers != new.webRTC.iceServers
      ),
      ("rooms", !rooms.isEmpty), ("store", old.store.sqlite.value != new.store.sqlite.value),
      (
        "audit",
        old.audit?.file.value != new.audit?.file.value || old.audit?.isRequired != new.audit?.isRequired
          || old.audit?.keep != new.audit?.keep
      ),
      ("admin", old.admin.address.value != new.admin.address.value), ("log.format", old.log.format != new.log.format),
      ("limits", old.limits != new.limits), ("drain_timeout", old.drainTimeout != new.drainTimeout),
    ]
    sections = differs.filter(\.1).map(\.0)
  }

  /// One line for the operator; nil when there is nothing to say.
  var sentence: String? {
    guard !sections.isEmpty else { return nil }
    let shown = sections.map { section in
      section == "rooms"
        ? "rooms (\(rooms.prefix(8).joined(separator: ", "))\(rooms.count > 8 ? ", ..." : ""))" : section
    }
    return "changed in the file, and in force only after a restart: \(shown.joined(separator: ", "))"
  }

  private static func isSame(_ old: ListenerConfiguration, _ new: ListenerConfiguration) -> Bool {
    old.address.value == new.address.value && old.accept == new.accept && old.isBehindTLS == new.isBehindTLS
      && old.proxyProtocol == new.proxyProtocol && old.forwarded == new.forwarded && isSame(old.tls, new.tls)
  }

  private static func isSame(_ old: ListenerTLS?, _ new: ListenerTLS?) -> Bool {
    old?.certificate.value == new?.certificate.value && old?.key.value == new?.key.value
      && old?.minimumVersion == new?.minimumVersion && old?.maximumVersion == new?.maximumVersion
      && old?.clientAuthorities?.value == new?.clientAuthorities?.value
      && old?.requiresClientCertificate == new?.requiresClientCertificate
  }
}
