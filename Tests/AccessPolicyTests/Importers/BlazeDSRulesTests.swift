import AccessPolicy
import Foundation
import Testing

@Suite struct BlazeDSRulesTests {
  private static let document = """
    <?xml version="1.0" encoding="UTF-8"?>
    <services-config>
      <channels>
        <channel-definition id="my-rtmp" class="mx.messaging.channels.RTMPChannel">
          <endpoint url="rtmp://{server.name}:2037" class="flex.messaging.endpoints.RTMPEndpoint"/>
          <properties>
            <idle-timeout-minutes>20</idle-timeout-minutes>
            <whitelist>
              <ip-address-pattern>10\\.60\\.14[0-9]\\.\\d{1,3}</ip-address-pattern>
              <ip-address>192.0.2.7</ip-address>
            </whitelist>
            <blacklist>
              <ip-address-pattern>10\\.60\\.147\\.(1|2)\\d*</ip-address-pattern>
              <ip-address>10.60.140.1</ip-address>
            </blacklist>
          </properties>
        </channel-definition>
      </channels>
    </services-config>
    """

  /// Every address of 10.60.128.0/19, by regular expressions with the blacklist winning, and by ours.
  @Test func theTranslationDecidesEveryAddressAsTheProductDoes() throws {
    let policy = try ImportedPolicy(reading: Array(Self.document.utf8))
    let group = try #require(policy.groups.first)
    #expect(group.name == "my-rtmp rtmp://{server.name}:2037")
    let white = try NSRegularExpression(pattern: #"\A10\.60\.14[0-9]\.\d{1,3}\z"#)
    let black = try NSRegularExpression(pattern: #"\A10\.60\.147\.(1|2)\d*\z"#)
    func matches(_ expression: NSRegularExpression, _ text: String) -> Bool {
      expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }
    var wrong = 0
    for value in (0x0A3C_8000..<0x0A3C_A000).map(UInt32.init) + [0xC000_0207, 0xC000_0208] {
      let text = IPAddress.v4(value).description
      let isWhite = matches(white, text) || text == "192.0.2.7"
      let isBlack = matches(black, text) || text == "10.60.140.1"
      if group.allowed.contains(.v4(value)) != (isWhite && !isBlack) { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test func whatCannotBeCarriedOverIsToldWithItsLine() throws {
    let xml = """
      <services-config><channels><channel-definition id="c"><properties><whitelist>
      <ip-address>office.example.org</ip-address>
      <ip-address-pattern>(10)\\.\\1\\..*</ip-address-pattern>
      </whitelist></properties></channel-definition></channels></services-config>
      """
    let policy = try ImportedPolicy(reading: Array(xml.utf8))
    #expect(policy.warnings.map(\.line) == [2, 3, 1])
    // Nothing is left of the whitelist: that must not let everybody in.
    #expect(policy.groups.first?.allowed.isEmpty == true)
  }

  @Test func emptyListsLetEverybodyInAndABlacklistAloneKeepsItsOwnOut() throws {
    func allowed(_ lists: String) throws -> AddressSet? {
      let xml = "<services-config><channel-definition id=\"c\">\(lists)</channel-definition></services-config>"
      return try ImportedPolicy(reading: Array(xml.utf8)).groups.first?.allowed
    }
    #expect(try allowed("<whitelist/><blacklist/>") == .all)
    let black = try allowed("<blacklist><ip-address>10.0.0.1</ip-address></blacklist>")
    #expect(black == AddressSet.all.subtracting(AddressSet([.v4(0x0A00_0001...0x0A00_0001)])))
  }
}
