/// What a capture file says beside its packets.
struct CaptureRemarks {
  /// Packets that were lost on the way into the file.
  struct Drop {
    /// The last packet before the remark.
    let packet: Int
    /// Where the remark stands in the file.
    let offset: Int
    let packets: UInt64
  }

  /// Packets that have no time, which nothing can be made of.
  struct Timeless {
    let packet: Int
    let offset: Int
    var count = 1
  }

  var drops: [Drop] = []
  private(set) var timeless: Timeless?
  /// Whether keys of TLS sessions are in the file.
  var hasTLSSecrets = false

  mutating func noteTimeless(packet: Int, offset: Int) {
    if timeless == nil {
      timeless = Timeless(packet: packet, offset: offset)
    } else {
      timeless?.count += 1
    }
  }
}
