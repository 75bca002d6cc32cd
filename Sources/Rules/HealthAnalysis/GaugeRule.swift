/// Judges a gauge. A level has no natural threshold, so only one far beyond all that the baseline knew warrants a
/// rollback: over a multiple of its 99th percentile. Levels outside the baseline's range, widened by its own width, are
/// reported as degraded.
struct GaugeRule: Sendable {
  var policy: HealthPolicy
  var window: WatchWindow
  /// The share of false alarms that this series may use.
  var falseAlarms: Double

  func judge(_ series: WatchedSeries) -> SeriesJudgement {
    let before = series.baseline.map(\.value)
    let after = series.watch.map(\.value)
    var judgement = SeriesJudgement(series, .inconclusive)
    judgement.observed["periods"] = Double(after.count)
    judgement.observed["median"] = after.median
    judgement.observed["maximum"] = after.max()
    guard before.count >= 3, let high = before.quantile(0.99), let least = before.min(),
      let most = before.max()
    else {
      judgement.baseline["periods"] = Double(before.count)
      judgement.doubt = before.isEmpty && after.isEmpty ? .idle : .noBaseline
      judgement.reasons = [
        judgement.doubt == .idle
          ? "no points, before as after" : "no baseline: \(before.count) periods do not say what is normal"
      ]
      return judgement
    }
    judgement.baseline = Figures([
      ("periods", Double(before.count)), ("median", before.median ?? 0), ("p99", high), ("minimum", least),
      ("maximum", most),
    ])
    // A gauge that was never above zero has no scale to be a multiple of.
    let limit = high > 0 ? max(high * policy.severeLatencyFactor, most) : Double.infinity
    judgement.baseline["limit"] = limit
    let test = ChangeTest(
      margin: 0.1, severeRate: 0.5, falseAlarms: falseAlarms, policy: policy, window: window)
    let outcome = test.run(after.map { Trial(failures: $0 > limit ? 1 : 0, count: 1) })
    judgement.take(outcome, series.watch)
    let width = most - least
    let unknown = after.count { $0 > most + width || $0 < least - width }
    if outcome.severeAt != nil {
      judgement.verdict = .severe
      judgement.reasons = ["over \(decimal(limit, places: 1)), far beyond all that the baseline knew"]
    } else if let gap = series.gap {
      judgement.doubt = .notWhole
      judgement.reasons = ["the data are not whole: \(gap)"]
    } else if after.count < min(window.persistence, window.looks) {
      judgement.doubt = .tooFew
      judgement.reasons = ["\(after.count) periods are too few"]
    } else if unknown >= window.persistence, unknown * 2 > after.count {
      judgement.verdict = .degraded
      judgement.reasons = ["\(unknown) of \(after.count) periods at levels that the baseline does not know"]
    } else {
      judgement.verdict = .healthy
      judgement.reasons = ["at levels that the baseline knows"]
    }
    return judgement
  }
}
