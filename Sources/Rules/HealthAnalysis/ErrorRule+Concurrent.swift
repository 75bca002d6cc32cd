import SystemInterfaces

extension ErrorRule {
  /// Judges the new version's errors against the old version's of the same minutes.
  ///
  /// Two things must be sure: that it is worse than the old version at the same time, and that its rate is severe. The
  /// first is a test of how the failures of each minute are shared between the versions, so an outage that both have is no
  /// evidence; the second is the test of every series, with what both showed before as its baseline.
  func judge(_ series: WatchedSeries, beside old: ConcurrentSeries) -> SeriesJudgement {
    let points = series.watch.filter { $0.count > 0 }
    let pairs = ErrorRule.pairs(points, old.points)
    let reach = VersionReach(points, old.points)
    var judgement = SeriesJudgement(series, .inconclusive)
    judgement.observed = ErrorRule.figures(points)
    judgement.observed["falseAlarms"] = falseAlarms
    judgement.comparison = VersionComparison(
      newVersion: old.newVersion, oldVersion: old.oldVersion, share: reach.share, wantedShare: old.share,
      new: ErrorRule.figures(points), old: ErrorRule.figures(reach.old),
      test: "failures of each period, shared between the versions (sequential, exact for shared outages)",
      ratio: policy.errorMarginFactor)
    guard
      var baseline = ErrorBaseline(series.baseline + reach.old, policy: policy, period: window.period)
    else { return withoutBaseline(series, judgement, old, points, pairs) }
    baseline.dispersion = ErrorRule.dispersion(baseline, of: points, beside: series.baseline + reach.old)
    judgement.baseline = Figures([
      ("requests", baseline.requests), ("failures", baseline.failures), ("rate", baseline.rate),
      ("upperBound", baseline.upperBound), ("margin", baseline.margin), ("severeRate", baseline.severeRate),
      ("dispersion", baseline.dispersion),
    ])
    var tests = ErrorTests(baseline, policy: policy, window: window, falseAlarms: falseAlarms)
    let alone = tests
    tests.comparison = .init(ratio: policy.errorMarginFactor, falseAlarms: falseAlarms)
    let usual = points.map { reach.rate(at: $0.time, period: window.period) }
    let found = tests.run(points, usual: usual, pairs: pairs)
    let compared = found.severe?.outcome.compared ?? found.change.compared
    judgement.comparison?.evidence = compared?.evidence ?? 0
    judgement.comparison?.evidenceNeeded = compared?.needed ?? 0
    judgement.take(found.severe?.outcome ?? found.change, points)
    if let severe = found.severe {
      judgement.verdict = .severe
      let since = points[(severe.outcome.onset ?? 0)...(severe.outcome.severeAt ?? points.count - 1)]
      let others = reach.old.filter {
        $0.time >= since[since.startIndex].time && $0.time <= since[since.endIndex - 1].time
      }
      judgement.reasons = [
        "errors \(ErrorRule.text(since)) in \(old.newVersion) since the onset, \(ErrorRule.text(others)) in "
          + "\(old.oldVersion) at the same time: over \(percent(baseline.severeRate)), and not what both have",
        "evidence \(brief(compared?.evidence ?? 0)) of \(brief(compared?.needed ?? 0)) needed that its rate is over "
          + "\(decimal(policy.errorMarginFactor, places: 1)) times the old version's",
      ]
      return judgement
    }
    if alone.run(points).severe != nil {
      judgement.doubt = .shared
      judgement.reasons = [
        "errors \(ErrorRule.text(points)) in \(old.newVersion), \(ErrorRule.text(reach.old)) in \(old.oldVersion) at the "
          + "same time: both fail, and nothing says that it is the new version's doing"
      ]
      return judgement
    }
    return settle(series, judgement, old, baseline, found.change)
  }

  /// With next to no requests of the old version, before and now, only about half of all failing is severe, and only where
  /// the old version does not fail as well.
  private func withoutBaseline(
    _ series: WatchedSeries, _ judgement: SeriesJudgement, _ old: ConcurrentSeries, _ points: [SeriesPoint],
    _ pairs: [ConcurrentTrial]
  ) -> SeriesJudgement {
    var judgement = judgement
    var test = ChangeTest(
      margin: policy.ceilingErrorRate * 0.6, severeRate: policy.ceilingErrorRate, falseAlarms: falseAlarms,
      window: window)
    test.comparison = .init(ratio: policy.errorMarginFactor, falseAlarms: falseAlarms)
    let trials = zip(points, pairs).map { point, pair in
      var trial = ErrorBaseline.trial(point, dispersion: 1)
      trial.pair = pair
      return trial
    }
    let outcome = test.run(trials)
    judgement.take(outcome, points)
    judgement.comparison?.evidence = outcome.compared?.evidence ?? 0
    judgement.comparison?.evidenceNeeded = outcome.compared?.needed ?? 0
    let oldRate = judgement.comparison?.old["rate"] ?? 0
    guard outcome.severeAt != nil else { return thinly(series, judgement, old, oldRate) }
    judgement.verdict = .severe
    judgement.reasons = [
      "errors \(ErrorRule.text(points)) in \(old.newVersion), \(percent(oldRate)) in \(old.oldVersion) at the same time: "
        + "about half failing is no normal"
    ]
    return judgement
  }

  /// The verdict where nothing severe was found.
  private func settle(
    _ series: WatchedSeries, _ judgement: SeriesJudgement, _ old: ConcurrentSeries, _ baseline: ErrorBaseline,
    _ change: ChangeTest.Outcome
  ) -> SeriesJudgement {
    var judgement = judgement
    let severeRate = baseline.severeRate
    let oldRate = judgement.comparison?.old["rate"] ?? baseline.rate
    if change.onset != nil, !recovered(series, baseline, severeRate) {
      judgement.verdict = .degraded
      judgement.reasons = [
        "errors \(percent(judgement.observed["rateSinceOnset"] ?? 0)) in \(old.newVersion) since the onset, "
          + "\(percent(oldRate)) in \(old.oldVersion) at the same time: worse, but not surely over \(percent(severeRate))"
      ]
      return judgement
    }
    return thinly(series, judgement, old, oldRate, severeRate: severeRate)
  }

  /// Healthy where a severe rate is ruled out; else how long it would take to know.
  private func thinly(
    _ series: WatchedSeries, _ judgement: SeriesJudgement, _ old: ConcurrentSeries, _ oldRate: Double,
    severeRate: Double? = nil
  ) -> SeriesJudgement {
    var judgement = judgement
    let severeRate = severeRate ?? policy.severeErrorRate
    if let gap = series.gap {
      judgement.doubt = .notWhole
      judgement.reasons = ["the data are not whole: \(gap)"]
    } else if let begun = beginning(series, severeRate) {
      judgement.doubt = .begun
      judgement.reasons = [begun]
    } else if let risk = risk(series, severeRate), risk < policy.healthyRisk {
      judgement.verdict = .healthy
      judgement.observed["risk"] = risk
      judgement.reasons = [
        "\(old.newVersion) fails \(percent(judgement.observed["rate"] ?? 0)), \(old.oldVersion) \(percent(oldRate)) at the "
          + "same time; an error rate over \(percent(severeRate)) is ruled out"
      ]
    } else {
      let needed = requestsToTell(oldRate, severeRate)
      let wait = TimeToTell(series, old, needed: needed, window: window)
      // What the old version does now is part of the baseline: where it fails as severely no rate of the new one is severe.
      let isShared = oldRate >= severeRate && (judgement.observed["rate"] ?? 0) >= severeRate * 0.5
      judgement.doubt =
        wait.getsNone ? .vanished : wait.isIdle ? .idle : isShared ? .shared : .tooFew
      judgement.comparison?.requestsNeeded = needed
      judgement.comparison?.minutesNeeded = wait.minutes
      judgement.reasons = [
        "\(whole(judgement.observed["failures"] ?? 0)) of \(whole(judgement.observed["requests"] ?? 0)) requests of "
          + "\(old.newVersion) failed: " + wait.words(from: oldRate, to: severeRate)
      ]
    }
    return judgement
  }

  /// How much more than chance the failures of so few requests scatter: what scatters is the rate of a period, and the fewer
  /// requests meet it, the less of it is seen (of n requests with correlation r, 1 + (n - 1) r).
  private static func dispersion(
    _ baseline: ErrorBaseline, of points: [SeriesPoint], beside others: [SeriesPoint]
  ) -> Double {
    guard let own = points.map(\.count).mean, let usual = others.map(\.count).filter({ $0 > 0 }).mean else {
      return baseline.dispersion
    }
    return 1 + (baseline.dispersion - 1) * min(1, own / usual)
  }

  /// The fewest requests that rule a severe rate out where failures are as frequent as the old version's: nil where no
  /// count that anybody waits for does.
  func requestsToTell(_ rate: Double, _ severeRate: Double) -> Double? {
    func tells(_ count: Double) -> Bool {
      1 - Distributions.beta(severeRate, rate * count + 1, count * (1 - rate)) < policy.healthyRisk
    }
    guard rate < severeRate else { return nil }
    var (low, high) = (1.0, 2.0)
    while !tells(high) {
      (low, high) = (high, high * 2)
      if high > 1e7 { return nil }
    }
    while high - low > 1 {
      let middle = ((low + high) / 2).rounded(.down)
      if tells(middle) { high = middle } else { low = middle }
    }
    return high
  }

  private static func figures(_ points: [SeriesPoint]) -> Figures {
    let requests = points.reduce(0) { $0 + $1.count }
    let failures = points.reduce(0) { $0 + min($1.value, $1.count) }
    var figures = Figures([("requests", requests), ("failures", failures)])
    if requests > 0 { figures["rate"] = failures / requests }
    return figures
  }

  private static func text(_ points: some Collection<SeriesPoint>) -> String {
    let requests = points.reduce(0) { $0 + $1.count }
    let failures = points.reduce(0) { $0 + min($1.value, $1.count) }
    return "\(percent(failures / max(1, requests))) (\(whole(failures)) of \(whole(requests)))"
  }

  private static func pairs(_ points: [SeriesPoint], _ old: [SeriesPoint]) -> [ConcurrentTrial] {
    let known = Dictionary(old.map { ($0.time, $0) }) { first, _ in first }
    return points.map { point in
      let other = known[point.time]
      return ConcurrentTrial(
        failures: min(point.value, point.count), count: point.count,
        oldFailures: other.map { min($0.value, $0.count) } ?? 0, oldCount: other?.count ?? 0)
    }
  }
}

/// What the old version had in the time in which the new one is watched.
struct VersionReach: Hashable, Sendable {
  /// Its periods with requests, by time.
  var old: [SeriesPoint]
  /// The new version's share of all requests.
  var share: Double

  init(_ new: [SeriesPoint], _ old: [SeriesPoint]) {
    self.old = old.filter { $0.count > 0 }
    let (own, others) = (new.reduce(0) { $0 + $1.count }, self.old.reduce(0) { $0 + $1.count })
    share = own + others > 0 ? own / (own + others) : 0
  }

  /// Its latest periods up to `time`: three, or as many of ten as hold fifty requests.
  private func latest(at time: Timestamp, period: Duration) -> ArraySlice<SeriesPoint> {
    let end = old.lastIndex { $0.time <= time }.map { $0 + 1 } ?? 0
    var (start, requests) = (end, 0.0)
    while start > 0, old[start - 1].time > time - period * 10, end - start < 3 || requests < 50 {
      start -= 1
      requests += old[start].count
    }
    return old[start..<end]
  }

  /// How many of its requests failed then.
  func rate(at time: Timestamp, period: Duration) -> Double {
    ErrorBaseline.rate(of: latest(at: time, period: period))
  }

  /// Its level then, in the median.
  func level(at time: Timestamp, period: Duration) -> Double {
    latest(at: time, period: period).map(\.value).median ?? 0
  }
}

/// How long a watch would have to go on to say something of a version that gets little traffic.
struct TimeToTell: Hashable, Sendable {
  /// Requests that it takes, and those that came in so many minutes.
  var needed: Double?, seen: Double, passed: Double
  /// Whether the new version gets none of the requests that it was to get.
  var getsNone: Bool
  /// Whether neither version gets any.
  var isIdle: Bool
  var version: String

  init(_ series: WatchedSeries, _ old: ConcurrentSeries, needed: Double?, window: WatchWindow) {
    self.needed = needed
    version = old.newVersion
    seen = series.watch.reduce(0) { $0 + $1.count }
    let last = (series.watch + old.points).map(\.time).max() ?? window.deployedAt
    passed = max(window.period.inSeconds, (last - window.deployedAt + window.period).inSeconds) / 60
    let others = old.points.reduce(0) { $0 + $1.count }
    isIdle = seen == 0 && others == 0
    getsNone = seen == 0 && others * (old.share ?? 0) >= ErrorBaseline.fewestRequests
  }

  /// Minutes beside those that have passed; nil where no number of them would do.
  var minutes: Double? {
    guard let needed, seen > 0 else { return nil }
    return max(1, ((needed - seen) / (seen / passed)).rounded(.up))
  }

  func words(from rate: Double, to severeRate: Double) -> String {
    if getsNone { return "it gets none of the requests that its weight says" }
    guard let needed else {
      return
        "the old version fails \(percent(rate)) at the same time: both fail, and no count of requests tells that from "
        + percent(severeRate)
    }
    let task = "to tell \(percent(rate)) from \(percent(severeRate)) takes about \(whole(needed)) requests"
    guard let minutes else { return "too few; \(task), and none has come" }
    return
      "too few; \(task), \(whole(minutes)) min more at \(decimal(seen / passed, places: 1)) a minute, or a larger share"
  }
}
