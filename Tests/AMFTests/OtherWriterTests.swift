import AMF
import NIOCore
import Testing
import Seeded

private let user = AMFObject(className: "my.User", ["id": 5, "name": "żółć"])
private let command: AMFValue = [
  "app": "live", "n": 1.5, "l": [1, 2, nil, true], "d": .date(AMFDate(milliseconds: 1_183_092_308_000)),
]
private let commandOfAMF3: AMFValue = [
  "app": "live", "n": 1.5, "l": [.integer(1), .integer(2), nil, true],
  "d": .date(AMFDate(milliseconds: 1_183_092_308_000)),
]
private let collection = AMFValue.externalizable(
  AMFExternalizable(className: "flex.messaging.io.ArrayCollection", value: [.integer(1), "a", "a"]))

/// Bytes that PyAMF 0.9.1 wrote, and the value it was given.
@Suite struct OtherWriterTests {
  @Test(
    arguments: [
      (
        """
        0300036170700200046c69766500016e003ff800000000000000016c0a00000004003ff0000000000000004000000000000000050101
        0001640b4271375cbf8200000000000009
        """, command
      ),
      // The second is a reference to the first.
      (
        """
        0a000000021000076d792e557365720002696400401400000000000000046e616d65020008c5bcc3b3c582c487000009070001
        """, [.object(user), .object(user)]
      ),
      (
        "0800000000000161003ff00000000000000001620200016100013002000178000009",
        .ecmaArray(AMFAssociativeArray(["a": 1, "b": "a", "0": "x"]))
      ),
      ("110c050102", .byteArray(ByteBuffer(bytes: [1, 2]))),
      (
        """
        110a0743666c65782e6d6573736167696e672e696f2e4172726179436f6c6c656374696f6e09070104010603610602
        """, collection
      ),
    ] as [(String, AMFValue)])
  func amf0IsUnderstood(hex: String, value: AMFValue) throws {
    #expect(try Coding.amf0.decode(ByteBuffer(hex: hex)) == value)
  }

  @Test(
    arguments: [
      (
        """
        0a0b010761707006096c697665036e053ff8000000000000036c090901040104020103036408014271375cbf82000001
        """, commandOfAMF3
      ),
      (
        "0903036104010362060001060378",
        .ecmaArray(AMFAssociativeArray(["a": .integer(1), "b": "a"], dense: ["x"]))
      ),
      ("0c050102", .byteArray(ByteBuffer(bytes: [1, 2]))),
      (
        """
        0a0743666c65782e6d6573736167696e672e696f2e4172726179436f6c6c656374696f6e09070104010603610602
        """, collection
      ),
    ] as [(String, AMFValue)])
  func amf3IsUnderstood(hex: String, value: AMFValue) throws {
    #expect(try Coding.amf3.decode(ByteBuffer(hex: hex)) == value)
  }

  @Test func sharedTypedObjectOfAMF3IsUnderstood() throws {
    let hex = "0905010a0b0f6d792e557365720569640405096e616d650611c5bcc3b3c582c487010a02"
    let users = try #require(try Coding.amf3.decode(ByteBuffer(hex: hex)).arrayValue)
    #expect(users.count == 2)
    for user in users {
      #expect(user.objectValue?.className == "my.User")
      #expect(user.objectValue?["id"] == .integer(5))
      #expect(user.objectValue?["name"] == "żółć")
    }
  }

  @Test func integersOfEveryLengthAreUnderstood() throws {
    let hex = """
      0917010400047f04810004ff7f0481800004ffff7f0480c0800004bfffffff04ffffffff04c08080000541b0000000000000
      """
    let numbers = try Coding.amf3.decode(ByteBuffer(hex: hex)).arrayValue?.compactMap(\.numberValue)
    #expect(
      numbers == [
        0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455, -1, -268_435_456, 268_435_456,
      ])
  }
}
