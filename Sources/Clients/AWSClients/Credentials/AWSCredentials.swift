import SystemInterfaces

/// What requests are signed with.
public struct AWSCredentials: Hashable, Sendable {
  /// The public part.
  public var accessKeyId: String
  /// The secret part.
  public var secretAccessKey: String
  /// What temporary credentials carry besides.
  public var sessionToken: String?
  /// When they end; nil where they do not, or it is not known.
  public var expiration: Timestamp?
  /// Where they came from, such as `environment` or `profile deploy in ~/.aws/credentials`.
  public var source: String

  /// Credentials as given.
  public init(
    accessKeyId: String, secretAccessKey: String, sessionToken: String? = nil,
    expiration: Timestamp? = nil, source: String = "given"
  ) {
    self.accessKeyId = accessKeyId
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.expiration = expiration
    self.source = source
  }
}

/// Gives credentials, new ones before the old ones end.
public protocol AWSCredentialsProvider: Sendable {
  /// Credentials that are good now.
  /// - Throws: `CredentialsError` where there are none, `CancellationError`.
  func credentials() async throws -> AWSCredentials
  /// Drops what is cached, as AWS called it expired; returns whether asking again may give others.
  func forget() async -> Bool
}

/// Credentials that were handed in and never change.
public struct StaticCredentials: AWSCredentialsProvider {
  private let fixed: AWSCredentials
  /// Always gives `credentials`.
  public init(_ credentials: AWSCredentials) { fixed = credentials }
  public func credentials() async throws -> AWSCredentials { fixed }
  public func forget() async -> Bool { false }
}

/// No source gave credentials: what was tried, and why each did not work.
public struct CredentialsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One source.
  public struct Attempt: Hashable, Sendable {
    /// Such as `environment` or `instance metadata`.
    public var source: String
    /// Why it gave none.
    public var reason: String
    /// Whether the source was set up and failed, rather than absent.
    public var wasConfigured: Bool

    /// One source and why it gave none.
    public init(_ source: String, _ reason: String, wasConfigured: Bool = false) {
      self.source = source
      self.reason = reason
      self.wasConfigured = wasConfigured
    }
  }
  /// The sources in the order in which they were asked.
  public var attempts: [Attempt]

  /// An error of all `attempts`.
  public init(_ attempts: [Attempt]) { self.attempts = attempts }

  public var description: String {
    if let failed = attempts.last(where: \.wasConfigured) {
      return "no AWS credentials: \(failed.source): \(failed.reason)"
    }
    return "no AWS credentials: " + attempts.map { "\($0.source): \($0.reason)" }.joined(separator: "; ")
  }

  /// What to do next.
  public var advice: String {
    attempts.contains(where: \.wasConfigured)
      ? "repair that source, or remove it so that the next one is asked"
      : "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the CI job a role"
  }
}
