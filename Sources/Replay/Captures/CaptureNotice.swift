/// Something in a capture that could not be taken as it stands, so that nothing is guessed in silence.
public struct CaptureNotice: Sendable, Equatable, CustomStringConvertible {
  /// What it was.
  public enum Cause: Sendable, Equatable {
    /// The file breaks its format there; packets from there on are lost.
    case damaged(ReplayError)
    /// Packets of a link that is not read, counted.
    case unreadLink(LinkNumber, packets: Int)
    /// A TCP connection whose begin was not captured, so that nobody can tell what it speaks.
    case beginMissing
    /// An RTMP client's connection that cannot be played.
    case unplayable(ReplayError)
  }

  /// The number of a link type in the LINKTYPE registry.
  public typealias LinkNumber = UInt16

  /// The packet it begins with, counted from 1.
  public let packet: Int
  /// What it was.
  public let cause: Cause

  /// One line for people.
  public var description: String {
    switch cause {
    case .damaged(let error): "behind packet \(packet): \(error); what follows is not read"
    case .unreadLink(let number, let count):
      "packet \(packet): link type \(number) is not read; \(count) such packets were passed over"
    case .beginMissing: "packet \(packet): a connection that was captured without its begin was passed over"
    case .unplayable(let error): "packet \(packet): a client's session was passed over: \(error)"
    }
  }
}
