/// The tests that can call a series of errors severe, each for another shape of fault.
struct ErrorTests: Sendable {
  /// Which test decided.
  enum Kind: Hashable, Sendable {
    /// The rate since some period.
    case rate
    /// The share of bad periods, whatever lies between them: a fault that comes and goes.
    case badPeriods
    /// A rate that no baseline makes normal, unless the usual hour was so.
    case ceiling
  }
  struct Severe: Hashable, Sendable {
    var test: Kind
    var outcome: ChangeTest.Outcome
  }
  struct Found: Hashable, Sendable {
    /// The earliest severe change; the first test of those that decided in the same period.
    var severe: Severe?
    /// What changed, severe or not.
    var change: ChangeTest.Outcome
  }

  var baseline: ErrorBaseline
  var policy: HealthPolicy
  var window: WatchWindow
  var falseAlarms: Double
  /// Where an old version gets requests at the same time: a change is one against it too.
  var comparison: ChangeTest.Comparison?
  /// Trials by which bursts are known. A burst that both versions share is no change against the old one, so where they are
  /// compared nothing more is asked for.
  private var history: [Trial] { comparison == nil ? baseline.trials : [] }

  init(_ baseline: ErrorBaseline, policy: HealthPolicy, window: WatchWindow, falseAlarms: Double) {
    self.baseline = baseline
    self.policy = policy
    self.window = window
    self.falseAlarms = falseAlarms
  }

  /// Runs all tests; `usual` is the rate that each period's hour has on other days, or that the old version has in it,
  /// `pairs` what both versions had in it.
  func run(_ points: [SeriesPoint], usual: [Double] = [], pairs: [ConcurrentTrial] = []) -> Found {
    var trials = points.map { ErrorBaseline.trial($0, dispersion: baseline.dispersion) }
    for index in trials.indices where pairs.indices.contains(index) { trials[index].pair = pairs[index] }
    for index in trials.indices
    where usual.indices.contains(index) && usual[index] > max(baseline.margin, 1.5 * baseline.rate) {
      trials[index].margin = min(0.95, 1.5 * usual[index])
      trials[index].severeRate = min(0.96, 1.5 * usual[index])
    }
    var decided: [Severe] = []
    // A change that matters is told from half of what is severe: between the two a rollback needs a rate over it.
    let margin = max(baseline.margin, baseline.severeRate / 2)
    // A series that is well stays far below that margin; one that is nearly so bad may be called severe more often. A new
    // version beside an old one may well be there.
    let isFar = comparison == nil && baseline.margin < 0.6 * margin
    var risen = ChangeTest(
      margin: margin, severeRate: baseline.severeRate, falseAlarms: falseAlarms * (isFar ? 2.5 : 0.7),
      window: window, history: history, comparison: comparison)
    risen.spacing = spacing
    let rate = risen.run(trials)
    if rate.severeAt != nil { decided.append(Severe(test: .rate, outcome: rate)) }
    if margin > baseline.margin {
      // With few requests the change is sure before it is clear how severe it is.
      var sure = ChangeTest(
        margin: baseline.margin, severeRate: baseline.severeRate, falseAlarms: falseAlarms * 0.3,
        window: window, history: history)
      sure.severity = 0.975
      sure.comparison = comparison
      sure.spacing = spacing
      let outcome = sure.run(trials)
      if outcome.severeAt != nil { decided.append(Severe(test: .rate, outcome: outcome)) }
    }
    if let outcome = badPeriods(points, trials) {
      decided.append(Severe(test: .badPeriods, outcome: outcome))
    }
    // Counted against those of the baseline: of two versions at the same time that tells nothing.
    if comparison == nil, let outcome = bursts(trials) {
      decided.append(Severe(test: .badPeriods, outcome: outcome))
    }
    if baseline.usualRate < policy.ceilingErrorRate / 2, baseline.severeRate < policy.ceilingErrorRate {
      let ceiling = ChangeTest(
        margin: policy.ceilingErrorRate * 0.6, severeRate: policy.ceilingErrorRate,
        falseAlarms: falseAlarms * 0.1, window: window, history: history, longestBurst: 10,
        comparison: comparison
      ).run(trials)
      if ceiling.severeAt != nil { decided.append(Severe(test: .ceiling, outcome: ceiling)) }
    }
    let first = decided.min { ($0.outcome.severeAt ?? 0) < ($1.outcome.severeAt ?? 0) }
    let change = ChangeTest(
      margin: baseline.noteworthy, severeRate: 1, falseAlarms: falseAlarms, window: window,
      history: history, comparison: comparison
    ).run(trials)
    return Found(severe: first, change: change)
  }

  /// Where a period has few requests, a change that begins in one of them is as well told from the next.
  private var spacing: Int {
    let requests = baseline.trials.reduce(0) { $0 + $1.count } / Double(max(1, baseline.trials.count))
    return max(1, min(6, Int((15 / max(1, requests)).rounded(.up))))
  }

  /// Periods over the severe rate as trials of their own: good ones between bad ones do not take the evidence away.
  /// Quiet periods are taken together until their rate says something.
  private func badPeriods(_ points: [SeriesPoint], _ trials: [Trial]) -> ChangeTest.Outcome? {
    let watch = ErrorTests.pooled(trials)
    let before = baseline.pools
    let bad = before.count { $0.trial.rate > baseline.severeRate }
    guard before.count >= 10 else { return nil }
    let bound = Distributions.upperBound(Double(bad), of: Double(before.count), confidence: 0.5)
    let margin = max(0.03, 1.5 * bound)
    guard margin < 0.3 else { return nil }
    func verdict(_ pool: Pool) -> Trial {
      Trial(
        failures: pool.trial.rate > max(baseline.severeRate, pool.trial.severeRate ?? 0) ? 1 : 0, count: 1,
        pair: pool.trial.pair)
    }
    var outcome = ChangeTest(
      margin: margin, severeRate: 0.25, falseAlarms: falseAlarms * 0.3, window: window,
      history: comparison == nil ? before.map(verdict) : [], reach: 10, severity: 0.8,
      comparison: comparison
    ).run(watch.map(verdict))
    guard let at = outcome.severeAt, let onset = outcome.onset,
      watch[at].range.upperBound - watch[onset].range.lowerBound >= lasting(),
      BurstCount.beginnings(of: watch[onset...at].map { verdict($0).failures > 0 }).count
        >= BurstCount.fewestBursts
    else { return nil }
    let since = trials[watch[onset].range.lowerBound..<watch[at].range.upperBound]
    guard ChangeTest.rate(of: since) > baseline.severeRate else { return nil }
    outcome.onset = watch[onset].range.lowerBound
    outcome.severeAt = watch[at].range.upperBound - 1
    return outcome
  }

  /// How many periods a change must last, as bursts of the baseline do not.
  private func lasting() -> Int {
    let margin = max(baseline.margin, baseline.severeRate / 2)
    return EpisodeCalibration(looks: window.looks, persistence: window.persistence, longest: 15).shortest(
      SequentialDetector(
        margin: margin, looks: window.looks, falseAlarms: falseAlarms, persistence: window.persistence),
      baseline: history
    ) { $0.rate > (margin + baseline.severeRate) / 2 }
  }

  /// More bursts than those of the baseline explain, with a rate over the severe one from the first of them on: also where
  /// bad periods are too few to be told from a rate. Bursts that two versions have together say nothing of the new one, so
  /// where they are compared this is not asked.
  private func bursts(_ trials: [Trial]) -> ChangeTest.Outcome? {
    guard comparison == nil else { return nil }
    let watch = ErrorTests.pooled(trials)
    guard baseline.pools.count >= 10, !watch.isEmpty else { return nil }
    func isBad(_ pool: Pool) -> Bool {
      pool.trial.rate > max(baseline.severeRate, pool.trial.severeRate ?? 0)
    }
    // Of quiet periods taken together there are fewer.
    let periods = Double(baseline.trials.count) / Double(baseline.pools.count)
    let count = BurstCount(
      falseAlarms: falseAlarms * 0.2, before: baseline.pools.map(isBad),
      looks: max(1, Int((Double(window.looks) / max(1, periods)).rounded(.up))))
    func since(_ range: ClosedRange<Int>) -> Range<Int> {
      watch[range.lowerBound].range.lowerBound..<watch[range.upperBound].range.upperBound
    }
    let found = count.first(in: watch.map(isBad)) { range in
      let between = trials[since(range)]
      return Distributions.probability(
        that: baseline.severeRate, isExceededBy: between.reduce(0) { $0 + $1.failures },
        of: between.reduce(0) { $0 + $1.count }) >= 0.95
    }
    guard let found else { return nil }
    let range = since(found)
    var outcome = ChangeTest.Outcome(
      evidence: Double(BurstCount.beginnings(of: watch.map(isBad)).count), needed: Double(count.fewest),
      margin: baseline.margin, severeRate: baseline.severeRate)
    (outcome.onset, outcome.severeAt) = (range.lowerBound, range.upperBound - 1)
    outcome.rate = ChangeTest.rate(of: trials[range])
    return outcome
  }

  /// Consecutive periods taken together.
  struct Pool: Hashable, Sendable {
    var trial: Trial
    var range: Range<Int>
  }

  static func pooled(_ trials: some RandomAccessCollection<Trial>) -> [Pool] {
    var pools: [Pool] = []
    var open: Pool?
    for (index, trial) in trials.enumerated() {
      var pool = open ?? Pool(trial: Trial(failures: 0, count: 0), range: index..<index)
      pool.trial.failures += trial.failures
      pool.trial.count += trial.count
      pool.trial.pair = [pool.trial.pair, trial.pair].compactMap { $0 }.reduce(nil) {
        ($0 ?? ConcurrentTrial()) + $1
      }
      pool.trial.severeRate = [pool.trial.severeRate, trial.severeRate].compactMap { $0 }.max()
      pool.range = pool.range.lowerBound..<index + 1
      open = pool
      if pool.trial.count >= 50 {
        pools.append(pool)
        open = nil
      }
    }
    return pools
  }
}
