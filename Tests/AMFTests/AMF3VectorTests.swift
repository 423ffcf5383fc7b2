import AMF
import NIOCore
import Testing
import Seeded

/// Bytes as AMF 3 section 3 lays them out, and the value they are.
private let vectors: [(hex: String, value: AMFValue)] = [
  ("00", .undefined),
  ("01", nil),
  ("02", false),
  ("03", true),
  // Section 1.3.1: each length of a U29, its first and last number.
  ("04 00", .integer(0)),
  ("04 7f", .integer(127)),
  ("04 8100", .integer(128)),
  ("04 ff7f", .integer(16_383)),
  ("04 818000", .integer(16_384)),
  ("04 ffff7f", .integer(2_097_151)),
  ("04 80c08000", .integer(2_097_152)),
  ("04 bfffffff", .integer(268_435_455)),
  ("04 ffffffff", .integer(-1)),
  ("04 c0808000", .integer(-268_435_456)),
  ("05 3ff8000000000000", 1.5),
  ("06 01", ""),
  ("06 09 6c697665", "live"),
  ("07 09 3c612f3e", .xmlDocument("<a/>")),
  ("0b 09 3c612f3e", .xml("<a/>")),
  ("08 01 4271375cbfac2000", .date(AMFDate(milliseconds: 1_183_092_308_674))),
  ("09 01 01", []),
  ("09 05 01 0401 02", [.integer(1), false]),
  // Dense and named elements; the name comes again as a reference.
  ("09 03 0361 03 01 0600", .ecmaArray(AMFAssociativeArray(["a": true], dense: ["a"]))),
  ("0a 0b 01 01", [:]),
  ("0a 0b 01 0361 0401 01", ["a": .integer(1)]),
  // Sealed members, not dynamic; then the same traits by reference.
  (
    "09 05 01 0a 13 0755 7365 0361 0401 0a 01 0402",
    [
      .object(AMFObject(className: "Use", sealed: ["a": .integer(1)], isDynamic: false)),
      .object(AMFObject(className: "Use", sealed: ["a": .integer(2)], isDynamic: false)),
    ]
  ),
  // Sealed and dynamic.
  (
    "0a 1b 01 0361 02 0362 03 01",
    .object(AMFObject(className: nil, sealed: ["a": false], dynamic: ["b": true], isDynamic: true))
  ),
  ("0c 05 0102", .byteArray(ByteBuffer(bytes: [1, 2]))),
  ("0d 05 01 00000001 ffffffff", .vector(AMFVector(.int([1, -1]), isFixed: true))),
  ("0e 03 00 ffffffff", .vector(AMFVector(.uint([.max])))),
  ("0f 03 00 3ff0000000000000", .vector(AMFVector(.double([1])))),
  ("10 05 00 0355 01 0600", .vector(AMFVector(.object(typeName: "U", [nil, "U"])))),
  ("11 03 01 0403 03", .dictionary(AMFDictionary([.init(key: .integer(3), value: true)], hasWeakKeys: true))),
  (
    "0a 07 43 666c65782e6d6573736167696e672e696f2e4172726179436f6c6c656374696f6e 09 03 01 03",
    .externalizable(AMFExternalizable(className: "flex.messaging.io.ArrayCollection", value: [true]))
  ),
  // A cycle through an array.
  ("09 03 01 0a00", [.reference(0)]),
]

@Suite struct AMF3VectorTests {
  @Test(arguments: vectors.indices)
  func vectorIsDecodedAndEncodedAgain(index: Int) throws {
    let (hex, value) = vectors[index]
    var bytes = ByteBuffer(hex: hex)
    #expect(try Coding.amf3.decodeAll(&bytes) == value)
    #expect(bytes.readableBytes == 0)
    #expect(try Coding.amf3.encode(value).hex == ByteBuffer(hex: hex).hex)
  }

  @Test(arguments: vectors.indices)
  func vectorCutOffAnywhereIsTruncatedAndTakesNothing(index: Int) throws {
    let whole = ByteBuffer(hex: vectors[index].hex)
    for length in 0..<whole.readableBytes {
      var part = whole.getSlice(at: 0, length: length) ?? ByteBuffer()
      #expect { try Coding.amf3.decodeAll(&part) } throws: { error in
        guard case .truncated = error as? AMFError else { return false }
        return true
      }
      #expect(part.readableBytes == length)
    }
  }

  @Test(arguments: [268_435_456, -268_435_457, Int32.max, .min])
  func integerOfMoreThan29BitsIsWrittenAsNumber(integer: Int32) throws {
    #expect(try Coding.amf3.decode(Coding.amf3.encode(.integer(integer))) == .number(Double(integer)))
  }

  @Test func externalizableOfUnknownClassIsRefusedByName() throws {
    #expect(throws: AMFError.unknownExternalizable(className: "DSK")) {
      try Coding.amf3.decode(ByteBuffer(hex: "0a 07 07 44534b 00"))
    }
    #expect(throws: AMFError.unknownExternalizable(className: "DSK")) {
      try Coding.amf3.encode(.externalizable(AMFExternalizable(className: "DSK", value: nil)))
    }
  }

  @Test(arguments: [
    ("06 02", AMFError.referenceOutOfRange(.strings, index: 1, count: 0)),
    ("09 00", .referenceOutOfRange(.objects, index: 0, count: 0)),
    ("0a 05", .referenceOutOfRange(.traits, index: 1, count: 0)),
    ("12", .unknownMarker(.amf3, 0x12)),
  ])
  func bytesThatMeanNothingAreRefused(hex: String, error: AMFError) {
    #expect(throws: error) { try Coding.amf3.decode(ByteBuffer(hex: hex)) }
  }

  @Test func emptyNameOfADynamicPropertyIsRefused() throws {
    #expect(throws: AMFError.notRepresentable(.amf3, .emptyName)) { try Coding.amf3.encode(["": 1]) }
  }

  @Test func spellingsOfOneCharacterAreNotExchangedByReferences() throws {
    let spellings: AMFValue = ["é", "e\u{301}"]
    let decoded = try Coding.amf3.decode(Coding.amf3.encode(spellings))
    #expect(decoded.arrayValue?.compactMap { $0.stringValue?.utf8.count } == [2, 3])
  }

  @Test func tablesLastThroughAMessageAlsoBehindTheSwitchOfAMF0() throws {
    var encoder = AMF0Encoder(allowsAMF3: true)
    var buffer = ByteBuffer()
    try encoder.encodeAsAMF3("again", into: &buffer)
    try encoder.encode("between", into: &buffer)
    try encoder.encodeAsAMF3("again", into: &buffer)
    #expect(buffer.hex.hasSuffix("110600"))
    var decoder = AMF0Decoder()
    #expect(try decoder.decode(&buffer) == "again")
    #expect(try decoder.decode(&buffer) == "between")
    #expect(try decoder.decode(&buffer) == "again")
  }
}
