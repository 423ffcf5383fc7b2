import NIOCore
import Testing

@testable import WebRTC

@Suite struct DatagramArenaTests {
  private let one: SocketAddress
  private let two: SocketAddress

  init() throws {
    self.one = try SocketAddress(ipAddress: "192.0.2.1", port: 1)
    self.two = try SocketAddress(ipAddress: "192.0.2.1", port: 2)
  }

  private func fill(_ arena: DatagramArena, _ sizes: [Int], to address: SocketAddress) {
    for size in sizes { arena.append(ByteBuffer(repeating: UInt8(size % 256), count: size), to: address) }
  }

  @Test func datagramsComeOutAsTheyWentIn() {
    let arena = DatagramArena(slots: 4, slotSize: 256)
    self.fill(arena, [13, 200], to: self.one)
    self.fill(arena, [13], to: self.two)
    #expect(arena.entries.map(\.length) == [13, 200, 13])
    #expect(arena.entries.map { arena.destinations[$0.destination] } == [self.one, self.one, self.two])
    #expect(arena.entries.allSatisfy { $0.offset % 8 == 0 })
    for entry in arena.entries {
      #expect(arena.withUnsafeBytes(of: entry) { $0.allSatisfy { Int($0) == entry.length % 256 } })
    }
  }

  @Test func aDestinationSaidOnceHoldsAlsoBeyondAFullArena() {
    var batches: [[Int]] = []
    let arena = DatagramArena(slots: 2, slotSize: 256) { arena in
      batches.append(arena.entries.map(\.destination))
      #expect(arena.destinations == [self.one])
      arena.removeAll()
    }
    #expect(!arena.append { _ in 1 })
    arena.address(to: self.one)
    for _ in 0..<3 { #expect(arena.append { _ in 9 }) }
    #expect(batches == [[0, 0]])
    #expect(arena.destinations == [self.one])
    arena.address(to: self.two)
    arena.address(to: self.two)
    #expect(arena.append { _ in 9 })
    #expect(arena.destinations == [self.one, self.two])
    #expect(arena.entries.map(\.destination) == [0, 1])
  }

  @Test func theOwnerIsCalledWhenItIsFullAndNotBefore() {
    var flushed: [Int] = []
    let arena = DatagramArena(slots: 3, slotSize: 256) { arena in
      flushed.append(arena.entries.count)
      arena.removeAll()
    }
    self.fill(arena, [256, 256, 256], to: self.one)
    #expect(arena.isFull)
    #expect(flushed.isEmpty)
    self.fill(arena, [1], to: self.one)
    #expect(flushed == [3])
    #expect(arena.entries.count == 1)
  }

  @Test func withoutAnOwnerWhatDoesNotFitIsCounted() {
    let arena = DatagramArena(slots: 2, slotSize: 256)
    self.fill(arena, [257, 256, 1, 1], to: self.one)
    #expect(arena.entries.map(\.length) == [256, 1])
    #expect(arena.dropped == 2)
  }

  @Test func aRunHasEqualSizesButForTheLast() {
    let arena = DatagramArena(slots: 16, slotSize: 256)
    self.fill(arena, [200, 200, 200, 100, 200], to: self.one)
    self.fill(arena, [200, 201], to: self.two)
    let runs = [arena.run(from: 0), arena.run(from: 4), arena.run(from: 5), arena.run(from: 6)]
    #expect(runs.map(\.range) == [0..<4, 4..<5, 5..<6, 6..<7])
    #expect(runs.map(\.totalLength) == [700, 200, 200, 201])
    #expect(runs.map(\.segmentSize) == [200, 200, 200, 201])
    #expect(arena.run(from: 0, maximumSegments: 2).range == 0..<2)
    #expect(arena.run(from: 0, maximumBytes: 599).range == 0..<2)
  }
}
