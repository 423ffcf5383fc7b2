import AccessPolicy
import Testing

@Suite struct ListEntryTests {
  @Test(arguments: [
    ("10.1.2.3", "10.1.2.3"), ("10.0.0.0/8", "10.0.0.0/8"), ("0.0.0.0/0", "0.0.0.0/0"), ("10.1.2.3/32", "10.1.2.3"),
    ("10.1.2.3/8", "10.0.0.0/8"), ("10.1.2.3-10.1.2.9", "10.1.2.3-10.1.2.9"), ("10.1.2.0 - 10.1.2.255", "10.1.2.0/24"),
    ("0.0.0.0-255.255.255.255", "0.0.0.0/0"), ("10.60.147.*", "10.60.147.0/24"), ("10.60.*.*", "10.60.0.0/16"),
    ("10.60.*", "10.60.0.0/16"), ("10.*", "10.0.0.0/8"), ("*.*.*.*", "0.0.0.0/0"), ("::/0", "::/0"),
    ("2001:db8::/32", "2001:db8::/32"), ("2001:db8::1-2001:db8::ff", "2001:db8::1-2001:db8::ff"),
    ("::ffff:10.1.2.3", "10.1.2.3"), ("::ffff:10.0.0.0/104", "10.0.0.0/8"), ("::ffff:0:0/96", "0.0.0.0/0"),
    ("::ffff:10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9"), ("::ffff:10.0.0.0/64", "::/64"),
  ])
  func anEntryMeansItsAddresses(text: String, printed: String) throws {
    let entry = try ListEntry(parsing: text)
    #expect(entry.range.description == printed)
    #expect(try ListEntry(parsing: printed).range == entry.range)
  }

  @Test(arguments: [
    ("", ListEntry.Refusal.malformed), ("example.org", .malformed), ("10.0.0.0/", .prefix(most: 32)),
    ("10.0.0.0/33", .prefix(most: 32)), ("::/129", .prefix(most: 128)), ("10.0.0.0/-1", .prefix(most: 32)),
    ("10.0.0.0/+8", .prefix(most: 32)), ("10.0.0.0/8/8", .prefix(most: 32)), ("/8", .malformed),
    ("::ffff:10.0.0.0/129", .prefix(most: 128)), ("10.0.0.9-10.0.0.1", .order), ("10.0.0.1-::1", .families),
    ("10.0.0.1-", .malformed), ("-10.0.0.1", .malformed), ("1.1.1.1-2.2.2.2-3.3.3.3", .malformed),
    ("10.*.5.*", .wildcard), ("*.1", .wildcard), ("*", .malformed), ("*.*", .malformed), ("10.60.147.*.*", .malformed),
    ("10.60.147.1.*", .malformed), ("10.60.256.*", .malformed), ("10.060.*", .malformed), ("10.60.14*", .malformed),
    ("2001:db8:*", .malformed),
  ])
  func whatIsNoEntryIsRefusedWithTheRule(text: String, refusal: ListEntry.Refusal) {
    #expect(throws: refusal) { try ListEntry(parsing: text) }
  }

  @Test func bitsBehindThePrefixAreNoticed() throws {
    #expect(try ListEntry(parsing: "10.1.2.3/8").form == .block(hostBits: true))
    #expect(try ListEntry(parsing: "10.0.0.0/8").form == .block(hostBits: false))
  }

  @Test func anIPv6BlockCoversNoIPv4Address() throws {
    let all = try ListEntry(parsing: "::/0").range
    #expect(!all.contains(try #require(IPAddress("::ffff:10.1.2.3"))))
    #expect(all.contains(try #require(IPAddress("::fffe:10.1.2.3"))))
  }
}
