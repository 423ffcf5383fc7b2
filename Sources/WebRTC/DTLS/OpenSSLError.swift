import COpenSSL

enum OpenSSLError {
  /// The oldest entry of this thread's error queue as a fault; empties the queue.
  static func fault(_ step: String) -> DTLSFault {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0, let text = ERR_reason_error_string(code) else { return DTLSFault(step: step, reason: "") }
    return DTLSFault(step: step, reason: String(cString: text))
  }
}
