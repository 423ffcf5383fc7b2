/// Where the lists of all levels come from, as the configuration names them.
public struct AccessSources: Sendable, Equatable {
  /// One source of a list.
  public enum Item: Sendable, Hashable {
    /// A file, or a folder of files.
    case path(String)
    /// An entry that stands in the configuration itself, with its file and line.
    case entry(ListEntry, file: String, line: Int)
  }

  /// The sources of one level.
  public struct Level: Sendable, Equatable {
    /// Of the whitelist.
    public var whitelist: [Item]
    /// Of the blacklist.
    public var blacklist: [Item]

    /// Sources of a level; none unless given.
    public init(whitelist: [Item] = [], blacklist: [Item] = []) {
      self.whitelist = whitelist
      self.blacklist = blacklist
    }

    /// Of one of the two.
    public subscript(kind: ListKind) -> [Item] {
      switch kind {
      case .whitelist: whitelist
      case .blacklist: blacklist
      }
    }
  }

  /// The lists for all.
  public var all: Level
  /// The lists of listeners, by the address that they are configured with.
  public var listeners: [String: Level]
  /// The lists of rooms, by name.
  public var rooms: [String: Level]

  /// Sources of all levels; none unless given.
  public init(all: Level = Level(), listeners: [String: Level] = [:], rooms: [String: Level] = [:]) {
    self.all = all
    self.listeners = listeners
    self.rooms = rooms
  }

  /// Every file and folder that is named, once.
  public var paths: [String] {
    let levels = [all] + Array(listeners.values) + Array(rooms.values)
    let paths = levels.flatMap { $0.whitelist + $0.blacklist }.compactMap { item -> String? in
      if case .path(let path) = item { path } else { nil }
    }
    return Set(paths).sorted()
  }

  /// Reads all lists.
  /// - Throws: all that is wrong with any of them.
  public func compile(limits: ListLimits = ListLimits()) throws(ListProblems) -> AccessPolicy {
    var problems: [ListProblem] = []
    let all = Self.compile(self.all, limits, &problems)
    var ofListeners: [String: AccessLists] = [:]
    for (name, level) in listeners { ofListeners[name] = Self.compile(level, limits, &problems) }
    var ofRooms: [String: AccessLists] = [:]
    for (name, level) in rooms { ofRooms[name] = Self.compile(level, limits, &problems) }
    // Two levels may name one file.
    var seen: Set<ListProblem> = []
    problems = problems.filter { seen.insert($0).inserted }
    guard problems.isEmpty else { throw ListProblems(problems: problems) }
    return AccessPolicy(all: all, listeners: ofListeners, rooms: ofRooms)
  }

  private static func compile(_ level: Level, _ limits: ListLimits, _ problems: inout [ListProblem]) -> AccessLists {
    var lists = AccessLists()
    do throws(ListProblems) {
      lists.whitelist = try AddressList.load(level.whitelist, limits: limits)
    } catch {
      problems += error.problems
    }
    do throws(ListProblems) {
      lists.blacklist = try AddressList.load(level.blacklist, limits: limits)
    } catch {
      problems += error.problems
    }
    return lists
  }
}

extension AddressList {
  /// Reads and compiles a list of several sources.
  public static func load(
    _ items: [AccessSources.Item], limits: ListLimits = ListLimits()
  ) throws(ListProblems) -> AddressList {
    var builder = AddressListBuilder()
    var problems: [ListProblem] = []
    for item in items {
      switch item {
      case .path(let path): problems += ListFiles.read(path: path, limits: limits, into: &builder)
      case .entry(let entry, let file, let line):
        builder.begin(file: file)
        builder.add(entry, line: line)
      }
    }
    guard problems.isEmpty else { throw ListProblems(problems: Array(problems.prefix(limits.problems))) }
    return builder.build()
  }
}
