import AMF
import NIOCore

/// What the owner of a ``ServerSession`` must know.
public enum ServerSessionEvent: Sendable, Hashable {
  /// The client wants in: answer with `acceptConnect` or `rejectConnect`. Once, and before all other events.
  indirect case connect(ConnectRequest)
  /// The client wants to publish: answer with `acceptPublish` or `rejectPublish`.
  indirect case publish(PublishRequest)
  /// The client wants to play: answer with `acceptPlay` or `rejectPlay`.
  indirect case play(PlayRequest)
  /// A message of an accepted publication. Data messages come as they are, metadata among them.
  case media(MediaMessage)
  /// The client ended a publication, accepted or still asked for, or the session did by closing.
  case publishEnded(streamID: UInt32, name: String)
  /// The client stopped playing.
  case playEnded(streamID: UInt32)
  /// The publication's `onMetaData`, decoded; the data message itself follows.
  indirect case metadata(streamID: UInt32, AMFValue)
}
