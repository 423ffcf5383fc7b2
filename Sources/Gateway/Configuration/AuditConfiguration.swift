/// The record of decisions.
public struct AuditConfiguration: Sendable, Equatable {
  /// The file to which records are appended.
  public var file: Located<String>
  /// Nobody is let in while the record of it cannot be written. Default false.
  public var isRequired: Bool
  /// How long complete files are kept. Default 400 days.
  public var keep: Duration

  init(file: Located<String>, isRequired: Bool = false, keep: Duration = Self.days(400)) {
    self.file = file
    self.isRequired = isRequired
    self.keep = keep
  }

  private static func days(_ count: Int64) -> Duration { .seconds(count * 86_400) }
}

extension AuditConfiguration {
  /// Nil if there is no file to write to; that has been reported.
  init?(reading value: ConfigurationValue) {
    let section = value.section(keys: ["file", "required", "keep"])
    let file = section.required("file", "file: audit.jsonl")
    let isRequired = section["required"].map { $0.boolean() ?? false } ?? false
    let keep = section["keep"].map { $0.duration(in: Self.days(1)...Self.days(36_500)) ?? Self.days(400) }
    guard let file = file?.ownFile(like: "audit.jsonl") else { return nil }
    self.init(file: file, isRequired: isRequired, keep: keep ?? Self.days(400))
  }
}
