import AMF
import RTMP

extension Anonymization {
  /// What becomes of a message that a client or a server sends.
  func fate(of subject: DirectionRewriter.Subject) -> DirectionRewriter.Fate {
    switch subject {
    case .control: return .kept
    case .media: return recordsMedia ? .kept : .leftOut
    // Their events may name anybody, and are not read here.
    case .sharedObject: return replaces(.names) ? .leftOut : .kept
    // Nobody knows what is in it.
    case .unreadable: return .leftOut
    case .command(let values): return fate(of: values, changed: command(values))
    case .data(let values): return fate(of: values, changed: data(values))
    }
  }

  private func fate(of values: [AMFValue], changed: [AMFValue]?) -> DirectionRewriter.Fate {
    guard let changed else { return .leftOut }
    return changed == values ? .kept : .replaced(changed)
  }

  /// Nil where a value cannot be looked into.
  private func command(_ values: [AMFValue]) -> [AMFValue]? {
    guard let name = values.first?.stringValue, values.count >= 2 else { return nil }
    let object: AMFValue? = values.dropFirst(2).first
    let arguments = Array(values.dropFirst(3))
    var changed: [AMFValue?] = Array(values.prefix(2))
    if name == "connect" {
      changed.append(object.flatMap { self.value($0, key: nil, connect: true) })
      changed.append(contentsOf: connectArguments(arguments))
    } else if Self.streamCommands.contains(name) {
      changed.append(object.flatMap { self.value($0, key: nil) })
      for (index, argument) in arguments.enumerated() {
        // The kind of a publication: live, record, append.
        if index > 0, let kind = argument.stringValue, Self.publicationKinds.contains(kind) {
          changed.append(argument)
        } else {
          changed.append(argument.stringValue.map { .string(streamName($0)) } ?? self.value(argument, key: nil))
        }
      }
    } else {
      changed.append(object.flatMap { self.value($0, key: nil) })
      changed.append(contentsOf: arguments.map { self.value($0, key: nil) })
    }
    let whole = changed.prefix(values.count).compactMap { $0 }
    return whole.count == values.count ? whole : nil
  }

  /// The first text is where players put their access key.
  private func connectArguments(_ arguments: [AMFValue]) -> [AMFValue?] {
    let first = arguments.firstIndex { $0.stringValue != nil }
    return arguments.enumerated().map { index, argument in
      if index == first, let text = argument.stringValue { return .string(key(text)) }
      return value(argument, key: nil)
    }
  }

  private func data(_ values: [AMFValue]) -> [AMFValue]? {
    // Handlers are names of the interface, as commands are.
    let handlers = values.prefix { $0.stringValue != nil }.prefix(values.first?.stringValue == "@setDataFrame" ? 2 : 1)
    let rest = values.dropFirst(handlers.count).compactMap { value($0, key: nil) }
    return handlers.count + rest.count == values.count ? handlers + rest : nil
  }

  /// A value with every text in it replaced that is none of a few known ones.
  private func value(_ value: AMFValue, key: String?, connect: Bool = false, depth: Int = 0) -> AMFValue? {
    guard depth < Self.deepest else { return nil }
    switch value {
    case .undefined, .null, .unsupported, .boolean, .integer, .number, .date, .reference: return value
    case .string(let text): return .string(self.text(text, key: key, connect: connect))
    case .array(let elements):
      let changed = elements.compactMap { self.value($0, key: key, depth: depth + 1) }
      return changed.count == elements.count ? .array(changed) : nil
    case .ecmaArray(let array):
      let dense = array.dense.compactMap { self.value($0, key: key, depth: depth + 1) }
      guard let properties = properties(array.properties[...], connect, depth), dense.count == array.dense.count else {
        return nil
      }
      return .ecmaArray(AMFAssociativeArray(properties, dense: dense))
    case .object(let object):
      let (sealed, dynamic) = (
        object.properties.prefix(object.sealedCount), object.properties.dropFirst(object.sealedCount)
      )
      guard let sealed = properties(sealed, connect, depth), let dynamic = properties(dynamic, connect, depth) else {
        return nil
      }
      return .object(
        AMFObject(className: object.className, sealed: sealed, dynamic: dynamic, isDynamic: object.isDynamic))
    case .xmlDocument(let text): return .xmlDocument(name(text))
    case .xml(let text): return .xml(name(text))
    case .byteArray, .vector, .dictionary, .externalizable: return replaces(.names) ? nil : value
    }
  }

  private func properties(_ properties: Slice<AMFProperties>, _ connect: Bool, _ depth: Int) -> AMFProperties? {
    var changed: [AMFProperties.Element] = []
    for property in properties {
      guard let value = value(property.value, key: property.key, connect: connect, depth: depth + 1) else { return nil }
      changed.append(.init(key: property.key, value: value))
    }
    return AMFProperties(changed)
  }

  private func text(_ text: String, key: String?, connect: Bool) -> String {
    guard let key else { return name(text) }
    switch key {
    case "app" where connect: return application(text)
    case "tcUrl" where connect: return url(text, isApplication: true)
    case "swfUrl" where connect, "pageUrl" where connect: return url(text, isApplication: false)
    case "details": return streamName(text)
    // Sentences, in which names may stand anywhere.
    case "description": return replaces(.names) ? "anonymized" : text
    case _ where Self.isSecret(key): return self.key(text)
    case _ where Self.tellingNothing.contains(key): return text
    default: return name(text)
    }
  }

  /// Commands whose arguments are names of streams.
  private static let streamCommands: Set = [
    "publish", "play", "releaseStream", "FCPublish", "FCUnpublish", "FCSubscribe", "FCUnsubscribe", "getStreamLength",
    "deleteStream", "closeStream", "onFCPublish", "onFCUnpublish", "onFCSubscribe",
  ]
  private static let publicationKinds: Set = ["live", "record", "append", "appendWithGap"]
  /// Fields of programs, codecs and statuses.
  private static let tellingNothing: Set = [
    "flashVer", "fmsVer", "level", "code", "type", "mode", "version", "encoder", "videocodecid", "audiocodecid",
    "major_brand", "minor_version", "compatible_brands", "fourCcList", "videoFourCcInfoMap", "avcprofile", "presetname",
  ]
  private static let deepest = 32
}
