import CryptoDigests

/// How much a finding weighs.
public enum Severity: String, Codable, Hashable, Sendable, Comparable, CaseIterable {
  /// Worth knowing.
  case notice
  /// Worth a look; does not stop by itself.
  case warning
  /// Stops.
  case error

  /// Notices before warnings before errors.
  public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
  private var rank: Int {
    switch self {
    case .notice: 0
    case .warning: 1
    case .error: 2
    }
  }
}

/// Something that a step found, with a stable code that pipelines may rely on.
public struct Finding: Codable, Hashable, Sendable {
  /// Stable and documented, such as `stack-in-motion`; never renamed.
  public var code: String
  /// How much it weighs.
  public var severity: Severity
  /// One or two sentences for a person.
  public var message: String
  /// Relative to the repository, where the finding has a file.
  public var path: String?
  /// Counted from 1.
  public var line: Int?
  /// Sixteen hexadecimal digits that stay the same while the finding is the same, wherever its line moves.
  public var fingerprint: String

  /// A finding about `subject`: what makes it this one and no other of its code in its file
  /// (a logical id, a table, a series). Without one the message serves.
  public init(
    _ code: String, _ severity: Severity, _ message: String, path: String? = nil, line: Int? = nil,
    subject: String? = nil
  ) {
    self.code = code
    self.severity = severity
    self.message = message
    self.path = path
    self.line = line
    let identity = [code, path ?? "", subject ?? message].joined(separator: "\u{0}")
    fingerprint = String(Digest.sha256Hex(Array(identity.utf8)).prefix(16))
  }
}
