import Foundation
import NIOCore

/// What was said inside the TLS connections of a capture, as Wireshark's `tshark` reads it with the session's keys.
///
/// No TLS is spoken here. tshark numbers the connections its own way, so it is first asked for those that the packets
/// belong to, then for what both ends said in them, record by record with packet and time.
struct TLSDecryption {
  /// Where the capture is.
  let capture: String
  /// A file in the format of `SSLKEYLOGFILE`; nil when the capture brings its keys.
  let keyLog: String?

  /// More at once would make a command line that no system takes.
  private static let mostConnections = 512

  /// The connections that could be read, by their first packet.
  func conversations(_ sealed: [CapturedConversation]) throws(ReplayError) -> [Int: CapturedConversation] {
    if let keyLog, !FileManager.default.isReadableFile(atPath: keyLog) {
      throw .undecryptable("\(keyLog) cannot be read")
    }
    let sealed = sealed.prefix(Self.mostConnections)
    var arguments = ["-q"]
    let ports = Set(sealed.compactMap(\.secondEnd?.port))
    for port in ports.sorted() { arguments += ["-d", "tcp.port==\(port),tls"] }
    for stream in try streams(of: sealed.map(\.packet)) { arguments += ["-z", "follow,tls,yaml,\(stream)"] }
    // It writes them in an order of its own: a connection is known by its packets.
    var owners: [Int: CapturedConversation] = [:]
    for conversation in sealed {
      for part in conversation.first.parts + conversation.second.parts { owners[part.packet] = conversation }
    }
    var conversations: [Int: CapturedConversation] = [:]
    for followed in FollowedStream.all(in: try run(arguments)) {
      guard let owner = followed.packets.lazy.compactMap({ owners[$0] }).first else { continue }
      conversations[owner.packet] = followed.conversation(in: owner)
    }
    return conversations
  }

  /// tshark's numbers of the connections that packets belong to.
  private func streams(of packets: [Int]) throws(ReplayError) -> [Int] {
    let filter = packets.map { "frame.number == \($0)" }.joined(separator: " or ")
    let output = try run(["-Y", filter, "-T", "fields", "-e", "tcp.stream"])
    return Set(output.split(separator: "\n").compactMap { Int($0) }).sorted()
  }

  private func run(_ arguments: [String]) throws(ReplayError) -> String {
    guard let program = Self.program else {
      throw .undecryptable("tshark is not installed; install it (Debian: tshark), or decrypt the capture elsewhere")
    }
    let process = Process()
    process.executableURL = program
    process.arguments = ["-r", capture, "-n", "-o", "tcp.reassemble_out_of_order:TRUE"]
    if let keyLog { process.arguments?.append(contentsOf: ["-o", "tls.keylog_file:\(keyLog)"]) }
    process.arguments?.append(contentsOf: arguments)
    let (output, problems) = (Pipe(), Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = problems
    do {
      try process.run()
      // Its complaints are few; it never waits for room to write them.
      let data = try output.fileHandleForReading.readToEnd() ?? Data()
      let complaints = try problems.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        let text = String(decoding: complaints, as: UTF8.self).split(separator: "\n").last ?? ""
        throw ReplayError.undecryptable("tshark ended with \(process.terminationStatus): \(text)")
      }
      return String(decoding: data, as: UTF8.self)
    } catch let error as ReplayError {
      throw error
    } catch {
      throw .undecryptable("tshark cannot be run: \(error.localizedDescription)")
    }
  }

  private static var program: URL? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/usr/local/bin").split(separator: ":")
    return folders.map { URL(filePath: String($0)).appending(path: "tshark") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
