import Testing

@testable import Replay

@Suite struct GatewayAddressTests {
  @Test(arguments: [
    ("rtmp://localhost", "localhost", 1935), ("rtmp://localhost/", "localhost", 1935),
    ("RTMP://192.0.2.1:1", "192.0.2.1", 1), ("rtmp://h:65535/", "h", 65_535), ("rtmp://[::1]", "::1", 1935),
    ("rtmp://[2001:db8::1]:80", "2001:db8::1", 80),
  ])
  func anAddressHasAHostAndPerhapsAPort(url: String, host: String, port: Int) throws {
    let address = try GatewayAddress(url)
    #expect(address.host == host && address.port == port)
  }

  @Test(arguments: [
    "", "rtmp://", "rtmp:///", "rtmps://h", "http://h", "h:1935", "rtmp://h:", "rtmp://h:0", "rtmp://h:65536",
    "rtmp://h:+5", "rtmp://h:1:2", "rtmp://h/live", "rtmp://:1", "rtmp://[::1", "rtmp://[::1]x", "rtmp://[]:1",
    "rtmp://u@h", "rtmp://h?x",
  ])
  func anythingElseIsRefused(url: String) {
    #expect(throws: ReplayError.badURL(url)) { try GatewayAddress(url) }
  }
}
