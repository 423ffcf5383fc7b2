import NIOCore
import Testing

@testable import RTP
import Seeded

/// Writes into memory of exactly `capacity` bytes.
private func write(
  _ header: RTPHeader, _ extensions: HeaderExtensions = HeaderExtensions(), _ map: HeaderExtensionMap = .init(),
  capacity: Int = 200
) throws(RTPError) -> [UInt8] {
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
  defer { memory.deallocate() }
  let size = try header.write(extensions: extensions, map, into: memory)
  return Array(memory[..<size])
}

@Suite struct RTPHeaderTests {
  private let header = RTPHeader(
    marker: true, payloadType: 111, sequenceNumber: 0x1234, timestamp: 0x5678_9ABC, ssrc: 0xDEAD_BEEF)

  @Test func theFixedHeaderHasTheLayoutOfSection51() throws {
    #expect(try write(header) == hex("80 EF 1234 56789ABC DEADBEEF"))
    #expect(try RTPPacket(parsing: ByteBuffer(write(header))).header == header)
  }

  @Test func aPayloadTypeOfEightBitsDoesNotTouchTheMarker() throws {
    var wide = header
    wide.marker = false
    wide.payloadType = 0xFF
    #expect(try write(wide)[1] == 0x7F)
  }

  @Test func extensionsAreWrittenWithOneByteHeaders() throws {
    let map = try HeaderExtensionMap(mediaID: 4, absoluteSendTime: 2, transportSequenceNumber: 3, audioLevel: 1)
    let extensions = HeaderExtensions(
      mediaID: "v0", absoluteSendTime: AbsoluteSendTime(rawValue: 0xABCDEF), transportSequenceNumber: 0x0102,
      audioLevel: AudioLevel(attenuation: 30, isVoice: true))
    #expect(
      try write(header, extensions, map)
        == hex("90 EF 1234 56789ABC DEADBEEF  BEDE 0003  41 7630  22 ABCDEF  31 0102  10 9E"))
  }

  @Test func theExtensionBlockIsPaddedToWholeWords() throws {
    let map = try HeaderExtensionMap(audioLevel: 14)
    let extensions = HeaderExtensions(audioLevel: AudioLevel(attenuation: 200, isVoice: false))
    #expect(try write(header, extensions, map).suffix(8) == hex("BEDE 0001 E0 7F 0000"))
  }

  @Test func whatWasNotNegotiatedIsNotWritten() throws {
    let extensions = HeaderExtensions(mediaID: "0", transportSequenceNumber: 9)
    #expect(try write(header, extensions).count == RTPHeader.size)
  }

  @Test(arguments: [UInt8(0), 15, 16, 255]) func anIdentifierOutsideOneToFourteenIsRefused(identifier: UInt8) {
    #expect(throws: RTPError.invalidExtensionIdentifier(identifier)) {
      try HeaderExtensionMap(audioLevel: identifier)
    }
  }

  @Test func aMediaIdentificationHasOneToSixteenBytes() throws {
    let map = try HeaderExtensionMap(mediaID: 1)
    for length in [1, 15, 16] {
      let id = String(repeating: "x", count: length)
      let packet = try RTPPacket(parsing: ByteBuffer(write(header, HeaderExtensions(mediaID: id), map)), map)
      #expect(packet.extensions.mediaID == id)
    }
    for length in [0, 17] {
      let id = String(repeating: "x", count: length)
      #expect(throws: RTPError.invalidExtensionLength(identifier: 1, length: length)) {
        try write(header, HeaderExtensions(mediaID: id), map)
      }
    }
  }

  @Test func aBufferOneByteTooSmallIsRefused() throws {
    #expect(try write(header, capacity: 12).count == 12)
    #expect(throws: RTPError.bufferTooSmall(needed: 12, available: 11)) { try write(header, capacity: 11) }
    let map = try HeaderExtensionMap(transportSequenceNumber: 1)
    let extensions = HeaderExtensions(transportSequenceNumber: 1)
    #expect(try write(header, extensions, map, capacity: 20).count == 20)
    #expect(throws: RTPError.bufferTooSmall(needed: 8, available: 7)) {
      try write(header, extensions, map, capacity: 19)
    }
  }

  @Test func absoluteSendTimeIsTheMiddleOfTheNTPTime() {
    // 3.5 s: six bits of seconds, then eighteen of the fraction.
    #expect(AbsoluteSendTime(NTPTime(rawValue: 3 << 32 + 1 << 31)).rawValue == 3 << 18 | 1 << 17)
    #expect(AbsoluteSendTime(NTPTime(rawValue: 64 << 32)).rawValue == 0)
  }
}

@Suite struct RTPPacketTests {
  private let plain = hex("80 60 0001 00000002 00000003")

  @Test func sourcesExtensionAndPaddingAreTakenOffThePayload() throws {
    let packet = try RTPPacket(
      parsing: .shifted(
        hex("B2 60 0001 00000002 00000003  0000000A 0000000B  1234 0001 FFFFFFFF  010203  0000 03")))
    #expect(packet.contributingSources == [10, 11])
    #expect(packet.payload.bytes == [1, 2, 3])
    #expect(packet.extensions == HeaderExtensions())
  }

  @Test func aPacketMayHaveNoPayload() throws {
    #expect(try RTPPacket(parsing: ByteBuffer(plain)).payload.readableBytes == 0)
  }

  @Test(arguments: [0, 1, 3]) func onlyVersionTwoIsKnown(version: UInt8) {
    var bytes = plain
    bytes[0] = version << 6
    #expect(throws: RTPError.unknownVersion(version)) { try RTPPacket(parsing: ByteBuffer(bytes)) }
  }

  @Test func everyTruncationIsAnErrorUntilTheHeaderIsWhole() throws {
    let whole = hex("92 60 0001 00000002 00000003  0000000A 0000000B  BEDE 0001 10AA0000")
    for length in 0..<whole.count {
      #expect(throws: RTPError.self) { try RTPPacket(parsing: ByteBuffer(Array(whole[..<length]))) }
    }
    #expect(try RTPPacket(parsing: ByteBuffer(whole)).payload.readableBytes == 0)
  }

  @Test func paddingMayBeAllThereIsButNotMore() throws {
    var padded = plain + [9, 9, 3]
    padded[0] = 0xA0
    #expect(try RTPPacket(parsing: ByteBuffer(padded)).payload.readableBytes == 0)
    for count: UInt8 in [0, 4] {
      padded[padded.count - 1] = count
      #expect(throws: RTPError.invalidPadding(length: Int(count), available: 3)) {
        try RTPPacket(parsing: ByteBuffer(padded))
      }
    }
    var empty = plain
    empty[0] = 0xA0
    #expect(throws: RTPError.invalidPadding(length: 0, available: 0)) { try RTPPacket(parsing: ByteBuffer(empty)) }
  }

  private func extensions(_ profile: UInt16, _ block: [UInt8]) throws -> HeaderExtensions {
    let map = try HeaderExtensionMap(mediaID: 4, absoluteSendTime: 2, transportSequenceNumber: 3, audioLevel: 1)
    return try HeaderExtensions(parsing: ByteBuffer(block), profile: profile, map)
  }

  @Test func elementsMayBePaddedApartInOneByteForm() throws {
    let read = try extensions(0xBEDE, hex("00 10 85 00 00 31 0102 52 AABBCC 40 61"))
    #expect(read.audioLevel == AudioLevel(attenuation: 5, isVoice: true))
    #expect(read.transportSequenceNumber == 0x0102)
    #expect(read.mediaID == "a")
    #expect(read.absoluteSendTime == nil)
  }

  @Test func identifierFifteenEndsTheBlock() throws {
    #expect(try extensions(0xBEDE, hex("10 05 F0 00 31 0102")) == HeaderExtensions(audioLevel: .init(byte: 5)))
  }

  @Test func theTwoByteFormIsRead() throws {
    let read = try extensions(0x1005, hex("01 01 05 00 00 04 03 616263 09 00 02 03 010203"))
    #expect(read.audioLevel == AudioLevel(attenuation: 5, isVoice: false))
    #expect(read.mediaID == "abc")
    #expect(read.absoluteSendTime == AbsoluteSendTime(rawValue: 0x010203))
  }

  @Test func anElementBeyondTheBlockIsAnError() {
    #expect(throws: RTPError.invalidExtensionLength(identifier: 2, length: 3)) {
      try extensions(0xBEDE, hex("22 0102"))
    }
    #expect(throws: RTPError.self) { try extensions(0x1000, hex("02 03 0102")) }
    #expect(throws: RTPError.self) { try extensions(0x1000, hex("02")) }
  }

  @Test func aValueOfAnotherLengthIsPassedOver() throws {
    #expect(try extensions(0xBEDE, hex("11 0102 30 01 21 0102")) == HeaderExtensions())
  }

  @Test func writtenPacketsReadBackTheSame() throws {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<2000 {
      let header = RTPHeader(
        marker: .random(using: &generator), payloadType: .random(in: 0...127, using: &generator),
        sequenceNumber: .random(in: 0 ... .max, using: &generator), timestamp: generator.next(), ssrc: generator.next())
      let ids = Array(UInt8(1)...14).shuffled(using: &generator)
      let map = try HeaderExtensionMap(
        mediaID: ids[0], absoluteSendTime: ids[1], transportSequenceNumber: ids[2], audioLevel: ids[3])
      let extensions = HeaderExtensions(
        mediaID: Bool.random(using: &generator)
          ? String(repeating: "m", count: .random(in: 1...16, using: &generator)) : nil,
        absoluteSendTime: Bool.random(using: &generator) ? AbsoluteSendTime(rawValue: generator.next()) : nil,
        transportSequenceNumber: Bool.random(using: &generator) ? generator.next() : nil,
        audioLevel: Bool.random(using: &generator)
          ? AudioLevel(attenuation: .random(in: 0...127, using: &generator), isVoice: true) : nil)
      let payload = generator.bytes(Int.random(in: 0...20, using: &generator))
      let packet = try RTPPacket(parsing: .shifted(write(header, extensions, map) + payload), map)
      #expect(packet.header == header)
      #expect(packet.extensions == extensions)
      #expect(packet.payload.bytes == payload)
    }
  }

  @Test func tenThousandMutationsDoNotCrash() throws {
    var generator = SeededGenerator(seed: 5)
    let map = try HeaderExtensionMap(mediaID: 4, absoluteSendTime: 2, transportSequenceNumber: 3, audioLevel: 1)
    let seeds = [
      hex("B2 60 0001 00000002 00000003  0000000A 0000000B  BEDE 0003 41763022ABCDEF310102109E  010203 0000 03"),
      hex("90 60 0001 00000002 00000003  1000 0003 0101050004036162630000 00  0102"),
    ]
    var read = 0
    for round in 0..<10_000 {
      let bytes = generator.mutate(seeds[round % seeds.count])
      guard let packet = try? RTPPacket(parsing: .shifted(bytes), map) else { continue }
      read += 1
      #expect(packet.payload.readableBytes <= bytes.count - 12)
    }
    #expect(read > 100 && read < 10_000)
  }
}
