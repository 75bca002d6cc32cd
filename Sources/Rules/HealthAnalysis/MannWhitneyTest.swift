/// The two-sided Mann-Whitney U test by its normal approximation with corrections for ties and continuity: the shift of
/// location between two samples, with a confidence interval (Hollander and Wolfe, Nonparametric Statistical Methods).
struct MannWhitneyTest: Hashable, Sendable {
  /// The shift of `experiment` against `control`.
  var estimate: Double
  /// The interval that holds the shift with the confidence asked for.
  var interval: ClosedRange<Double>

  init(experiment: [Double], control: [Double], confidence: Double) {
    let sample = ShiftSearch(experiment, control)
    let z = Distributions.normalQuantile((1 + confidence) / 2)
    estimate = sample.shift(where: 0, corrected: false)
    let (low, high) = (
      sample.shift(where: z, corrected: true), sample.shift(where: -z, corrected: true)
    )
    interval = min(low, high)...max(low, high)
  }
}

/// Finds the shift at which the standardized rank sum of the shifted sample takes a value.
private struct ShiftSearch {
  let first: [Double]
  let second: [Double]

  init(_ first: [Double], _ second: [Double]) {
    self.first = first.sorted()
    self.second = second.sorted()
  }

  /// The standardized rank sum falls, in steps, while the shift grows: finds where it crosses `target`.
  func shift(where target: Double, corrected: Bool) -> Double {
    let low = first[0] - second[second.count - 1]
    let high = first[first.count - 1] - second[0]
    let (atLow, atHigh) = (statistic(low, corrected) - target, statistic(high, corrected) - target)
    if atLow <= 0 { return low }
    if atHigh >= 0 { return high }
    return BrentRoot.find(from: (low, atLow), to: (high, atHigh), tolerance: 1e-4) {
      statistic($0, corrected) - target
    }
  }

  private func statistic(_ shift: Double, _ corrected: Bool) -> Double {
    let (m, n) = (Double(first.count), Double(second.count))
    var centred = -m * n / 2
    var ties = 0.0
    // One walk over both sorted samples: wins and half-wins of the first, and the sizes of groups of equals.
    var (left, right) = (0, 0)
    while left < first.count || right < second.count {
      let value = min(
        left < first.count ? first[left] - shift : .infinity, right < second.count ? second[right] : .infinity
      )
      let (fromLeft, fromRight) = (left, right)
      while left < first.count, first[left] - shift == value { left += 1 }
      while right < second.count, second[right] == value { right += 1 }
      let (mine, theirs) = (Double(left - fromLeft), Double(right - fromRight))
      centred += mine * (Double(fromRight) + theirs / 2)
      let group = mine + theirs
      ties += group * group * group - group
    }
    let total = m + n
    let variance = m * n / 12 * ((total + 1) - ties / (total * (total - 1)))
    guard variance > 0 else { return 0 }
    let correction = corrected ? (centred > 0 ? 0.5 : centred < 0 ? -0.5 : 0) : 0
    return (centred - correction) / variance.squareRoot()
  }
}
