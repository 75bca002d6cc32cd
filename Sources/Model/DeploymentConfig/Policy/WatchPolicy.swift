/// `watch-30m:` of the policy file.
public struct WatchPolicy: Hashable, Sendable {
  /// Which rule judges.
  public enum Judge: String, Hashable, Sendable, CaseIterable {
    case sequential
    case mannWhitney = "mann-whitney"
  }
  /// `for`, `every`, `settle`: the length of the watch, the time between looks, how old a minute must be to count.
  public var length: Duration = .seconds(1800), interval: Duration = .seconds(60), settle: Duration?
  /// `judge`: the sequential detector by default.
  public var judge = Judge.sequential
  /// `error-rate`: the share of failed requests that calls for a rollback. The runbook's threshold is 0.1.
  public var errorRate = 0.1
  /// `latency-factor`: times the baseline's median. The runbook's threshold is 5.
  public var latencyFactor = 5.0
  /// `false-alarms`: the share of healthy watches that may roll back.
  public var alpha = 0.01
  /// `warm-up`: how long latencies may be high after a deployment; `latency-ceiling`: what callers wait at most.
  public var warmUp: Duration = .seconds(240), latencyCeiling: Duration = .seconds(29)
  /// `lost-traffic`: what a front door that lost most of its requests means.
  public enum LostTraffic: String, Hashable, Sendable, CaseIterable { case inconclusive, stop }
  /// See `LostTraffic`.
  public var lostTraffic = LostTraffic.inconclusive
  /// `mann-whitney`: the options of that judge.
  public var mannWhitney = MannWhitneyPolicy()
  /// `log-patterns`: filter patterns of CloudWatch Logs that are asked for besides the usual ones.
  public var logPatterns: [String] = []
  /// `series`: what the stacks do not show by themselves.
  public var series: [WatchedSeriesPolicy] = []
  /// `alarms`: alarms of CloudWatch that call for a rollback. Those of the stacks are told, and call for none.
  public var alarms: [String] = []
  /// `logs`: whether the functions' logs are read.
  public var readsLogs = true

  /// The defaults.
  public init() {}

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    if let value = try section.duration("for") { length = value }
    if let value = try section.duration("every") { interval = value }
    if let value = try section.duration("settle") { settle = value }
    if let value = try section.word("judge", Judge.self) { judge = value }
    if let value = try section.double("error-rate", in: 0.0001...1) { errorRate = value }
    if let value = try section.double("latency-factor", in: 1...1000) { latencyFactor = value }
    if let value = try section.double("false-alarms", in: 0.000001...0.5) { alpha = value }
    if let value = try section.bool("logs") { readsLogs = value }
    if let value = try section.duration("warm-up") { warmUp = value }
    if let value = try section.duration("latency-ceiling") { latencyCeiling = value }
    if let value = try section.word("lost-traffic", LostTraffic.self) { lostTraffic = value }
    if let value = try section.strings("log-patterns") { logPatterns = value }
    for one in try section.sections("series") { series.append(try WatchedSeriesPolicy(one)) }
    alarms = try section.strings("alarms") ?? []
    mannWhitney = try MannWhitneyPolicy(section.section("mann-whitney"))
    try section.finish()
  }
}
