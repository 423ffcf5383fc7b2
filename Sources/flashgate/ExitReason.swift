import ArgumentParser

/// Why the program ends, as the numbers that scripts hold on to (sysexits.h). Wrong use, 64, is the parser's own.
enum ExitReason: Int32 {
  /// The answer is no.
  case no = 1
  case fault = 70
  case badConfiguration = 78

  var code: ExitCode { ExitCode(rawValue) }
}
