import Foundation

/// Records as a reviewer's table.
enum AuditTable {
  /// The columns: the members of the same name; `detail` has all others.
  static let columns = [
    "seq", "time", "event", "decision", "reason", "cause", "act", "actor", "protocol", "listener", "address", "room",
    "name", "role", "session", "key", "page",
  ]

  static var headLine: String { (columns + ["detail"]).joined(separator: ",") + "\r\n" }

  struct Row {
    let time: String
    let line: String

    init?(_ record: [UInt8]) {
      guard let object = try? JSONSerialization.jsonObject(with: Data(record)) as? [String: Any] else { return nil }
      time = object["time"] as? String ?? ""
      let known = columns.map { object[$0].map { "\($0)" } ?? "" }
      let rest = object.filter { !columns.contains($0.key) && $0.key != "prev" && $0.key != "hash" }
        .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      line = (known + [rest]).map(AuditTable.cell).joined(separator: ",") + "\r\n"
    }
  }

  /// Quoted where it must be. What a spreadsheet would take for a formula gets an apostrophe: names are the clients' own.
  private static func cell(_ text: String) -> String {
    var text = text
    if let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) { text = "'" + text }
    guard text.contains(where: { ",\"\r\n".contains($0) }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
