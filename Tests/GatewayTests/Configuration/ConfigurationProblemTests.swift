import Testing

@testable import Gateway

@Suite struct ConfigurationProblemTests {
  /// A whole configuration with one line replaced or added; `listener`, `room` and `rest` have valid defaults.
  private func problems(
    listener: String = "{ address: 0.0.0.0:1935, accept: [rtmp] }", room: String = "{ open: true }", rest: String = "",
    environment: [String: String] = [:]
  ) throws -> [String] {
    try ConfigurationFolder().problems(
      "listeners:\n  - \(listener)\nrooms:\n  demo: \(room)\n\(rest)\n", environment: environment)
  }

  @Test(arguments: [
    // Addresses: the value starts at column 16.
    (
      "{ address: 0.0.0.0, accept: [rtmp] }",
      "\"0.0.0.0\" has no port: write it behind a colon, such as 0.0.0.0:1935 or \"[::]:1935\""
    ),
    (
      "{ address: \"::1\", accept: [rtmp] }",
      "\"::1\" has no brackets: write IPv6 as \"[ADDRESS]:PORT\""
    ),
    (
      "{ address: \"fe80::1:2:3:4:5:6:1935\", accept: [rtmp] }",
      "\"fe80::1:2:3:4:5:6:1935\" has no brackets: write IPv6 as \"[ADDRESS]:PORT\""
    ),
    (
      "{ address: \"1:2\", accept: [rtmp] }",
      "\"1\" is no IP address: write one such as 127.0.0.1, 0.0.0.0 or [::] (host names are not looked up)"
    ),
    (
      "{ address: \"[127.0.0.1]:1935\", accept: [rtmp] }",
      "\"127.0.0.1\" is no IP address: write one such as 127.0.0.1, 0.0.0.0 or [::] (host names are not looked up)"
    ),
    (
      "{ address: localhost:1935, accept: [rtmp] }",
      "\"localhost\" is no IP address: write one such as 127.0.0.1, 0.0.0.0 or [::] (host names are not looked up)"
    ),
    (
      "{ address: 1935, accept: [rtmp] }",
      "\"1935\" is no address: write ADDRESS:PORT, such as 0.0.0.0:1935 or \"[::]:1935\""
    ),
    (
      "{ address: 0.0.0.0:x, accept: [rtmp] }",
      "\"0.0.0.0:x\" is no address: write ADDRESS:PORT, such as 0.0.0.0:1935 or \"[::]:1935\""
    ),
    ("{ address: 0.0.0.0:0, accept: [rtmp] }", "the port 0 is out of range: write one from 1 to 65535"),
    ("{ address: 0.0.0.0:65536, accept: [rtmp] }", "the port 65536 is out of range: write one from 1 to 65535"),
    ("{ address: [1935, 8443], accept: [rtmp] }", "a text is needed here, not a list"),
    ("{ address: { port: 1 }, accept: [rtmp] }", "a text is needed here, not a section"),
  ])
  func anAddressThatIsNoneIsRefusedAtItsPlace(listener: String, expected: String) throws {
    #expect(try problems(listener: listener) == ["2:16: \(expected)"])
  }

  @Test(arguments: [
    (
      "{ address: 0.0.0.0:1, accept: rtmp }",
      "2:35: a list of protocols, such as [rtmp] or [https, rtmps] is needed here, not \"rtmp\""
    ),
    (
      "{ address: 0.0.0.0:1, accept: [] }",
      "2:35: nothing is accepted here: name one of rtmp, rtmpe, rtmpt, rtmps, rtmpts, http, https, policy, ice"
    ),
    ("{ address: 0.0.0.0:1, accept: [rtpm] }", "2:36: \"rtpm\" is unknown here: did you mean `rtmp`?"),
    (
      "{ address: 0.0.0.0:1, accept: [gopher] }",
      "2:36: \"gopher\" is unknown here: use one of rtmp, rtmpe, rtmpt, rtmps, rtmpts, http, https, policy, ice"
    ),
    ("{ address: 0.0.0.0:1, accept: [rtmp, rtmp] }", "2:42: rtmp is listed twice: remove one"),
    ("{ address: 0.0.0.0:1 }", "2:5: `accept` is missing here: add `accept: [rtmp]`"),
    ("{ accept: [rtmp] }", "2:5: `address` is missing here: add `address: 0.0.0.0:1935`"),
    (
      "{ address: 0.0.0.0:1, accept: [rtmp], proxy_protocol: { trusted: [] } }",
      "2:70: no proxy is trusted: name at least one, such as 127.0.0.1/32, or remove the key"
    ),
    (
      "{ address: 0.0.0.0:1, accept: [rtmp], proxy_protocol: { trusted: [10.0.0.1/8] } }",
      "2:71: \"10.0.0.1/8\" has bits behind its prefix: write 10.0.0.0/8, or the address alone"
    ),
    (
      "{ address: 0.0.0.0:1, accept: [rtmp], proxy_protocol: { trusted: [localhost] } }",
      "2:71: \"localhost\" is no entry: write an address, a block (10.0.0.0/8), a range (A-B)"
        + " or a wildcard (10.60.147.*)"
    ),
    (
      "{ address: 0.0.0.0:1, accept: [rtmp], proxy_protocol: {} }",
      "2:59: `trusted` is missing here: add `trusted: [127.0.0.1/32]`"
    ),
    (
      "{ address: 0.0.0.0:1, accept: [http], forwarded_for: 1 }",
      "2:58: a section of keys is needed here, such as `trusted: ...`, not \"1\""
    ),
    (
      "{ address: 0.0.0.0:1, accept: [http], forwarded_for: { trusted: [127.0.0.1], header: via } }",
      "2:90: \"via\" is unknown here: use one of x-forwarded-for, forwarded"
    ),
    (
      "{ address: 0.0.0.0:1, accept: [rtmp], forwarded_for: { trusted: [127.0.0.1] } }",
      "2:58: forwarded_for is used by HTTP alone, which this listener does not accept: remove it or accept [http]"
    ),
    (
      "{ address: 0.0.0.0:1, accept: [rtmp], tls_in_front: true }",
      "2:35: rtmp comes in the clear, and TLS is done in front of this listener: accept rtmps instead"
    ),
    (
      "{ address: 0.0.0.0:1, accept: [rtmps], tls_in_front: true,"
        + " tls: { certificate: tls/cert.pem, key: tls/key.pem } }",
      "2:69: TLS is done in front of this listener: remove `tls`, or `tls_in_front: true`"
    ),
    (
      "{ address: 0.0.0.0:1, accept: [rtmp], access: { white: [] } }",
      "2:53: unknown key \"white\": known here are whitelist, blacklist"
    ),
    ("{ address: 0.0.0.0:1, accept: [rtmp], adress: x }", "2:43: unknown key \"adress\": did you mean `address`?"),
    (
      "{ address: 0.0.0.0:1, accept: [rtmp], colour: x }",
      "2:43: unknown key \"colour\": known here are address, accept, tls, tls_in_front, proxy_protocol, forwarded_for, access"
    ),
    ("1935", "2:5: a section of keys is needed here, such as `address: ...`, not \"1935\""),
    (
      "{ address: 0.0.0.0:1, accept: [rtmp], tls: { certificate: tls/cert.pem, key: tls/key.pem } }",
      "2:48: tls is used by https, rtmps and rtmpts alone, which this listener does not accept: remove `tls` or accept [https]"
    ),
    (
      "{ address: 0.0.0.0:1, accept: [https] }",
      "2:35: https needs a certificate: add `tls: { certificate: FILE, key: FILE }` beside it"
    ),
    (
      "{ address: 0.0.0.0:1, accept: [rtmp, rtmps] }",
      "2:35: rtmps needs a certificate: add `tls: { certificate: FILE, key: FILE }` beside it"
    ),
  ])
  func aListenerThatCannotWorkIsRefusedAtItsPlace(listener: String, expected: String) throws {
    #expect(try problems(listener: listener) == [expected])
  }

  @Test(arguments: [
    (
      "{ certificate: tls/none.pem, key: tls/key.pem }",
      "2:64: cannot read the certificate \"tls/none.pem\": no such file: put a PEM file there or name another one"
    ),
    (
      "{ certificate: tls/cert.pem, key: tls }",
      "2:83: cannot read the private key \"tls\": it is a directory: put a PEM file there or name another one"
    ),
    (
      "{ certificate: tls/cert.pem, key: tls/cert.pem }",
      "2:83: \"tls/cert.pem\" holds no private key in PEM form: name the file that does"
    ),
    (
      "{ certificate: tls/key.pem, key: tls/key.pem }",
      "2:64: \"tls/key.pem\" holds no certificate in PEM form: name the file that does"
    ),
    (
      "{ certificate: tls/cert.pem, key: tls/other-key.pem }",
      "2:83: the private key \"tls/other-key.pem\" does not fit the certificate \"tls/cert.pem\":"
        + " name the key that the certificate was made for"
    ),
    (
      "{ certificate: tls/damaged.pem, key: tls/key.pem }",
      "2:64: the certificate in \"tls/damaged.pem\" cannot be read: it is damaged, put a good PEM file there"
    ),
    (
      "{ certificate: tls/cert.pem, key: tls/damaged.pem }",
      "2:83: the private key in \"tls/damaged.pem\" cannot be read: it is damaged or has a pass phrase,"
        + " put one without there"
    ),
    (
      "{ certificate: tls/cert.pem, key: tls/key.pem, client_certificates: { required: true } }",
      "2:117: `authorities` is missing here: add `authorities: tls/clients.pem`"
    ),
    (
      "{ certificate: tls/cert.pem, key: tls/key.pem, client_certificates: { authorities: tls/key.pem } }",
      "2:132: \"tls/key.pem\" holds no certificate in PEM form: name the file that does"
    ),
    ("{ key: tls/key.pem }", "2:49: `certificate` is missing here: add `certificate: tls/cert.pem`"),
    ("{ certificate: tls/cert.pem }", "2:49: `key` is missing here: add `key: tls/key.pem`"),
    (
      "{ certificate: tls/cert.pem, key: tls/key.pem, minimum_version: \"1.4\" }",
      "2:113: \"1.4\" is unknown here: use one of 1.0, 1.1, 1.2, 1.3"
    ),
    (
      "{ certificate: tls/cert.pem, key: tls/key.pem, minimum_version: \"1.3\", maximum_version: \"1.2\" }",
      "2:113: minimum_version 1.3 is above maximum_version 1.2: swap them"
    ),
    (
      "{ certificate: tls/cert.pem, key: tls/key.pem, maximum_version: \"1.1\" }",
      "2:113: minimum_version 1.2 is above maximum_version 1.1: swap them"
    ),
    ("tls/cert.pem", "2:49: a section of keys is needed here, such as `certificate: ...`, not \"tls/cert.pem\""),
  ])
  func tlsFilesAndVersionsAreCheckedAtTheirPlace(tls: String, expected: String) throws {
    #expect(try problems(listener: "{ address: 0.0.0.0:1, accept: [https], tls: \(tls) }") == [expected])
  }

  @Test func aCertificateIsRefusedBeforeAndAfterItsTime() throws {
    let folder = try ConfigurationFolder()
    let text = """
      listeners:
        - address: 0.0.0.0:1
          accept: [https]
          tls: { certificate: tls/cert.pem, key: tls/key.pem }
      rooms: { demo: { open: true } }
      """
    let valid = try folder.validity()
    for now in [valid.lowerBound, valid.upperBound] { #expect(folder.problems(text, now: now) == []) }
    let early = folder.problems(text, now: valid.lowerBound - 1)
    #expect(early.count == 1)
    #expect(early.first?.hasPrefix("4:25: the certificate \"tls/cert.pem\" is valid only from 20") == true)
    let late = folder.problems(text, now: valid.upperBound + 1)
    #expect(late.count == 1)
    #expect(late.first?.hasPrefix("4:25: the certificate \"tls/cert.pem\" expired on 20") == true)
    #expect(late.first?.hasSuffix("Z: renew it") == true)
  }

  @Test(arguments: [
    ("{ open: yes }", "4:17: true or false is needed here, not \"yes\""),
    ("{ open: \"true\" }", "4:17: true or false is needed here, not \"true\""),
    ("{ open: true, max_participants: 0 }", "4:41: 0 is out of range: write a number of participants from 1 to 100000"),
    (
      "{ open: true, max_participants: 1.5 }",
      "4:41: a number of participants is needed here, a whole number from 1 to 100000, not \"1.5\""
    ),
    (
      "{ open: true, access: { cross_domain: a } }",
      "4:33: unknown key \"cross_domain\": known here are whitelist, blacklist"
    ),
    (
      "{ open: true, shadow: http://old/app }",
      "4:31: \"http://old/app\" is no address of an old server: write rtmp://HOST/APP or rtmps://HOST/APP (the gateway speaks no other protocol to it)"
    ),
    ("true", "4:9: a section of keys is needed here, such as `open: ...`, not \"true\""),
  ])
  func aRoomThatCannotWorkIsRefusedAtItsPlace(room: String, expected: String) throws {
    #expect(try problems(room: room) == [expected])
  }

  @Test(arguments: [
    ("webrtc: { udp_port: 0 }", "5:21: 0 is out of range: write a port from 1 to 65535"),
    ("webrtc: { udp_port: 65536 }", "5:21: 65536 is out of range: write a port from 1 to 65535"),
    (
      "webrtc: { udp_port: 99999999999999999999 }",
      "5:21: 99999999999999999999 is out of range: write a port from 1 to 65535"
    ),
    ("webrtc: { udp_port: \"8000\" }", "5:21: a port is needed here, a whole number from 1 to 65535, not \"8000\""),
    ("webrtc: { udp_port: [8000] }", "5:21: a port is needed here, a whole number from 1 to 65535, not a list"),
    (
      "webrtc: { advertised_addresses: 127.0.0.1 }",
      "5:33: a list of IP addresses, such as [192.0.2.7] is needed here, not \"127.0.0.1\""
    ),
    (
      "webrtc: { advertised_addresses: [gate.example.org] }",
      "5:34: \"gate.example.org\" is no IP address: write one such as 192.0.2.7 or \"2001:db8::7\", without port"
    ),
    (
      "webrtc: { advertised_addresses: [0.0.0.0] }",
      "5:34: no browser can send to 0.0.0.0: write the address under which browsers reach this machine"
    ),
    (
      "webrtc: { advertised_addresses: [224.0.0.1] }",
      "5:34: no browser can send to 224.0.0.1: write the address under which browsers reach this machine"
    ),
    ("webrtc: { ice_servers: [\"http://x\"] }", "5:25: not a STUN or TURN URL: write stun:HOST:PORT or turn:HOST:PORT"),
    ("webrtc: { ice_servers: [\"stun:\"] }", "5:25: \"\" is no host: write stun:HOST:PORT or turn:HOST:PORT"),
    (
      "webrtc: { ice_servers: [\"stun://stun.example.org\"] }",
      "5:25: no `//` stands in a STUN or TURN URL: write stun:HOST:PORT or turn:HOST:PORT"
    ),
    (
      "webrtc: { ice_servers: [\"stun:stun.example.org:65536\"] }",
      "5:25: \"65536\" is no port from 1 to 65535: write stun:HOST:PORT or turn:HOST:PORT"
    ),
    (
      "webrtc: { ice_servers: [\"stun:s?transport=udp\"] }",
      "5:25: \"transport=udp\" means nothing here: only turn: URLs may end in ?transport=udp or ?transport=tcp"
    ),
    ("webrtc: { advertised_addresses: [127.0.0.1, 127.0.0.1] }", "5:45: 127.0.0.1 is listed twice: remove one"),
    (
      "webrtc: { ice_servers: [\"turn:t\"] }",
      "5:25: a TURN server needs a user: write { urls: [\"turn:t\"], username: NAME, credential: \"file:PATH\" }"
    ),
    (
      "webrtc: { ice_servers: [{ urls: [\"turn:t\"], username: u }] }", "5:25: a TURN server needs `credential`: add it"
    ),
    (
      "webrtc: { ice_servers: [{ urls: [\"turn:t\"], username: u, credential: \"env:NOPE\" }] }",
      "5:70: the environment has no variable \"NOPE\", or it is empty: set it for the gateway's process"
    ),
    (
      "webrtc: { ice_servers: [{ urls: [\"turn:t\"], username: u, credential: \"file:nope\" }] }",
      "5:70: cannot read the secret from \"nope\": no such file: make it readable or name another file"
    ),
    (
      "admin: { address: 0.0.0.0:9090 }",
      "5:19: the admin address 0.0.0.0:9090 is open to others, and there are no accounts yet in this version: use 127.0.0.1:9090"
    ),
    (
      "admin: { address: \"[2001:db8::1]:9090\" }",
      "5:19: the admin address [2001:db8::1]:9090 is open to others, and there are no accounts yet in this version: use 127.0.0.1:9090"
    ),
    (
      "admin: { address: 127.0.0.1:1935 }",
      "5:19: 127.0.0.1:1935 and 0.0.0.0:1935 share a port, see line 2: give each its own port"
    ),
    (
      "log: { level: loud }",
      "5:15: \"loud\" is unknown here: use one of trace, debug, info, notice, warning, error, critical"
    ),
    ("log: { format: jsno }", "5:16: \"jsno\" is unknown here: did you mean `json`?"),
    ("limits: { sessions: -1 }", "5:21: -1 is out of range: write a number of sessions from 1 to 1000000"),
    (
      "limits: { handshake_timeout: 10 }",
      "5:30: a duration with its unit is needed here, such as 250ms, 10s or 2h, not \"10\""
    ),
    ("limits: { handshake_timeout: 99ms }", "5:30: 99ms is out of range: write a duration from 100ms to 5m"),
    ("drain_timeout: 3601s", "5:16: 3601s is out of range: write a duration from 0s to 1h"),
    ("drain_timeout:", "5:15: a duration with its unit is needed here, such as 250ms, 10s or 2h, not nothing"),
    (
      "store: { postgres: \"postgresql://host/db\" }",
      "5:20: PostgreSQL is not supported yet by this version: write `store: { sqlite: flashgate.db }`"
    ),
    ("store: { sqlite: [] }", "5:18: a text is needed here, not a list"),
    ("store: { sqlite: \"\" }", "5:18: \"\" names no file: write one such as flashgate.db"),
    ("store: { sqlite: tls }", "5:18: \"tls\" names no file: write one such as flashgate.db"),
    ("audit: { file: . }", "5:16: \".\" names no file: write one such as audit.jsonl"),
    ("audit: { file: \"\" }", "5:16: \"\" names no file: write one such as audit.jsonl"),
    ("audit: { file: nowhere/ }", "5:16: \"nowhere/\" names no file: write one such as audit.jsonl"),
    ("audit: { keep: 1d }", "5:8: `file` is missing here: add `file: audit.jsonl`"),
    ("audit: { file: a, keep: 1h }", "5:25: 1h is out of range: write a duration from 1d to 36500d"),
    ("listenrs: []", "5:1: unknown key \"listenrs\": did you mean `listeners`?"),
    ("? [a, b]\n: c", "5:3: a key must be a plain word: rewrite it"),
  ])
  func theOtherSectionsAreCheckedAtTheirPlace(rest: String, expected: String) throws {
    #expect(try problems(rest: rest) == [expected])
  }

  @Test func allProblemsAreToldInTheOrderOfTheFile() throws {
    #expect(
      try ConfigurationFolder().problems(
        """
        log: { level: loud }
        listeners: 1935
        rooms: { "a/b": { open: true }, c: { open: no } }
        drain_timeout: soon
        """)
        == [
          "1:15: \"loud\" is unknown here: use one of trace, debug, info, notice, warning, error, critical",
          "2:12: a list of listeners, each starting with `- address:` is needed here, not \"1935\"",
          "3:10: \"a/b\" cannot name a room: use 1 to 64 letters, digits, `.`, `_` or `-`, a letter or digit first",
          "3:44: true or false is needed here, not \"no\"",
          "4:16: a duration with its unit is needed here, such as 250ms, 10s or 2h, not \"soon\"",
        ])
  }

  @Test func whatMustBeThereIsAskedFor() throws {
    let folder = try ConfigurationFolder()
    #expect(
      folder.problems("log: { level: info }") == [
        "1:1: no listeners: add `listeners:` with at least one `- address: 0.0.0.0:1935`",
        "1:1: no rooms: add `rooms:` with at least one `NAME: { open: true }`",
      ])
    #expect(
      folder.problems("listeners: []\nrooms: {}") == [
        "1:12: the list of listeners is empty: add at least one `- address: 0.0.0.0:1935`",
        "2:8: no rooms: add at least one `NAME: { open: true }`",
      ])
    #expect(folder.problems("- a") == ["1:1: a section of keys is needed here, such as `listeners: ...`, not a list"])
    for empty in ["", "\n", "# nothing\n"] {
      #expect(folder.problems(empty) == ["1:1: the file is empty: start with `listeners:` and `rooms:`"])
    }
  }

  @Test func aKeyGivenTwiceIsToldAtItsSecondPlaceBesideAllElse() throws {
    #expect(
      try ConfigurationFolder().problems(
        """
        listeners:
          - address: 0.0.0.0:1935
            accept: [rtmp]
            "address": 0.0.0.0:99999
        rooms: { demo: { open: true } }
        log: { level: loud }
        rooms: { other: { open: true } }
        rooms: { third: { open: true } }
        """)
        == [
          "4:5: \"address\" is given twice, first at line 2: remove one",
          "4:16: the port 99999 is out of range: write one from 1 to 65535",
          "6:15: \"loud\" is unknown here: use one of trace, debug, info, notice, warning, error, critical",
          "8:1: \"rooms\" is given twice, first at line 5: remove one",
        ])
  }

  @Test func twoListenersOnOneAddressAreToldWithTheOtherLine() throws {
    #expect(
      try ConfigurationFolder().problems(
        """
        listeners:
          - { address: 127.0.0.1:1935, accept: [rtmp] }
          - { address: 127.0.0.1:1935, accept: [rtmp] }
          - { address: 127.0.0.2:1935, accept: [rtmp] }
          - { address: "[::]:1935", accept: [rtmp] }
          - { address: "[::1]:8080", accept: [rtmp] }
          - { address: 0.0.0.0:8080, accept: [rtmp] }
        rooms: { demo: { open: true } }
        """)
        == [
          "3:16: 127.0.0.1:1935 is used twice, see line 2: give each its own port",
          "5:16: [::]:1935 and 127.0.0.1:1935 share a port, see line 2: give each its own port",
        ])
  }

  @Test func theMarkOfSomeEditorsBeforeTheTextIsPassedOver() throws {
    let folder = try ConfigurationFolder()
    let text = "listeners: [{ address: 0.0.0.0:1935, accept: [rtmp] }]\nrooms: { demo: { open: true } }"
    #expect(folder.problems("\u{FEFF}" + text) == [])
    #expect(folder.problems("\u{FEFF}foo: 1\n" + text).first?.hasPrefix("1:1: unknown key \"foo\"") == true)
  }

  @Test func brokenYAMLIsToldWithLineAndColumn() throws {
    let folder = try ConfigurationFolder()
    for text in ["listeners: [a\nrooms: b: c", "a: [::]:1935", "\"", "a: *nowhere", "a: b\n---\nc: d", "\u{7}"] {
      let problems = folder.problems(text)
      #expect(problems.count == 1)
      #expect(problems.first?.wholeMatch(of: /[0-9]+:[0-9]+: not YAML: .*/) != nil, "\(problems)")
    }
  }

  @Test func noTextMakesTheReaderTrap() throws {
    let folder = try ConfigurationFolder()
    let valid = Array(
      """
      listeners: [{ address: "[::]:1935", accept: [rtmp] }, { address: 0.0.0.0:8443, accept: [https],
        tls: { certificate: tls/cert.pem, key: tls/key.pem, minimum_version: "1.2" } }]
      webrtc: { udp_port: 8000, ice_servers: [{ urls: ["turn:t"], username: u, credential: &c "x" }] }
      rooms: { demo: { open: true, max_participants: 5 } }
      limits: { handshake_timeout: 10s }
      """.utf8)
    var random = SeededGenerator(seed: 35)
    var accepted = 0
    for _ in 0..<2_000 {
      var bytes = valid
      for _ in 0...Int.random(in: 0..<3, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...127, using: &random)
        case 1: bytes.remove(at: index)
        default: bytes.insert(Array(":[]{}&*\"'\n#- ".utf8).randomElement(using: &random) ?? 0, at: index)
        }
      }
      if folder.problems(String(decoding: bytes, as: UTF8.self)).isEmpty { accepted += 1 }
    }
    // Most mutations are refused; some, such as another user name, are as good as the original.
    #expect((1..<1_000).contains(accepted))
  }
}
