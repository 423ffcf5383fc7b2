import FLV

/// Whether the pictures of an H.264 stream come in the order in which they are shown, judged picture by picture.
///
/// WebRTC shows pictures as they come, so a stream out of order has to be decoded. Encoders may begin to reorder in the
/// middle of a stream, and end to. The first picture that shows it counts at once; a whole group of pictures without
/// any sign counts at the next key frame.
struct PictureOrder {
  /// What the sequence parameter sets say.
  enum Promise {
    /// Output order is decoding order.
    case inOrder
    /// Nothing, or that pictures may be out of order.
    case none
    /// Field pictures: receivers' decoders for real time do not take them, in whatever order.
    case fields
  }

  /// Whether the picture looked at last, and those after it, need a decoder.
  private(set) var reorders: Bool
  private let promise: Promise
  /// The group at hand, from its key frame on.
  private var group: Group?

  private struct Group {
    var latest: Int64
    var isOutOfOrder: Bool
  }

  /// - Parameter declaresReordering: the stream says so, rather than only allowing it.
  init(promise: Promise, declaresReordering: Bool) {
    self.promise = promise
    switch promise {
    case .inOrder: reorders = false
    case .none: reorders = declaresReordering
    case .fields: reorders = true
    }
  }

  /// Looks at the next picture.
  /// - Parameters:
  ///   - time: when it is decoded, in milliseconds.
  ///   - compositionTime: milliseconds from there until it is shown.
  mutating func look(at time: Int64, compositionTime: Int64, isKeyFrame: Bool) {
    let shown = time + compositionTime
    // A parameter set need not say that pictures are reordered; a composition time always tells. Where it promises
    // order, an encoder may give all pictures the same delay.
    var isOutOfOrder = compositionTime != 0 && promise != .inOrder
    if isKeyFrame {
      if let group, !group.isOutOfOrder, promise != .fields { reorders = false }
    } else if let group {
      isOutOfOrder = isOutOfOrder || shown < group.latest
    }
    if isOutOfOrder { reorders = true }
    if isKeyFrame {
      group = Group(latest: shown, isOutOfOrder: isOutOfOrder)
    } else if let former = group {
      group = Group(latest: max(former.latest, shown), isOutOfOrder: former.isOutOfOrder || isOutOfOrder)
    }
  }
}

extension PictureOrder {
  /// Begins with a configuration.
  init(_ configuration: AVCDecoderConfiguration) {
    // A parameter set that makes no sense is the decoder's affair: pictures show the rest.
    let sets = configuration.sequenceParameterSets.compactMap { try? SequenceParameterSet(parsing: $0) }
    let promise: Promise
    if sets.contains(where: { !$0.isProgressive }) {
      promise = .fields
    } else {
      promise = !sets.isEmpty && sets.allSatisfy { !$0.mayReorder } ? .inOrder : .none
    }
    self.init(promise: promise, declaresReordering: sets.contains { ($0.maximumReorderedFrames ?? 0) > 0 })
  }
}
