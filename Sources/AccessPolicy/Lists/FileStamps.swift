#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How files looked at one time, so that a change shows without reading them: what stands in each one's inode.
public struct FileStamps: Sendable, Equatable {
  private struct Stamp: Sendable, Equatable {
    let device: UInt64
    let file: UInt64
    let size: Int64
    let seconds: Int
    let nanoseconds: Int
  }

  private var stamps: [String: Stamp] = [:]

  /// Looks at files and at all files of folders; one that is not there looks like nothing.
  public init(of paths: [String], limits: ListLimits = ListLimits()) {
    for path in paths {
      stamps[path] = Self.stamp(of: path)
      guard case .success(let files) = ListFiles.files(at: path, limits: limits) else { continue }
      for file in files { stamps[file] = Self.stamp(of: file) }
    }
  }

  private static func stamp(of path: String) -> Stamp? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    return Stamp(
      device: UInt64(truncatingIfNeeded: status.st_dev), file: UInt64(truncatingIfNeeded: status.st_ino),
      size: Int64(status.st_size), seconds: time.tv_sec, nanoseconds: time.tv_nsec)
  }
}
