import ArgumentParser
import DeploymentConfig
import HealthJudgement
import Records
import Reporting
import StepCommand
import SystemInterfaces

/// `watch-30m`: do the numbers stay where they were?
public struct WatchCommand: StepCommand {
  public static let abstract =
    "Watches metrics, logs and the endpoint after a deployment, and says go or stop."
  public static let environmentOptions = [
    "for", "every", "settle", "period", "deployed-at", "baseline-until", "replay", "record", "judge",
  ]

  @OptionGroup public var common: CommonOptions

  @Option(name: .customLong("for"), help: "How long to watch. (default: 30m)")
  var length: DurationArgument?

  @Option(help: "Time between looks. (default: 1m)")
  var every: DurationArgument?

  @Option(
    help:
      "How old a period must be to count. (default: 2m or the longest function timeout; less in a short watch)"
  )
  var settle: DurationArgument?

  @Option(help: "The length of a period. (default: 1m; less in a watch of seconds)")
  var period: DurationArgument?

  @Option(help: "When the new version was in place, RFC 3339. (default: the last update of the stacks)")
  var deployedAt: TimeArgument?

  @Option(
    help:
      "Where the baseline ends, RFC 3339, if what came just before was not normal. (default: --deployed-at)")
  var baselineUntil: TimeArgument?

  @Option(help: "Judge recorded points (CSV: timestamp,series,kind,value,count) without waiting.")
  var replay: String?

  @Option(help: "Write what was seen, in the same CSV.")
  var record: String?

  @Option(help: "The rule: sequential or mann-whitney. (default: sequential)")
  var judge: HealthPolicy.Judge?

  public init() {}

  public var needsConfig: Bool { replay == nil }

  public func run(in session: StepSession) async throws -> StepOutcome<WatchPart> {
    if let replay { return try ReplayedWatch(command: self, session: session).run(replay) }
    return try await LiveWatchCommand(command: self, session: session).run()
  }

  public static func report(_ record: Record<WatchPart>) -> Report { WatchReport.make(record) }

  /// The thresholds: the command line's, else the policy's.
  func healthPolicy(_ policy: WatchPolicy) -> HealthPolicy {
    var health = HealthPolicy()
    health.judge = judge ?? HealthPolicy.Judge(rawValue: policy.judge.rawValue) ?? .sequential
    health.severeErrorRate = policy.errorRate
    health.severeLatencyFactor = policy.latencyFactor
    health.falseAlarms = policy.alpha
    return health
  }
}

extension HealthPolicy.Judge: ExpressibleByArgument {}

/// A duration on the command line: `90s`, `5m`, `1h30m`.
struct DurationArgument: ExpressibleByArgument, Sendable {
  var value: Duration
  init?(argument: String) {
    guard let value = Duration(text: argument), value > .zero else { return nil }
    self.value = value
  }
}

/// A time on the command line.
struct TimeArgument: ExpressibleByArgument, Sendable {
  var value: Timestamp
  init?(argument: String) {
    guard let value = Timestamp(argument) else { return nil }
    self.value = value
  }
}
