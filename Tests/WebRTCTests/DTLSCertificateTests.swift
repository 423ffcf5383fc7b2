import COpenSSL
import Testing

@testable import TestPeer
@testable import WebRTC

@Suite struct DTLSCertificateTests {
  @Test func theNameIsOursAndNothingBehindItInMemory() throws {
    var random = SeededRandom(7)
    // Whether something follows the name in memory is chance: many certificates, many chances.
    for _ in 0..<50 {
      let certificate = try DTLSCertificate(using: &random)
      let own = try #require(SSL_CTX_get0_certificate(certificate.context))
      let name = try #require(X509_get_subject_name(own))
      var text = [CChar](repeating: 0, count: 64)
      X509_NAME_oneline(name, &text, CInt(text.count))
      #expect(text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) } == Array("/CN=FlashGate".utf8))
    }
  }
}
