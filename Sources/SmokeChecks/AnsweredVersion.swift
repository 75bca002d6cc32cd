import HTTPTransport
import JSONValues

/// Where an answer names the version or commit that gave it.
public struct VersionSource: Hashable, Sendable {
  /// Header fields, the first that is there counts.
  public var headers: [String]
  /// Members of a JSON body, at its top or one level below, the first that is there counts.
  public var members: [String]

  /// The usual places unless given.
  public init(
    headers: [String] = [
      "x-app-version", "x-version", "x-commit", "x-git-commit", "x-git-sha", "x-build", "x-release",
    ],
    members: [String] = [
      "commit", "gitCommit", "git_commit", "commitSha", "gitSha", "git_sha", "sha", "revision", "version",
      "appVersion", "build", "release",
    ]
  ) {
    self.headers = headers
    self.members = members
  }

  /// The version that `response` names; `json` is its body, where it is JSON.
  public func version(headers fields: [HTTPField], json: JSONValue?) -> String? {
    for name in headers where fields.contains(where: { $0.name.utf8.count == name.utf8.count }) {
      if let value = fields.first(name), !value.isEmpty { return value }
    }
    guard let object = json?.object else { return nil }
    for name in members {
      if let value = VersionSource.text(object[name]) { return value }
    }
    for member in object.members {
      for name in members where member.value.object != nil {
        if let value = VersionSource.text(member.value[name]) { return value }
      }
    }
    return nil
  }

  private static func text(_ value: JSONValue?) -> String? {
    switch value {
    case .string(let text) where !text.isEmpty && text.utf8.count <= 100: text
    case .number(let number): number.text
    default: nil
    }
  }
}

/// Whether the version that answered is the one that was deployed.
public enum VersionMatch: Hashable, Sendable {
  /// It is, or one is an abbreviation of the other.
  case expected
  /// It is another.
  case other
  /// Nothing is expected, or what is expected and what answered cannot be compared.
  case unknown

  /// Compares `answered` with `expected`. A commit id is never compared with something that is none.
  public static func of(_ answered: String, expected: String?) -> VersionMatch {
    guard let expected, !expected.isEmpty else { return .unknown }
    let (left, right) = (normalized(answered), normalized(expected))
    if left == right { return .expected }
    if isCommit(left), isCommit(right) {
      return left.hasPrefix(right) || right.hasPrefix(left) ? .expected : .other
    }
    return isCommit(left) == isCommit(right) ? .other : .unknown
  }

  private static func normalized(_ text: String) -> String {
    let lower = text.lowercased()
    return lower.hasPrefix("v") && lower.dropFirst().first?.isNumber == true
      ? String(lower.dropFirst()) : lower
  }

  /// Seven to forty hexadecimal digits.
  private static func isCommit(_ text: String) -> Bool {
    (7...40).contains(text.utf8.count) && text.allSatisfy { $0.isHexDigit && $0.isASCII }
  }
}
