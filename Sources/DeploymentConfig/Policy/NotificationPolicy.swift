/// One entry of `notifications:` of the policy file.
public struct NotificationPolicy: Hashable, Sendable {
  /// How a message is written.
  public enum Kind: String, Hashable, Sendable, CaseIterable { case webhook, slack }
  /// `kind`: a JSON document, or Slack's format.
  public var kind = Kind.webhook
  /// `url-from`: the environment variable that holds the address, since it is a secret.
  public var variable = ""
  /// `environments`: for which it is told; empty for all.
  public var environments: [String] = []

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    if let value = try section.word("kind", Kind.self) { kind = value }
    guard let name = try section.string("url-from"), !name.isEmpty else {
      throw ConfigError(
        path: section.path, line: 0,
        message: "notifications: each entry needs url-from, the environment variable that holds the address")
    }
    variable = name
    environments = try section.strings("environments") ?? []
    try section.finish()
  }
}
