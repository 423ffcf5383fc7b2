import AccessPolicy
import Foundation

/// Whom other lists would have let in or kept out, by a record of decisions.
public struct DryRun: Sendable {
  /// One client in the record, as far as lists look at it.
  public struct Visitor: Sendable, Hashable {
    /// Its address.
    public let address: IPAddress
    /// The listener by which it came, if the record says so.
    public let listener: String?
    /// The room that it wanted, if the record says so.
    public let room: String?

    /// For people.
    public var text: String {
      "\(address)" + (listener.map { " at \($0)" } ?? "") + (room.map { " in room \($0)" } ?? "")
    }
  }

  /// Those who came in and would not have, with how often.
  public private(set) var keptOut: [Visitor: Int] = [:]
  /// Those whom lists kept out and who would have come in, with how often.
  public private(set) var letIn: [Visitor: Int] = [:]
  /// Decisions that were looked at.
  public private(set) var decisions = 0
  /// Lines that are no record of a decision.
  public private(set) var otherLines = 0

  private let policy: AccessPolicy

  /// Compares with these lists.
  public init(_ policy: AccessPolicy) { self.policy = policy }

  /// Whether nothing would have been otherwise.
  public var isEmpty: Bool { keptOut.isEmpty && letIn.isEmpty }

  /// Looks at one line of the record: a JSON object with `address`, `decision` (`allowed` or `denied`), `reason`, and
  /// perhaps `listener` and `room`.
  public mutating func read(_ line: Substring) {
    guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
      let decision = object["decision"] as? String, let text = object["address"] as? String,
      let address = IPAddress(text)
    else {
      if !line.isEmpty { otherLines += 1 }
      return
    }
    decisions += 1
    let visitor = Visitor(address: address, listener: object["listener"] as? String, room: object["room"] as? String)
    let isAllowed = policy.decide(address, listener: visitor.listener, room: visitor.room).isAllowed
    switch decision {
    case "allowed" where !isAllowed: keptOut[visitor, default: 0] += 1
    case "denied" where isAllowed && Self.reasonsOfLists.contains(object["reason"] as? String ?? ""):
      letIn[visitor, default: 0] += 1
    default: break
    }
  }

  /// Whoever was denied for another reason would have been denied again.
  private static let reasonsOfLists: Set<String> = ["address_denied", "blacklisted", "not_whitelisted"]
}
