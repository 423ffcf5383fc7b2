/// `<whitelist>` and `<blacklist>` of BlazeDS and LCDS: addresses and regular expressions. The blacklist wins.
enum BlazeDSRules {
  static func imported(from root: DocumentElement) -> ImportedPolicy {
    var policy = ImportedPolicy(source: .blazeDS)
    root.walk { element, around in
      let whites = element.children(named: "whitelist")
      let blacks = element.children(named: "blacklist")
      guard !whites.isEmpty || !blacks.isEmpty else { return }
      let white = addresses(of: whites, isWhitelist: true, warnings: &policy.warnings)
      let black = addresses(of: blacks, isWhitelist: false, warnings: &policy.warnings)
      let group = ImportedPolicy.Group.closed(
        name: name(of: around + [element]), whitelist: white, blacklist: black ?? AddressSet())
      if let white, white.isEmpty, let line = whites.first?.line {
        policy.warnings.append(
          .init(line: line, text: "nothing of this whitelist could be carried over: nobody may come in"))
      }
      policy.groups.append(group)
    }
    return policy
  }

  /// The channel or server to which the lists belong, by its id and endpoint.
  private static func name(of path: [DocumentElement]) -> String? {
    guard let owner = path.last(where: { $0.attributes["id"] != nil }), let id = owner.attributes["id"] else {
      return nil
    }
    let endpoint = owner.children(named: "endpoint").first
    return endpoint?.attributes["url"].map { "\(id) \($0)" } ?? id
  }

  /// Nil when there is nothing in the lists.
  private static func addresses(
    of lists: [DocumentElement], isWhitelist: Bool, warnings: inout [ImportedPolicy.Warning]
  ) -> AddressSet? {
    let items = lists.flatMap(\.children)
    guard !items.isEmpty else { return nil }
    let effect = isWhitelist ? "those it let in stay out" : "those it kept out may come in"
    var found = AddressSet()
    for item in items {
      let shown = "\"\(item.text.prefix(80))\""
      switch item.name {
      case "ip-address":
        if let address = IPAddress(item.text) {
          found = found.union(AddressSet([AddressRange(address)]))
        } else {
          warnings.append(.init(line: item.line, text: "\(shown) is no address and was not carried over; \(effect)"))
        }
      case "ip-address-pattern":
        do throws(AddressExpression.Refusal) {
          let pattern = try AddressPattern(item.text)
          found = found.union(pattern.addresses)
          if pattern.addresses.isEmpty {
            warnings.append(.init(line: item.line, text: "\(shown) matches no IPv4 address"))
          }
          if pattern.dependsOnAnchoring {
            warnings.append(
              .init(
                line: item.line,
                text: "\(shown) was read as matching whole addresses; looked for inside of them it would match more"))
          }
        } catch {
          warnings.append(.init(line: item.line, text: "\(shown) was not carried over: \(error); \(effect)"))
        }
      default:
        warnings.append(.init(line: item.line, text: "<\(item.name)> is unknown here and was not carried over"))
      }
    }
    return found
  }
}
