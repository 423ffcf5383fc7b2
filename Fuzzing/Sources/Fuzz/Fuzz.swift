import FuzzBodies
import Glibc
import NIOCore

// FLASHGATE_FUZZ_TARGET says which of `FuzzTarget`; all other arguments are libFuzzer's own.

private let target: FuzzTarget = {
  let name = getenv("FLASHGATE_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
    fputs("FLASHGATE_FUZZ_TARGET must be one of: \(names)\n", stderr)
    exit(64)
  }
  return target
}()

/// One input from libFuzzer, which takes an abort for a finding and keeps the input.
@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    try target.run(ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)))
  } catch {
    fputs("\(error)\n", stderr)
    abort()
  }
  return 0
}
