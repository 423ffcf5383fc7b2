import RTP

/// What offer and answer have settled, ready for a `PeerConnection`: no text, no dictionaries.
public struct SessionPlan: Hashable, Sendable {
  /// By the position of the media section, which is also the index that `PeerConnection.send` takes.
  public var sections: [Section]
  /// Our fragment and password; the fragment also finds the session on the shared port.
  public var local: ICECredentials
  /// The peer's fragment and password.
  public var remote: ICECredentials
  /// One of them the peer's certificate must match.
  public var remoteFingerprints: [Fingerprint]
  /// Sources the peer has announced; protected packets of others are refused.
  public var remoteSSRCs: [UInt32]

  /// One media section.
  public struct Section: Hashable, Sendable {
    /// Empty if the section was refused without one.
    public var mid: String
    /// Sound or picture.
    public var kind: MediaKind
    /// False for a section that was refused or closed.
    public var isAccepted: Bool
    /// The payload type of each codec that the peer takes here.
    public var payloadTypes: PayloadTypes
    /// What the receiver will send back.
    public var feedback: Feedback
    /// The payload type under which each codec's packets are sent again (RFC 4588), where that was negotiated.
    public var retransmissionTypes: PayloadTypes
    /// Identifiers of the header extensions that were negotiated.
    public var extensions: HeaderExtensionMap
    /// What is sent; nil while no track is mapped.
    public var stream: OutgoingStream?
  }

  /// What the peer wants to tell a sender (RFC 4585, RFC 5104).
  public struct Feedback: OptionSet, Hashable, Sendable {
    /// One bit for each kind.
    public let rawValue: UInt8
    /// A set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Missing packets, by number.
    public static let nack = Feedback(rawValue: 1)
    /// PLI.
    public static let pictureLoss = Feedback(rawValue: 2)
    /// FIR.
    public static let fullIntraRequest = Feedback(rawValue: 4)
    /// When each packet came (transport-wide congestion control).
    public static let transportWide = Feedback(rawValue: 8)
    /// REMB.
    public static let estimatedBitRate = Feedback(rawValue: 16)
  }
}

/// Payload types by codec, in five bytes.
public struct PayloadTypes: Hashable, Sendable {
  private var opus: UInt8 = Self.none
  private var vp8: UInt8 = Self.none
  private var h264: UInt8 = Self.none
  private var pcmu: UInt8 = Self.none
  private var pcma: UInt8 = Self.none

  /// No codec negotiated.
  public init() {}

  /// 0 to 127, or nil if the codec was not negotiated.
  public subscript(codec: PayloadCodec) -> UInt8? {
    get {
      let type =
        switch codec {
        case .opus: self.opus
        case .vp8: self.vp8
        case .h264: self.h264
        case .pcmu: self.pcmu
        case .pcma: self.pcma
        }
      return type == Self.none ? nil : type
    }
    set {
      let type = newValue ?? Self.none
      switch codec {
      case .opus: self.opus = type
      case .vp8: self.vp8 = type
      case .h264: self.h264 = type
      case .pcmu: self.pcmu = type
      case .pcma: self.pcma = type
      }
    }
  }

  /// The codecs that have one.
  public var codecs: [PayloadCodec] { PayloadCodec.allCases.filter { self[$0] != nil } }

  private static let none: UInt8 = 0xFF
}

/// What the owner wants to send in a section.
public struct OutgoingTrack: Hashable, Sendable {
  /// Groups the tracks of one speaker for the receiver (`a=msid`, first word).
  public var streamID: String
  /// Names the track (`a=msid`, second word).
  public var trackID: String
  /// The speaker's canonical name; tracks with the same one share a clock and play in step (RFC 3550 section 6.5.1).
  public var cname: String

  /// A track; see the properties.
  public init(streamID: String, trackID: String, cname: String) {
    self.streamID = streamID
    self.trackID = trackID
    self.cname = cname
  }
}

/// One RTP stream to the peer. It lasts as long as its track stays in its section; a track that comes back gets a
/// new source, because an old one must never begin its sequence anew under the same key (RFC 3711 section 9.1).
public struct OutgoingStream: Hashable, Sendable {
  /// The source, random, unique within the connection.
  public var ssrc: UInt32
  /// The speaker's canonical name.
  public var cname: String
  /// The track it carries.
  public var trackID: String
  /// In the lower half, so that a loss at the very start cannot be mistaken for a wrap (RFC 3711 section 3.3.1).
  public var firstSequenceNumber: UInt16
  /// Added to the media time of each frame.
  public var timestampOffset: UInt32
  /// What is sent again where that has a stream of its own (RFC 4588 section 4).
  public var retransmission: Retransmission

  /// The stream of packets sent again.
  public struct Retransmission: Hashable, Sendable {
    /// The source, random, unique within the connection.
    public var ssrc: UInt32
    /// In the lower half, as the stream's own.
    public var firstSequenceNumber: UInt16
  }
}
