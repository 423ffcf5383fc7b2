import Foundation
import NIOCore

/// One connection as `tshark -z follow,tls,yaml,N` tells it.
///
///     peers:
///       - peer: 0
///         host: 127.0.0.1
///         port: 40000
///       - peer: 1 ...
///     packets:
///       - packet: 12
///         peer: 0
///         timestamp: 1700000000.123456789
///         data: !!binary |
///           AwAAAA...
struct FollowedStream {
  private struct Piece {
    var packet: Int
    var peer = 0
    var time: Int64 = 0
    var base64 = ""
  }

  private var pieces: [Piece] = []

  /// All connections in the output of one run.
  static func all(in text: String) -> [FollowedStream] {
    var streams: [FollowedStream] = []
    for line in text.split(separator: "\n") {
      if line.hasPrefix("peers:") { streams.append(FollowedStream()) }
      if !streams.isEmpty { streams[streams.count - 1].take(line) }
    }
    return streams
  }

  private mutating func take(_ line: Substring) {
    let words = line.drop { $0 == " " || $0 == "-" }.split(separator: " ", maxSplits: 1)
    guard let key = words.first else { return }
    let value = words.count > 1 ? String(words[1]) : ""
    switch key {
    case "packet:": pieces.append(Piece(packet: Int(value) ?? 0))
    case "peer:": if !pieces.isEmpty { pieces[pieces.count - 1].peer = Int(value) ?? 0 }
    case "timestamp:": if !pieces.isEmpty { pieces[pieces.count - 1].time = Self.microseconds(value) }
    case "peers:", "host:", "port:", "packets:", "index:", "data:": break
    default: if !pieces.isEmpty, words.count == 1 { pieces[pieces.count - 1].base64 += key }
    }
  }

  /// Seconds as decimal digits; a `Double` would lose the last of them.
  private static func microseconds(_ text: String) -> Int64 {
    let parts = text.split(separator: ".")
    guard let whole = parts.first.flatMap({ Int64($0) }) else { return 0 }
    let digits = (parts.count > 1 ? parts[1] : "").prefix(6)
    let fraction = Int64(digits + String(repeating: "0", count: 6 - digits.count)) ?? 0
    let (product, overflow) = whole.multipliedReportingOverflow(by: 1_000_000)
    return overflow || product < 0 || product > .max - 1_000_000 ? 0 : product + fraction
  }

  /// The packets that brought something.
  var packets: [Int] { pieces.map(\.packet) }

  /// What was said, between the ends of the connection that it was said in; nil when nothing could be decrypted. Who is
  /// who tshark does not say for TLS: in RTMP and HTTP the client speaks first, as it does in TLS.
  func conversation(in sealed: CapturedConversation) -> CapturedConversation? {
    guard let speaker = pieces.first?.peer else { return nil }
    let parts = sealed.first.parts + sealed.second.parts
    let offsets = Dictionary(parts.map { ($0.packet, $0.offset) }) { first, _ in first }
    func stream(_ isSpeaker: Bool) -> TCPStream {
      TCPStream(
        parts: pieces.filter { ($0.peer == speaker) == isSpeaker }.compactMap { piece in
          Data(base64Encoded: piece.base64).map {
            TCPStream.Part(
              packet: piece.packet, time: piece.time, bytes: ByteBuffer(bytes: $0),
              offset: offsets[piece.packet] ?? sealed.offset)
          }
        })
    }
    var conversation = sealed
    conversation.first = stream(true)
    conversation.second = stream(false)
    conversation.transport = .rtmps
    return conversation
  }
}
