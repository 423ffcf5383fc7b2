/// What loading a list may take. Checked before memory is taken.
public struct ListLimits: Sendable, Hashable {
  /// Entries of one list, all its files together. Default 4 000 000.
  public var entries = 4_000_000
  /// Bytes of one file. Default 256 MiB.
  public var fileBytes = 256 << 20
  /// Bytes of one line, its comment included. Default 4096.
  public var lineBytes = 4096
  /// Bytes of all comments of one list that are kept; later ones are dropped, their entries stay. Default 64 MiB.
  public var commentBytes = 64 << 20
  /// Files of one folder. Default 10 000.
  public var folderFiles = 10_000
  /// Problems that are told of one list. Default 100.
  public var problems = 100

  /// The defaults.
  public init() {}
}
