import Glibc
import Testing

@testable import Gateway

@Suite struct ListenRefusalTests {
  @Test(arguments: [
    (EADDRINUSE, "another program uses it: stop that program or choose another port"),
    (EACCES, "ports below 1024 need the right to bind them: grant it or choose a higher port"),
    (EADDRNOTAVAIL, "this machine has no such address: use one of its own, or 0.0.0.0 for all"),
    (EMFILE, "Too many open files: check the address and the limits of the system"),
  ])
  func anAddressTheSystemRefusesIsToldAtItsPlace(number: Int32, reason: String) throws {
    let address = Located(
      try ListenAddress(parsing: "[::]:1935"), at: SourcePosition(file: "g.yaml", line: 2, column: 9))
    let error = ConfigurationError.cannotListen(on: "\(address.value)", at: address.position, errno: number)
    #expect(error.description == "g.yaml:2:9: cannot listen on [::]:1935: \(reason)")
  }
}
