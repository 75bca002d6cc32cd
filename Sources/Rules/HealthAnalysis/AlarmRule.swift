import SystemInterfaces

/// Judges the states of an alarm, one a look: an alarm has judged already, and is taken at its word where the policy names
/// it. Others are told.
struct AlarmRule: Sendable {
  var policy: HealthPolicy

  /// Looks in a row at which the alarm must be on: one may be its last moment.
  static let fewest = 2

  func judge(_ series: WatchedSeries) -> SeriesJudgement {
    var judgement = SeriesJudgement(series, .inconclusive)
    let looks = series.watch.filter { $0.count > 0 }
    let streak = looks.reversed().prefix { $0.value >= $0.count }
    judgement.observed["looks"] = Double(looks.count)
    judgement.observed["inAlarm"] = Double(looks.count { $0.value >= $0.count })
    judgement.observed["evidenceNeeded"] = Double(AlarmRule.fewest)
    judgement.evidence = Double(streak.count)
    let wasOn = series.baseline.last.map { $0.value >= $0.count } ?? false
    if wasOn, streak.count == looks.count {
      judgement.doubt = .noBaseline
      judgement.reasons = ["it was on before the deployment, and is still"]
    } else if streak.count >= AlarmRule.fewest {
      judgement.onset = streak.last?.time
      judgement.verdict = .degraded
      judgement.reasons = ["on since \(streak.last?.time.formatted(milliseconds: false) ?? "")"]
      if policy.stopAlarms.contains(String(series.name.dropFirst(alarmPrefix.count))) {
        judgement.verdict = .severe
        judgement.decidedAt = looks.last?.time
        judgement.reasons[0] += ", and the policy names it as a reason to roll back"
      }
    } else if let gap = series.gap {
      judgement.doubt = .notWhole
      judgement.reasons = [gap]
    } else if looks.isEmpty {
      judgement.doubt = .idle
      judgement.reasons = ["it has too few data to say anything"]
    } else if !streak.isEmpty {
      judgement.doubt = .begun
      judgement.reasons = ["it has just gone on"]
    } else {
      judgement.verdict = .healthy
      judgement.reasons = [
        looks.contains { $0.value >= $0.count } ? "off again; it was on during the watch" : "off"
      ]
    }
    return judgement
  }
}
