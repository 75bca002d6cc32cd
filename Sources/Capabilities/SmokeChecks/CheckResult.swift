/// How a check ended.
public enum CheckOutcome: String, Hashable, Sendable, Codable, CaseIterable {
  /// Every condition held at the first attempt that was meant to count.
  case pass
  /// A condition did not hold, or the endpoint gave no usable answer.
  case fail
  /// It failed first and passed when it was tried again within the settling window.
  case flaky
  /// It was not run, for a reason that is stated.
  case skipped
  /// It could not be run: the fault is in the check or on the way to it, not in what it checks.
  case error
}

/// How a result stands to the one recorded before the deployment.
public enum Comparison: String, Hashable, Sendable, Codable {
  /// It passed before as well.
  case unchanged
  /// It was good before and is not now.
  case regressed
  /// It failed before as well: the deployment is not the cause.
  case brokenBefore
  /// It failed before and passes now.
  case fixed
}

/// The parts of one exchange, in milliseconds from its start.
public struct Waterfall: Hashable, Sendable {
  /// When the name was resolved, the connection made, TLS agreed, the first and the last byte received.
  public var nameLookup = 0.0, connect = 0.0, tls = 0.0, firstByte = 0.0, total = 0.0
  /// Whether an open connection was used again.
  public var reusedConnection = false

  /// All zero.
  public init() {}
}

/// One condition of a check that did not hold.
public struct FailedCondition: Hashable, Sendable {
  /// The line in the check's file, where it has one.
  public var line: Int?
  /// What was expected and what came back.
  public var message: String

  /// A failed condition.
  public init(line: Int? = nil, _ message: String) {
    self.line = line
    self.message = message
  }
}

/// One try of a check.
public struct Attempt: Hashable, Sendable {
  /// Milliseconds from the start of the run to the start of this try.
  public var startedAfterMs: Double
  /// Milliseconds from its start to its end.
  public var durationMs: Double
  /// The status of the answer, where one came.
  public var status: Int?
  /// What kind of failure it was, nil where it passed.
  public var failure: FailureClass?
  /// What came back, in one sentence; empty where it passed.
  public var message: String
  /// The conditions that did not hold.
  public var conditions: [FailedCondition]
  /// The address that answered, where known.
  public var address: String?
  /// When the parts of the exchange ended, where there was one.
  public var waterfall: Waterfall?

  /// Whether it passed.
  public var passed: Bool { failure == nil }
}

/// What a check came to, with all its tries.
public struct CheckResult: Hashable, Sendable {
  /// What the reader knows it by.
  public var name: String
  /// The same check in another run has the same key.
  public var key: String
  /// The file and line it stands in; nil for the checks that need no file.
  public var file: String?, line: Int?
  /// How it ended.
  public var outcome: CheckOutcome
  /// What kind of failure it was; for a flaky check, that of the last failed try.
  public var failure: FailureClass?
  /// What came back, or why it was skipped, in one sentence; empty where it passed.
  public var message: String
  /// All tries, the oldest first.
  public var attempts: [Attempt]
  /// From the start of the first try to the end of the last, waits included.
  public var durationMs: Double
  /// The method and the URL that were asked, where there are any.
  public var method: String?, url: String?
  /// Whether it stops the chain also where others only warn.
  public var isCritical: Bool
  /// How it stands to the result before the deployment, where that is known.
  public var comparison: Comparison?
  /// What differs from before, in words.
  public var differences: [String]
  /// The version or commit that answered, where the answer names one.
  public var version: String?
  /// Warm samples, where latency was measured.
  public var latencyMs: [Double]
  /// How to ask again and what came back at the last try that did not pass.
  public var evidence: Evidence?

  /// A result with nothing tried yet.
  public init(check: Check, outcome: CheckOutcome, failure: FailureClass? = nil, message: String = "") {
    name = check.name
    key = check.key
    file = check.file
    line = check.line
    isCritical = check.isCritical
    method = check.method
    url = check.url
    self.outcome = outcome
    self.failure = failure
    self.message = message
    attempts = []
    durationMs = 0
    differences = []
    latencyMs = []
  }
}
