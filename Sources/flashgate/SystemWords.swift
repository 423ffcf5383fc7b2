import Foundation

extension Error {
  /// What the system said of a file, in its own words. Foundation's say "The operation could not be completed", or all that
  /// it knows on one long line.
  var systemWords: String {
    let cause = (self as? CocoaError)?.underlying ?? self
    let number = (cause as? POSIXError)?.code.rawValue
    return number.map { String(cString: strerror($0)) } ?? localizedDescription
  }

  /// The same with the file, for errors that name one.
  var systemWordsWithFile: String? {
    (self as? CocoaError)?.filePath.map { "\($0): \(systemWords)" }
  }
}
