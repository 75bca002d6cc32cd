import DeploymentConfig
import HealthAnalysis
import StepResults
import StepRuntime
import SystemInterfaces

/// What is to be watched, and how; what is nil is as the policy says.
public struct WatchRequest: Sendable {
  /// How long to watch.
  public var length: Duration?
  /// The time between looks.
  public var interval: Duration?
  /// How old a period must be to count.
  public var settle: Duration?
  /// The length of a period.
  public var period: Duration?
  /// When the new version was in place; nil: the last update of the stacks.
  public var deployedAt: Timestamp?
  /// Where the baseline ends, if what came just before the deployment was not normal.
  public var baselineUntil: Timestamp?
  /// Where what was seen is written.
  public var record: String?
  /// Whether one look is made, and the next left to another run.
  public var isOnce = false
  /// Called as soon as the answer is to roll back, before anything else is done.
  public var onStop: @Sendable () async -> Void = {}
  /// The rule.
  public var judge: HealthPolicy.Judge?

  /// All as the policy says.
  public init() {}

  /// Watches the stacks of the configuration, to the end or until the answer is certain.
  public func watch(in session: StepSession) async throws -> StepOutcome<WatchPart> {
    try await LiveWatchRun(request: self, session: session).run()
  }

  /// Judges the recorded points in `path`, without waiting.
  public func replay(_ path: String, in session: StepSession) throws -> StepOutcome<WatchPart> {
    try ReplayedWatch(request: self, session: session).run(path)
  }

  /// The thresholds, by `policy`.
  func healthPolicy(_ policy: WatchPolicy) -> HealthPolicy {
    var health = HealthPolicy()
    health.judge = judge ?? HealthPolicy.Judge(rawValue: policy.judge.rawValue) ?? .sequential
    health.severeErrorRate = policy.errorRate
    health.severeLatencyFactor = policy.latencyFactor
    health.falseAlarms = policy.alpha
    health.warmUp = policy.warmUp
    health.ceilingLatency = policy.latencyCeiling.inSeconds * 1000
    health.stopAlarms = Set(policy.alarms)
    health.stopsOnLostTraffic = policy.lostTraffic == .stop
    let asked = policy.mannWhitney
    health.classifier.tolerance = asked.tolerance
    health.classifier.confidence = asked.confidence
    health.classifier.effectSizes = (asked.allowedDecrease, asked.allowedIncrease)
    health.classifier.criticalSizes = (asked.criticalDecrease, asked.criticalIncrease)
    health.classifier.measure = .init(rawValue: asked.measure.rawValue) ?? .meanRatio
    health.direction = asked.direction.flatMap { .init(rawValue: $0.rawValue) }
    health.missingData = .init(rawValue: asked.missingData.rawValue) ?? .remove
    health.isCritical = asked.isCritical
    return health
  }
}
