import SystemInterfaces

/// Judges requests that were sent from outside: the fast key for a total outage, independent of any metric.
///
/// Severe when the latest probes failed without exception, three at least and over more than a tenth of the watch: a
/// transient at the deployment passes. Severe too when so many of all probes fail, up to the last ones, that a quarter
/// and less is ruled out. Metrics say the rest.
struct ProbeRule: Sendable {
  var window: WatchWindow

  func judge(_ series: WatchedSeries) -> SeriesJudgement {
    let probes = series.watch.filter { $0.count > 0 }
    var judgement = SeriesJudgement(series, .inconclusive)
    let sent = probes.reduce(0) { $0 + $1.count }
    let failures = probes.reduce(0) { $0 + min($1.value, $1.count) }
    judgement.observed["requests"] = sent
    judgement.observed["failures"] = failures
    let before = series.baseline.filter { $0.count > 0 }
    if !before.isEmpty {
      judgement.baseline["requests"] = before.reduce(0) { $0 + $1.count }
      judgement.baseline["failures"] = before.reduce(0) { $0 + min($1.value, $1.count) }
    }
    if let gap = series.gap, failures < sent || sent == 0 {
      judgement.doubt = .notWhole
      judgement.reasons = [gap]
      return judgement
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
    let failedBefore =
      before.last.map { $0.value >= $0.count } ?? false
      || before.count >= 5 && ErrorBaseline.rate(of: before) > ProbeRule.share
    if failures > 0, failedBefore {
      judgement.onset = streak.last?.time
      judgement.reasons = ["the probe failed before the deployment too"]
      judgement.doubt = .noBaseline
      return judgement
    }
    if let first = streak.last {
      judgement.onset = first.time
      if Int(failed) >= ProbeRule.fewest, last.time - first.time >= window.duration / 10 {
        judgement.verdict = .severe
        judgement.decidedAt = last.time
        judgement.reasons = ["the last \(counted(failed, "probe")) all failed"]
        return judgement
      }
    }
    if let onset = comesAndGoes(probes) {
      judgement.verdict = .severe
      judgement.onset = probes[onset].time
      judgement.decidedAt = last.time
      let since = probes[onset...]
      judgement.reasons = [
        "\(whole(since.reduce(0) { $0 + min($1.value, $1.count) })) of \(whole(since.reduce(0) { $0 + $1.count })) probes "
          + "failed since \(probes[onset].time.formatted(milliseconds: false)), on and off"
      ]
      return judgement
    }
    // A probe proves an outage or its absence, and nothing finer.
    if !streak.isEmpty {
      judgement.verdict = .degraded
      judgement.doubt = nil
      judgement.reasons = [
        (failed == 1 ? "the last probe" : "the last \(whole(failed)) probes") + " failed, too few to be sure"
      ]
    } else if failures >= Double(ProbeRule.fewest), failures > 0.1 * sent {
      judgement.verdict = .degraded
      judgement.reasons = ["\(whole(failures)) of \(whole(sent)) probes failed"]
    } else {
      judgement.verdict = .healthy
      judgement.reasons = [
        failures > 0
          ? "the endpoint answers; \(whole(failures)) of \(whole(sent)) probes failed"
          : "the endpoint answers"
      ]
    }
    return judgement
  }

  /// The index of the probe with which failures on and off began, where they go on to the end: five at least, three of
  /// the last eight, over more than a fifth of the watch.
  private func comesAndGoes(_ probes: [SeriesPoint]) -> Int? {
    var (failures, sent) = (0.0, 0.0)
    let recent = probes.suffix(8)
    guard recent.reduce(0, { $0 + min($1.value, $1.count) }) >= 3, let last = probes.last else { return nil }
    for index in probes.indices.reversed() {
      failures += min(probes[index].value, probes[index].count)
      sent += probes[index].count
      guard probes[index].value > 0, failures >= 5, last.time - probes[index].time >= window.duration / 5
      else { continue }
      // Every probe may be the first: the bound is strict for that.
      if Distributions.probability(that: ProbeRule.share, isExceededBy: failures, of: sent) > 0.99 {
        return index
      }
    }
    return nil
  }

  /// Failures in a row that an outage needs.
  static let fewest = 3
  /// The share of failing probes that nobody calls an outage.
  static let share = 0.2
}
