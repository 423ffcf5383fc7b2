import CDatagrams
import NIOCore
import WebRTC

/// Sends the batches of an arena over one UDP socket. Its tables are kept from batch to batch, so that sending takes no
/// heap memory.
struct DatagramSender {
  private let socket: CInt
  private let segments: CInt
  private var datagrams: [fg_datagram] = []
  private var destinations: [sockaddr_storage] = []

  init(socket: CInt) {
    self.socket = socket
    self.segments = fg_supports_segmentation(socket)
  }

  /// Sends all that the arena holds and empties it. With `skippingStreams`, without what is for TCP connections.
  mutating func send(_ arena: DatagramArena, skippingStreams: Bool = false) -> fg_batch_result {
    datagrams.removeAll(keepingCapacity: true)
    destinations.removeAll(keepingCapacity: true)
    for address in arena.destinations { destinations.append(Self.storage(address)) }
    for entry in arena.entries {
      if skippingStreams, arena.destinations[entry.destination].isStream { continue }
      // An arena is smaller than 4 GiB, its slots smaller than 64 KiB, and it has fewer destinations than slots.
      datagrams.append(
        fg_datagram(
          offset: UInt32(entry.offset), length: UInt16(entry.length), destination: UInt16(entry.destination)))
    }
    let result = arena.withUnsafeMutableBytes { memory in
      fg_send_batch(socket, memory.baseAddress, datagrams, UInt32(datagrams.count), destinations, segments)
    }
    arena.removeAll()
    return result
  }

  private static func storage(_ address: SocketAddress) -> sockaddr_storage {
    var storage = sockaddr_storage()
    address.withSockAddr { pointer, length in
      withUnsafeMutableBytes(of: &storage) { bytes in
        bytes.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: min(length, bytes.count)))
      }
    }
    return storage
  }
}
