import Glibc

/// Failures among trials in one period.
struct Trial: Hashable, Sendable {
  var failures: Double
  var count: Double
  /// Up to which rate nothing has changed and from which a change is severe, where this period has its own.
  var margin: Double?, severeRate: Double?
  /// The same counts beside those of the old version in the same period, where both got traffic.
  var pair: ConcurrentTrial?
  var rate: Double { count > 0 ? failures / count : 0 }
}

/// The sequential test of one series: is there a change, and is it severe?
struct ChangeTest: Sendable {
  /// The rate up to which nothing has changed, and the rate from which a change is severe.
  var margin: Double, severeRate: Double
  /// The share of false alarms that this test may use.
  var falseAlarms: Double
  var window: WatchWindow
  /// Trials of the baseline, by which bursts are known.
  var history: [Trial] = []
  /// So many periods of one burst are never normal.
  var longestBurst = 15
  /// How many periods a change must last, where another test of the series found it out.
  var lasting: Int?
  /// Among how many of the latest periods enough must be severe by themselves.
  var reach: Int?
  /// The first index at which a change can be called severe.
  var earliest = 0
  /// The posterior probability of a severe rate that a severe change needs.
  var severity = 0.0
  /// Where the trials have pairs: a change must be one against the old version at the same time too.
  var comparison: Comparison?

  /// What is no difference between two versions, and how often the comparison may be wrong.
  struct Comparison: Hashable, Sendable {
    /// How many times the old version's rate the new one's may be.
    var ratio: Double
    var falseAlarms: Double
  }
  /// A change is taken to begin with every so many-th period; see `SequentialDetector`.
  var spacing = 1

  /// What the test found.
  struct Outcome: Hashable, Sendable {
    /// The index of the trial at which the change was first severe; the test ends there.
    var severeAt: Int?
    /// The index of the trial with which the change began, if there is one now.
    var onset: Int?
    /// The greatest evidence so far, and what a change needs.
    var evidence: Double, needed: Double
    /// How many periods a change must last, as bursts in the baseline do not.
    var lasting = 0
    /// The rate since the onset.
    var rate = 0.0
    /// The rates that were compared with.
    var margin: Double, severeRate: Double
    /// The greatest evidence of the comparison with the old version, and what it needs.
    var compared: Compared?
  }

  /// What a comparison of two versions found.
  struct Compared: Hashable, Sendable {
    var evidence: Double, needed: Double
  }

  private var looks: Int { max(1, window.looks) }

  func run(_ trials: [Trial]) -> Outcome {
    var detector = SequentialDetector(
      margin: margin, looks: max(looks, trials.count), falseAlarms: falseAlarms,
      persistence: window.persistence, spacing: spacing)
    let fresh = detector
    var beside = comparison.map {
      SequentialDetector(
        margin: ConcurrentTrial.smallestShare, looks: max(looks, trials.count), falseAlarms: $0.falseAlarms,
        persistence: window.persistence)
    }
    // Only where independent periods would be called changed does it matter whether they are.
    var shortest = lasting
    var outcome = Outcome(evidence: 0, needed: detector.needed, margin: margin, severeRate: severeRate)
    for (index, trial) in trials.enumerated() {
      detector.observe(failures: trial.failures, of: trial.count, margin: trial.margin)
      if let comparison {
        let pair = trial.pair ?? ConcurrentTrial()
        beside?.observe(
          failures: pair.failures, of: pair.allFailures, margin: pair.share(of: comparison.ratio))
      }
      outcome.evidence = detector.strongest
      outcome.compared = beside.map { Compared(evidence: $0.strongest, needed: $0.needed) }
      outcome.onset = nil
      guard detector.isChanged, beside?.isChanged ?? true else { continue }
      let lasting =
        shortest
        ?? EpisodeCalibration(looks: looks, persistence: window.persistence, longest: longestBurst)
        .shortest(fresh, baseline: history) { $0.rate > (margin + severeRate) / 2 }
      shortest = lasting
      outcome.lasting = lasting
      // What has ended does not go on.
      let last = trials[...index].lastIndex { $0.rate > max(severeRate, $0.severeRate ?? 0) } ?? index
      guard last - detector.onset + 1 >= lasting else { continue }
      outcome.onset = detector.onset
      let since = trials[detector.onset...index]
      outcome.rate = ChangeTest.rate(of: since)
      let severe = max(severeRate, trial.severeRate ?? 0)
      // What ended with the warm-up was a warm-up.
      if outcome.rate > severe, index >= earliest, earliest == 0 || trial.rate > severe,
        persists(trials[...index], isLast: window.isComplete && index == trials.count - 1),
        isSure(since, severe)
      {
        outcome.severeAt = index
        return outcome
      }
    }
    return outcome
  }

  private func isSure(_ trials: ArraySlice<Trial>, _ severe: Double) -> Bool {
    severity == 0
      || Distributions.probability(
        that: severe, isExceededBy: trials.reduce(0) { $0 + $1.failures },
        of: trials.reduce(0) { $0 + $1.count }) >= severity
  }

  static func rate(of trials: some Collection<Trial>) -> Double {
    let count = trials.reduce(0) { $0 + $1.count }
    return count > 0 ? trials.reduce(0) { $0 + $1.failures } / count : 0
  }

  /// Whether enough of the latest periods are severe by themselves: three of five, or two of three long ones. At the
  /// last look as many of twice those periods will do. Together they must be severe too.
  private func persists(_ trials: ArraySlice<Trial>, isLast: Bool) -> Bool {
    let reach = reach ?? (window.persistence * 2 - 1) * (isLast ? 2 : 1)
    let recent = trials.suffix(reach)
    let bad = recent.count { $0.rate > max(severeRate, $0.severeRate ?? 0) }
    return bad >= window.persistence && ChangeTest.rate(of: recent) > severeRate
  }
}
