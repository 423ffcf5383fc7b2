/// How one receiver's line is divided among the pictures on it: each gets the same, and what one does not need goes to
/// the others.
enum LineShares {
  /// - Parameters:
  ///   - line: bit/s for all pictures.
  ///   - needs: what each picture would take, in bit/s; nil for one of which that is not known.
  /// - Returns: the share of each.
  static func divide(_ line: Int, among needs: [Int?]) -> [Int] {
    var shares = [Int](repeating: 0, count: needs.count)
    var left = max(line, 0)
    var open = Array(needs.indices)
    while !open.isEmpty {
      let equal = left / open.count
      let content = open.filter { index in needs[index].map { $0 < equal } ?? false }
      guard !content.isEmpty else {
        for index in open { shares[index] = equal }
        break
      }
      for index in content {
        shares[index] = needs[index] ?? 0
        left -= shares[index]
      }
      open.removeAll { content.contains($0) }
    }
    // What nobody needs is everybody's: an encoder that follows its share would otherwise never find it free.
    if open.isEmpty, let count = needs.isEmpty ? nil : needs.count {
      for index in shares.indices { shares[index] += left / count }
    }
    return shares
  }
}
