/// What the other process sent is not what was agreed on; whoever sees this ends the conversation.
enum WireError: Error, Hashable {
  /// A field needs so many bytes, and so many are left of its message.
  case truncated(needed: Int, left: Int)
  /// Bytes after the last field of a message.
  case trailing(Int)
  /// A message or a field longer than its limit.
  case tooLong(length: Int, limit: Int)
  /// A number that stands for nothing, and where it stood.
  case unknown(field: String, value: UInt8)
  /// A codec's name that is none.
  case unknownName(field: String)
  /// Text that is not UTF-8.
  case notText(field: String)
  /// A media time beyond the format's limit, in microseconds.
  case timeOutOfRange(Int64)
  /// A message that must not come now.
  case unexpected(String)
  /// The other side speaks another version of this format.
  case otherVersion(UInt16)
}
