import AccessPolicy
import NIOCore

/// Address lists, and other servers' configurations.
enum PolicyBody {
  static func list(_ bytes: ByteBuffer) throws(Contradiction) {
    guard let list = try? AddressList.parse(String(buffer: bytes), file: "list.txt") else { return }
    for text in ["127.0.0.1", "10.60.147.3", "::1", "2001:db8::1"] {
      guard let address = IPAddress(text) else { continue }
      guard list.contains(address) == !list.entries(covering: address).isEmpty else {
        throw Contradiction("\(text) is covered and is not")
      }
    }
  }

  static func file(_ bytes: ByteBuffer) {
    _ = try? ImportedPolicy(reading: bytes.readableBytesView)
  }
}
