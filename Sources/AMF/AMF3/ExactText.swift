/// A string that equals another only byte for byte. Swift's own equality also holds between different spellings of
/// one character, which a reference would silently exchange.
struct ExactText: Sendable, Hashable {
  private let text: String

  init(_ text: String) { self.text = text }

  static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }
}

extension AMF3Traits {
  /// Traits as a key, names compared byte for byte.
  struct Exact: Sendable, Hashable {
    private let names: [ExactText]
    private let form: UInt8

    init(_ traits: AMF3Traits) {
      switch traits {
      case .externalizable(let className):
        names = [ExactText(className)]
        form = 0
      case .members(let className, let sealed, let isDynamic):
        names = ([className] + sealed).map(ExactText.init)
        form = isDynamic ? 2 : 1
      }
    }
  }
}
