import SystemInterfaces

/// Judges requests that were sent from outside: the fast key for a total outage, independent of any metric.
///
/// Severe when the latest probes failed without exception, three at least and over more than a tenth of the watch: a
/// transient at the deployment passes. Metrics say the rest.
struct ProbeRule: Sendable {
  var window: WatchWindow

  func judge(_ series: WatchedSeries) -> SeriesJudgement {
    let probes = series.watch.filter { $0.count > 0 }
    var judgement = SeriesJudgement(series, .inconclusive)
    judgement.observed["requests"] = probes.reduce(0) { $0 + $1.count }
    judgement.observed["failures"] = probes.reduce(0) { $0 + min($1.value, $1.count) }
    let before = series.baseline.filter { $0.count > 0 }
    if !before.isEmpty {
      judgement.baseline["requests"] = before.reduce(0) { $0 + $1.count }
      judgement.baseline["failures"] = before.reduce(0) { $0 + min($1.value, $1.count) }
    }
    guard let last = probes.last else {
      judgement.doubt = .idle
      judgement.reasons = ["no probe was sent"]
      return judgement
    }
    let streak = probes.reversed().prefix { $0.value >= $0.count }
    let failed = streak.reduce(0) { $0 + $1.count }
    judgement.evidence = failed
    judgement.observed["failuresInARow"] = failed
    judgement.observed["evidenceNeeded"] = Double(ProbeRule.fewest)
    let failedBefore = before.last.map { $0.value >= $0.count } ?? false
    if let first = streak.last {
      judgement.onset = first.time
      if failedBefore {
        judgement.reasons = ["the probe failed before the deployment too"]
        judgement.doubt = .noBaseline
        return judgement
      }
      if Int(failed) >= ProbeRule.fewest, last.time - first.time >= window.duration / 10 {
        judgement.verdict = .severe
        judgement.decidedAt = last.time
        judgement.reasons = ["the last \(whole(failed)) probes all failed"]
        return judgement
      }
    }
    // A probe proves an outage or its absence, and nothing finer.
    judgement.verdict = streak.isEmpty ? .healthy : .degraded
    judgement.reasons = [
      streak.isEmpty ? "the endpoint answers" : "the last \(whole(failed)) probes failed, too few to be sure"
    ]
    return judgement
  }

  /// Failures in a row that an outage needs.
  static let fewest = 3
}
