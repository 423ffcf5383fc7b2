import Foundation
import NIOCore

/// The bytes of a capture: in memory, or in a file that is read piece by piece and never whole.
///
/// Closed with its last user. A file is taken as long as it was when it was opened.
final class CaptureStore: Sendable {
  private enum Place {
    case memory(ByteBuffer)
    case file(descriptor: Int32)
  }

  private let place: Place
  /// All bytes.
  let count: Int

  /// Far above any recording that is worth keeping in memory.
  static let longestInMemory = 1 << 30

  init(_ bytes: ByteBuffer) {
    place = .memory(bytes.slice())
    count = bytes.readableBytes
  }

  /// Opens a file. What is no plain file, as a pipe, cannot be read twice and is taken into memory.
  /// - Throws: ``ReplayError/unreadable(_:)``.
  convenience init(path: String) throws(ReplayError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(Self.words(errno)) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let number = errno
      close(descriptor)
      throw .unreadable(Self.words(number))
    }
    if status.st_mode & S_IFMT == S_IFREG {
      self.init(descriptor: descriptor, count: Int(status.st_size))
    } else {
      defer { close(descriptor) }
      self.init(try Self.readToEnd(descriptor))
    }
  }

  private init(descriptor: Int32, count: Int) {
    place = .file(descriptor: descriptor)
    self.count = count
  }

  deinit {
    if case .file(let descriptor) = place { close(descriptor) }
  }

  /// So many bytes from there on, fewer where the capture ends.
  /// - Throws: ``ReplayError/unreadable(_:)``.
  func bytes(at offset: Int, count wanted: Int) throws(ReplayError) -> ByteBuffer {
    guard (0..<count).contains(offset), wanted > 0 else { return ByteBuffer() }
    let length = min(wanted, count - offset)
    switch place {
    case .memory(let bytes): return bytes.getSlice(at: offset, length: length) ?? ByteBuffer()
    case .file(let descriptor): return try Self.read(descriptor, at: offset, count: length)
    }
  }

  /// All of it.
  /// - Throws: ``ReplayError/unreadable(_:)``, also when it is too much for the memory.
  func whole() throws(ReplayError) -> ByteBuffer {
    guard count <= Self.longestInMemory else { throw .unreadable("larger than \(Self.longestInMemory) bytes") }
    return try bytes(at: 0, count: count)
  }

  private static func read(_ descriptor: Int32, at offset: Int, count: Int) throws(ReplayError) -> ByteBuffer {
    var bytes = ByteBuffer()
    var failure: Int32 = 0
    bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
      var taken = 0
      while taken < count {
        let got = pread(descriptor, target.baseAddress?.advanced(by: taken), count - taken, off_t(offset + taken))
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = errno }
        // Nothing: somebody cut the file since it was opened.
        guard got > 0 else { break }
        taken += got
      }
      return taken
    }
    guard failure == 0 else { throw .unreadable(words(failure)) }
    return bytes
  }

  private static func readToEnd(_ descriptor: Int32) throws(ReplayError) -> ByteBuffer {
    var bytes = ByteBuffer()
    while true {
      var failure: Int32 = 0
      let got = bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: 1 << 16) { target in
        let got = Foundation.read(descriptor, target.baseAddress, target.count)
        if got < 0 { failure = errno }
        return max(0, got)
      }
      if failure == EINTR { continue }
      guard failure == 0 else { throw .unreadable(words(failure)) }
      guard bytes.readableBytes <= longestInMemory else { throw .unreadable("larger than \(longestInMemory) bytes") }
      if got == 0 { return bytes }
    }
  }

  /// Why the system gives no bytes, for people.
  private static func words(_ number: Int32) -> String {
    switch number {
    case ENOENT: "no such file"
    case EISDIR: "it is a directory"
    case EACCES, EPERM: "no permission to read it"
    default: String(cString: strerror(number))
    }
  }
}

/// A capture's bytes for a reader that goes from its begin to its end: what is at hand is at most one block, or a read of
/// the usual size.
struct CaptureWindow {
  private let store: CaptureStore
  private var window = ByteBuffer()
  /// Where the window begins.
  private var begin = 0

  /// Bytes of one read from a file.
  private static let size = 1 << 16

  init(_ store: CaptureStore) { self.store = store }

  /// All bytes of the capture.
  var count: Int { store.count }

  /// The same bytes, with nothing at hand: for whoever only keeps a place in mind.
  var emptied: CaptureWindow { CaptureWindow(store) }

  /// So many bytes from there on, in memory of their own; nil where the capture ends before.
  mutating func bytes(at offset: Int, count: Int) throws(ReplayError) -> ByteBuffer? {
    guard count > 0 else { return offset <= store.count ? ByteBuffer() : nil }
    guard let index = try index(of: offset, count: count), let bytes = window.getSlice(at: index, length: count) else {
      return nil
    }
    // A slice would keep its whole window, with the packets of others in it.
    return ByteBuffer(bytes: bytes.readableBytesView)
  }

  /// A number there; nil where the capture ends before.
  mutating func integer<Number: FixedWidthInteger>(
    at offset: Int, endianness: Endianness = .big, as type: Number.Type = Number.self
  ) throws(ReplayError) -> Number? {
    guard let index = try index(of: offset, count: MemoryLayout<Number>.size) else { return nil }
    return window.getInteger(at: index, endianness: endianness)
  }

  /// Where in the window these bytes begin, once they are in it.
  private mutating func index(of offset: Int, count: Int) throws(ReplayError) -> Int? {
    guard offset >= 0, count <= store.count, offset <= store.count - count else { return nil }
    if offset < begin || offset - begin + count > window.readableBytes {
      window = try store.bytes(at: offset, count: max(count, Self.size))
      begin = offset
    }
    return offset - begin + count <= window.readableBytes ? window.readerIndex + offset - begin : nil
  }
}
