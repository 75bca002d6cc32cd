/// Judges a gauge. A level has no natural threshold, so only one far beyond all that the baseline knew warrants a
/// rollback: over a multiple of its 99th percentile. Levels outside the range that the baseline usually has, widened by
/// its own width, are reported as degraded.
struct GaugeRule: Sendable {
  var policy: HealthPolicy
  var window: WatchWindow
  /// The share of false alarms that this series may use.
  var falseAlarms: Double

  func judge(_ series: WatchedSeries) -> SeriesJudgement {
    // A level that the old version has at the same time is none of the new one alone.
    var series = series
    series.baseline += series.concurrent?.points ?? []
    let before = series.baseline.map(\.value)
    let after = series.watch.map(\.value)
    var judgement = SeriesJudgement(series, .inconclusive)
    judgement.observed["periods"] = Double(after.count)
    judgement.observed["median"] = after.median
    judgement.observed["maximum"] = after.max()
    if let old = series.concurrent {
      judgement.comparison = VersionComparison(
        newVersion: old.newVersion, oldVersion: old.oldVersion, share: old.share ?? 0, wantedShare: old.share,
        new: Figures([("median", after.median ?? .nan)]),
        old: Figures([("median", old.points.map(\.value).median ?? .nan)]),
        test: "levels that neither the past nor the old version knows (sequential)",
        ratio: policy.severeLatencyFactor)
    }
    guard before.count >= 3, let high = before.quantile(0.99), let median = before.median,
      let low = before.quantile(0.05), let usualHigh = before.quantile(0.95), let most = before.max()
    else {
      judgement.baseline["periods"] = Double(before.count)
      judgement.doubt = before.isEmpty && after.isEmpty ? .idle : .noBaseline
      judgement.reasons = [
        judgement.doubt == .idle
          ? "no points, before as after" : "no baseline: \(before.count) periods do not say what is normal"
      ]
      if let gap = series.gap {
        (judgement.doubt, judgement.reasons) = (.notWhole, ["the data are not whole: \(gap)"])
      }
      return judgement
    }
    // A gauge that was never above zero has no scale to be a multiple of, and what no level can reach is no limit.
    let multiple = high > 0 ? max(high * policy.severeLatencyFactor, most) : Double.infinity
    let limit = multiple > series.ceiling ?? .infinity ? Double.infinity : multiple
    let width = max(usualHigh - low, 0.2 * abs(median))
    judgement.baseline = Figures([
      ("periods", Double(before.count)), ("median", median), ("p99", high), ("minimum", before.min() ?? 0),
      ("maximum", most), ("limit", limit), ("usualLow", low - width), ("usualHigh", usualHigh + width),
    ])
    let test = ChangeTest(
      margin: 0.1, severeRate: 0.5, falseAlarms: falseAlarms, window: window,
      history: before.suffix(1440).map { Trial(failures: $0 > limit ? 1 : 0, count: 1) })
    let outcome = test.run(after.map { Trial(failures: $0 > limit ? 1 : 0, count: 1) })
    judgement.take(outcome, series.watch)
    let beside = series.concurrent?.points.map(\.value) ?? []
    let (lowest, highest) = (beside.min() ?? .infinity, beside.max() ?? -.infinity)
    func isUnknown(_ value: Double) -> Bool {
      (value > usualHigh + width || value < low - width)
        && !(value >= lowest - width && value <= highest + width)
    }
    let recent = after.suffix(max(window.persistence * 2, after.count / 3))
    let unknown = recent.count(where: isUnknown)
    if outcome.severeAt != nil {
      judgement.verdict = .severe
      judgement.reasons = ["over \(decimal(limit, places: 1)), far beyond all that the baseline knew"]
    } else if let gap = series.gap {
      judgement.doubt = .notWhole
      judgement.reasons = ["the data are not whole: \(gap)"]
    } else if after.count < min(window.persistence, window.looks) {
      judgement.doubt = .tooFew
      judgement.reasons = [after.count == 1 ? "one period is too few" : "\(after.count) periods are too few"]
    } else if unknown >= window.persistence, unknown * 2 > recent.count, !isUsual(series, after.median ?? 0) {
      judgement.verdict = .degraded
      judgement.onset = series.watch.reversed().prefix { isUnknown($0.value) }.last?.time
      judgement.reasons = [
        "from \(decimal(median, places: 1)) to \(decimal(Array(recent).median ?? 0, places: 1)) in the median: "
          + "\(unknown) of the last \(recent.count) periods at levels that the baseline does not know"
      ]
    } else {
      judgement.verdict = .healthy
      judgement.reasons = ["at levels that the baseline knows"]
    }
    return judgement
  }

  /// Whether the same hour of other days had such a level.
  private func isUsual(_ series: WatchedSeries, _ level: Double) -> Bool {
    guard let last = series.watch.last else { return false }
    let habit = Habit(points: series.baseline, fewest: 0) { $0.map(\.value).median ?? 0 }
    guard let usual = habit.level(at: last.time).confirmed else { return false }
    return level <= usual * 1.2 && level >= usual / 1.2
  }
}
