import Foundation

/// The programs that were built beside the tests that run now.
public enum BuiltPrograms {
  /// Path of one, in the folder of the test bundle, whatever build it is of.
  public static func path(_ name: String) -> String {
    // Not by String(contentsOfFile:), which takes the first 4 KiB of a file that has no size for all of it.
    let bytes = try? FileHandle(forReadingAtPath: "/proc/self/maps")?.readToEnd()
    let maps = String(decoding: bytes ?? Data(), as: UTF8.self)
    guard let line = maps.split(separator: "\n").first(where: { $0.hasSuffix(".xctest") }),
      let start = line.firstIndex(of: "/"), let end = line.lastIndex(of: "/")
    else { return name }
    return line[start...end] + name
  }
}
