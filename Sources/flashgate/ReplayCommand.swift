import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import Replay
import UnixSignals

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Play recorded client sessions against a gateway, all at once and in real time.",
    discussion: """
      A capture is a pcap or pcapng file, as tcpdump and Wireshark write it. Application, room and name are those of
      the recording.
      """)

  @Argument(
    help: ArgumentHelp("The captures.", valueName: "capture"), completion: .file(extensions: ["pcapng", "pcap"]))
  var captures: [String]

  @Option(name: .long, help: ArgumentHelp("The gateway: rtmp://HOST[:PORT].", valueName: "url"))
  var to: String

  @Flag(name: .long, help: "Play each session again and again, until SIGINT or SIGTERM.")
  var loop = false

  private enum Outcome: Sendable {
    case played
    case stopped
  }

  func validate() throws {
    do {
      _ = try ReplayClient(url: to)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() async throws {
    let client = try ReplayClient(url: to)
    let recordings = try captures.flatMap(Recording.all(in:))
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let failure = try await withThrowingTaskGroup(of: Outcome.self) { group -> ExitReason? in
      group.addTask {
        for await _ in signals { return .stopped }
        return .played
      }
      group.addTask {
        try await play(recordings, by: client)
        return .played
      }
      defer { group.cancelAll() }
      do {
        _ = try await group.next()
        return nil
      } catch let error as ReplayError {
        // Told already, with the name of the recording.
        if case .closedByServer = error { return .no }
        return .fault
      }
    }
    if let failure { throw failure.code }
  }

  /// Plays all at once. What goes wrong with one is told at once; in a loop it ends all, otherwise the others play on.
  private func play(_ recordings: [Recording], by client: ReplayClient) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    try await withThrowingTaskGroup(of: (any Error)?.self) { tasks in
      for recording in recordings {
        tasks.addTask {
          do {
            try await recording.play(by: client, on: group, isLooped: loop)
            return nil
          } catch {
            return error
          }
        }
      }
      var failure: (any Error)?
      for try await error in tasks {
        failure = failure ?? error
        if error != nil, loop { tasks.cancelAll() }
      }
      if let failure { throw failure }
    }
  }
}

/// A recorded session with a name for people.
private struct Recording: Sendable {
  let name: String
  let session: RecordedSession

  static func all(in path: String) throws -> [Recording] {
    let file = try CaptureFile(path: path)
    return file.contents.sessions.enumerated().map { index, session in
      Recording(name: file.name(of: index), session: session)
    }
  }

  /// Says what is played once, however often it is.
  func play(by client: ReplayClient, on group: any EventLoopGroup, isLooped: Bool) async throws {
    let seconds = (Double(session.duration) / 100_000).rounded() / 10
    let manner = isLooped ? ", again and again" : ""
    StandardStreams.printError("\(name): playing \(seconds) s, \(session.byteCount) bytes\(manner)")
    do {
      repeat { try await client.play(session, on: group) } while isLooped
    } catch let error as ReplayError {
      StandardStreams.printError("\(name): \(error)")
      throw error
    }
    StandardStreams.printError("\(name): done")
  }
}
