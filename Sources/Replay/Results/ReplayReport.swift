/// A form of report. Equal runs give equal bytes.
public protocol ReplayReport: Sendable {
  /// The end of its files' names, without the dot: `json`, `html`, `xml`.
  static var fileExtension: String { get }

  /// The whole file. All names and texts in a run come from captures and are hostile.
  static func render(_ run: ReplayRun) throws(ReplayError) -> String
}

/// The forms of report there are.
public enum ReplayReports {
  /// Each with its own file extension.
  public static let all: [any ReplayReport.Type] = [JSONReport.self, HTMLReport.self, JUnitReport.self]

  /// The form of a file by its name.
  /// - Throws: ``ReplayError/noSuchReport(_:)``.
  public static func form(of file: String) throws(ReplayError) -> any ReplayReport.Type {
    let name = file.split(separator: "/").last ?? ""
    let ending = name.split(separator: ".").dropFirst().last.map { $0.lowercased() }
    guard let form = all.first(where: { $0.fileExtension == ending }) else { throw .noSuchReport(file) }
    return form
  }
}
