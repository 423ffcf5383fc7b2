import AMF
import NIOCore
import Testing
import Seeded

/// Bytes as AMF 0 section 2 lays them out, and the value they are.
private let vectors: [(hex: String, value: AMFValue)] = [
  ("00 3ff0000000000000", 1),
  ("00 c05edd2f1a9fbe77", -123.456),
  ("01 00", false),
  ("01 01", true),
  ("02 0000", ""),
  ("02 0004 6c697665", "live"),
  ("02 0004 c5bcc3b3", "żó"),
  ("05", nil),
  ("06", .undefined),
  ("0d", .unsupported),
  ("03 000009", [:]),
  ("03 0003 617070 02 0004 6c697665 0004 66706164 01 00 000009", ["app": "live", "fpad": false]),
  ("08 00000001 0001 61 05 000009", .ecmaArray(AMFAssociativeArray(["a": nil]))),
  ("0a 00000000", []),
  ("0a 00000002 00 4000000000000000 05", [2, nil]),
  ("0b 4271375cbfac2000 0000", .date(AMFDate(milliseconds: 1_183_092_308_674))),
  ("0b 4271375cbfac2000 ffc4", .date(AMFDate(milliseconds: 1_183_092_308_674, timeZone: -60))),
  ("0f 00000004 3c612f3e", .xmlDocument("<a/>")),
  (
    "10 0007 6d792e55736572 0002 6964 00 4014000000000000 000009",
    .object(AMFObject(className: "my.User", ["id": 5]))
  ),
  // A cycle: the object's property is the object.
  ("03 0004 73656c66 07 0000 000009", ["self": .reference(0)]),
  // The switch to AMF3, for what AMF0 does not have.
  ("11 0c 05 0102", .byteArray(ByteBuffer(bytes: [1, 2]))),
]

@Suite struct AMF0VectorTests {
  @Test(arguments: vectors.indices)
  func vectorIsDecodedAndEncodedAgain(index: Int) throws {
    let (hex, value) = vectors[index]
    var bytes = ByteBuffer(hex: hex)
    #expect(try Coding.amf0.decodeAll(&bytes) == value)
    #expect(bytes.readableBytes == 0)
    #expect(try Coding.amf0.encode(value).hex == ByteBuffer(hex: hex).hex)
  }

  @Test(arguments: vectors.indices)
  func vectorCutOffAnywhereIsTruncatedAndTakesNothing(index: Int) throws {
    let whole = ByteBuffer(hex: vectors[index].hex)
    for length in 0..<whole.readableBytes {
      var part = whole.getSlice(at: 0, length: length) ?? ByteBuffer()
      // Just the end marker missing behind the right number of elements is the damage that is put up with.
      if case .ecmaArray = vectors[index].value, length == whole.readableBytes - 3 { continue }
      #expect { try Coding.amf0.decodeAll(&part) } throws: { error in
        guard case .truncated = error as? AMFError else { return false }
        return true
      }
      #expect(part.readableBytes == length)
    }
  }

  @Test func longStringIsUsedFrom65536BytesOn() throws {
    for (length, marker) in [(65_535, 0x02 as UInt8), (65_536, 0x0C)] {
      let value = AMFValue.string(String(repeating: "s", count: length))
      let bytes = try Coding.amf0.encode(value)
      #expect(bytes.getInteger(at: 0, as: UInt8.self) == marker)
      #expect(try Coding.amf0.decode(bytes) == value)
    }
  }

  @Test func nameOf65536BytesIsRefused() throws {
    let name = String(repeating: "n", count: 65_536)
    #expect(throws: AMFError.notRepresentable(.amf0, .length(65_536))) {
      try Coding.amf0.encode(.object(AMFObject([AMFProperties.Element(key: name, value: nil)].asProperties)))
    }
  }

  @Test(arguments: ["00000000", "00000001", "00000007", "ffffffff"])
  func countOfECMAArrayMayLie(count: String) throws {
    let value = try Coding.amf0.decode(ByteBuffer(hex: "08 \(count) 0001 61 01 01 0001 62 01 00 000009"))
    #expect(value == .ecmaArray(AMFAssociativeArray(["a": true, "b": false])))
  }

  @Test func missingEndOfECMAArrayIsPutUpWithWhereTheCountIsRight() throws {
    let value = try Coding.amf0.decode(ByteBuffer(hex: "08 00000002 0001 61 01 01 0001 62 01 00"))
    #expect(value == .ecmaArray(AMFAssociativeArray(["a": true, "b": false])))
    #expect(throws: AMFError.truncated(needed: 2, available: 0)) {
      try Coding.amf0.decode(ByteBuffer(hex: "08 00000003 0001 61 01 01 0001 62 01 00"))
    }
  }

  @Test func duplicateNamesAreKeptInOrderAndTheLastCounts() throws {
    let bytes = ByteBuffer(hex: "03 0001 62 01 00 0001 61 05 0001 62 01 01 000009")
    let object = try #require(try Coding.amf0.decode(bytes).objectValue)
    #expect(object.properties.map(\.key) == ["b", "a", "b"])
    #expect(object["b"] == true)
    #expect(try Coding.amf0.encode(.object(object)) == bytes)
  }

  @Test func emptyNameIsANameUnlessTheEndMarkerFollows() throws {
    let bytes = ByteBuffer(hex: "03 0000 05 000009")
    #expect(try Coding.amf0.decode(bytes).objectValue?.properties.map(\.key) == [""])
    #expect(try Coding.amf0.encode(try Coding.amf0.decode(bytes)) == bytes)
  }

  @Test func bytesThatAreNoUTF8AreReplaced() throws {
    #expect(try Coding.amf0.decode(ByteBuffer(hex: "02 0003 61ff62")) == "a\u{FFFD}b")
  }

  @Test(arguments: [0x04, 0x0E, 0x12, 0xFF] as [UInt8])
  func reservedMarkerIsRefused(marker: UInt8) {
    #expect(throws: AMFError.unknownMarker(.amf0, marker)) {
      try Coding.amf0.decode(ByteBuffer(bytes: [marker, 0, 0]))
    }
  }

  @Test func objectEndInPlaceOfAValueIsRefused() {
    #expect(throws: AMFError.unexpectedObjectEnd) { try Coding.amf0.decode(ByteBuffer(hex: "03 0001 61 09")) }
  }

  @Test func whatAMF0CannotSayIsRefusedUnlessTheSwitchIsAllowed() throws {
    var encoder = AMF0Encoder()
    var buffer = ByteBuffer(string: "before")
    #expect(throws: AMFError.notRepresentable(.amf0, .typeOfAMF3)) {
      try encoder.encode(["a": .byteArray(ByteBuffer())], into: &buffer)
    }
    #expect(buffer == ByteBuffer(string: "before"))
  }

  @Test func integerIsWrittenAsNumber() throws {
    #expect(try Coding.amf0.encode(.integer(-7)) == Coding.amf0.encode(.number(-7)))
  }
}

extension [AMFProperties.Element] {
  var asProperties: AMFProperties { AMFProperties(self) }
}
