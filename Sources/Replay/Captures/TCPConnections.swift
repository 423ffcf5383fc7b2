/// The TCP connections of a capture, told apart by addresses and ports, and by a new begin on the same ones.
struct TCPConnections {
  /// Both directions.
  struct Connection {
    fileprivate(set) var streams: [TCPSegment.Flow: TCPStream] = [:]
    /// The number of the first packet of all, and where it stands.
    fileprivate(set) var firstPacket: (number: Int, offset: Int)?
    /// The capture from that packet on.
    let origin: CaptureReader?

    init(from origin: CaptureReader?) { self.origin = origin }

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
    private var beginsWhole: Bool { streams.values.allSatisfy { $0.isEmpty || $0.initial != nil } }

    /// The client's direction, then the other. The client is who asked for the connection, or, where its begin is missing
    /// or nothing came from there, who spoke first.
    var conversation: CapturedConversation {
      let speaking = streams.filter { !$0.value.isEmpty }
        .sorted { ($0.value.first?.packet ?? 0) < ($1.value.first?.packet ?? 0) }
      let flow = speaking.first(where: { $0.key == opener })?.key ?? speaking.first?.key
      return CapturedConversation(
        first: flow.flatMap { streams[$0] } ?? TCPStream(),
        second: flow.flatMap { streams[$0.reversed] } ?? TCPStream(),
        firstEnd: flow.flatMap { CapturedEndpoint(packed: $0.source, port: $0.sourcePort) },
        secondEnd: flow.flatMap { CapturedEndpoint(packed: $0.destination, port: $0.destinationPort) },
        packet: firstPacket?.number ?? 0, offset: firstPacket?.offset ?? 0, beginsWhole: beginsWhole,
        origin: flow.flatMap { flow in origin.map { CapturedConversation.Origin(reader: $0, flow: flow) } })
    }

    mutating func append(_ segment: TCPSegment, of packet: CapturedPacket) {
      if firstPacket == nil { firstPacket = (packet.number, packet.offset) }
      if segment.isSynchronize {
        noteBegin(segment)
        streams[segment.flow, default: TCPStream()].synchronize(segment.sequence)
      }
      if segment.isCut { streams[segment.flow, default: TCPStream()].markCut(packet: packet.number) }
      // The first byte's number is one after that of SYN.
      let sequence = segment.isSynchronize ? segment.sequence &+ 1 : segment.sequence
      streams[segment.flow, default: TCPStream()].append(segment.payload, sequence: sequence, of: packet)
    }

    /// Hands over what came in one direction since the last time, and lets go of the other's.
    mutating func takeParts(of flow: TCPSegment.Flow) -> [TCPStream.Part] {
      streams[flow.reversed]?.forgetParts()
      return streams[flow]?.takeParts() ?? []
    }
  }

  private(set) var all: [Connection] = []
  /// Whether what is said inside TLS is kept.
  private let keepsSealed: Bool
  private var keptBytes = 0
  private var current: [TCPSegment.Flow: Int] = [:]

  init(keepsSealed: Bool = false) { self.keepsSealed = keepsSealed }

  /// Takes a packet in. What is said is counted, and kept only where it must be put together from several places, or read
  /// by others: HTTP, and TLS if asked for.
  /// - Parameter reader: gave the packet.
  /// - Throws: ``ReplayError/unreadable(_:)`` when more would have to be kept than memory is for.
  mutating func append(
    _ segment: TCPSegment, of packet: CapturedPacket, from reader: CaptureReader
  ) throws(ReplayError) {
    let index = index(of: segment, packet, reader)
    all[index].append(segment, of: packet)
    guard segment.payload.readableBytes > 0, let stream = all[index].streams[segment.flow], stream.keepsParts else {
      return
    }
    if stream.mayBeHTTP || (keepsSealed && stream.mayBeTLS) {
      keptBytes += segment.payload.readableBytes
      guard keptBytes <= CaptureStore.longestInMemory else {
        throw .unreadable("more than \(CaptureStore.longestInMemory) bytes of it are inside HTTP or TLS")
      }
    } else {
      all[index].streams[segment.flow]?.forgetParts()
    }
  }

  private mutating func index(of segment: TCPSegment, _ packet: CapturedPacket, _ reader: CaptureReader) -> Int {
    if let index = current[segment.flow], !isNewBegin(segment, of: all[index]) { return index }
    all.append(Connection(from: reader.mark(before: packet)))
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
  var reversed: TCPSegment.Flow {
    TCPSegment.Flow(
      source: destination, destination: source, sourcePort: destinationPort, destinationPort: sourcePort)
  }
}

extension TCPStream {
  /// Whether these may be requests or answers of HTTP, by the first bytes.
  fileprivate var mayBeHTTP: Bool {
    // Old programs write empty lines before what they say (RFC 9112, section 2.2).
    let bytes = head.readableBytesView.prefix(Self.telling).drop { $0 == 0x0D || $0 == 0x0A }
    return (CapturedConversation.methods + ["HTTP/1."]).contains { word in
      zip(word.utf8, bytes).allSatisfy { $0 == $1 }
    }
  }

  /// Whether these may be records of TLS, by their type (RFC 8446, section 5.1).
  fileprivate var mayBeTLS: Bool {
    head.getInteger(at: head.readerIndex, as: UInt8.self).map { (0x14...0x18).contains($0) } ?? true
  }

  private static let telling = 64
}
