import CryptoDigests
import JSONValues
import SystemInterfaces

/// One stack as it is or was deployed, by live facts alone.
public struct StackVersion: Codable, Hashable, Sendable {
  /// The stack's name.
  public var name: String
  /// Sixteen digits of its id's digest: a stack that was deleted and made anew is another one.
  public var stack: String
  /// The last update or, without one, the creation, in whole milliseconds: records keep no more.
  public var updatedAt: Timestamp
  /// Whether CloudFormation undid that update: the stack holds what it held before.
  public var isRolledBack: Bool

  /// A stack as DescribeStacks shows it.
  /// - Parameters:
  ///   - id: its ARN.
  ///   - status: as answered.
  public init(name: String, id: String, updatedAt: Timestamp, status: String) {
    self.name = name
    stack = String(Digest.sha256Hex(Array(id.utf8)).prefix(16))
    self.updatedAt = StackVersion.whole(updatedAt)
    isRolledBack = ["UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"].contains(status)
  }

  private static func whole(_ time: Timestamp) -> Timestamp {
    Timestamp(microseconds: time.microseconds - time.microseconds % 1000)
  }

  private enum CodingKeys: String, CodingKey {
    case name, stack, updatedAt
    case isRolledBack = "rolledBack"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    stack = try container.decode(String.self, forKey: .stack)
    updatedAt = try container.decode(Timestamp.self, forKey: .updatedAt)
    isRolledBack = try container.decodeIfPresent(Bool.self, forKey: .isRolledBack) ?? false
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(stack, forKey: .stack)
    try container.encode(updatedAt, forKey: .updatedAt)
    if isRolledBack { try container.encode(true, forKey: .isRolledBack) }
  }

  var json: JSONValue {
    var object = JSONObject([
      .init("name", .string(name)), .init("stack", .string(stack)),
      .init("updatedAt", .string(updatedAt.description)),
    ])
    if isRolledBack { object["rolledBack"] = true }
    return .object(object)
  }

  init?(_ json: JSONValue) {
    guard let name = json["name"]?.string, let stack = json["stack"]?.string,
      let updatedAt = json["updatedAt"]?.string.flatMap({ Timestamp($0) })
    else { return nil }
    (self.name, self.stack, self.updatedAt) = (name, stack, updatedAt)
    isRolledBack = json["rolledBack"]?.bool ?? false
  }
}

/// What is live of an application, or was: the versions of its stacks.
///
/// Digests of templates and of functions' code are no part of it: every step must come to the same id, and smoke-test and
/// watch-30m do not ask for them. A template does not change without the time of the last update; code that somebody
/// changed beside the stack is compared where a restore point is chosen.
public struct Deployment: Codable, Hashable, Sendable {
  /// By name.
  public let stacks: [StackVersion]

  /// A deployment of `stacks`; nil where there are none: nothing is known of such a one.
  public init?(_ stacks: [StackVersion]) {
    guard !stacks.isEmpty else { return nil }
    self.stacks = stacks.sorted { ($0.name, $0.stack) < ($1.name, $1.stack) }
  }

  /// Sixteen digits that tell it from all others.
  public var id: String {
    let text = stacks.map {
      "\($0.name) \($0.stack) \($0.updatedAt)\($0.isRolledBack ? " rolled back" : "")"
    }
    return String(Digest.sha256Hex(Array(text.joined(separator: "\n").utf8)).prefix(16))
  }

  /// The versions as records hold them.
  public var json: JSONValue { .array(stacks.map(\.json)) }

  /// Reads what records hold; nil where it is no deployment.
  public init?(json: JSONValue) {
    guard let elements = json.array else { return nil }
    let stacks = elements.compactMap { StackVersion($0) }
    guard stacks.count == elements.count else { return nil }
    self.init(stacks)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let deployment = Deployment(try container.decode([StackVersion].self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "a deployment without stacks")
    }
    self = deployment
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(stacks)
  }

  /// Whether it has a stack of each of these names.
  public func holds(_ names: some Sequence<String>) -> Bool {
    let own = Set(stacks.map(\.name))
    return names.allSatisfy(own.contains)
  }
}
