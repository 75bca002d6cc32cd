import HTTPTransport
import JSONValues

/// Where an answer names the version or commit that gave it.
public struct VersionSource: Hashable, Sendable {
  /// The usual places.
  public static let usual = VersionSource()

  /// Header fields, the first that is there counts.
  public let headers: [String]
  /// Members of a JSON body, at its top or one level below, the first that is there counts.
  public let members: [String]
  /// How long the names of `headers` are, a bit each: most fields of an answer are ruled out by it.
  private let lengths: UInt64

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
    lengths = headers.reduce(0) { $0 | VersionSource.bit($1) }
  }

  private static func bit(_ name: String) -> UInt64 { 1 << UInt64(name.utf8.count & 63) }

  /// The version that `response` names; `json` is its body, where it is JSON.
  public func version(headers fields: [HTTPField], json: JSONValue?) -> String? {
    if fields.contains(where: { lengths & VersionSource.bit($0.name) != 0 }) {
      for name in headers {
        if let value = fields.first(name), !value.isEmpty { return value }
      }
    }
    guard let object = json?.object else { return nil }
    if let version = version(in: object) { return version }
    for member in object.members {
      if let inner = member.value.object, let version = version(in: inner) { return version }
    }
    return nil
  }

  /// The text of the member that comes first among `members`.
  private func version(in object: JSONObject) -> String? {
    var best: (rank: Int, text: String)?
    for member in object.members {
      // So few names are sooner gone through than hashed.
      let length = member.name.utf8.count
      guard let rank = members.firstIndex(where: { $0.utf8.count == length && $0 == member.name }),
        rank < best?.rank ?? .max,
        let text = VersionSource.text(member.value)
      else { continue }
      best = (rank, text)
    }
    return best?.text
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
