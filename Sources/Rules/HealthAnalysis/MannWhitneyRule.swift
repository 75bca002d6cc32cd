/// Judges a series by the Mann-Whitney classifier: once, when the watch is complete, because the test's confidence holds
/// for a single look.
struct MannWhitneyRule: Sendable {
  var policy: HealthPolicy
  var window: WatchWindow

  func judge(_ series: WatchedSeries) -> SeriesJudgement {
    // What the old version does at the same time is the better control.
    let control = series.comparable?.points ?? series.baseline
    let before = MannWhitneyRule.values(control, series.kind)
    let after = MannWhitneyRule.values(series.watch, series.kind)
    var judgement = SeriesJudgement(series, .inconclusive)
    judgement.baseline = Figures([("periods", Double(before.count)), ("mean", before.mean ?? .nan)])
    judgement.observed = Figures([("periods", Double(after.count)), ("mean", after.mean ?? .nan)])
    if let gap = series.gap {
      judgement.doubt = .notWhole
      judgement.reasons = ["the data are not whole: \(gap)"]
      return judgement
    }
    guard window.isComplete else {
      judgement.doubt = .early
      judgement.reasons = ["the Mann-Whitney test looks once, at the end"]
      return judgement
    }
    let direction = policy.direction ?? (series.kind == .gauge ? .either : .increase)
    let result = policy.classifier.classify(
      control: before, experiment: after, direction: direction, missing: policy.missingData,
      isCritical: policy.isCritical)
    judgement.observed["critical"] = result.isCritical ? 1 : 0
    judgement.reasons = ["Mann-Whitney: \(result.label.rawValue)\(result.isCritical ? ", critical" : "")"]
    switch result.label {
    case .pass: judgement.verdict = .healthy
    case .high, .low:
      judgement.verdict = .severe
      judgement.evidence = 1
    case .noData:
      judgement.doubt = before.isEmpty ? (after.isEmpty ? .idle : .noBaseline) : .vanished
    }
    return judgement
  }

  /// Rates of errors, latencies and levels as they are; periods without requests say nothing.
  private static func values(_ points: [SeriesPoint], _ kind: SeriesKind) -> [Double] {
    switch kind {
    case .errors: points.filter { $0.count > 0 }.map(\.rate)
    case .latency: points.filter { $0.count > 0 }.map(\.value)
    case .gauge: points.map(\.value)
    }
  }
}
