import YAMLDocuments

/// One entry of `notifications:` of the policy file.
public struct NotificationPolicy: Hashable, Sendable {
  /// How a message is written.
  public enum Kind: String, Hashable, Sendable, CaseIterable { case webhook, slack, smtp }
  /// Whether mail may go out without TLS.
  public enum TLS: String, Hashable, Sendable, CaseIterable { case required, optional }
  /// `kind`: a JSON document, Slack's format, or mail.
  public var kind = Kind.webhook
  /// `url-from`: the environment variable that holds the address, since it is a secret. For `smtp`, `smtp://host:port` or
  /// `smtps://host:port`; for `slack` with a token, another address than Slack's own.
  public var variable: String?
  /// `token-from`: the environment variable that holds a Slack bot's token. With one, the message is updated in place.
  public var tokenVariable: String?
  /// `channel`: where the bot posts.
  public var channel: String?
  /// `from` and `to`: addresses.
  public var sender: String?, recipients: [String] = []
  /// `user-from` and `password-from`: environment variables for AUTH, where the address does not hold both.
  public var userVariable: String?, passwordVariable: String?
  /// `tls`: what `smtp://` needs; with a password it is always required.
  public var tls = TLS.required
  /// `ca-file`: a PEM file of authorities instead of the system's, for mail.
  public var certificateAuthorityFile: String?
  /// `environments`: for which it is told; empty for all.
  public var environments: [String] = []
  /// `after`: an escalation step; told only where the rollback has not succeeded by then.
  public var after: Duration = .zero
  /// `subject` and `text`: templates instead of the runbook's.
  public var subject: MessageTemplate?, text: MessageTemplate?

  /// What the entry is called in findings: the variables and names of the policy, never their values.
  public var name: String {
    switch kind {
    case .webhook: variable ?? ""
    case .slack: channel.map { "Slack \($0)" } ?? variable ?? ""
    case .smtp: recipients.joined(separator: ", ")
    }
  }

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    if let value = try section.word("kind", Kind.self) { kind = value }
    variable = try section.name("url-from")
    tokenVariable = try section.name("token-from")
    channel = try section.name("channel")
    sender = try section.address("from").first
    recipients = try section.address("to")
    userVariable = try section.name("user-from")
    passwordVariable = try section.name("password-from")
    if let value = try section.word("tls", TLS.self) { tls = value }
    certificateAuthorityFile = try section.name("ca-file")
    environments = try section.strings("environments") ?? []
    if let value = try section.duration("after") { after = value }
    subject = try section.template("subject")
    text = try section.template("text")
    try section.finish()
    switch kind {
    case .webhook where variable == nil:
      throw section.missing("url-from, the environment variable that holds the address")
    case .slack where variable == nil && tokenVariable == nil:
      throw section.missing(
        "url-from, the environment variable that holds a webhook's address, or token-from, a bot's token")
    case .slack where tokenVariable != nil && channel == nil:
      throw section.missing("channel, beside token-from")
    case .smtp where variable == nil || sender == nil || recipients.isEmpty:
      throw section.missing("url-from, from and to")
    default: break
    }
  }
}

/// A text with places in braces that a message fills: `{issue}`.
public struct MessageTemplate: Hashable, Sendable {
  /// What can be filled in.
  public static let names = [
    "action", "environment", "eta", "impact", "incident", "issue", "operator", "run", "status",
  ]
  private let source: String

  /// Reads a template; nil with the name where it has a place that nothing fills.
  public init(_ source: String) throws(UnknownPlace) {
    self.source = source
    for part in MessageTemplate.parts(source) {
      if case .place(let name) = part, !MessageTemplate.names.contains(name) {
        throw UnknownPlace(name: name)
      }
    }
  }

  /// A place that nothing fills.
  public struct UnknownPlace: Error, Hashable, Sendable {
    /// What stands in braces.
    public let name: String
  }

  /// The text with every place filled; values are taken as they are, braces in them mean nothing.
  public func filled(_ values: [String: String]) -> String {
    MessageTemplate.parts(source).map { part in
      switch part {
      case .text(let text): text
      case .place(let name): values[name] ?? ""
      }
    }.joined()
  }

  private enum Part {
    case text(String)
    case place(String)
  }

  private static func parts(_ source: String) -> [Part] {
    var parts: [Part] = []
    var rest = source[...]
    while let open = rest.firstIndex(of: "{") {
      let inside = rest[rest.index(after: open)...]
      let name = inside.prefix { $0.isASCII && $0.isLowercase }
      parts.append(.text(String(rest[..<open])))
      if !name.isEmpty, inside[name.endIndex...].first == "}" {
        parts.append(.place(String(name)))
        rest = inside[name.endIndex...].dropFirst()
      } else {
        // A brace that begins no place is text, as in JSON.
        parts.append(.text("{"))
        rest = inside
      }
    }
    return parts + [.text(String(rest))]
  }
}

extension PolicyReader {
  /// A text that is not empty.
  fileprivate mutating func name(_ name: String) throws(ConfigError) -> String? {
    guard let value = take(name) else { return nil }
    guard let text = value.scalar?.text, !text.isEmpty else { throw error(name, value, "text") }
    return text
  }

  /// Addresses of mail: printable ASCII around one `@`, without names or brackets.
  fileprivate mutating func address(_ name: String) throws(ConfigError) -> [String] {
    guard let value = take(name) else { return [] }
    let texts = try strings(name) ?? []
    for text in texts {
      let parts = text.split(separator: "@", omittingEmptySubsequences: false)
      let isAddress =
        parts.count == 2
        && parts.allSatisfy { part in
          !part.isEmpty
            && part.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"()<>[]:;\\,\"".utf8.contains($0) }
        }
      guard isAddress else { throw error(name, value, "an address such as ops@example.com, not '\(text)'") }
    }
    return texts
  }

  fileprivate mutating func template(_ name: String) throws(ConfigError) -> MessageTemplate? {
    guard let value = take(name) else { return nil }
    guard let text = value.scalar?.text else { throw error(name, value, "text") }
    do throws(MessageTemplate.UnknownPlace) {
      return try MessageTemplate(text)
    } catch {
      throw self.error(
        name, value, "places among {\(MessageTemplate.names.joined(separator: "}, {"))}, not {\(error.name)}")
    }
  }
}
