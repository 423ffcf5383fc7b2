import COpenSSL
import NIOCore

/// OpenSSL's transport without a socket: one datagram in, datagrams out, borders kept (a memory BIO loses them).
final class DatagramBIO {
  /// What OpenSSL reads next; taken whole.
  var incoming: ByteBuffer?
  /// What OpenSSL has written, a datagram each.
  var outgoing: [ByteBuffer] = []

  /// A `BIO` that reads and writes here. It holds no reference: this object must live as long as the `SSL` that the
  /// BIO is given to.
  func makeBIO() -> OpaquePointer? {
    guard let method = Self.method.pointer, let bio = BIO_new(method) else { return nil }
    BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    BIO_set_init(bio, 1)
    return bio
  }

  private static func of(_ bio: OpaquePointer?) -> DatagramBIO? {
    guard let data = BIO_get_data(bio) else { return nil }
    return Unmanaged<DatagramBIO>.fromOpaque(data).takeUnretainedValue()
  }

  private func read(into memory: UnsafeMutableRawBufferPointer) -> Int32? {
    guard let datagram = self.incoming else { return nil }
    self.incoming = nil
    return datagram.withUnsafeReadableBytes { bytes in
      let count = min(bytes.count, memory.count)
      memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
      return Int32(clamping: count)
    }
  }

  /// `@unchecked Sendable`: written once, by the initialiser of a global, and only read by OpenSSL after that.
  private struct Method: @unchecked Sendable {
    let pointer: OpaquePointer?
  }

  private static let readAgain = BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY

  private static let method: Method = {
    // 0x0400: a source and sink, in OpenSSL's numbering of BIO types.
    guard let method = BIO_meth_new(BIO_get_new_index() | 0x0400, "datagrams in memory") else {
      return Method(pointer: nil)
    }
    BIO_meth_set_write(method) { bio, bytes, count in
      guard let bytes, count > 0 else { return 0 }
      DatagramBIO.of(bio)?.outgoing.append(
        ByteBuffer(bytes: UnsafeRawBufferPointer(start: bytes, count: Int(count))))
      return count
    }
    BIO_meth_set_read(method) { bio, bytes, count in
      BIO_clear_flags(bio, DatagramBIO.readAgain)
      if let bytes, count > 0,
        let read = DatagramBIO.of(bio)?.read(into: .init(start: bytes, count: Int(count)))
      {
        return read
      }
      BIO_set_flags(bio, DatagramBIO.readAgain)
      return -1
    }
    // Flush succeeds; every other question (time-outs, MTU, peer) is answered by 0, "no".
    BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    return Method(pointer: method)
  }()
}
