import CryptoDigests
import DeploymentConfig
import DeploymentRecords
import HealthAnalysis
import StepResults
import StepRuntime
import SystemInterfaces

/// Judges recorded points with the code of a live watch, and without its waiting.
struct ReplayedWatch {
  var request: WatchRequest
  var session: StepSession

  /// What is longer, or has more periods, is a mistake in a time.
  private static let longest: Duration = .seconds(366 * 86_400), mostPeriods = 1_000_000.0

  func run(_ path: String) throws -> StepOutcome<WatchPart> {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try session.context.files.read(session.context.absolute(path))
    } catch {
      throw StepFailure(
        .data, "cannot read the points \(path): \(error.reason)",
        advice: "name a file that --record wrote")
    }
    var seen = try PointsFile.parse(bytes, path: path)
    var findings: [Finding] = []
    if request.deployedAt == nil {
      findings.append(
        Finding(
          "watch-no-deployment-time", .warning,
          "--deployed-at is not given, so no point counts as a baseline: say when the deployment ended to have one",
          subject: "deployed-at"))
    }
    let deployedAt = request.deployedAt ?? seen.start ?? session.startedAt
    let period = request.period ?? seen.period
    let last = seen.end ?? deployedAt
    let policy = request.healthPolicy(session.policy.watch)
    let seenFor = max(period, last - deployedAt + period)
    // Points that end before a usual watch may be a shorter watch, or of a service that is asked nothing any more.
    let isUsual = request.deployedAt != nil && period >= .seconds(60) && policy.judge == .sequential
    let length = request.length ?? (isUsual ? max(seenFor, session.policy.watch.length) : seenFor)
    guard length <= Self.longest, length / period <= Self.mostPeriods else {
      throw StepFailure(
        .data, "\(path): the points reach to \(last.formatted(milliseconds: false)), which no watch does",
        advice: "correct the times, or say with --for how long the watch was")
    }
    // A length is owed: points that end before it leave the question open.
    if request.length != nil || isUsual, deployedAt + length - (last + period) > period {
      for name in seen.names {
        seen.gaps[name] =
          "the points end at \(last.formatted(milliseconds: false)), before a watch of \(people(length)) does"
          + (request.length == nil ? " (give --for if it was shorter)" : "")
      }
    }
    var window = WatchWindow(deployedAt: deployedAt, duration: length, period: period)
    // As a live watch would, this one goes on where something has begun in its last periods, while there are points.
    var extended: Duration = .zero
    var series = seen.series(deployedAt: deployedAt, period: period, settled: nil, end: deployedAt + length)
    var judgement = HealthJudge(policy: policy, window: window).judge(series)
    while judgement.verdict != .stop, judgement.hasBegun, extended < period * 6,
      last >= deployedAt + length + extended
    {
      extended += period
      window.duration = length + extended
      series = seen.series(
        deployedAt: deployedAt, period: period, settled: nil, end: deployedAt + window.duration)
      judgement = HealthJudge(policy: policy, window: window).judge(series)
    }
    if let record = request.record {
      try session.context.files.writeAtomically(
        Array(PointsFile.text(seen).utf8), to: session.context.absolute(record), mode: 0o600)
    }
    let input = RecordInput(path: path, sha256: Digest.sha256Hex(bytes))
    let shown = WindowRecord(
      deployedAt: deployedAt, duration: length.inSeconds, period: period.inSeconds,
      interval: period.inSeconds,
      settle: 0, judge: policy.judge.rawValue, mode: "replay", looks: window.looks, revisions: 0,
      endedEarly: false, extended: extended.inSeconds)
    return WatchOutcome.make(judgement, series: series, window: shown, findings: findings, inputs: [input])
  }
}

/// A judgement as the step's outcome.
enum WatchOutcome {
  static func make(
    _ judgement: WatchJudgement, series: [WatchedSeries], isFinished: Bool = true, window: WindowRecord,
    calls: CallCount = CallCount(), logs: [LogRecord] = [],
    findings: [Finding] = [], inputs: [RecordInput] = []
  ) -> StepOutcome<WatchPart> {
    var counts: [String: Int] = [:]
    for series in judgement.series { counts[series.verdict.rawValue, default: 0] += 1 }
    return StepOutcome(
      verdict: Verdict(judgement.verdict),
      findings: (isFinished || judgement.verdict == .stop ? WatchFindings.of(judgement) : []) + findings,
      inputs: inputs,
      summary: WatchPart.Summary(reasons: judgement.reasons, counts: counts),
      part: WatchPart(
        series: records(judgement, series, window), finished: isFinished, calls: calls, window: window,
        logs: logs))
  }
}

extension WatchOutcome {
  /// Series whose points are kept for charts; of very many series the record holds the figures alone.
  static let mostCharts = 200

  private static func records(
    _ judgement: WatchJudgement, _ series: [WatchedSeries], _ shown: WindowRecord
  ) -> [SeriesRecord] {
    let window = WatchWindow(
      deployedAt: shown.deployedAt, duration: .seconds(shown.duration), period: .seconds(shown.period))
    return judgement.series.enumerated().map { index, judged in
      var record = SeriesRecord(judged)
      if index < mostCharts, series.indices.contains(index) {
        record.chart = ChartRecord(series[index], judged, window: window)
      }
      return record
    }
  }
}

extension Verdict {
  init(_ verdict: WatchVerdict) {
    switch verdict {
    case .go: self = .go
    case .stop: self = .stop
    case .inconclusive: self = .inconclusive
    }
  }
}
