/// A call to AWS that failed: what was asked of whom, what came back, what to do next.
public struct AWSError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What a step must tell apart.
  public enum Kind: String, Hashable, Sendable, Codable {
    /// Too many requests, still so after the retries.
    case throttled
    /// The request carried no credentials.
    case credentialsMissing
    /// The credentials or their session have expired.
    case credentialsExpired
    /// The credentials are unknown, disabled, or the signature does not match.
    case credentialsInvalid
    /// The credentials are good, and do not permit this.
    case accessDenied
    /// What was named does not exist.
    case notFound
    /// A quota of the account is used up: asking again does not help.
    case quotaExceeded
    /// CloudFormation has nothing to change.
    case noUpdates
    /// The state of what was named forbids the call, or somebody else is at work on it.
    case conflict
    /// AWS answered with a fault of its own, still so after the retries.
    case transient
    /// No answer came: the endpoint could not be reached.
    case unreachable
    /// The reply to a request that changes something was lost: whether it was done is unknown.
    case replyLost
    /// The answer is none that the service documents.
    case badAnswer
    /// Anything else; the code says it.
    case other
  }

  /// What a step must tell apart.
  public var kind: Kind
  /// AWS's code, such as `ValidationError`; empty where no answer came.
  public var code: String
  /// AWS's words, or the transport's.
  public var message: String
  /// The status of the answer; 0 where none came.
  public var statusCode: Int
  /// The id under which AWS keeps the request.
  public var requestId: String?
  /// The service, such as `CloudFormation`.
  public var service: String
  /// The operation, such as `DescribeStacks`.
  public var operation: String
  /// Host and port that were asked.
  public var host: String
  /// What it was about, such as `stack CiraInvoice-Api-prod`, where the caller said so.
  public var subject: String?
  /// How many times it was sent.
  public var attempts: Int
  /// The region that S3 names instead of the one that was asked.
  public var bucketRegion: String?

  /// An error.
  public init(
    kind: Kind, code: String = "", message: String, statusCode: Int = 0, requestId: String? = nil,
    service: String, operation: String, host: String = "", subject: String? = nil, attempts: Int = 1
  ) {
    self.kind = kind
    self.code = code
    self.message = message
    self.statusCode = statusCode
    self.requestId = requestId
    self.service = service
    self.operation = operation
    self.host = host
    self.subject = subject
    self.attempts = attempts
  }

  /// Whether the same call may succeed a little later.
  public var isTemporary: Bool { [.throttled, .transient, .unreachable].contains(kind) }
  /// Whether credentials are what is wrong.
  public var isAboutCredentials: Bool {
    [.credentialsMissing, .credentialsExpired, .credentialsInvalid, .accessDenied].contains(kind)
  }

  /// What was tried, on what, and what came back; without `advice`.
  public var description: String {
    var text = "\(service) \(operation)"
    if let subject { text += " of \(subject)" }
    if !host.isEmpty { text += " at \(host)" }
    text += statusCode == 0 ? " got no answer" : " was answered \(statusCode)"
    if !code.isEmpty { text += " \(code)" }
    if !message.isEmpty { text += ": \(message)" }
    if attempts > 1 { text += " (after \(attempts) attempts)" }
    if let requestId { text += " [request \(requestId)]" }
    return text
  }

  /// What to do next; empty where nothing general can be said.
  public var advice: String {
    switch kind {
    case .throttled: "other callers use up the account's request rate: run the step again in a minute"
    case .credentialsMissing:
      "give AWS credentials, for example AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE"
    case .credentialsExpired: "log in again, or let the CI job fetch new credentials, and run the step again"
    case .credentialsInvalid:
      "check which credentials are used (aws sts get-caller-identity), and this machine's clock"
    case .accessDenied: "permit \(service) \(operation) to this role or user, and run the step again"
    case .notFound: "check the name, the region and the account"
    case .quotaExceeded:
      "delete what is not needed any more, or have the quota raised, and run the step again"
    case .noUpdates: ""
    case .conflict: "wait until the other operation has finished, and run the step again"
    case .transient: "the service has a fault of its own: see its status page, and run the step again"
    case .unreachable:
      "check the network, the proxy variables, and AWS_ENDPOINT_URL if it is set"
    case .replyLost: "look at the state of what was to be changed before running the step again"
    case .badAnswer: "check that AWS_ENDPOINT_URL, if set, and any proxy lead to AWS"
    case .other: ""
    }
  }
}

/// The answer of `call`; nil where what was named does not exist.
public func ifThere<Value>(_ call: () async throws -> Value) async throws -> Value? {
  do {
    return try await call()
  } catch let error as AWSError where error.kind == .notFound {
    return nil
  }
}
