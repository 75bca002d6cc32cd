import Glibc

/// A Shiryaev-Roberts e-detector for "the failure rate is over `margin` since some period".
///
/// For each of a grid of rates, `R ← (1 + R) · min(cap, likelihood ratio)`. While the rate is at most the margin, the
/// mean of R grows by at most 1 a period, so the chance that it ever reaches `looks / α` within `looks` periods is at most
/// α (Doob's inequality), however often one looks and whenever the change comes. Capping a likelihood ratio only lowers
/// it, and makes evidence persist before it counts: with the cap that `init` chooses, `persistence` periods at least.
/// The state is a few numbers, so a watch can be resumed.
struct SequentialDetector: Hashable, Sendable {
  /// The rate that is not a change yet.
  let margin: Double
  /// The mean of R at which a change is called one, where periods are independent.
  let needed: Double
  /// The logarithm of what one period can at most multiply the evidence by.
  let logCap: Double
  /// A change is taken to begin with every so many-th period.
  private let spacing: Int
  private let steps: [Double]
  private var statistics: [Double]
  private var sums: [Double]
  private var starts: [Int]
  private var seen = 0
  /// The greatest mean of R so far.
  private(set) var strongest = 0.0

  /// Where the rates that are looked for lie between the margin and one.
  static let usualSteps = [0.03, 0.06, 0.1, 0.15, 0.22, 0.3, 0.45, 0.6, 0.8, 0.95]

  /// `steps` say how far between the margin and one the rates of the grid lie. With fewer periods with which a change
  /// may begin (`spacing`), R grows by 1 less often, and so much less evidence gives the same bound.
  init(
    margin: Double, looks: Int, falseAlarms: Double, persistence: Int, spacing: Int = 1,
    steps: [Double] = SequentialDetector.usualSteps
  ) {
    self.margin = margin
    self.steps = steps
    self.spacing = max(1, spacing)
    needed = (Double(max(1, looks)) / Double(self.spacing)).rounded(.up) / falseAlarms
    // With this cap one period less than `persistence` is never enough, and `persistence` periods are even where only
    // some rates of the grid fit.
    logCap = log(needed) / (Double(persistence) - 0.5)
    statistics = steps.map { _ in 0 }
    sums = statistics
    starts = steps.map { _ in 0 }
  }

  /// The mean of R now.
  var evidence: Double { statistics.reduce(0, +) / Double(statistics.count) }

  /// Whether a change is called one now, where periods are independent.
  var isChanged: Bool { evidence >= needed }

  /// The index of the period at which the likeliest change began: where the best rate's cumulative sum left zero.
  var onset: Int { starts[sums.indices.max { sums[$0] < sums[$1] } ?? 0] }

  /// Takes in the next period: `failures` of `count`, of which up to `margin` are no change where this period has a
  /// margin of its own.
  mutating func observe(failures: Double, of count: Double, margin own: Double? = nil) {
    let margin = max(margin, own ?? 0)
    for index in steps.indices {
      let rate = margin + (1 - margin) * steps[index]
      let logRatio =
        failures * log(rate / margin) + max(0, count - failures) * log((1 - rate) / (1 - margin))
      let capped = min(logCap, logRatio)
      // Far beyond any threshold the exact value says nothing more, and must stay finite.
      let begun = seen % spacing == 0 ? 1.0 : 0
      statistics[index] = min(1e100, (begun + statistics[index]) * exp(capped))
      if sums[index] <= 0 { (sums[index], starts[index]) = (0, seen) }
      sums[index] += capped
    }
    seen += 1
    strongest = max(strongest, evidence)
  }

  /// The greatest logarithm, over the grid, of how much likelier `trials` are at a rate over the margin than at it.
  func logRatio(of trials: ArraySlice<Trial>) -> Double {
    let failures = trials.reduce(0) { $0 + $1.failures }
    let count = trials.reduce(0) { $0 + $1.count }
    return steps.map { step in
      let rate = margin + (1 - margin) * step
      return failures * log(rate / margin) + max(0, count - failures) * log((1 - rate) / (1 - margin))
    }.max() ?? 0
  }
}
