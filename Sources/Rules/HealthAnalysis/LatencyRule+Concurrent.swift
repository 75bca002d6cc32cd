import SystemInterfaces

extension LatencyRule {
  /// Judges the new version's latencies: slow is what is over the multiple of what was usual, and of what the old version
  /// takes at the same time, so that what makes both slow is no evidence.
  func judge(
    _ series: WatchedSeries, beside old: ConcurrentSeries, _ memory: inout BaselineMemory
  ) -> SeriesJudgement {
    let before = series.baseline.filter { $0.count > 0 }
    let after = series.watch.filter { $0.count > 0 }
    let reach = VersionReach(after, old.points)
    var judgement = SeriesJudgement(series, .inconclusive)
    judgement.observed = LatencyRule.figures(after)
    judgement.observed["falseAlarms"] = falseAlarms
    let factor = policy.severeLatencyFactor
    judgement.comparison = VersionComparison(
      newVersion: old.newVersion, oldVersion: old.oldVersion, share: reach.share, wantedShare: old.share,
      new: LatencyRule.figures(after), old: LatencyRule.figures(reach.old),
      test: "periods slower than the old version's at the same time (sequential)", ratio: factor)
    let ceiling = series.ceiling ?? policy.ceilingLatency
    let past = memory.latency(series) {
      LatencyBaseline(before, policy: policy, period: window.period, ceiling: ceiling)
    }
    guard
      var baseline = past
        ?? LatencyBaseline(reach.old, policy: policy, period: window.period, ceiling: ceiling)
    else { return thinly(series, judgement, old, nil) }
    // A spike that both versions have is none of the new one's.
    baseline.slow = []
    judgement.baseline = baseline.figures
    let tests = LatencyTests(
      baseline: baseline, policy: policy, window: window, falseAlarms: falseAlarms,
      warmUp: series.warmUp ?? policy.warmUp)
    let levels = after.map {
      reach.level(at: $0.time, period: window.period) * factor / LatencyTests.usualFactor
    }
    let outcome = tests.severe(after, usual: levels)
    judgement.comparison?.evidence = outcome.evidence
    judgement.comparison?.evidenceNeeded = outcome.needed
    judgement.take(outcome, after)
    let (own, others) = (after.map(\.value).median ?? 0, reach.old.map(\.value).median ?? 0)
    let figures =
      "p95 \(whole(own)) ms in the median in \(old.newVersion), \(whole(others)) ms in \(old.oldVersion) at the same time"
    if outcome.severeAt != nil {
      judgement.verdict = .severe
      judgement.reasons = [
        "\(figures): over \(whole(baseline.limit)) ms and over \(decimal(factor, places: 1)) times the old version's"
      ]
    } else if tests.severe(after).severeAt != nil {
      judgement.doubt = .shared
      judgement.reasons = ["\(figures): both are slow, and nothing says that it is the new version's doing"]
    } else if let gap = series.gap {
      judgement.doubt = .notWhole
      judgement.reasons = ["the data are not whole: \(gap)"]
    } else if after.count < min(window.persistence, window.looks) {
      return thinly(series, judgement, old, baseline)
    } else if after.suffix(window.persistence - 1).allSatisfy({ $0.value > baseline.limit }) {
      judgement.doubt = .begun
      judgement.reasons = [
        "\(figures); over \(whole(baseline.limit)) ms in the last periods, too late to be judged"
      ]
    } else if let rise = tests.rise(after), rise.median >= policy.degradedLatencyFactor * max(1, others) {
      judgement.verdict = .degraded
      judgement.onset = judgement.onset ?? rise.since
      judgement.reasons = ["\(figures): slower, not over \(whole(baseline.limit)) ms for long"]
    } else {
      judgement.verdict = .healthy
      judgement.reasons = [figures]
    }
    return judgement
  }

  /// Too few periods with requests, and how long it takes until there are enough.
  private func thinly(
    _ series: WatchedSeries, _ judgement: SeriesJudgement, _ old: ConcurrentSeries,
    _ baseline: LatencyBaseline?
  ) -> SeriesJudgement {
    var judgement = judgement
    let seen = series.watch.filter { $0.count > 0 }.count
    let isIdle = seen == 0 && !old.points.contains { $0.count > 0 }
    judgement.doubt = series.gap != nil ? .notWhole : isIdle ? .idle : .tooFew
    judgement.reasons = [
      series.gap.map { "the data are not whole: \($0)" }
        ?? (baseline == nil
          ? "\(old.oldVersion) has too few periods with requests to compare with"
          : "\(old.newVersion) has \(seen) periods with requests: too few to compare")
    ]
    return judgement
  }

  private static func figures(_ points: [SeriesPoint]) -> Figures {
    var figures = Figures([("requests", points.reduce(0) { $0 + $1.count })])
    figures["medianMs"] = points.map(\.value).median
    return figures
  }
}
