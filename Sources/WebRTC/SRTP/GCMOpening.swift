import NIOCore

/// Opens what comes in, RTP and RTCP, by AES-GCM (RFC 7714) on OpenSSL's cipher.
///
/// What stands here is the framing, the packet's index, and which packets came before. A receiver of ours sends reports
/// and no media, so each of the two ciphers is made when its first packet comes. Confined to its connection.
final class GCMOpening {
  private struct Source {
    let ssrc: UInt32
    var window: ReplayWindow
  }

  private let masterKey: [UInt8]
  private let masterSalt: [UInt8]
  private var rtp: GCMCipher?
  private var rtcp: GCMCipher?
  /// One for each source whose packets are authentic; the owner bounds them.
  private var packets: [Source] = []
  private var reports: [Source] = []

  /// - Parameters:
  ///   - key: the master key, 16 or 32 bytes.
  ///   - salt: the master salt, 12 bytes.
  init(masterKey key: [UInt8], masterSalt salt: [UInt8]) {
    self.masterKey = key
    self.masterSalt = salt
  }

  /// Checks an RTP packet and decrypts it in place; the buffer then ends with the plain packet.
  ///
  /// - Parameter headerSize: of the fixed header, contributing sources and extension block.
  func open(_ packet: inout ByteBuffer, headerSize: Int) -> SRTPRejection? {
    let textSize = packet.readableBytes - headerSize - GCMCipher.tagLength
    guard textSize >= 0, let number: UInt16 = packet.getInteger(at: packet.readerIndex + 2),
      let ssrc: UInt32 = packet.getInteger(at: packet.readerIndex + 8)
    else { return .malformed }
    let known = self.packets.firstIndex { $0.ssrc == ssrc }
    guard let index = Self.index(of: number, after: known.flatMap { self.packets[$0].window.highest }) else {
      return .replay
    }
    if let known, !self.packets[known].window.admits(index) { return .replay }
    guard let cipher = self.cipher(&self.rtp, .rtpEncryption, .rtpSalt) else { return .auth }
    let isAuthentic = packet.withUnsafeMutableReadableBytes { bytes in
      bytes.baseAddress.map {
        cipher.open($0, headerSize: headerSize, textSize: textSize, ssrc: ssrc, index: index)
      }
    }
    guard isAuthentic == true else { return .auth }
    Self.note(index, of: ssrc, at: known, in: &self.packets, size: Self.packetWindow)
    packet.moveWriterIndex(to: packet.readerIndex + headerSize + textSize)
    return nil
  }

  /// The same for an RTCP compound (RFC 7714 section 9.3). One that is not encrypted is refused, as it was not agreed.
  func openRTCP(_ packet: inout ByteBuffer) -> SRTPRejection? {
    let textSize = packet.readableBytes - SRTCP.headerSize - GCMCipher.tagLength - 4
    guard textSize >= 0, let ssrc: UInt32 = packet.getInteger(at: packet.readerIndex + 4),
      let trailer: UInt32 = packet.getInteger(at: packet.writerIndex - 4)
    else { return .malformed }
    guard trailer & SRTCP.isEncrypted != 0 else { return .auth }
    let index = UInt64(trailer & ~SRTCP.isEncrypted)
    let known = self.reports.firstIndex { $0.ssrc == ssrc }
    if let known, !self.reports[known].window.admits(index) { return .replay }
    guard let cipher = self.cipher(&self.rtcp, .rtcpEncryption, .rtcpSalt) else { return .auth }
    let isAuthentic = packet.withUnsafeMutableReadableBytes { bytes in
      bytes.baseAddress.map {
        cipher.open(
          $0, headerSize: SRTCP.headerSize, textSize: textSize, trailer: trailer, ssrc: ssrc, index: index)
      }
    }
    guard isAuthentic == true else { return .auth }
    Self.note(index, of: ssrc, at: known, in: &self.reports, size: Self.reportWindow)
    packet.moveWriterIndex(to: packet.readerIndex + SRTCP.headerSize + textSize)
    return nil
  }

  private func cipher(
    _ cipher: inout GCMCipher?, _ encryption: SRTPKeyLabel, _ salting: SRTPKeyLabel
  ) -> GCMCipher? {
    if cipher == nil {
      cipher = try? GCMCipher(
        masterKey: self.masterKey, masterSalt: self.masterSalt, encryption, salting, opens: true)
    }
    return cipher
  }

  /// The index that a number most likely means: the one nearest to the highest so far (RFC 3711 section 3.3.1). Nil for
  /// one from before the source's first packet, or beyond the 48 bits.
  private static func index(of number: UInt16, after highest: UInt64?) -> UInt64? {
    guard let highest else { return UInt64(number) }
    let step = Int16(bitPattern: number &- UInt16(truncatingIfNeeded: highest))
    let index = Int64(clamping: highest) + Int64(step)
    return index >= 0 && index <= Self.lastIndex ? UInt64(index) : nil
  }

  private static func note(
    _ index: UInt64, of ssrc: UInt32, at known: Int?, in sources: inout [Source], size: Int
  ) {
    if let known {
      sources[known].window.note(index)
    } else {
      var window = ReplayWindow(size: size)
      window.note(index)
      sources.append(Source(ssrc: ssrc, window: window))
    }
  }

  private static let lastIndex: Int64 = 1 << 48 - 1
  private static let packetWindow = 1024
  private static let reportWindow = 128
}
