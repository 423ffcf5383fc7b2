#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension AddressList {
  /// Reads and compiles a list. A path may name a file, or a folder: then all its files count, by name, but for those
  /// whose name begins with a dot or ends with `~`.
  /// - Throws: all that is wrong, so that one pass mends a list.
  public static func load(_ paths: [String], limits: ListLimits = ListLimits()) throws(ListProblems) -> AddressList {
    try load(paths.map(AccessSources.Item.path), limits: limits)
  }

  /// Reads and compiles the text of a list, as if it stood in `file`.
  public static func parse(
    _ text: String, file: String, limits: ListLimits = ListLimits()
  ) throws(ListProblems) -> AddressList {
    var builder = AddressListBuilder()
    builder.begin(file: file)
    var reader = ListReader(file: file, limits: limits)
    Array(text.utf8).withUnsafeBufferPointer { reader.receive($0, into: &builder) }
    reader.finish(into: &builder)
    guard reader.problems.isEmpty else { throw ListProblems(problems: reader.problems) }
    return builder.build()
  }
}

/// Finds and reads the files of a list.
enum ListFiles {
  private static let blockSize = 256 << 10

  /// Adds the entries of a file, or of all files of a folder, and returns what is wrong with them.
  static func read(path: String, limits: ListLimits, into builder: inout AddressListBuilder) -> [ListProblem] {
    switch files(at: path, limits: limits) {
    case .failure(let problem): return [problem]
    case .success(let files): return files.flatMap { read(file: $0, limits: limits, into: &builder) }
    }
  }

  /// The file itself, or the files of the folder.
  static func files(at path: String, limits: ListLimits) -> Result<[String], ListProblem> {
    var status = stat()
    guard stat(path, &status) == 0 else { return .failure(unreadable(path)) }
    guard status.st_mode & S_IFMT == S_IFDIR else { return .success([path]) }
    guard let folder = opendir(path) else { return .failure(unreadable(path)) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasPrefix(".") || name.hasSuffix("~") { continue }
      guard names.count < limits.folderFiles else {
        return .failure(ListProblem(file: path, reason: .tooManyFiles(limit: limits.folderFiles)))
      }
      names.append(name)
    }
    return .success(names.sorted().map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" })
  }

  private static func read(file path: String, limits: ListLimits, into builder: inout AddressListBuilder)
    -> [ListProblem]
  {
    // Not blocking: a pipe without a writer is an empty file, not a hang.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return [unreadable(path)] }
    defer { close(descriptor) }
    builder.begin(file: path)
    var reader = ListReader(file: path, limits: limits)
    var size = 0
    let block = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: blockSize)
    defer { block.deallocate() }
    while true {
      #if canImport(Darwin)
        let count = Darwin.read(descriptor, block.baseAddress, block.count)
      #elseif canImport(Musl)
        let count = Musl.read(descriptor, block.baseAddress, block.count)
      #else
        let count = Glibc.read(descriptor, block.baseAddress, block.count)
      #endif
      if count < 0 {
        if errno == EINTR { continue }
        return reader.problems + [unreadable(path)]
      }
      if count == 0 { break }
      size += count
      guard size <= limits.fileBytes else {
        return reader.problems + [ListProblem(file: path, reason: .fileTooLarge(limit: limits.fileBytes))]
      }
      reader.receive(UnsafeBufferPointer(rebasing: block[..<count]), into: &builder)
    }
    reader.finish(into: &builder)
    return reader.problems
  }

  private static func unreadable(_ path: String) -> ListProblem {
    let words =
      switch errno {
      case ENOENT: "no such file or folder"
      case EACCES: "permission denied"
      case EISDIR: "it is a folder inside a folder"
      case let number: String(cString: strerror(number))
      }
    return ListProblem(file: path, reason: .unreadable(words))
  }
}
