import CLibAV

/// What is global in libav.
enum LibAV {
  /// Silences libav's own log once; damage is counted here and reported by the owner.
  static let quiet: Void = av_log_set_level(AV_LOG_QUIET)

  /// libav's words for an error code.
  static func text(of code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
      guard let start = buffer.baseAddress, av_strerror(code, start, buffer.count) == 0 else { return "error \(code)" }
      return String(cString: start)
    }
  }
}
