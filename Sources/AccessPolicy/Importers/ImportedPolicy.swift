/// The access rules of another server, translated.
public struct ImportedPolicy: Sendable {
  /// Where the rules were found.
  public enum Source: String, Sendable, Hashable {
    /// `services-config.xml` of BlazeDS or LCDS.
    case blazeDS = "BlazeDS/LCDS services-config.xml"
    /// `Adaptor.xml` of FMS or AMS.
    case adaptor = "FMS/AMS Adaptor.xml"
    /// `VHost.xml` of FMS or AMS.
    case virtualHost = "FMS/AMS VHost.xml"
    /// `Application.xml` of FMS or AMS.
    case application = "FMS/AMS Application.xml"
    /// Allow and deny lines of nginx-rtmp or Red5: the first that matches decides.
    case firstMatch = "allow and deny lines"
    /// Allow and deny lines of SRS: deny wins.
    case srs = "SRS security lines"
    /// A cross-domain policy file.
    case crossDomain = "crossdomain.xml"
  }

  /// Rules that hold together.
  public struct Group: Sendable {
    /// The part of the source that they were for, such as the id of a channel; nil when they were for all.
    public let name: String?
    /// Whom to let in; nil lets everybody in.
    public let whitelist: AddressSet?
    /// Whom to keep out.
    public let blacklist: AddressSet

    /// The addresses that they let in.
    public var allowed: AddressSet { (whitelist ?? .all).subtracting(blacklist) }
  }

  /// Something that could not be carried over, or that one should look at.
  public struct Warning: Sendable, Hashable, CustomStringConvertible {
    /// The line of the source, from 1.
    public let line: Int
    /// What, and what it means.
    public let text: String

    /// `line N: what`
    public var description: String { "line \(line): \(text)" }
  }

  /// Where the rules were found.
  public let source: Source
  /// The translated rules.
  public internal(set) var groups: [Group] = []
  /// The domains of a cross-domain policy, and the ports that they may connect to.
  public internal(set) var crossDomain: CrossDomainPolicy?
  /// What could not be carried over.
  public internal(set) var warnings: [Warning] = []
}

/// Why a file cannot be imported at all.
public enum ImportError: Error, Sendable, Hashable, CustomStringConvertible {
  /// It is no readable document.
  case document(DocumentError)
  /// It has neither rules that are known here nor the root element of a file that may have some.
  case nothingKnown
  /// The policy file breaks the rules of such files.
  case crossDomain([CrossDomainProblem])

  /// What is wrong and what to do, in one line.
  public var description: String {
    switch self {
    case .document(let error): "\(error)"
    case .nothingKnown:
      "no rules found: known are services-config.xml, Adaptor.xml, VHost.xml, Application.xml, crossdomain.xml, and"
        + " lines of allow and deny"
    case .crossDomain(let problems): problems.map(\.description).joined(separator: "\n")
    }
  }
}
