import DeploymentRecords
import HTTPTransport
import StepResults
import SystemInterfaces

/// Something that can be asked of a deployment, and how to ask it once.
public struct Check: Sendable {
  /// What the reader knows it by.
  public var name: String
  /// The same check in another run has the same key.
  public var key: String
  /// The file and line it stands in; nil for the checks that need no file.
  public var file: String?, line: Int?
  /// The method and URL, as far as they are known before the run.
  public var method: String?, url: String?
  /// Whether it stops the chain also where others only warn.
  public var isCritical = false
  /// Whether it changes data: in production it runs only where the policy allows it.
  public var writes = false
  /// Whether it may run beside the ones before it in its chain.
  public var mayOverlap = false
  /// Whether it is left out after a failure earlier in its chain.
  public var needsEarlier = false
  /// Whether passing only after a retry counts as a failure, whatever the run says.
  public var failsWhenFlaky = false
  /// Asks once.
  public var ask: @Sendable (AttemptContext) async -> AttemptResult
  /// Gives back what asking needs, when it will not be asked again; nil where that is not worth it.
  public var forget: (@Sendable () -> Void)?

  /// A check with a key of its own.
  public init(
    name: String, key: String, file: String? = nil, line: Int? = nil, method: String? = nil,
    url: String? = nil, ask: @escaping @Sendable (AttemptContext) async -> AttemptResult
  ) {
    self.name = name
    self.key = key
    self.file = file
    self.line = line
    self.method = method
    self.url = url
    self.ask = ask
  }
}

/// Checks that belong to one session, such as the entries of one file: what captures feed keeps its order.
public struct CheckChain: Sendable {
  /// In the order of their file.
  public var checks: [Check]
  /// Positions of the chains that end before this one begins; each smaller than its own.
  public var needs: [Int] = []
  /// What is done right before its first check, such as taking over what the chains it needs captured.
  public var prepare: @Sendable () -> Void = {}

  /// A chain of `checks`.
  public init(_ checks: [Check]) { self.checks = checks }
}

/// What one attempt may use.
public struct AttemptContext: Sendable {
  /// Sends requests.
  public let transport: any HTTPTransport
  /// The time and how to wait.
  public let clock: any WallClock
  /// Where names that must not repeat come from.
  public let random: Randomness
  /// How long an exchange may take at most, where that was said.
  let maxTime: Duration?
  /// What is left of the run's total time.
  let left: Duration
  /// Takes secrets out of text that is about to be shortened.
  public let redact: @Sendable (String) -> String
  /// When the run's total time is up.
  public let deadline: Timestamp
  /// What a restore point recorded of the check.
  public let before: ResponseBaseline?
  /// Whether this run makes a baseline.
  public let isRecording: Bool

  /// Whether an `Observation` is wanted, for a baseline or to compare with one.
  public var wantsObservation: Bool { before != nil || isRecording }

  /// How long an exchange with `url` may take at most: what was said, else what the service allows, and never longer than
  /// the run.
  func timeout(for url: String) -> Duration { min(maxTime ?? ServiceLimits.longestAnswer(of: url), left) }

  /// The time that is left at `now`.
  func remaining(at now: Timestamp) -> Duration { deadline - now }
}

/// What one attempt came to.
public struct AttemptResult: Sendable {
  /// Whether the conditions held.
  public enum Verdict: Sendable {
    /// All did.
    case passed
    /// At least one did not, or there was no usable answer. `settles` says whether trying again may help.
    case failed(FailureClass, String, settles: Bool)
    /// It was not asked.
    case skipped(FailureClass, String)
    /// It could not be asked, and trying again does not help.
    case unusable(FailureClass, String)
  }
  /// How it ended.
  public var verdict: Verdict
  /// The conditions that did not hold.
  public var conditions: [FailedCondition] = []
  /// The method and URL that were asked.
  public var method: String?, url: String?
  /// The answer's status.
  public var status: Int?
  /// The address that answered.
  public var address: String?
  /// The parts of the exchange.
  public var waterfall: Waterfall?
  /// What the answer looked like, where asked for.
  public var observation: Observation?
  /// The request, where it may be sent again to measure latency.
  public var repeatable: HTTPRequest?
  /// How long the server asks to wait.
  public var retryAfter: Duration?
  /// For how long a cache may still give the answer that came out of it.
  public var staleFor: Duration?
  /// The version that the answer names.
  public var version: String?
  /// How to ask again and what came back, where it did not pass.
  public var evidence: Evidence?
  /// Tries that the check made by itself before this one, the oldest first.
  public var earlier: [AttemptResult] = []
  /// When this try began and ended, where the check made several.
  public var began: Timestamp?, ended: Timestamp?

  /// A result without an exchange.
  public init(_ verdict: Verdict) { self.verdict = verdict }

  /// All conditions held.
  public static var passed: AttemptResult { AttemptResult(.passed) }

  /// A failure of `failure`, which settles where its class does.
  public static func failed(_ failure: FailureClass, _ message: String) -> AttemptResult {
    AttemptResult(.failed(failure, message, settles: failure.settles))
  }

  /// The failure, where there is one.
  public var failure: (class: FailureClass, message: String)? {
    switch verdict {
    case .passed: nil
    case .failed(let failure, let message, _), .skipped(let failure, let message),
      .unusable(let failure, let message):
      (failure, message)
    }
  }
}

/// What an answer looked like, without its values: what a baseline keeps.
public struct Observation: Hashable, Sendable {
  /// The status, where there is an answer by HTTP.
  public var status: Int?
  /// The shape of a JSON body, nil where it is none.
  public var shape: JSONShape?
  /// The names of the header fields, in lower case, sorted.
  public var headers: [String]
  /// Who issued the certificate and until when it is valid.
  public var certificateIssuer: String?, certificateExpires: Timestamp?
  /// The version that the answer names.
  public var version: String?
  /// What a query found, as a restore point keeps it.
  public var value: String?

  /// What an answer by HTTP looked like.
  public init(
    status: Int, shape: JSONShape?, headers: [String], certificateIssuer: String?,
    certificateExpires: Timestamp?, version: String?
  ) {
    self.status = status
    self.shape = shape
    self.headers = headers
    self.certificateIssuer = certificateIssuer
    self.certificateExpires = certificateExpires
    self.version = version
  }

  /// What a query found.
  public init(value: String) {
    headers = []
    self.value = value
  }
}
