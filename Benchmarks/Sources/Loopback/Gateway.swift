import Foundation
import Glibc

/// The gateway's release binary, on a core of its own where there are two, with a configuration made for the run.
final class Gateway {
  let rtmpPort = Sockets.freePort()
  let httpsPort = Sockets.freePort()
  private let process = Process()
  private let folder: URL

  enum Failure: Error { case noCertificate, notReady, ended(Int32) }

  init(binary: String) throws {
    self.folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "flashgate-bench-\(getpid())-\(self.rtmpPort)")
    try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    let adminPort = Sockets.freePort()
    try self.makeCertificate()
    let configuration = """
      listeners:
        - address: 127.0.0.1:\(self.rtmpPort)
          accept: [rtmp, rtmpt]
        - address: 127.0.0.1:\(self.httpsPort)
          accept: [https, rtmps]
          tls: { certificate: cert.pem, key: key.pem }
      webrtc:
        udp_port: \(Sockets.freePort())
        advertised_addresses: [127.0.0.1]
      access:
        blacklist: [black.txt]
      rooms:
        bench: { open: true, max_participants: 10000 }
      admin: { address: 127.0.0.1:\(adminPort) }
      limits: { sessions_per_address: 10000, sessions: 20000 }
      log: { level: warning, format: text }
      drain_timeout: 1s
      """
    let file = self.folder.appendingPathComponent("bench.yaml")
    try configuration.write(to: file, atomically: true, encoding: .utf8)
    try self.refuse([])
    let serve = [binary, "serve", "--config", file.path]
    let isPinned = sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1
    self.process.executableURL = URL(fileURLWithPath: isPinned ? "/usr/bin/taskset" : binary)
    self.process.arguments = isPinned ? ["--cpu-list", "0"] + serve : Array(serve.dropFirst())
    self.process.standardOutput = FileHandle.nullDevice
    try self.process.run()
    try self.awaitReadiness(adminPort)
  }

  private func makeCertificate() throws {
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    openssl.arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
      "/CN=localhost", "-keyout", self.folder.appendingPathComponent("key.pem").path, "-out",
      self.folder.appendingPathComponent("cert.pem").path,
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    guard openssl.terminationStatus == 0 else { throw Failure.noCertificate }
  }

  private func awaitReadiness(_ port: Int) throws {
    for _ in 0..<300 {
      guard self.process.isRunning else { throw Failure.ended(self.process.terminationStatus) }
      if Self.isReady(port) { return }
      usleep(20_000)
    }
    throw Failure.notReady
  }

  private static func isReady(_ port: Int) -> Bool {
    guard let socket = Sockets.connect(Sockets.stream, port: port) else { return false }
    defer { close(socket) }
    let request = "GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    write(socket, request, request.utf8.count)
    var memory = [UInt8](repeating: 0, count: 4096)
    let count = read(socket, &memory, memory.count)
    return count > 0 && String(decoding: memory.prefix(count), as: UTF8.self).hasPrefix("HTTP/1.1 200")
  }

  /// Exact time on a CPU of all threads so far, seconds; those of its media workers' processes are among them.
  var cpuTime: Double { self.scheduled(0) }

  /// Time that threads were ready and waited for a CPU, seconds: what else the machine does.
  var waitTime: Double { self.scheduled(1) }

  /// A field of the scheduler's statistics, summed over all threads of the gateway and of its workers.
  private func scheduled(_ field: Int) -> Double {
    let tasks = Self.tasks(of: self.process.processIdentifier)
    let workers = tasks.flatMap { task in
      let children = (try? String(contentsOfFile: "\(task)/children", encoding: .utf8)) ?? ""
      return children.split(separator: " ").compactMap { Int32($0) }
    }
    return (tasks + workers.flatMap(Self.tasks)).reduce(0) { sum, task in
      let text = (try? String(contentsOfFile: "\(task)/schedstat", encoding: .utf8)) ?? ""
      return sum + (text.split(separator: " ").dropFirst(field).first.flatMap { Double($0) } ?? 0) / 1e9
    }
  }

  private static func tasks(of process: Int32) -> [String] {
    let folder = "/proc/\(process)/task"
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).map { "\(folder)/\($0)" }
  }

  /// Memory in RAM, bytes.
  var residentMemory: Double {
    let text =
      (try? String(contentsOfFile: "/proc/\(self.process.processIdentifier)/smaps_rollup", encoding: .utf8)) ?? ""
    for line in text.split(separator: "\n") where line.hasPrefix("Rss:") {
      return (line.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) * 1024
    }
    return 0
  }

  /// Makes these the addresses and blocks that may not come in; a gateway that runs learns of it by `reload()`.
  func refuse(_ entries: [String]) throws {
    try entries.map { "\($0)\n" }.joined().write(
      to: self.folder.appendingPathComponent("black.txt"), atomically: true, encoding: .utf8)
  }

  func reload() { kill(self.process.processIdentifier, SIGHUP) }

  /// Ends the gateway, and its folder.
  func stop() {
    self.process.terminate()
    for _ in 0..<200 where self.process.isRunning { usleep(20_000) }
    if self.process.isRunning { kill(self.process.processIdentifier, SIGKILL) }
    self.process.waitUntilExit()
    try? FileManager.default.removeItem(at: self.folder)
  }
}
