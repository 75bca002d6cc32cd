/// Failures among trials in one period.
struct Trial: Hashable, Sendable {
  var failures: Double
  var count: Double
  var rate: Double { count > 0 ? failures / count : 0 }
}

/// The sequential test of one series: is there a change, and is it severe?
struct ChangeTest: Sendable {
  /// The rate up to which nothing has changed, and the rate from which a change is severe.
  var margin: Double, severeRate: Double
  /// The share of false alarms that this series may use.
  var falseAlarms: Double
  var policy: HealthPolicy
  var window: WatchWindow
  /// Where the rates that the detector looks for lie between the margin and one.
  var steps = [0.03, 0.06, 0.1, 0.15, 0.22, 0.3, 0.45, 0.6, 0.8, 0.95]

  /// What the test found.
  struct Outcome: Hashable, Sendable {
    /// The index of the trial at which the change was first severe; the test ends there.
    var severeAt: Int?
    /// The index of the trial with which the change began, if there is one now.
    var onset: Int?
    /// The greatest evidence so far, and what a change needs.
    var evidence: Double, needed: Double
    /// The posterior probability that the rate since the onset is severe.
    var severity: Double
  }

  func run(_ trials: [Trial]) -> Outcome {
    var detector = SequentialDetector(
      margin: margin, looks: max(window.looks, trials.count), falseAlarms: falseAlarms,
      persistence: window.persistence, steps: steps)
    var outcome = Outcome(evidence: 0, needed: detector.needed, severity: 0)
    for (index, trial) in trials.enumerated() {
      detector.observe(failures: trial.failures, of: trial.count)
      outcome.evidence = detector.strongest
      guard detector.isChanged else {
        outcome.severity = 0
        continue
      }
      outcome.onset = detector.onset
      let since = trials[detector.onset...index]
      outcome.severity = Distributions.probability(
        that: severeRate, isExceededBy: since.reduce(0) { $0 + $1.failures },
        of: since.reduce(0) { $0 + $1.count })
      let isLast = window.isComplete && index == trials.count - 1
      if outcome.severity >= (isLast ? policy.severityAtEnd : policy.severity),
        persists(trials[...index], isLast)
      {
        outcome.severeAt = index
        return outcome
      }
    }
    return outcome
  }

  /// Whether enough of the latest periods are severe by themselves: three of five, or two of three long ones. At the
  /// last look as many of twice those periods will do, and their rate together must be severe.
  private func persists(_ trials: ArraySlice<Trial>, _ isLast: Bool) -> Bool {
    let reach = (window.persistence * 2 - 1) * (isLast ? 2 : 1)
    let recent = trials.suffix(reach)
    if recent.count(where: { $0.rate > severeRate }) < window.persistence { return false }
    if !isLast { return true }
    return recent.reduce(0) { $0 + $1.failures } > severeRate * recent.reduce(0) { $0 + $1.count }
  }
}
