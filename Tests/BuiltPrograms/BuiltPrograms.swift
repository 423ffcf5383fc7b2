import Foundation

/// The programs that were built beside the tests that run now.
public enum BuiltPrograms {
  /// Path of one, in the folder of the test bundle, whatever build it is of.
  public static func path(_ name: String) -> String {
    let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
    guard let line = maps.split(separator: "\n").first(where: { $0.hasSuffix(".xctest") }),
      let start = line.firstIndex(of: "/"), let end = line.lastIndex(of: "/")
    else { return name }
    return line[start...end] + name
  }
}
