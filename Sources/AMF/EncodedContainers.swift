/// Where the containers of a message went: their place in the reference table of the encoding that wrote them.
struct EncodedContainers: Sendable {
  enum Place: Sendable {
    case amf0(Int)
    case amf3(Int)
  }

  private var places: [Place] = []

  mutating func append(_ place: Place) { places.append(place) }

  /// The place of a container by its number in the message, `nil` if it was not begun.
  subscript(number: Int) -> Place? {
    places.indices.contains(number) ? places[number] : nil
  }
}
