import AMF
import NIOCore
import Testing
import Seeded

@Suite struct AMFReferenceTests {
  /// A parent with a child that knows its parent, and a second reference to that child.
  private static let family: AMFValue = [
    "child": ["parent": .reference(0)],
    "selected": ["parent": .reference(0)],
  ]

  @Test(arguments: [
    (Coding.amf0, "03 0005 6368696c64 03 0006 706172656e74 07 0000 000009 0008 73656c6563746564 07 0001 000009"),
    (Coding.amf3, "0a 0b 01 0b 6368696c64 0a 01 0d 706172656e74 0a 00 01 11 73656c6563746564 0a 02 01"),
  ])
  func sharedChildThatKnowsItsParentIsRepeated(coding: Coding, hex: String) throws {
    let value = try coding.decode(ByteBuffer(hex: hex))
    #expect(value == Self.family)
    #expect(try coding.decode(coding.encode(value)) == value)
  }

  @Test(arguments: Coding.allCases)
  func cycleBehindARepeatedContainerStillNamesTheRightOne(coding: Coding) throws {
    // [[], (the same), {self}] : the object is the fourth container when the empty array is counted twice.
    let hex =
      coding == .amf0
      ? "0a 00000003 0a 00000000 07 0001 03 0001 73 07 0002 000009"
      : "09 07 01 09 01 01 09 02 0a 0b 01 03 73 0a 04 01"
    let value = try coding.decode(ByteBuffer(hex: hex))
    #expect(value == [[], [], ["s": .reference(3)]])
    #expect(try coding.decode(coding.encode(value)) == value)
  }

  /// [x, x] where x is an array of itself: a copy of x would contain not itself but the first.
  @Test(arguments: [
    (Coding.amf0, "0a 00000002 0a 00000001 07 0001 07 0001"), (Coding.amf3, "09 05 01 09 03 01 09 02 09 02"),
  ])
  func whatContainsItselfIsNotRepeated(coding: Coding, hex: String) throws {
    let value = try coding.decode(ByteBuffer(hex: hex))
    #expect(value == [[.reference(1)], .reference(1)])
    #expect(try coding.decode(coding.encode(value)) == value)
  }

  /// Two nodes of a list that know each other, the first and then the second in an array, and both once more.
  @Test(arguments: [
    (
      Coding.amf0,
      "0a 00000004 03 0001 6e 03 0001 70 07 0001 000009 000009 07 0002 07 0001 07 0002"
    ),
    (Coding.amf3, "09 09 01 0a 0b 01 03 6e 0a 01 03 70 0a 02 01 01 0a 04 0a 02 0a 04"),
  ])
  func aListLinkedBothWaysKeepsItsLinks(coding: Coding, hex: String) throws {
    let value = try coding.decode(ByteBuffer(hex: hex))
    let second: AMFValue = ["p": .reference(1)]
    #expect(value == [["n": second], second, .reference(1), second])
    #expect(try coding.decode(coding.encode(value)) == value)
  }

  @Test func keyAndValueThatContainThemselvesAreReadAsTheyAreWritten() throws {
    let value = try Coding.amf3.decode(ByteBuffer(hex: "11 03 00 09 05 01 09 02 01 09 02"))
    let expected = AMFValue.dictionary(AMFDictionary([.init(key: [.reference(1), nil], value: .reference(1))]))
    #expect(value == expected)
    #expect(try Coding.amf3.decode(Coding.amf3.encode(value)) == value)
  }

  @Test func cycleMeansTheSameInBothEncodings() throws {
    // A date takes a place in AMF3's table and none in AMF0's.
    let value: AMFValue = [.date(AMFDate(milliseconds: 0)), ["up": .reference(1), "top": .reference(0)]]
    for coding in Coding.allCases {
      #expect(try coding.decode(coding.encode(value)) == value)
    }
  }

  @Test func referenceToASharedDateOrStringIsResolved() throws {
    let date = AMFValue.date(AMFDate(milliseconds: 1))
    #expect(try Coding.amf3.decode(ByteBuffer(hex: "09 05 01 08 01 3ff0000000000000 08 02")) == [date, date])
  }

  @Test(arguments: Coding.allCases)
  func referenceToWhatWasNotBegunIsNotWritten(coding: Coding) {
    let encoding: AMFError.Encoding = coding == .amf0 ? .amf0 : .amf3
    for number in [-1, 1, Int.max] {
      #expect(throws: AMFError.notRepresentable(encoding, .reference(number))) {
        try coding.encode([.reference(number)])
      }
    }
  }

  @Test func referenceAcrossTheSwitchIsNotWritten() {
    #expect(throws: AMFError.notRepresentable(.amf3, .reference(0))) {
      try Coding.amf0.encode([.dictionary(AMFDictionary([.init(key: nil, value: .reference(0))]))])
    }
  }

  /// Arrays that each refer ten times to the one before: a few hundred bytes for 10^40 elements.
  @Test(arguments: Coding.allCases)
  func billionLaughsAreRefused(coding: Coding) {
    var bytes = ByteBuffer()
    let levels = 40
    switch coding {
    case .amf0:
      bytes.writeImmutableBuffer(ByteBuffer(hex: "0a 00000028 0a 00000001 05"))
      for level in 1..<levels {
        bytes.writeImmutableBuffer(ByteBuffer(hex: "0a 0000000a"))
        for _ in 0..<10 { bytes.writeMultipleIntegers(7 as UInt8, UInt16(level)) }
      }
    case .amf3:
      bytes.writeImmutableBuffer(ByteBuffer(hex: "09 51 01 09 03 01 01"))
      for level in 1..<levels {
        bytes.writeImmutableBuffer(ByteBuffer(hex: "09 15 01"))
        for _ in 0..<10 { bytes.writeMultipleIntegers(9 as UInt8, UInt8(level * 2)) }
      }
    }
    #expect(throws: AMFError.tooManyElements(limit: 65_536)) { try coding.decode(bytes) }
  }

  /// Arrays that each hold a reference to the one before: flat bytes for a deep tree.
  @Test func depthByReferencesIsCounted() throws {
    func chain(_ count: UInt8) -> ByteBuffer {
      var bytes = ByteBuffer(bytes: [9, count << 1 | 1, 1, 9, 1, 1])
      for index in 1..<count { bytes.writeBytes([9, 3, 1, 9, index << 1]) }
      return bytes
    }
    #expect(try Coding.amf3.decode(chain(9), limits: AMFLimits(maximumDepth: 10)).arrayValue?.count == 9)
    #expect(throws: AMFError.tooDeep(limit: 10)) {
      try Coding.amf3.decode(chain(10), limits: AMFLimits(maximumDepth: 10))
    }
  }

  @Test func textByReferencesIsCounted() throws {
    func repeated(_ references: Int) -> ByteBuffer {
      var bytes = ByteBuffer(bytes: [9, UInt8(references + 1) << 1 | 1, 1, 6, 21])
      bytes.writeString("0123456789")
      for _ in 0..<references { bytes.writeBytes([6, 0]) }
      return bytes
    }
    let limits = AMFLimits(maximumTotalBytes: 100)
    #expect(try Coding.amf3.decode(repeated(9), limits: limits).arrayValue?.count == 10)
    #expect(throws: AMFError.tooManyBytes(limit: 100)) { try Coding.amf3.decode(repeated(10), limits: limits) }
  }
}
