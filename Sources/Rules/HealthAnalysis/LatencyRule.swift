/// Judges a series of latencies: periods whose p95 is over a multiple of the baseline's median are the failures of the
/// same sequential test.
struct LatencyRule: Sendable {
  var policy: HealthPolicy
  var window: WatchWindow
  /// The share of false alarms that this series may use.
  var falseAlarms: Double

  func judge(_ series: WatchedSeries) -> SeriesJudgement {
    let before = series.baseline.filter { $0.count > 0 }
    let after = series.watch.filter { $0.count > 0 }
    var judgement = SeriesJudgement(series, .inconclusive)
    judgement.observed["requests"] = after.reduce(0) { $0 + $1.count }
    judgement.observed["medianMs"] = after.map(\.value).median
    guard let median = before.map(\.value).median, before.count >= 3 else {
      let isQuiet = before.count + after.count <= 3
      judgement.doubt = isQuiet ? .idle : .noBaseline
      judgement.baseline["periods"] = Double(before.count)
      judgement.reasons = [
        isQuiet
          ? "idle: next to no requests, before as after"
          : "no baseline: \(before.count) periods do not say what is normal"
      ]
      return judgement
    }
    // A latency that is high now and then when all is well has a second normal.
    let limit = max(max(1, median) * policy.severeLatencyFactor, before.map(\.value).quantile(0.99) ?? 0)
    let slowBefore = before.count { $0.value > limit }
    // With few periods a bound on the share of slow ones says little; the smallest margin is for a day of minutes.
    let bound = Distributions.upperBound(Double(slowBefore), of: Double(before.count), confidence: 0.5)
    let margin = min(0.5, max(policy.errorMarginFactor * bound, policy.smallestErrorMargin))
    judgement.baseline = Figures([
      ("periods", Double(before.count)), ("requests", before.reduce(0) { $0 + $1.count }),
      ("medianMs", median), ("limitMs", limit), ("slowShare", Double(slowBefore) / Double(before.count)),
    ])
    let test = ChangeTest(
      margin: margin, severeRate: 0.5, falseAlarms: falseAlarms, policy: policy, window: window)
    let outcome = test.run(after.map { Trial(failures: $0.value > limit ? 1 : 0, count: 1) })
    let slow = after.count { $0.value > limit }
    judgement.observed["slowPeriods"] = Double(slow)
    judgement.take(outcome, after)
    if outcome.severeAt != nil {
      judgement.verdict = .severe
      judgement.reasons = [
        "p95 was \(whole(median)) ms in the median and is over \(whole(limit)) ms in \(slow) periods"
      ]
      return judgement
    }
    let traffic = Traffic(series, window: window)
    judgement.observed["expectedRequests"] = traffic.expected
    if let gap = series.gap {
      judgement.doubt = .notWhole
      judgement.reasons = ["the data are not whole: \(gap)"]
    } else if traffic.hasVanished(below: policy.vanishedTraffic) {
      judgement.doubt = .vanished
      judgement.reasons = [traffic.description]
    } else if after.count < min(window.persistence, window.looks) {
      judgement.doubt = (traffic.expected ?? 0) < ErrorBaseline.fewestRequests ? .idle : .tooFew
      judgement.reasons = ["\(after.count) periods with requests are too few"]
    } else if outcome.onset != nil || Double(slow) > Double(after.count) / 2 {
      judgement.verdict = .degraded
      judgement.reasons = ["p95 is over \(whole(limit)) ms in \(slow) of \(after.count) periods"]
    } else {
      judgement.verdict = .healthy
      judgement.reasons = ["p95 stays within \(whole(limit)) ms"]
    }
    return judgement
  }
}

extension SeriesJudgement {
  /// Takes over what the sequential test found; `points` are its trials.
  mutating func take(_ outcome: ChangeTest.Outcome, _ points: [SeriesPoint]) {
    evidence = outcome.evidence
    observed["evidenceNeeded"] = outcome.needed
    guard let start = outcome.onset, points.indices.contains(start) else { return }
    onset = points[start].time
    decidedAt = outcome.severeAt.map { points[$0].time }
    observed["severity"] = outcome.severity
    guard kind == .errors else { return }
    let since = points[start...(outcome.severeAt ?? points.count - 1)]
    observed["rateSinceOnset"] =
      since.reduce(0) { $0 + min($1.value, $1.count) } / max(1, since.reduce(0) { $0 + $1.count })
  }
}
