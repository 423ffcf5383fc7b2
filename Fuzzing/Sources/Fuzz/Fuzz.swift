import FuzzBodies
import Glibc
import NIOCore

// FLASHGATE_FUZZ_TARGET says which of `FuzzTarget`; all other arguments are libFuzzer's own.

private let target: FuzzTarget = {
  let name = getenv("FLASHGATE_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
    say("FLASHGATE_FUZZ_TARGET must be one of: \(names)")
    exit(64)
  }
  return target
}()

/// One input from libFuzzer, which takes an abort for a finding and keeps the input.
@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    try target.run(ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)))
  } catch {
    say("\(error)")
    abort()
  }
  return 0
}

/// The package manager links programs with `main` as a name for this; libFuzzer's own would leave it undefined.
@_cdecl("Fuzz_main") public func start(
  _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  var (count, arguments) = (count, arguments)
  return runDriver(&count, &arguments) { start, count in fuzz(start, count) }
}

/// libFuzzer's driver (compiler-rt, FuzzerDriver.cpp).
@_silgen_name("LLVMFuzzerRunDriver") private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ one: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Not by `stderr`, a variable that Swift 6 lets no two threads share.
private func say(_ text: String) {
  let line = Array((text + "\n").utf8)
  _ = write(STDERR_FILENO, line, line.count)
}
