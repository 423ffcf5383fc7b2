import Foundation
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(2))) struct StoppedGatewayTests {
  /// The store's watch is broken off in the middle of whatever it is at: that is no fault of the store.
  @Test func aGatewayWithKeysStopsWithoutTellingOfFaults() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var configuration = GatewayStage.configuration(rooms: ["board": RoomConfiguration(isOpen: false)])
    configuration.store.sqlite = Located(folder.path + "/keys.db")
    let lines = LoggedLines()
    let gateway = try await RunningGateway.start(configuration, log: lines.logger(.text))
    await gateway.stop()
    #expect(lines.all.filter { $0.contains(" ERROR ") } == [])
  }
}
