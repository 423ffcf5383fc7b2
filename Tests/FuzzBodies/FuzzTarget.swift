public import NIOCore

/// A parser that is fed with whatever comes: by libFuzzer (`make fuzz`) and, over the kept corpus, by `make test`.
///
/// What it must not do: trap, hang, take memory without measure, or contradict itself, for which `run` throws.
public enum FuzzTarget: String, CaseIterable, Sendable {
  case amf0, amf3
  case flv
  case rtmpServer = "rtmp-server"
  case rtmpClient = "rtmp-client"
  case rtmpForward = "rtmp-forward"
  case rtmpTunnel = "rtmp-tunnel"
  case sdp
  case stun
  case rtp
  case rtcp
  case addressList = "address-list"
  case policyFile = "policy-file"
  case capture

  /// Feeds the parser.
  public func run(_ bytes: ByteBuffer) throws(Contradiction) {
    switch self {
    case .amf0: try AMFBody.amf0(bytes)
    case .amf3: try AMFBody.amf3(bytes)
    case .flv: try FLVBody.run(bytes)
    case .rtmpServer: RTMPBody.server(bytes)
    case .rtmpClient: RTMPBody.client(bytes)
    case .rtmpForward: try ForwardBody.run(bytes)
    case .rtmpTunnel: TunnelBody.run(bytes)
    case .sdp: SDPBody.run(bytes)
    case .stun: STUNBody.run(bytes)
    case .rtp: RTPBody.run(bytes)
    case .rtcp: try RTCPBody.run(bytes)
    case .addressList: try PolicyBody.list(bytes)
    case .policyFile: PolicyBody.file(bytes)
    case .capture: CaptureBody.run(bytes)
    }
  }
}

/// A parser that does not agree with its own writer, or with itself.
public struct Contradiction: Error, CustomStringConvertible {
  /// What differs from what.
  public let description: String

  init(_ description: String) { self.description = description }
}
