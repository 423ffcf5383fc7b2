import AccessPolicy
import Edge

extension ProxyProtocolTrust {
  /// `proxy_protocol: { trusted: [10.0.0.0/8], required: true }`
  init?(reading value: ConfigurationValue) {
    let section = value.section(keys: ["trusted", "required"])
    guard section.isReadable else { return nil }
    let proxies = section.required("trusted", "trusted: [127.0.0.1/32]").flatMap(TrustedProxies.init(reading:))
    let isRequired = section["required"]?.boolean() ?? false
    guard let proxies else { return nil }
    self.init(proxies: proxies, isRequired: isRequired)
  }
}

extension ForwardedTrust {
  /// `forwarded_for: { trusted: [10.0.0.0/8], header: x-forwarded-for }`
  init?(reading value: ConfigurationValue) {
    let section = value.section(keys: ["trusted", "header"])
    guard section.isReadable else { return nil }
    let proxies = section.required("trusted", "trusted: [127.0.0.1/32]").flatMap(TrustedProxies.init(reading:))
    let field = section["header"]?.choice(of: Field.allCases.map(\.rawValue)).flatMap(Field.init(rawValue:))
    guard let proxies else { return nil }
    self.init(proxies: proxies, field: field)
  }
}

extension TrustedProxies {
  fileprivate init?(reading value: ConfigurationValue) {
    guard let list = value.list(of: "addresses of proxies, such as [10.0.0.0/8]") else { return nil }
    if list.isEmpty { value.problem("no proxy is trusted: name at least one, such as 127.0.0.1/32, or remove the key") }
    var ranges: [AddressRange] = []
    for item in list {
      guard let text = item.text() else { continue }
      do throws(ListEntry.Refusal) {
        let entry = try ListEntry(parsing: text)
        // Whoever writes 10.0.0.1/8 may mean the one address, and would trust millions.
        if entry.form == .block(hostBits: true) {
          item.problem("\(quoted(text)) has bits behind its prefix: write \(entry.range), or the address alone")
        }
        ranges.append(entry.range)
      } catch {
        item.problem("\(quoted(text)) is no entry: \(error)")
      }
    }
    self.init(ranges)
  }
}
