import FLV

/// Something in a capture that could not be taken as it stands, so that nothing is guessed in silence.
public struct CaptureNotice: Sendable, Equatable, CustomStringConvertible {
  /// What it was.
  public enum Cause: Sendable, Equatable {
    /// The file breaks its format there; packets from there on are lost.
    case damaged(ReplayError)
    /// Packets of a link that is not read, counted.
    case unreadLink(LinkNumber, packets: Int)
    /// IP fragments, which TCP avoids and nothing here puts together, counted.
    case fragments(packets: Int)
    /// Packets without a time, counted.
    case timeless(packets: Int)
    /// Whoever captured says that so many packets did not get into the file.
    case dropped(packets: UInt64)
    /// A TCP connection whose begin was not captured, so that nobody can tell what it speaks.
    case beginMissing
    /// An RTMP client's connection that cannot be played.
    case unplayable(ReplayError)
    /// An RTMP client left before its handshake was done.
    case handshakeUnfinished
    /// So many bytes of the server are missing before a packet; what follows them is not read.
    case answersMissing(packet: Int, count: Int)
    /// RTMPE, which encrypts for nobody but its two ends.
    case encryptedRTMP
    /// TLS connections without their keys, counted.
    case tls(connections: Int)
    /// The file has keys for its TLS connections, and they could not be used.
    case undecryptable(ReplayError)
    /// Connections that speak something else than RTMP, counted.
    case foreign(connections: Int)
    /// Requests of tunnels that break off, counted.
    case requestsUnfinished(count: Int)
    /// The answer to a tunnel's request is not in the capture, though later ones are.
    case unansweredRequest(number: UInt32)
    /// An FLV file has damage in it.
    case damagedFile(FLVReader.Damage)
  }

  /// The number of a link type in the LINKTYPE registry.
  public typealias LinkNumber = UInt16

  /// The packet it begins with, counted from 1; of an FLV file the tag.
  public let packet: Int
  /// Where that packet stands in the file.
  public var offset = 0
  /// What it was.
  public let cause: Cause

  /// One line for people.
  public var description: String { "packet \(packet) at offset \(offset): \(text)" }

  private var text: String {
    switch cause {
    case .damaged(let error): "behind it \(error); what follows is not read"
    case .unreadLink(let number, let count):
      "link type \(number) is not read; \(count) such packets were passed over"
    case .fragments(let count): "IP fragments are not put together; \(count) of them were passed over"
    case .timeless(let count): "\(count) packets without a time were passed over"
    case .dropped(let count): "behind it, \(count) packets did not get into the file"
    case .beginMissing: "a connection that was captured without its begin was passed over"
    case .unplayable(let error): "a client's session was passed over: \(error)"
    case .handshakeUnfinished: "a client left within its handshake"
    case .answersMissing(let packet, let count):
      "\(count) bytes of the server before packet \(packet) are missing; its further answers are not read"
    case .encryptedRTMP: "encrypted (RTMPE), cannot be read"
    case .tls(let count): "\(count) connections inside TLS cannot be read without their keys (--keylog)"
    case .undecryptable(let error): "the keys in the file were not used: \(error)"
    case .foreign(let count): "\(count) connections that speak no RTMP were passed over"
    case .requestsUnfinished(let count): "\(count) requests of tunnels break off; they were passed over"
    case .unansweredRequest(let number):
      "the answer to request \(number) of a tunnel is missing; further answers are not read"
    case .damagedFile(let damage):
      "the file is damaged: \(damage.skippedBytes) bytes and \(damage.skippedTags) tags were passed over,"
        + " \(damage.wrongPreviousTagSizes) sizes are wrong, \(damage.unfinishedBytes) bytes at the end make no tag"
    }
  }
}
