import CDatagrams
import Glibc
import NIOCore
import RTP
import WebRTC

/// The last step of fan-out: an arena full of packets for many receivers to the kernel.
final class Batch {
  /// What one pass over all frames has cost.
  struct Cost {
    var calls = 0
    var packets = 0
  }

  let receivers = 100
  let frames: [PacketizedFrame]
  private let socket: CInt
  private let sink: CInt
  private var destinations: [SocketAddress] = []
  private var table: [fg_datagram] = []
  private var addresses: [sockaddr_storage] = []
  private let arena = DatagramArena(slots: 128)
  private(set) var cost = Cost()
  private let payload = [UInt8](repeating: 7, count: 1500)

  enum Failure: Error { case noSocket }

  init(_ frames: [PacketizedFrame]) throws {
    self.frames = Array(frames.prefix(20))
    self.socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    self.sink = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    // One socket for all of 127/8; what it does not read is dropped behind the work that counts.
    let sink = self.sink
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(sink, $0, length) == 0 && getsockname(sink, $0, &length) == 0
      }
    }
    guard self.socket >= 0, self.sink >= 0, isBound else { throw Failure.noSocket }
    for index in 1...self.receivers {
      self.destinations.append(
        try SocketAddress(ipAddress: "127.0.0.\(index)", port: Int(UInt16(bigEndian: address.sin_port))))
    }
  }

  deinit {
    close(self.socket)
    close(self.sink)
  }

  /// Every frame to every receiver, in batches; or each packet by a call of its own.
  func send(singly: Bool = false) {
    self.cost = Cost()
    for frame in self.frames {
      for destination in self.destinations {
        for index in 0..<frame.count {
          if self.arena.isFull { self.flush(singly: singly) }
          let size = 12 + frame.payloadSize(index) + 16
          self.arena.append(to: destination) { slot in
            // As protected packets would: the kernel copies bytes that are in the cache.
            self.payload.withUnsafeBytes { slot.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<size])) }
            return size
          }
        }
      }
      self.flush(singly: singly)
    }
  }

  private func flush(singly: Bool) {
    self.table.removeAll(keepingCapacity: true)
    self.addresses.removeAll(keepingCapacity: true)
    for address in self.arena.destinations {
      var storage = sockaddr_storage()
      address.withSockAddr { pointer, length in
        withUnsafeMutableBytes(of: &storage) {
          $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: length))
        }
      }
      self.addresses.append(storage)
    }
    for entry in self.arena.entries {
      self.table.append(
        fg_datagram(
          offset: UInt32(entry.offset), length: UInt16(entry.length), destination: UInt16(entry.destination)))
    }
    self.cost.packets += self.table.count
    self.arena.withUnsafeMutableBytes { memory in
      if singly {
        for entry in self.table { self.sendOne(entry, memory) }
      } else {
        let result = fg_send_batch(
          self.socket, memory.baseAddress, self.table, UInt32(self.table.count), self.addresses, 1)
        self.cost.calls += Int(result.calls)
      }
    }
    self.arena.removeAll()
  }

  private func sendOne(_ entry: fg_datagram, _ memory: UnsafeMutableRawBufferPointer) {
    self.cost.calls += 1
    withUnsafePointer(to: self.addresses[Int(entry.destination)]) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        _ = sendto(
          self.socket, memory.baseAddress.map { $0 + Int(entry.offset) }, Int(entry.length), Int32(MSG_DONTWAIT),
          address, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// System calls for one frame and one receiver.
  var callsPerFrameAndReceiver: Double { Double(self.cost.calls) / Double(self.frames.count * self.receivers) }

  func measure(_ watch: Stopwatch) throws {
    let reading = try watch.read(
      { self.send() }, against: [("one call a packet", { self.send(singly: true) })])
    self.send()
    Table.add(
      "Edge:Batch to 100 receivers", reading, count: self.cost.packets, unit: "packet",
      note: ", \(Table.number(self.callsPerFrameAndReceiver)) calls per frame and receiver")
  }
}
