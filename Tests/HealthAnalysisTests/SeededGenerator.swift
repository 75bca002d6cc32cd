import Glibc

/// SplitMix64: a seed gives the same watches on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// At least 0, less than 1, never exactly 0.
  mutating func unit() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }

  mutating func normal() -> Double { (-2 * log(unit())).squareRoot() * cos(2 * .pi * unit()) }

  /// Marsaglia and Tsang's method; shapes below one by the usual power.
  mutating func gamma(_ shape: Double) -> Double {
    if shape < 1 { return gamma(shape + 1) * pow(unit(), 1 / shape) }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let v = pow(1 + c * x, 3)
      if v > 0, log(unit()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
    }
  }

  mutating func beta(_ a: Double, _ b: Double) -> Double {
    let x = gamma(a)
    return x / (x + gamma(b))
  }

  mutating func poisson(_ mean: Double) -> Double {
    if mean <= 0 { return 0 }
    if mean > 60 { return max(0, (mean + mean.squareRoot() * normal()).rounded()) }
    var product = unit()
    var count = 0.0
    while product > exp(-mean) {
      product *= unit()
      count += 1
    }
    return count
  }

  /// Failures of `count` at a rate that itself scatters around `rate` (beta-binomial).
  mutating func failures(of count: Double, rate: Double, scatter: Double) -> Double {
    if rate <= 0 || count <= 0 { return 0 }
    if rate >= 1 { return count }
    let size = 1 / scatter - 1
    let actual = scatter > 0 ? beta(rate * size, (1 - rate) * size) : rate
    let mean = count * actual
    if count * min(actual, 1 - actual) > 30 {
      return min(count, max(0, (mean + (mean * (1 - actual)).squareRoot() * normal()).rounded()))
    }
    var failures = 0.0
    for _ in 0..<Int(count) where unit() < actual { failures += 1 }
    return failures
  }
}
