/// The TCP connections of a capture, told apart by addresses and ports, and by a new begin on the same ones.
struct TCPConnections {
  /// Both directions.
  struct Connection {
    fileprivate(set) var streams: [TCPSegment.Flow: TCPStream] = [:]
    /// The number of the first packet of all.
    fileprivate(set) var firstPacket: Int?

    /// False when bytes came in without the SYN before them.
    var beginsWhole: Bool { streams.values.allSatisfy { $0.parts.isEmpty || $0.initial != nil } }

    /// The direction of who spoke first, then the other; empty ones if nobody did.
    var bySpeaker: (first: TCPStream, second: TCPStream) {
      let speaking = streams.values.filter { !$0.parts.isEmpty }
        .sorted { ($0.parts.first?.packet ?? 0) < ($1.parts.first?.packet ?? 0) }
      return (speaking.first ?? TCPStream(), speaking.dropFirst().first ?? TCPStream())
    }
  }

  private(set) var all: [Connection] = []
  private var current: [TCPSegment.Flow: Int] = [:]

  mutating func append(_ segment: TCPSegment, of packet: CapturedPacket) {
    let index = index(of: segment)
    if segment.isSynchronize { all[index].streams[segment.flow, default: TCPStream()].synchronize(segment.sequence) }
    if all[index].firstPacket == nil { all[index].firstPacket = packet.number }
    if segment.isCut { all[index].streams[segment.flow, default: TCPStream()].markCut(packet: packet.number) }
    // The first byte's number is one after that of SYN.
    let sequence = segment.isSynchronize ? segment.sequence &+ 1 : segment.sequence
    all[index].streams[segment.flow, default: TCPStream()].append(segment.payload, sequence: sequence, of: packet)
  }

  private mutating func index(of segment: TCPSegment) -> Int {
    if let index = current[segment.flow], !isNewBegin(segment, of: all[index]) { return index }
    all.append(Connection())
    current[segment.flow] = all.count - 1
    current[segment.flow.reversed] = all.count - 1
    return all.count - 1
  }

  /// Ports are used again after a while. A SYN that comes twice has the same number.
  private func isNewBegin(_ segment: TCPSegment, of connection: Connection) -> Bool {
    guard segment.isSynchronize, let stream = connection.streams[segment.flow] else { return false }
    return stream.initial != segment.sequence
  }
}

extension TCPSegment.Flow {
  fileprivate var reversed: TCPSegment.Flow {
    TCPSegment.Flow(
      source: destination, destination: source, sourcePort: destinationPort, destinationPort: sourcePort)
  }
}
