import SystemInterfaces

/// Judges a series of latencies: periods whose p95 is over a multiple of the baseline's median are the failures of the
/// same sequential test.
struct LatencyRule: Sendable {
  var policy: HealthPolicy
  var window: WatchWindow
  /// The share of false alarms that this series may use.
  var falseAlarms: Double

  func judge(_ series: WatchedSeries, _ memory: inout BaselineMemory) -> SeriesJudgement {
    if let old = series.comparable { return judge(series, beside: old, &memory) }
    let before = series.baseline.filter { $0.count > 0 }
    let after = series.watch.filter { $0.count > 0 }
    var judgement = SeriesJudgement(series, .inconclusive)
    judgement.observed["requests"] = after.reduce(0) { $0 + $1.count }
    judgement.observed["medianMs"] = after.map(\.value).median
    let ceiling = series.ceiling ?? policy.ceilingLatency
    judgement.observed["falseAlarms"] = falseAlarms
    let known = memory.latency(series) {
      LatencyBaseline(before, policy: policy, period: window.period, ceiling: ceiling)
    }
    guard let baseline = known else {
      return withoutBaseline(series, judgement, after, before.count, ceiling)
    }
    judgement.baseline = baseline.figures
    let starts = EarlierStarts(series.earlierStarts, warmUp: series.warmUp ?? policy.warmUp)
    judgement.baseline["earlierStarts"] = starts.count > 0 ? Double(starts.count) : nil
    let tests = LatencyTests(
      baseline: baseline, policy: policy, window: window, falseAlarms: falseAlarms,
      warmUp: starts.warmUp,
      startLevels: after.map {
        starts.level(at: $0.time, since: window.deployedAt, reach: window.period)
      })
    var outcome = tests.severe(after)
    var isUsual = false
    if outcome.severeAt != nil || outcome.onset != nil || tests.rise(after) != nil {
      let habit = Habit(points: before, fewest: 0) { $0.map(\.value).median ?? 0 }
      let levels = after.map { habit.level(at: $0.time) }
      let confirmed = levels.map { $0.confirmed ?? 0 }
      let usual = tests.severe(after, usual: confirmed)
      if outcome.severeAt == nil {
        // Slower than usual, and as at this hour of other days: nothing got worse.
        if usual.onset == nil, tests.rise(after, usual: confirmed) == nil {
          judgement.observed["usualAtThisHour"] = confirmed.max()
          outcome = usual
          isUsual = true
        }
      } else if usual.severeAt == nil {
        judgement.observed["usualAtThisHour"] = levels.compactMap(\.confirmed).max()
        outcome = usual
        isUsual = true
      } else if let once = levels.compactMap(\.once).max(), once < ceiling,
        tests.severe(after, usual: levels.map { max($0.confirmed ?? 0, $0.once ?? 0) }).severeAt == nil
      {
        judgement.take(outcome, after)
        judgement.decidedAt = nil
        judgement.doubt = .seenOnce
        judgement.reasons = [
          "p95 is over \(whole(baseline.limit)) ms, and was at the same hour of one earlier day: once is no habit, "
            + "and no proof of a fault"
        ]
        return judgement
      }
    }
    let slow = after.count { $0.value > baseline.limit }
    judgement.observed["slowPeriods"] = Double(slow)
    judgement.take(outcome, after)
    if outcome.severeAt != nil {
      judgement.verdict = .severe
      judgement.reasons = [
        "p95 was \(whole(baseline.median)) ms in the median and is over \(whole(baseline.limit)) ms in \(slow) of "
          + "\(after.count) periods",
        "with fewer than \(window.persistence) slow periods among the latest it would not be severe (evidence "
          + "\(brief(outcome.evidence)) of \(brief(outcome.needed)) needed, lasting \(outcome.lasting) periods)",
      ]
      return judgement
    }
    return settle(series, judgement, tests, after, slow, isUsual: isUsual)
  }

  /// The verdict where nothing severe was found.
  private func settle(
    _ series: WatchedSeries, _ judgement: SeriesJudgement, _ tests: LatencyTests, _ after: [SeriesPoint],
    _ slow: Int, isUsual: Bool
  ) -> SeriesJudgement {
    var judgement = judgement
    let baseline = tests.baseline
    let traffic = Traffic(series, window: window)
    judgement.observed["expectedRequests"] = traffic.expected
    let recent = after.suffix(window.persistence).reversed().prefix { $0.value > baseline.limit }
    let earlier = after.dropLast(recent.count)
    let isNew = earlier.count { $0.value > baseline.limit } * 5 < earlier.count
    if let gap = series.gap {
      judgement.doubt = .notWhole
      judgement.reasons = ["the data are not whole: \(gap)"]
    } else if recent.count >= max(1, window.persistence - 1), isNew, !isUsual {
      judgement.doubt = .begun
      judgement.reasons = [
        "p95 is over \(whole(baseline.limit)) ms in the last \(recent.count == 1 ? "period" : "\(recent.count) periods"): something has begun, and too late "
          + "to be judged"
      ]
    } else if let lost = traffic.loss(below: policy.lostTraffic) {
      judgement.doubt = .vanished
      judgement.reasons = [lost.description]
    } else if after.count < min(window.persistence, window.looks) {
      judgement.doubt = (traffic.expected ?? 0) < ErrorBaseline.fewestRequests ? .idle : .tooFew
      judgement.reasons = ["\(after.count) periods with requests are too few"]
    } else if !isUsual,
      judgement.onset != nil || Double(slow) > Double(after.count) / 2
        || tests.isNotable(slow, of: after.count)
    {
      judgement.verdict = .degraded
      judgement.reasons = ["p95 is over \(whole(baseline.limit)) ms in \(slow) of \(after.count) periods"]
    } else if !isUsual, let rise = tests.rise(after) {
      judgement.verdict = .degraded
      judgement.onset = judgement.onset ?? rise.since
      judgement.reasons = [
        "p95 rose from \(whole(baseline.median)) ms to \(whole(rise.median)) ms in the median "
          + "(× \(decimal(rise.median / max(1, baseline.median), places: 1))) since "
          + "\(rise.since.formatted(milliseconds: false)), not over \(whole(baseline.limit)) ms for long"
      ]
    } else {
      judgement.verdict = .healthy
      judgement.reasons = [
        isUsual ? "as at this hour of other days" : "p95 stays within \(whole(baseline.limit)) ms"
      ]
    }
    return judgement
  }

  /// A series without a past is judged by what its callers wait.
  private func withoutBaseline(
    _ series: WatchedSeries, _ judgement: SeriesJudgement, _ after: [SeriesPoint], _ before: Int,
    _ ceiling: Double
  ) -> SeriesJudgement {
    var judgement = judgement
    judgement.baseline["periods"] = Double(before)
    judgement.baseline["limitMs"] = ceiling
    let outcome = ChangeTest(
      margin: 0.1, severeRate: 0.5, falseAlarms: falseAlarms, window: window
    ).run(after.map { Trial(failures: $0.value >= ceiling ? 1 : 0, count: 1) })
    judgement.take(outcome, after)
    if outcome.severeAt != nil {
      judgement.verdict = .severe
      judgement.reasons = [
        "p95 is at \(whole(ceiling)) ms or over, longer than callers wait; there is no past to compare with"
      ]
      return judgement
    }
    let isQuiet = before + after.count <= 3
    judgement.doubt = isQuiet ? .idle : .noBaseline
    if let gap = series.gap {
      judgement.doubt = .notWhole; judgement.reasons = ["the data are not whole: \(gap)"]
    } else {
      judgement.reasons = [
        isQuiet
          ? "idle: next to no requests, before as after"
          : "no baseline: \(before) periods do not say what is normal; p95 stays under the \(whole(ceiling)) ms that callers wait"
      ]
    }
    return judgement
  }
}

/// What latencies were before.
struct LatencyBaseline: Sendable {
  /// Milliseconds: of the usual period, and what is slow.
  var median: Double, limit: Double
  /// Milliseconds that a fifth of all periods, and one in twenty, is over.
  var high: Double
  /// The share of slow periods up to which nothing has changed.
  var margin: Double
  var figures: Figures
  /// The periods that count, slow or not, and over `high` or not.
  var slow: [Trial], raised: [Trial]

  /// Nil where there are too few periods to tell what is normal.
  init?(_ points: [SeriesPoint], policy: HealthPolicy, period: Duration, ceiling: Double) {
    guard let all = points.map(\.value).median, points.count >= 3 else { return nil }
    let limitOfAll = max(1, all) * policy.severeLatencyFactor
    let found = Incidents(points, period: period, isBad: { $0.value > limitOfAll }) { stretch in
      stretch.count { $0.value > limitOfAll } * 2 > stretch.count
    }
    let kept = found.kept
    let values = kept.map(\.value)
    median = values.median ?? all
    func share(over limit: Double) -> Double { Double(values.count { $0 > limit }) / Double(values.count) }
    var bar = max(1, median) * policy.severeLatencyFactor
    // A latency that is high now and then when all is well has a second normal.
    if share(over: bar) > 0.05 { bar = max(bar, values.quantile(0.99) ?? 0) }
    // A latency at which callers have gone is slow, unless the usual one is.
    if median < ceiling / 2 { bar = min(bar, ceiling) }
    let limit = bar
    self.limit = limit
    let slowShare = share(over: limit)
    // With few periods a bound on the share of slow ones says little; the smallest margin is for a day of minutes.
    let bound = Distributions.upperBound(
      slowShare * Double(values.count), of: Double(values.count), confidence: 0.5)
    margin = min(0.5, max(policy.errorMarginFactor * bound, policy.smallestErrorMargin))
    let high = max(values.quantile(0.95) ?? 0, 1.25 * median)
    self.high = high
    slow = values.suffix(1440).map { Trial(failures: $0 > limit ? 1 : 0, count: 1) }
    raised = values.suffix(1440).map { Trial(failures: $0 > high ? 1 : 0, count: 1) }
    figures = Figures([
      ("periods", Double(points.count)), ("requests", points.reduce(0) { $0 + $1.count }),
      ("medianMs", median), ("p95OfPeriodsMs", high), ("limitMs", limit), ("slowShare", slowShare),
      ("incidents", Double(found.stretches.count)),
    ])
  }
}

/// The tests of a series of latencies.
struct LatencyTests: Sendable {
  var baseline: LatencyBaseline
  var policy: HealthPolicy
  var window: WatchWindow
  var falseAlarms: Double
  /// How long slowness may be that of a cold start.
  var warmUp: Duration
  /// The level that each period of the watch had after earlier deployments; 0 where that is not known.
  var startLevels: [Double] = []

  /// How far over the usual level of its hour a period may be.
  static let usualFactor = 1.5

  /// How far over the level of earlier starts a period of so many requests may be: the slowest of a few scatters more
  /// than that of many.
  static func startFactor(of requests: Double) -> Double {
    usualFactor * (1 + 1 / max(1, requests).squareRoot())
  }

  /// Is it too slow to stay? `usual` is the level that each period's hour has on other days.
  func severe(_ points: [SeriesPoint], usual: [Double] = []) -> ChangeTest.Outcome {
    let trials = points.enumerated().map { index, point in
      let limit = max(
        baseline.limit, usual.indices.contains(index) ? LatencyTests.usualFactor * usual[index] : 0,
        startLevels.indices.contains(index)
          ? LatencyTests.startFactor(of: point.count) * startLevels[index] : 0)
      return Trial(failures: point.value > limit ? 1 : 0, count: 1)
    }
    var test = ChangeTest(
      margin: baseline.margin, severeRate: 0.5, falseAlarms: falseAlarms, window: window,
      history: baseline.slow, severity: 0.9)
    test.earliest = points.firstIndex { $0.time >= window.deployedAt + warmUp } ?? points.count
    var outcome = test.run(trials)
    guard let found = bursts(points, trials, after: test.earliest),
      found.upperBound < outcome.severeAt ?? .max
    else {
      return outcome
    }
    (outcome.onset, outcome.severeAt) = (found.lowerBound, found.upperBound)
    return outcome
  }

  /// More bursts of slowness than those of the baseline explain, for more than two fifths of the time and with usual
  /// periods between them: it comes and goes. What is never usual is slower as a whole, and judged as that.
  private func bursts(
    _ points: [SeriesPoint], _ trials: [Trial], after earliest: Int
  ) -> ClosedRange<Int>? {
    guard baseline.slow.count >= 30 else { return nil }
    let slow = trials.enumerated().map { $0 >= earliest && $1.failures > 0 }
    return BurstCount(
      falseAlarms: falseAlarms * 0.2, before: baseline.slow.map { $0.failures > 0 }, looks: window.looks
    ).first(in: slow) { range in
      slow[range].count { $0 } * 5 > 2 * range.count
        && points[range].count { $0.value <= baseline.high } * 4 > range.count
    }
  }

  /// Whether so many slow periods are worth a word by their number alone. Of long periods a watch has too few for the
  /// sequential test, which looks after each of them.
  func isNotable(_ slow: Int, of periods: Int) -> Bool {
    guard window.period >= .seconds(180), slow >= window.persistence, slow <= periods else { return false }
    let share = Distributions.upperBound(
      baseline.slow.reduce(0) { $0 + $1.failures }, of: Double(baseline.slow.count), confidence: 0.5)
    return Distributions.beta(share, Double(slow), Double(periods - slow + 1)) <= falseAlarms
  }

  /// Is it slower than it was, and by how much?
  func rise(_ points: [SeriesPoint], usual: [Double] = []) -> (since: Timestamp, median: Double)? {
    let bound = Distributions.upperBound(
      baseline.raised.reduce(0) { $0 + $1.failures }, of: Double(baseline.raised.count), confidence: 0.5)
    let outcome = ChangeTest(
      margin: min(0.5, 1.5 * max(bound, 0.02)), severeRate: 1, falseAlarms: falseAlarms, window: window,
      history: baseline.raised
    ).run(
      points.enumerated().map { index, point in
        let normal = usual.indices.contains(index) ? LatencyTests.usualFactor * usual[index] : 0
        return Trial(failures: point.value > max(baseline.high, normal) ? 1 : 0, count: 1)
      })
    guard let onset = outcome.onset, let median = points[onset...].map(\.value).median,
      median >= policy.degradedLatencyFactor * baseline.median
    else { return nil }
    return (points[onset].time, median)
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
    guard kind == .errors else { return }
    observed["rateSinceOnset"] = ErrorBaseline.rate(
      of: points[start...(outcome.severeAt ?? points.count - 1)])
  }
}
