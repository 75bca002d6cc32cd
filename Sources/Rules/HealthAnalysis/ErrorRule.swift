/// Judges a series of errors.
struct ErrorRule: Sendable {
  var policy: HealthPolicy
  var window: WatchWindow
  /// The share of false alarms that this series may use.
  var falseAlarms: Double

  func judge(_ series: WatchedSeries) -> SeriesJudgement {
    var policy = policy
    if let severe = series.severeRate { policy.severeErrorRate = max(severe, policy.severeErrorRate) }
    let requests = series.watch.reduce(0) { $0 + $1.count }
    let failures = series.watch.reduce(0) { $0 + min($1.value, $1.count) }
    var judgement = SeriesJudgement(series, .inconclusive)
    judgement.observed["requests"] = requests
    judgement.observed["failures"] = failures
    if requests > 0 { judgement.observed["rate"] = failures / requests }
    guard let baseline = ErrorBaseline(series.baseline, policy: policy) else {
      return withoutBaseline(series, judgement)
    }
    judgement.baseline = Figures([
      ("requests", baseline.requests), ("failures", baseline.failures), ("rate", baseline.rate),
      ("upperBound", baseline.upperBound), ("margin", baseline.margin), ("severeRate", baseline.severeRate),
    ])
    let points = series.watch.filter { $0.count > 0 }
    let test = ChangeTest(
      margin: baseline.margin, severeRate: baseline.severeRate, falseAlarms: falseAlarms, policy: policy,
      window: window)
    let outcome = test.run(points.map { Trial(failures: min($0.value, $0.count), count: $0.count) })
    judgement.take(outcome, points)
    if outcome.severeAt != nil {
      judgement.verdict = .severe
      judgement.reasons = [
        "errors \(percent(baseline.rate)) before, \(percent(judgement.observed["rateSinceOnset"] ?? 0)) since the onset: "
          + "over \(percent(baseline.severeRate)) for \(window.persistence) periods, and no accident"
      ]
      return judgement
    }
    return settle(series, judgement, baseline, outcome)
  }

  /// The verdict where nothing severe was found.
  private func settle(
    _ series: WatchedSeries, _ judgement: SeriesJudgement, _ baseline: ErrorBaseline,
    _ outcome: ChangeTest.Outcome
  ) -> SeriesJudgement {
    var judgement = judgement
    let traffic = Traffic(series, window: window)
    judgement.observed["expectedRequests"] = traffic.expected
    if let gap = series.gap {
      judgement.doubt = .notWhole
      judgement.reasons = ["the data are not whole: \(gap)"]
    } else if traffic.hasVanished(below: policy.vanishedTraffic) {
      judgement.doubt = .vanished
      judgement.reasons = [traffic.description]
    } else if outcome.onset != nil, !recovered(series, baseline) {
      judgement.verdict = .degraded
      judgement.reasons = [
        "errors rose from \(percent(baseline.rate)), but not surely over \(percent(baseline.severeRate))"
      ]
    } else if let risk = risk(series, baseline), risk < policy.healthyRisk {
      judgement.verdict = .healthy
      judgement.observed["risk"] = risk
      judgement.reasons = ["an error rate over \(percent(baseline.severeRate)) is ruled out"]
    } else {
      judgement.doubt = (traffic.expected ?? 0) < ErrorBaseline.fewestRequests ? .idle : .tooFew
      judgement.reasons = [
        "\(whole(traffic.observed)) requests are too few to rule out an error rate over "
          + percent(baseline.severeRate)
      ]
    }
    return judgement
  }

  /// The risk that the rate is severe: over the whole watch, or after its first third, where a transient at the
  /// deployment may have been. Two looks at half the risk each.
  private func risk(_ series: WatchedSeries, _ baseline: ErrorBaseline) -> Double? {
    let whole = exactRisk(series.watch[...], baseline)
    let later = exactRisk(series.watch.dropFirst(series.watch.count / 3), baseline)
    return [whole, later.map { $0 * 2 }].compactMap { $0 }.min()
  }

  private func recovered(_ series: WatchedSeries, _ baseline: ErrorBaseline) -> Bool {
    let later = series.watch.dropFirst(series.watch.count / 3)
    let failures = later.reduce(0) { $0 + min($1.value, $1.count) }
    let requests = later.reduce(0) { $0 + $1.count }
    return requests >= ErrorBaseline.fewestRequests
      && Distributions.upperBound(failures, of: requests, confidence: 0.95) < baseline.margin
  }

  /// The exact probability of so few failures at the severe rate; nil without requests.
  private func exactRisk(_ points: ArraySlice<SeriesPoint>, _ baseline: ErrorBaseline) -> Double? {
    let failures = points.reduce(0) { $0 + min($1.value, $1.count) }
    let requests = points.reduce(0) { $0 + $1.count }
    guard requests > failures else { return nil }
    return 1 - Distributions.beta(baseline.severeRate, failures + 1, requests - failures)
  }

  private func withoutBaseline(_ series: WatchedSeries, _ judgement: SeriesJudgement) -> SeriesJudgement {
    var judgement = judgement
    let seen = series.baseline.reduce(0) { $0 + $1.count }
    judgement.baseline["requests"] = seen
    let isQuiet = seen + (judgement.observed["requests"] ?? 0) < ErrorBaseline.fewestRequests
    judgement.doubt = isQuiet ? .idle : .noBaseline
    judgement.reasons = [
      isQuiet
        ? "idle: next to no requests, before as after"
        : "no baseline: \(whole(seen)) requests before the deployment do not say what is normal"
    ]
    return judgement
  }
}
