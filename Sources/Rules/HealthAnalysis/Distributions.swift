import Glibc

/// Probabilities that the rules need, by their textbook definitions.
enum Distributions {
  /// The probability that a standard normal variable is at most `z`.
  static func normal(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

  /// The `z` that a standard normal variable stays below with `probability`, found by bisection.
  static func normalQuantile(_ probability: Double) -> Double {
    bisect(-40...40) { normal($0) < probability }
  }

  /// The probability that a Beta(a, b) variable is at most `x`: the regularized incomplete beta function by its
  /// continued fraction (NIST DLMF 8.17.22), evaluated by Lentz's method.
  static func beta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    // The fraction converges fast below the mean; the other side follows by symmetry.
    if x > (a + 1) / (a + b + 2) { return 1 - beta(1 - x, b, a) }
    let tiny = 1e-300
    var c = 1.0
    var d = 1 / nonZero(1 - (a + b) * x / (a + 1), tiny)
    var fraction = d
    for m in 1...10_000 {
      let m = Double(m)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / nonZero(1 + even * d, tiny)
      c = nonZero(1 + even / c, tiny)
      fraction *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / nonZero(1 + odd * d, tiny)
      c = nonZero(1 + odd / c, tiny)
      fraction *= d * c
      if abs(d * c - 1) < 1e-12 { break }
    }
    let front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    return min(1, max(0, exp(front) * fraction / a))
  }

  /// The exact (Clopper-Pearson) upper bound, at `confidence`, of the rate behind `failures` of `count`.
  static func upperBound(_ failures: Double, of count: Double, confidence: Double) -> Double {
    guard count > failures else { return 1 }
    return bisect(0...1) { beta($0, failures + 1, count - failures) < confidence }
  }

  /// The posterior probability, from Jeffreys' prior, that the rate behind `failures` of `count` is over `rate`.
  static func probability(that rate: Double, isExceededBy failures: Double, of count: Double) -> Double {
    1 - beta(rate, failures + 0.5, max(0, count - failures) + 0.5)
  }

  /// The probability of at most `count` events where `mean` are expected (Poisson's distribution).
  static func poisson(atMost count: Double, mean: Double) -> Double {
    if mean > 500 { return normal((count + 0.5 - mean) / mean.squareRoot()) }
    var (term, sum) = (exp(-mean), 0.0)
    for index in 0...max(0, Int(count)) {
      sum += term
      term *= mean / Double(index + 1)
    }
    return sum
  }

  private static func nonZero(_ value: Double, _ tiny: Double) -> Double { abs(value) < tiny ? tiny : value }

  private static func bisect(_ range: ClosedRange<Double>, isBelow: (Double) -> Bool) -> Double {
    var (low, high) = (range.lowerBound, range.upperBound)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if isBelow(middle) { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}

extension [Double] {
  /// The value below which the share `probability` of these lies, interpolated; nil where there are none.
  func quantile(_ probability: Double) -> Double? {
    guard !isEmpty else { return nil }
    let sorted = sorted()
    let position = probability * Double(sorted.count - 1)
    let below = Int(position)
    let above = Swift.min(below + 1, sorted.count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (position - Double(below))
  }

  /// The middle value; nil where there are none.
  var median: Double? { quantile(0.5) }

  /// The arithmetic mean; nil where there are none.
  var mean: Double? { isEmpty ? nil : reduce(0, +) / Double(count) }
}
