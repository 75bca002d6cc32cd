import SystemInterfaces
import YAMLDocuments

/// An entry of `accounts:` in the policy file: stacks that stand in another account or region than the run's own
/// credentials and configuration say.
public struct AccountPolicy: Hashable, Sendable {
  /// `stacks`: what stands before `_STACK` in the configuration, in lower case; empty for all.
  public var stacks: [String] = []
  /// `environments`: for which it holds; empty for all.
  public var environments: [String] = []
  /// `assume-role`: the ARN of the role that is assumed for these stacks; nil keeps the run's own credentials.
  public var role: String?
  /// `external-id`, `session-name`: sent when the role is assumed.
  public var externalId: String?, sessionName: String?
  /// `region`: of these stacks; nil keeps the configuration's.
  public var region: String?
  /// The line on which the entry begins.
  public var line = 0

  /// Whether it is about the stack of `role` in `environment`.
  public func covers(_ role: String, in environment: String) -> Bool {
    (stacks.isEmpty || stacks.contains(role)) && (environments.isEmpty || environments.contains(environment))
  }

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    line = section.line
    stacks = try section.strings("stacks")?.map { $0.lowercased() } ?? []
    environments = try section.strings("environments") ?? []
    let named = section.take("assume-role")
    role = try section.string("assume-role")
    if let role, let named, !AccountPolicy.isRole(role) {
      throw section.error(
        "assume-role", named, "a role's ARN such as arn:aws:iam::123456789012:role/backstop")
    }
    externalId = try section.string("external-id")
    let session = section.take("session-name")
    sessionName = try section.string("session-name")
    if let sessionName, let session, !AccountPolicy.isSessionName(sessionName) {
      throw section.error("session-name", session, "2 to 64 letters, digits and any of _+=,.@-")
    }
    region = try section.string("region")
    try section.finish()
    if role == nil, region == nil { throw section.missing("assume-role or region") }
    if role == nil, externalId != nil || sessionName != nil {
      throw section.missing("assume-role beside external-id and session-name")
    }
  }

  private static func isRole(_ text: String) -> Bool {
    guard let name = AmazonResourceName(text), name.service == "iam", name.region.isEmpty else {
      return false
    }
    return name.account.utf8.count == 12 && name.account.utf8.allSatisfy { (0x30...0x39).contains($0) }
      && name.resource.hasPrefix("role/") && name.resource.count > "role/".count
      && !name.resource.contains(":")
  }

  /// As STS has it.
  private static func isSessionName(_ text: String) -> Bool {
    (2...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          || "_+=,.@-".utf8.contains(byte)
      }
  }
}
