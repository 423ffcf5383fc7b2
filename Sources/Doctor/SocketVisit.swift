import NIOCore
import RTMP

/// RTMP on a connection of its own, in the clear or inside TLS: up to the answer to `connect`.
struct SocketVisit {
  private let visit: Visit

  init(_ visit: Visit) { self.visit = visit }

  func run() async throws {
    let visit = visit
    let channel = try await visit.connect { channel in
      try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
    }
    try await channel.executeThenClose { inbound, outbound in
      var session = visit.makeSession()
      let asked = NIODeadline.now()
      var answers = inbound.makeAsyncIterator()
      while !visit.take(&session) {
        while let bytes = session.output() { try await outbound.write(bytes) }
        guard var bytes = try await answers.next() else { throw Unanswered.closed }
        try session.receive(&bytes, at: .now())
        if session.isPastHandshake, visit.finding.stage < .handshake {
          let took = Visit.milliseconds(since: asked)
          visit.note {
            $0.stage = .handshake
            $0.roundTripMilliseconds = took
          }
        }
      }
    }
  }
}
