import ArgumentParser

/// Why the program ends, as the numbers that scripts hold on to (sysexits.h, and 1 for "no").
enum ExitReason: Int32 {
  case done = 0
  case answerIsNo = 1
  case wrongUse = 64
  case fault = 70
  case badConfiguration = 78

  var code: ExitCode { ExitCode(rawValue) }
}
