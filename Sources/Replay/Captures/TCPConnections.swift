/// The TCP connections of a capture, told apart by addresses and ports, and by a new begin on the same ones.
struct TCPConnections {
  /// Both directions.
  struct Connection {
    fileprivate(set) var streams: [TCPSegment.Flow: TCPStream] = [:]
    /// The number of the first packet of all, and where it stands.
    fileprivate(set) var firstPacket: (number: Int, offset: Int)?

    /// The direction of whoever asked for the connection, as far as its begin was seen.
    private var opener: TCPSegment.Flow?
    private var isOpenerCertain = false
    private var firstAnswer: TCPSegment.Flow?

    /// Takes a SYN: one that acknowledges nothing is the client's. Where both acknowledge, as in captures that are made
    /// up, the first one is.
    fileprivate mutating func noteBegin(_ segment: TCPSegment) {
      guard !isOpenerCertain else { return }
      if !segment.isAcknowledgement {
        (opener, isOpenerCertain) = (segment.flow, true)
      } else if let first = firstAnswer {
        if first != segment.flow { opener = first }
      } else {
        // Its question was not captured.
        (firstAnswer, opener) = (segment.flow, segment.flow.reversed)
      }
    }

    /// False when bytes came in without the SYN before them.
    private var beginsWhole: Bool { streams.values.allSatisfy { $0.parts.isEmpty || $0.initial != nil } }

    /// The client's direction, then the other. The client is who asked for the connection, or, where its begin is missing
    /// or nothing came from there, who spoke first.
    var conversation: CapturedConversation {
      let speaking = streams.filter { !$0.value.parts.isEmpty }
        .sorted { ($0.value.parts.first?.packet ?? 0) < ($1.value.parts.first?.packet ?? 0) }
      let flow = speaking.first(where: { $0.key == opener })?.key ?? speaking.first?.key
      return CapturedConversation(
        first: flow.flatMap { streams[$0] } ?? TCPStream(),
        second: flow.flatMap { streams[$0.reversed] } ?? TCPStream(),
        firstEnd: flow.flatMap { CapturedEndpoint(packed: $0.source, port: $0.sourcePort) },
        secondEnd: flow.flatMap { CapturedEndpoint(packed: $0.destination, port: $0.destinationPort) },
        packet: firstPacket?.number ?? 0, offset: firstPacket?.offset ?? 0, beginsWhole: beginsWhole)
    }
  }

  private(set) var all: [Connection] = []
  private var current: [TCPSegment.Flow: Int] = [:]

  mutating func append(_ segment: TCPSegment, of packet: CapturedPacket) {
    let index = index(of: segment)
    if all[index].firstPacket == nil { all[index].firstPacket = (packet.number, packet.offset) }
    if segment.isSynchronize {
      all[index].noteBegin(segment)
      all[index].streams[segment.flow, default: TCPStream()].synchronize(segment.sequence)
    }
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
    return !stream.beginsWith(segment.sequence)
  }
}

extension TCPSegment.Flow {
  fileprivate var reversed: TCPSegment.Flow {
    TCPSegment.Flow(
      source: destination, destination: source, sourcePort: destinationPort, destinationPort: sourcePort)
  }
}
