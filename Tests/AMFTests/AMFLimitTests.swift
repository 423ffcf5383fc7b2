import AMF
import NIOCore
import Testing
import Seeded

@Suite struct AMFLimitTests {
  private static func nested(_ depth: Int) -> AMFValue {
    (0..<depth).reduce(nil) { inner, level in
      switch level % 3 {
      case 0: [inner]
      case 1: ["a": inner]
      default: .ecmaArray(AMFAssociativeArray(["a": inner]))
      }
    }
  }

  @Test(arguments: Coding.allCases)
  func depthIsAllowedUpToTheLimit(coding: Coding) throws {
    let limits = AMFLimits(maximumDepth: 20)
    #expect(try coding.decode(coding.encode(Self.nested(20)), limits: limits) == Self.nested(20))
    #expect(throws: AMFError.tooDeep(limit: 20)) { try coding.decode(coding.encode(Self.nested(21)), limits: limits) }
    #expect(throws: AMFError.tooDeep(limit: 20)) { try coding.encode(Self.nested(21), maximumDepth: 20) }
  }

  @Test func depthGoesOnBehindTheSwitchToAMF3() throws {
    let inner = AMFValue.dictionary(AMFDictionary([.init(key: nil, value: [nil])]))
    let bytes = try Coding.amf0.encode([[inner]])
    #expect(try Coding.amf0.decode(bytes, limits: AMFLimits(maximumDepth: 4)) == [[inner]])
    #expect(throws: AMFError.tooDeep(limit: 3)) { try Coding.amf0.decode(bytes, limits: AMFLimits(maximumDepth: 3)) }
  }

  @Test(arguments: Coding.allCases)
  func stringIsAllowedUpToTheLimit(coding: Coding) throws {
    let limits = AMFLimits(maximumStringLength: 10)
    let texts: [(String) -> AMFValue] = [{ .string($0) }, { .xmlDocument($0) }, { .byteArray(ByteBuffer(string: $0)) }]
    for make in texts {
      let allowed = make("0123456789")
      #expect(try coding.decode(coding.encode(allowed), limits: limits) == allowed)
      #expect(throws: AMFError.stringTooLong(length: 11, limit: 10)) {
        try coding.decode(coding.encode(make("0123456789+")), limits: limits)
      }
    }
  }

  @Test func lengthBeyondTheLimitIsRefusedBeforeItsBytesCome() {
    #expect(throws: AMFError.stringTooLong(length: 4_294_967_295, limit: 1 << 20)) {
      try Coding.amf0.decode(ByteBuffer(hex: "0c ffffffff"))
    }
    #expect(throws: AMFError.stringTooLong(length: 268_435_455, limit: 1 << 20)) {
      try Coding.amf3.decode(ByteBuffer(hex: "06 ffffffff"))
    }
  }

  @Test func countThatTheBytesCannotHoldIsRefusedAtOnce() {
    #expect(throws: AMFError.truncated(needed: 4_294_967_295, available: 1)) {
      try Coding.amf0.decode(ByteBuffer(hex: "0a ffffffff 05"))
    }
    for hex in [
      "09 ffffffff 01 01", "0d ffffffff 00 00", "10 ffffffff 00 01 01", "11 ffffffff 00 01", "0a ffffffeb 01",
    ] {
      #expect { try Coding.amf3.decode(ByteBuffer(hex: hex)) } throws: { error in
        guard case .truncated(let needed, _) = error as? AMFError else { return false }
        return needed > 1_000_000
      }
    }
  }

  @Test(arguments: Coding.allCases)
  func elementsAreAllowedUpToTheLimit(coding: Coding) throws {
    // The array, and a null each.
    let limits = AMFLimits(maximumElements: 10)
    let allowed = AMFValue.array(Array(repeating: nil, count: 9))
    #expect(try coding.decode(coding.encode(allowed), limits: limits) == allowed)
    #expect(throws: AMFError.tooManyElements(limit: 10)) {
      try coding.decode(coding.encode(.array(Array(repeating: nil, count: 10))), limits: limits)
    }
    // The object, and a name and a value each.
    let names = ["a", "b", "c", "d", "e"].map { AMFProperties.Element(key: $0, value: nil) }
    let object = AMFValue.object(AMFObject(AMFProperties(Array(names.prefix(4)))))
    #expect(try coding.decode(coding.encode(object), limits: limits) == object)
    #expect(throws: AMFError.tooManyElements(limit: 10)) {
      try coding.decode(coding.encode(.object(AMFObject(AMFProperties(names)))), limits: limits)
    }
  }

  @Test func elementsOfTypedVectorsAreCounted() throws {
    let limits = AMFLimits(maximumElements: 10)
    let allowed = AMFValue.vector(AMFVector(.int(Array(repeating: 1, count: 9))))
    #expect(try Coding.amf3.decode(Coding.amf3.encode(allowed), limits: limits) == allowed)
    #expect(throws: AMFError.tooManyElements(limit: 10)) {
      let vector = AMFValue.vector(AMFVector(.int(Array(repeating: 1, count: 10))))
      return try Coding.amf3.decode(Coding.amf3.encode(vector), limits: limits)
    }
  }

  @Test func limitsHoldForAMessageAndNotForAValue() throws {
    var decoder = AMF0Decoder(limits: AMFLimits(maximumElements: 2))
    var bytes = ByteBuffer(hex: "05 05 05")
    #expect(try decoder.decode(&bytes) == nil as AMFValue)
    #expect(try decoder.decode(&bytes) == nil as AMFValue)
    #expect(throws: AMFError.tooManyElements(limit: 2)) { try decoder.decode(&bytes) }
  }

  @Test(arguments: Coding.allCases)
  func textInAllIsAllowedUpToTheLimit(coding: Coding) throws {
    let limits = AMFLimits(maximumTotalBytes: 10)
    #expect(try coding.decode(coding.encode(["1234", "567890"]), limits: limits) == ["1234", "567890"])
    #expect(throws: AMFError.tooManyBytes(limit: 10)) {
      try coding.decode(coding.encode(["1234", "567890+"]), limits: limits)
    }
  }
}
