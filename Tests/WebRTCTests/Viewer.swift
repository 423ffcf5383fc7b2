import BadNetwork
import NIOCore
import RTP

@testable import TestPeer
@testable import WebRTC

/// A conversation over a bad network in virtual time, with a receiver that asks for what it misses, reports arrivals, and
/// notes when each picture could be shown and each packet of sound was there.
final class Viewer {
  let talk: Conversation
  private var down: BadLink<ByteBuffer>
  private var up: BadLink<ByteBuffer>
  private let sound: OutgoingStream
  private let picture: OutgoingStream

  /// When each packet of sound came, by its place; milliseconds since it was sent.
  private(set) var soundDelays: [Int: Int64] = [:]
  private(set) var soundsSent = 0
  /// Milliseconds at which the pictures could be shown, in order.
  private(set) var shown: [Int64] = []
  private var picturesSent = 0
  /// Packets of pictures that came, by their place.
  private var pieces: Set<Int> = []
  private var newestPiece = -1
  private var askedAt: [Int: Int64] = [:]
  private var arrivals: [UInt16: Int64] = [:]
  private var nextReported: UInt16 = 0
  private var reports: UInt8 = 0
  private var tick: Int64 = 0

  static let piecesPerPicture = 3

  init(_ conditions: BadLink<ByteBuffer>.Conditions, seed: UInt64) throws {
    talk = try Conversation(isModern: true)
    try talk.connect()
    let plan = try talk.plan
    guard let sound = plan.sections[0].stream, let picture = plan.sections[1].stream else {
      throw WebRTCError.negotiation(.noSections)
    }
    self.sound = sound
    self.picture = picture
    down = BadLink(conditions, seed: seed)
    up = BadLink(conditions, seed: seed &+ 99)
    talk.peer.packets = []
  }

  /// Runs in steps of a millisecond: sound each 20, a picture each 40.
  func run(seconds: Int64) throws {
    for _ in 0..<seconds * 1000 {
      if tick % 20 == 0 {
        talk.connection.send(
          try Conversation.sound(Int64(soundsSent) * 960), section: 0, at: talk.now, into: talk.arena)
        soundsSent += 1
      }
      if tick % 40 == 0 {
        let frame = try Conversation.picture(Int64(picturesSent) * 3600, packets: Self.piecesPerPicture)
        talk.connection.send(frame, section: 1, at: talk.now, into: talk.arena)
        picturesSent += 1
      }
      if let deadline = talk.connection.deadline, deadline <= talk.now {
        talk.connection.elapsed(at: talk.now, into: talk.arena)
      }
      flush()
      for (_, datagram) in down.receive(by: talk.now) { try talk.peer.receive(datagram, at: talk.now) }
      talk.peer.packets.forEach(take)
      talk.peer.packets = []
      if tick % 20 == 7 { try ask() }
      if tick % 100 == 9 { try report() }
      for (_, datagram) in up.receive(by: talk.now) {
        var datagram = datagram
        talk.connection.receive(&datagram, from: talk.peer.address, at: talk.now, into: talk.arena)
      }
      flush()
      while talk.connection.next() != nil {}
      tick += 1
      talk.now = talk.now + .milliseconds(1)
    }
  }

  private func flush() {
    for entry in talk.arena.entries {
      let datagram = talk.arena.withUnsafeBytes(of: entry) { ByteBuffer(bytes: $0) }
      down.send(datagram, size: datagram.readableBytes + 28, at: talk.now)
    }
    talk.arena.removeAll()
  }

  private func take(_ packet: RTPPacket) {
    if let number = packet.extensions.transportSequenceNumber, arrivals[number] == nil {
      arrivals[number] = tick * 1000
    }
    switch packet.header.ssrc {
    case sound.ssrc:
      let index = Int(packet.header.timestamp &- sound.timestampOffset) / 960
      if soundDelays[index] == nil { soundDelays[index] = tick - Int64(index) * 20 }
    case picture.ssrc: take(piece: packet.header.sequenceNumber)
    default:
      var payload = packet.payload
      if let original: UInt16 = payload.readInteger() { take(piece: original) }
    }
  }

  private func take(piece number: UInt16) {
    // Near the newest, for numbers wrap.
    let expected = picture.firstSequenceNumber &+ UInt16(truncatingIfNeeded: max(newestPiece, 0))
    let place = max(newestPiece, 0) + Int(Int16(bitPattern: number &- expected))
    pieces.insert(place)
    askedAt[place] = nil
    newestPiece = max(newestPiece, place)
    while (0..<Self.piecesPerPicture).allSatisfy({ pieces.contains(shown.count * Self.piecesPerPicture + $0) }) {
      for piece in 0..<Self.piecesPerPicture { pieces.remove(shown.count * Self.piecesPerPicture + piece) }
      shown.append(tick)
    }
  }

  /// Asks for what is missing, and again after a round trip.
  private func ask() throws {
    guard newestPiece >= 0 else { return }
    let missing = (shown.count * Self.piecesPerPicture..<max(newestPiece, shown.count * Self.piecesPerPicture)).filter {
      !pieces.contains($0) && tick - (askedAt[$0] ?? -1000) > 180
    }
    guard !missing.isEmpty else { return }
    for place in missing { askedAt[place] = tick }
    let numbers = missing.map { picture.firstSequenceNumber &+ UInt16(truncatingIfNeeded: $0) }
    try send([.genericNACK(GenericNACK(senderSSRC: 1, mediaSSRC: picture.ssrc, missing: numbers))])
  }

  private func report() throws {
    guard let newest = arrivals.keys.max(by: { Int16(bitPattern: $1 &- $0) > 0 }) else { return }
    // What was overtaken and comes late is told late.
    let first = arrivals.keys.reduce(nextReported) { Int16(bitPattern: $1 &- $0) < 0 ? $1 : $0 }
    let end = Int16(bitPattern: newest &- nextReported) < 0 ? nextReported &- 1 : newest
    let list = (0...Int(end &- first)).map { arrivals[first &+ UInt16($0)] }
    (arrivals, nextReported) = ([:], end &+ 1)
    let feedback = TransportFeedback(
      senderSSRC: 1, mediaSSRC: picture.ssrc, firstNumber: first, feedbackCount: reports, arrivals: list)
    reports &+= 1
    try send([.transportFeedback(feedback)])
  }

  private func send(_ packets: [RTCPPacket]) throws {
    let datagram = try talk.peer.protectRTCP(packets)
    up.send(datagram, size: datagram.readableBytes + 28, at: talk.now)
  }
}
