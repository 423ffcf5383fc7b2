import AccessPolicy
import Testing

@Suite struct DocumentReaderTests {
  @Test func elementsKeepTextAttributesAndLines() throws {
    let root = try DocumentElement(
      reading: Array(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a x=\"1\">\n <b> t &amp; u </b>\n<![CDATA[<c>]]></a>".utf8))
    #expect(root.name == "a" && root.line == 2 && root.attributes == ["x": "1"] && root.text == "<c>")
    #expect(root.children.first?.text == "t & u")
    #expect(root.children.first?.line == 3)
  }

  @Test(arguments: [
    "<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>", "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>",
    "<!DOCTYPE a [<!ENTITY % e SYSTEM \"http://127.0.0.1:1/\"> %e;]><a/>",
  ])
  func entitiesAreRefused(xml: String) {
    #expect(throws: DocumentError.entities) { try DocumentElement(reading: Array(xml.utf8)) }
  }

  @Test func anotherEncodingCannotHideThem() {
    let utf16 = Array("<!DOCTYPE a [<!ENTITY e \"x\">]><a/>".utf16).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    #expect(throws: DocumentError.encoding) { try DocumentElement(reading: utf16) }
  }

  @Test func latin1IsRead() throws {
    let bytes = Array("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>".utf8) + [0xFC] + Array("</a>".utf8)
    #expect(try DocumentElement(reading: bytes).text == "ü")
  }

  @Test func limitsHoldAtTheLastAndRefuseTheNext() throws {
    var limits = DocumentLimits()
    limits.depth = 2
    #expect(try DocumentElement(reading: Array("<a><b/></a>".utf8), limits: limits).children.count == 1)
    #expect(throws: DocumentError.tooDeep(limit: 2)) {
      try DocumentElement(reading: Array("<a><b><c/></b></a>".utf8), limits: limits)
    }
    limits.elements = 2
    #expect(throws: DocumentError.tooManyElements(limit: 2)) {
      try DocumentElement(reading: Array("<a><b/><b/></a>".utf8), limits: limits)
    }
    limits.bytes = 4
    #expect(try DocumentElement(reading: Array("<a/>".utf8), limits: limits).name == "a")
    #expect(throws: DocumentError.tooLarge(limit: 4)) {
      try DocumentElement(reading: Array("<ab/>".utf8), limits: limits)
    }
  }

  @Test(arguments: ["<a>", "<a></b>", "<a x=1/>", "", "text", "<a/><b/>"])
  func whatIsNotWellFormedIsRefused(xml: String) {
    #expect(throws: DocumentError.self) { try DocumentElement(reading: Array(xml.utf8)) }
  }
}
