import SystemInterfaces

/// Judges a series of errors.
struct ErrorRule: Sendable {
  var policy: HealthPolicy
  var window: WatchWindow
  /// The share of false alarms that this series may use.
  var falseAlarms: Double

  func judge(_ series: WatchedSeries, _ memory: inout BaselineMemory) -> SeriesJudgement {
    var rule = self
    if let severe = series.severeRate { rule.policy.severeErrorRate = max(severe, policy.severeErrorRate) }
    if let old = series.comparable { return rule.judge(series, beside: old) }
    let known = memory.errors(series) {
      ErrorBaseline(series.baseline, policy: rule.policy, period: window.period)
    }
    return rule.judged(series, known)
  }

  private func judged(_ series: WatchedSeries, _ known: ErrorBaseline?) -> SeriesJudgement {
    let points = series.watch.filter { $0.count > 0 }
    let requests = points.reduce(0) { $0 + $1.count }
    let failures = points.reduce(0) { $0 + min($1.value, $1.count) }
    var judgement = SeriesJudgement(series, .inconclusive)
    judgement.observed["requests"] = requests
    judgement.observed["failures"] = failures
    if requests > 0 { judgement.observed["rate"] = failures / requests }
    judgement.observed["falseAlarms"] = falseAlarms
    guard let baseline = known else {
      return withoutBaseline(series, judgement, points)
    }
    judgement.baseline = Figures([
      ("requests", baseline.requests), ("failures", baseline.failures), ("rate", baseline.rate),
      ("upperBound", baseline.upperBound), ("margin", baseline.margin), ("severeRate", baseline.severeRate),
      ("dispersion", baseline.dispersion), ("incidents", Double(baseline.incidents.count)),
    ])
    let tests = ErrorTests(baseline, policy: policy, window: window, falseAlarms: falseAlarms)
    var found = tests.run(points)
    if found.severe != nil || found.change.onset != nil {
      var habit = Habit(points: series.baseline.filter { $0.count > 0 }, fewest: 50) {
        ErrorBaseline.rate(of: $0)
      }
      habit.sureLevel = { points in
        let requests = points.reduce(0) { $0 + $1.count }
        let good = requests - points.reduce(0) { $0 + min($1.value, $1.count) }
        return 1 - Distributions.upperBound(good, of: requests, confidence: 0.9)
      }
      let levels = points.map { habit.level(at: $0.time) }
      let usual = tests.run(points, usual: levels.map { $0.confirmed ?? 0 })
      if found.severe == nil {
        // Worse than usual, and as at this hour of other days: nothing got worse.
        if usual.change.onset == nil {
          judgement.observed["usualAtThisHour"] = levels.compactMap(\.confirmed).max()
          found = usual
        }
      } else if usual.severe == nil {
        judgement.observed["usualAtThisHour"] = levels.compactMap(\.confirmed).max()
        found = usual
      } else if tests.run(points, usual: levels.map { max($0.confirmed ?? 0, $0.once ?? 0) }).severe == nil,
        found.severe?.test != .ceiling
      {
        judgement.take(found.severe?.outcome ?? found.change, points)
        judgement.decidedAt = nil
        judgement.doubt = .seenOnce
        judgement.reasons = [
          "errors \(percent(baseline.rate)) before, \(percent(found.severe?.outcome.rate ?? 0)) since the onset, "
            + "and as much at the same hour of one earlier day: once is no habit, and no proof of a fault"
        ]
        return judgement
      }
    }
    if let severe = found.severe {
      judgement.take(severe.outcome, points)
      judgement.verdict = .severe
      judgement.reasons = [
        ErrorRule.reason(severe, baseline, points), ErrorRule.turn(severe, baseline, points),
      ]
      return judgement
    }
    judgement.take(found.change, points)
    return settle(series, judgement, baseline, found.change)
  }

  private static func reason(
    _ severe: ErrorTests.Severe, _ baseline: ErrorBaseline, _ points: [SeriesPoint]
  ) -> String {
    let outcome = severe.outcome
    let since = points[(outcome.onset ?? 0)...(outcome.severeAt ?? points.count - 1)]
    let failures = since.reduce(0) { $0 + min($1.value, $1.count) }
    let requests = since.reduce(0) { $0 + $1.count }
    let counts =
      "errors \(percent(baseline.rate)) before, \(percent(failures / max(1, requests))) since the onset "
      + "(\(whole(failures)) of \(whole(requests)) in \(since.count) periods): "
    switch severe.test {
    case .rate: return counts + "over \(percent(baseline.severeRate)), and no accident"
    case .badPeriods:
      let bad = since.count { $0.rate > baseline.severeRate }
      return counts + "\(bad) of these periods are over \(percent(baseline.severeRate)), on and off"
    case .ceiling: return counts + "no baseline makes that normal"
    }
  }

  /// Which number would have turned the answer.
  private static func turn(
    _ severe: ErrorTests.Severe, _ baseline: ErrorBaseline, _ points: [SeriesPoint]
  ) -> String {
    let since = points[(severe.outcome.onset ?? 0)...(severe.outcome.severeAt ?? points.count - 1)]
    let requests = since.reduce(0) { $0 + $1.count }
    let most = (severe.outcome.severeRate * requests).rounded(.down)
    return
      "with \(counted(most, "failure")) of \(requests == 1 ? "this one request" : "these \(whole(requests)) requests") it would not be severe "
      + "(margin \(percent(severe.outcome.margin)), evidence \(brief(severe.outcome.evidence)) of "
      + "\(brief(severe.outcome.needed)) needed, lasting \(counted(Double(severe.outcome.lasting), "period")))"
  }

  /// How many failures more would leave a healthy series open.
  private func failuresToDoubt(_ series: WatchedSeries, _ severeRate: Double) -> Double {
    let failures = series.watch.reduce(0) { $0 + min($1.value, $1.count) }
    let requests = series.watch.reduce(0) { $0 + $1.count }
    var (low, high) = (failures, max(failures, (severeRate * requests).rounded(.up)))
    // Of immense counts the last digits are not known.
    for _ in 0..<64 where high - low > 1 {
      let middle = ((low + high) / 2).rounded(.down)
      if 1 - Distributions.beta(severeRate, middle + 1, max(0, requests - middle)) < policy.healthyRisk {
        low = middle
      } else {
        high = middle
      }
    }
    return high
  }

  /// The verdict where nothing severe was found.
  private func settle(
    _ series: WatchedSeries, _ judgement: SeriesJudgement, _ baseline: ErrorBaseline,
    _ change: ChangeTest.Outcome
  ) -> SeriesJudgement {
    var judgement = judgement
    let traffic = Traffic(series, window: window)
    judgement.observed["expectedRequests"] = traffic.expected
    let severeRate = max(baseline.severeRate, (judgement.observed["usualAtThisHour"] ?? 0) * 1.5)
    if let gap = series.gap {
      judgement.doubt = .notWhole
      judgement.reasons = ["the data are not whole: \(gap)"]
    } else if let begun = beginning(
      series, severeRate, asAWhole: baseline.usualRate * 2 < severeRate ? severeRate : nil)
    {
      judgement.doubt = .begun
      judgement.reasons = [begun]
    } else if let lost = traffic.loss(below: policy.lostTraffic) {
      judgement.doubt = .vanished
      judgement.reasons = [lost.description]
    } else if change.onset != nil, !recovered(series, baseline, severeRate) {
      judgement.verdict = .degraded
      judgement.reasons = [
        "errors rose from \(percent(baseline.rate)) to \(percent(judgement.observed["rateSinceOnset"] ?? 0)), "
          + "but not surely over \(percent(severeRate))"
      ]
    } else if let risk = risk(series, severeRate), risk < policy.healthyRisk {
      judgement.verdict = .healthy
      judgement.observed["risk"] = risk
      judgement.observed["turnsAtFailures"] = failuresToDoubt(series, severeRate)
      judgement.reasons = [
        judgement.observed["usualAtThisHour"].map {
          "as at this hour of other days, when up to \(percent($0)) fail"
        } ?? "an error rate over \(percent(severeRate)) is ruled out"
      ]
    } else {
      judgement.doubt = (traffic.expected ?? 0) < ErrorBaseline.fewestRequests ? .idle : .tooFew
      let failures = judgement.observed["failures"] ?? 0
      judgement.reasons = [
        "\(whole(failures)) of \(whole(traffic.observed)) requests failed: "
          + (failures > severeRate * traffic.observed
            ? "over \(percent(severeRate)), but no change that is sure and lasts"
            : "too few requests to rule out an error rate over \(percent(severeRate))")
      ]
    }
    return judgement
  }

  /// What has begun and is not decided: more periods would tell. `asAWhole` is the rate over which all since the deployment
  /// is a question; nil where it usually is so.
  func beginning(_ series: WatchedSeries, _ severeRate: Double, asAWhole: Double? = nil) -> String? {
    let recent = series.watch.suffix(3).reversed().prefix { $0.rate > severeRate && $0.count > 0 }
    // What was so all the time has not begun now.
    if isSurely(recent, over: severeRate, fewest: 2),
      ErrorBaseline.rate(of: series.watch.dropLast(recent.count)) <= severeRate
    {
      return told(recent, "in the last \(recent.count == 1 ? "period" : "\(recent.count) periods")")
        + ": something has begun, and too late to be judged"
    }
    // What is called once an hour may fail each time, and in no three periods.
    let asked = series.watch.filter { $0.count > 0 }
    guard let asAWhole, let last = asked.last, last.rate > asAWhole,
      isSurely(asked, over: asAWhole, fewest: 3)
    else { return nil }
    return told(asked, "since the deployment")
      + ", the last ones too, and too few periods tell whether that lasts"
  }

  private func isSurely(_ points: some Collection<SeriesPoint>, over rate: Double, fewest: Double) -> Bool {
    let failures = points.reduce(0) { $0 + min($1.value, $1.count) }
    return failures >= fewest
      && Distributions.probability(
        that: rate, isExceededBy: failures, of: points.reduce(0) { $0 + $1.count }) > 0.9
  }

  private func told(_ points: some Collection<SeriesPoint>, _ when: String) -> String {
    "\(whole(points.reduce(0) { $0 + min($1.value, $1.count) })) of \(whole(points.reduce(0) { $0 + $1.count })) requests "
      + "failed \(when)"
  }

  /// The risk that the rate is severe: over the whole watch, or after its first third, where a transient at the
  /// deployment may have been. Two looks at half the risk each.
  func risk(_ series: WatchedSeries, _ severeRate: Double) -> Double? {
    let whole = exactRisk(series.watch[...], severeRate)
    let later = exactRisk(series.watch.dropFirst(series.watch.count / 3), severeRate)
    return [whole, later.map { $0 * 2 }].compactMap { $0 }.min()
  }

  func recovered(_ series: WatchedSeries, _ baseline: ErrorBaseline, _ severeRate: Double) -> Bool {
    let later = series.watch.dropFirst(series.watch.count / 3)
    let rate = ErrorBaseline.rate(of: later)
    return later.reduce(0) { $0 + $1.count } > 0
      && rate <= max(baseline.noteworthy, severeRate > baseline.severeRate ? severeRate : 0)
      && (exactRisk(later, severeRate) ?? 1) < policy.healthyRisk
  }

  /// The one-sided exact (Clopper-Pearson) risk that the rate is over the severe one.
  private func exactRisk(_ points: ArraySlice<SeriesPoint>, _ severeRate: Double) -> Double? {
    let failures = points.reduce(0) { $0 + min($1.value, $1.count) }
    let requests = points.reduce(0) { $0 + $1.count }
    guard requests > failures else { return nil }
    return 1 - Distributions.beta(severeRate, failures + 1, requests - failures)
  }

  /// A series without a past is judged by absolute bounds: about half of all requests failing is no normal that anybody
  /// deploys, and a rate surely below the severe one is good whatever was before.
  private func withoutBaseline(
    _ series: WatchedSeries, _ judgement: SeriesJudgement, _ points: [SeriesPoint]
  ) -> SeriesJudgement {
    var judgement = judgement
    let seen = series.baseline.reduce(0) { $0 + $1.count }
    judgement.baseline["requests"] = seen
    let test = ChangeTest(
      margin: policy.ceilingErrorRate * 0.6, severeRate: policy.ceilingErrorRate, falseAlarms: falseAlarms,
      window: window)
    let outcome = test.run(points.map { ErrorBaseline.trial($0, dispersion: 1) })
    judgement.take(outcome, points)
    let (failures, requests) = (
      judgement.observed["failures"] ?? 0, judgement.observed["requests"] ?? 0
    )
    if outcome.severeAt != nil {
      judgement.verdict = .severe
      judgement.reasons = [
        "\(whole(failures)) of \(whole(requests)) requests failed; there is no past to compare with, and about half "
          + "failing is no normal"
      ]
    } else if let gap = series.gap {
      judgement.doubt = .notWhole
      judgement.reasons = ["the data are not whole: \(gap)"]
    } else if let begun = beginning(
      series, policy.severeErrorRate,
      asAWhole: ErrorBaseline.rate(of: series.baseline) * 2 < policy.ceilingErrorRate
        ? policy.ceilingErrorRate : nil)
    {
      judgement.doubt = .begun
      judgement.reasons = [begun]
    } else if let risk = risk(series, policy.severeErrorRate), risk < policy.healthyRisk {
      judgement.verdict = .healthy
      judgement.observed["risk"] = risk
      judgement.reasons = [
        "no past to compare with; an error rate over \(percent(policy.severeErrorRate)) is ruled out"
      ]
    } else {
      let isQuiet = seen + requests < ErrorBaseline.fewestRequests
      judgement.doubt = isQuiet && failures == 0 ? .idle : .noBaseline
      judgement.reasons = [
        isQuiet
          ? "idle: next to no requests, before as after"
          : "no baseline: \(whole(seen)) requests before the deployment do not say what is normal; "
            + "\(whole(failures)) of \(whole(requests)) failed since"
      ]
    }
    return judgement
  }
}
