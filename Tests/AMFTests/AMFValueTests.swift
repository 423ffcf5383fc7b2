import AMF
import Testing

@Suite struct AMFValueTests {
  @Test func accessorsGiveOnlyTheirOwnKind() {
    #expect(AMFValue.string("a").stringValue == "a")
    #expect(AMFValue.xml("a").stringValue == nil)
    #expect(AMFValue.number(1.5).numberValue == 1.5)
    #expect(AMFValue.integer(-2).numberValue == -2)
    #expect(AMFValue.boolean(true).numberValue == nil)
    #expect(AMFValue.boolean(true).booleanValue == true)
    #expect(AMFValue.null.isNullOrUndefined && AMFValue.undefined.isNullOrUndefined)
    #expect(!AMFValue.boolean(false).isNullOrUndefined)
  }

  @Test func namedElementsOfAnArrayAreSeenAsAnObject() {
    let array = AMFValue.ecmaArray(AMFAssociativeArray(["width": 320], dense: [true]))
    #expect(array.objectValue?["width"] == 320)
    #expect(array.objectValue?["0"] == true)
    #expect(array.arrayValue == [true])
  }

  @Test func settingAPropertyKeepsItsPlaceAndRemovingRemovesAll() {
    var object: AMFObject = ["a": 1, "b": 2, "a": 3]
    object["a"] = 4
    #expect(object.properties.map(\.value) == [1, 2, 4])
    object["c"] = 5
    #expect(object.properties.map(\.key) == ["a", "b", "a", "c"])
    object["a"] = .some(nil as AMFValue)
    #expect(object["a"] == .null)
    object["a"] = nil as AMFValue?
    #expect(object.properties.map(\.key) == ["b", "c"])
  }

  @Test func sealedMembersStayInFront() {
    var object = AMFObject(className: "A", sealed: ["a": 1, "b": 2], isDynamic: false)
    object["b"] = 3
    #expect(object.sealedCount == 2)
    #expect(!object.isDynamic)
    object["c"] = 4
    #expect(object.isDynamic)
    object["a"] = nil as AMFValue?
    #expect(object.sealedCount == 1)
    #expect(object.properties.map(\.key) == ["b", "c"])
  }

  @Test func errorsSayWhatWasSeenAndAllowed() {
    #expect(AMFError.stringTooLong(length: 11, limit: 10).description == "AMF string of 11 bytes, allowed are 10")
    #expect(AMFError.unknownMarker(.amf0, 4).description == "amf0 has no type with marker 4")
    #expect(AMFError.unknownExternalizable(className: "DSK").description.hasSuffix("DSK"))
  }
}
