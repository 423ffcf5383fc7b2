import Edge
import NIOCore
import RTMP
import Rooms

extension AuditEvent {
  /// A session that had been let in ended; what showed of it meanwhile.
  static func departed(_ session: LiveSession) -> AuditEvent {
    let traits = session.traits
    func list(_ names: Set<String>) -> JSON { names.isEmpty ? .null : .string(names.sorted().joined(separator: " ")) }
    func flag(_ isSet: Bool) -> JSON { isSet ? true : .null }
    let seconds = (NIODeadline.now() - session.began).nanoseconds / 1_000_000_000
    return AuditEvent(
      .departed,
      whoIsIn(session) + [
        .init("seconds", .integer(Int(clamping: max(0, seconds)))), .init("audio", list(traits.audio)),
        .init("video", list(traits.video)), .init("reordered", flag(traits.reordersPictures)),
        .init("uncarried", flag(traits.isUncarried)), .init("shadowed", flag(traits.isShadowed)),
        .init("key", text(session.entry?.admittance.keyID)),
      ])
  }

  /// An old server and the gateway differ.
  static func shadow(_ session: LiveSession, _ difference: ForwardedDifference) -> AuditEvent {
    AuditEvent(
      .shadow,
      whoIsIn(session) + [
        .init("kind", .string(difference.kind.rawValue)), .init("command", .string(difference.command)),
        .init("old", .string(difference.old)), .init("new", .string(difference.new)),
      ])
  }

  private static func whoIsIn(_ session: LiveSession) -> [JSON.Member] {
    who(
      session: session.identity.id, door: session.identity.door, listener: session.identity.listener,
      address: session.identity.address, room: session.entry?.room, name: session.entry?.name,
      role: session.entry?.role)
  }
}
