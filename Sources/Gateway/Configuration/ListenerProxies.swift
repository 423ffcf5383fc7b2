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
    var blocks: [AddressBlock] = []
    for item in list {
      guard let text = item.text() else { continue }
      guard let block = AddressBlock(text) else {
        item.problem(
          "\(quoted(text)) is no address or block of addresses: write one such as 192.0.2.7 or 10.0.0.0/8, without bits"
            + " behind the prefix")
        continue
      }
      blocks.append(block)
    }
    self.init(blocks)
  }
}
