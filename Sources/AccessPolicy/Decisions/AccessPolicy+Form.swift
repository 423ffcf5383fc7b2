extension AccessPolicy {
  /// All lists as bytes: the same for the same addresses on the same levels, however they were written. For a hash that
  /// names one state of the lists.
  public var canonicalForm: [UInt8] {
    var bytes: [UInt8] = []
    func append<Value: FixedWidthInteger>(_ value: Value) {
      withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
    for level in levels {
      for kind in ListKind.allCases {
        let covered = lists(of: level)[kind].covered
        guard level == .all || !covered.isEmpty else { continue }
        bytes += "\(level)\u{0}\(kind.rawValue)\u{0}".utf8
        append(UInt64(covered.v4.count))
        for run in covered.v4 {
          append(run.lowerBound)
          append(run.upperBound)
        }
        append(UInt64(covered.v6.count))
        for run in covered.v6 {
          append(run.lowerBound)
          append(run.upperBound)
        }
      }
    }
    return bytes
  }
}
