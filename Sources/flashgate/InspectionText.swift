import Gateway
import Replay

/// An inspection as tables for people and as JSON for programs.
enum InspectionText {
  static func table(_ session: SessionInspection) -> String {
    var lines: [String] = []
    let ends = [session.client, session.server].compactMap { $0.map { "\($0)" } }.joined(separator: " to ")
    lines.append("  transport   \(session.transport.rawValue)\(ends.isEmpty ? "" : ", \(ends)")")
    lines.append("  duration    \(seconds(session.duration))")
    lines.append("  bytes       client \(session.clientBytes), server \(session.serverBytes)")
    lines.append(
      "  handshake   client \(session.clientHandshake ?? "incomplete"), server \(session.serverHandshake ?? "incomplete")"
    )
    section("connect", session.connect.map { "\($0.name): \($0.value)" }, &lines)
    section("commands", session.commands.map(text), &lines)
    section("tracks", session.tracks.map(text), &lines)
    section("findings", session.findings.map { "\($0)" }, &lines)
    return lines.joined(separator: "\n")
  }

  static func json(_ session: SessionInspection) -> JSON {
    .object([
      .init("transport", .string(session.transport.rawValue)),
      .init("client", json(session.client)),
      .init("server", json(session.server)),
      .init("duration_ms", .integer(Int(session.duration))),
      .init("client_bytes", .integer(session.clientBytes)),
      .init("server_bytes", .integer(session.serverBytes)),
      .init("client_handshake", json(session.clientHandshake)),
      .init("server_handshake", json(session.serverHandshake)),
      .init(
        "connect",
        .array(session.connect.map { .object([.init("name", .string($0.name)), .init("value", .string($0.value))]) })),
      .init("commands", .array(session.commands.map(json))),
      .init("tracks", .array(session.tracks.map(json))),
      .init("findings", .array(session.findings.map(json))),
    ])
  }

  private static func json<Value: CustomStringConvertible>(_ value: Value?) -> JSON {
    guard let value else { return .null }
    return .string(value.description)
  }

  private static func section(_ title: String, _ entries: [String], _ lines: inout [String]) {
    lines.append("  \(title)\(entries.isEmpty ? "   none" : "")")
    lines.append(contentsOf: entries.map { "    \($0)" })
  }

  private static func seconds(_ milliseconds: Int64) -> String { "\(Double(milliseconds) / 1000) s" }

  private static func text(_ line: SessionInspection.Line) -> String {
    let number = line.transaction == 0 ? "" : " #\(Int64(exactly: line.transaction).map { "\($0)" } ?? "?")"
    return "\(seconds(line.milliseconds)) \(line.side) \(line.name)\(number) on \(line.streamID)"
      + " (\(line.arguments.joined(separator: ", ")))"
  }

  private static func text(_ track: SessionInspection.Track) -> String {
    let keys = track.kind == "video" ? ", \(track.keyFrames) of them key frames" : ""
    return "\(track.side) stream \(track.streamID) \(track.kind) \(track.codecs.joined(separator: ", ")):"
      + " \(track.frames) frames\(keys), \(track.bytes) bytes, \(track.bitRate / 1000) kb/s,"
      + " \(track.first) to \(track.last) ms, largest gap \(track.largestGap) ms"
  }

  private static func json(_ line: SessionInspection.Line) -> JSON {
    .object([
      .init("time_ms", .integer(Int(line.milliseconds))), .init("packet", .integer(line.packet)),
      .init("side", .string(line.side)), .init("stream", .integer(Int(line.streamID))),
      .init("name", .string(line.name)), .init("transaction", .integer(Int(exactly: line.transaction) ?? 0)),
      .init("arguments", .array(line.arguments.map(JSON.string))),
    ])
  }

  private static func json(_ track: SessionInspection.Track) -> JSON {
    .object([
      .init("side", .string(track.side)), .init("stream", .integer(Int(track.streamID))),
      .init("kind", .string(track.kind)), .init("codecs", .array(track.codecs.map(JSON.string))),
      .init("frames", .integer(track.frames)), .init("key_frames", .integer(track.keyFrames)),
      .init("bytes", .integer(track.bytes)), .init("bit_rate", .integer(track.bitRate)),
      .init("first_ms", .integer(Int(track.first))), .init("last_ms", .integer(Int(track.last))),
      .init("largest_gap_ms", .integer(Int(track.largestGap))),
    ])
  }

  private static func json(_ finding: Finding) -> JSON {
    .object([
      .init("packet", .integer(finding.packet)), .init("offset", .integer(finding.offset)),
      .init("time_ms", .integer(Int(finding.milliseconds))),
      .init("side", .string(finding.side)), .init("count", .integer(finding.count)),
      .init("what", .string("\(finding)")),
    ])
  }
}
