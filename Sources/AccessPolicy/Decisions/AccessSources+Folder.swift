extension AccessSources {
  /// The same levels with their lists taken from a folder that holds another state of them: each file or folder of the
  /// same name stands for the configured one, and entries in the configuration stay.
  ///
  /// If the folder has none of the configured names, its files whose name begins with `white` are the whitelist for
  /// all, those that begin with `black` the blacklist.
  /// - Parameter names: what is in the folder.
  public func taken(from folder: String, names: [String]) -> AccessSources {
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    let known = Set(paths.map(Self.name(of:)))
    guard names.contains(where: known.contains) else {
      func items(_ start: String) -> [Item] {
        names.filter { $0.lowercased().hasPrefix(start) && !$0.hasSuffix("~") }.sorted().map { .path(prefix + $0) }
      }
      return AccessSources(all: Level(whitelist: items("white"), blacklist: items("black")))
    }
    func moved(_ items: [Item]) -> [Item] {
      items.compactMap { item in
        guard case .path(let path) = item else { return item }
        let name = Self.name(of: path)
        return names.contains(name) ? .path(prefix + name) : nil
      }
    }
    func moved(_ level: Level) -> Level {
      Level(whitelist: moved(level.whitelist), blacklist: moved(level.blacklist))
    }
    return AccessSources(all: moved(all), listeners: listeners.mapValues(moved), rooms: rooms.mapValues(moved))
  }

  private static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
