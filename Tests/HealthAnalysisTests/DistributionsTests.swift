import Testing

@testable import HealthAnalysis

@Suite struct DistributionsTests {
  // Reference values from tables of the normal and the beta distribution.
  @Test(arguments: [(0.5, 0.0), (0.975, 1.959964), (0.99, 2.326348), (0.025, -1.959964)])
  func `normal quantiles are those of the tables`(probability: Double, z: Double) {
    #expect(abs(Distributions.normalQuantile(probability) - z) < 1e-5)
    #expect(abs(Distributions.normal(z) - probability) < 1e-6)
  }

  @Test(arguments: [
    (0.5, 1.0, 1.0, 0.5), (0.3, 1, 1, 0.3), (0.2, 2, 1, 0.04), (0.5, 3, 3, 0.5), (0.1, 1, 29, 0.952898),
  ])
  func `the incomplete beta function is the textbook's`(x: Double, a: Double, b: Double, probability: Double)
  {
    #expect(abs(Distributions.beta(x, a, b) - probability) < 1e-5)
  }

  @Test func `a beta distribution grows from 0 to 1 and mirrors itself`() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<200 {
      let (a, b) = (0.1 + 500 * random.unit(), 0.1 + 500 * random.unit())
      let x = random.unit()
      let probability = Distributions.beta(x, a, b)
      #expect(probability >= 0 && probability <= 1)
      #expect(abs(probability + Distributions.beta(1 - x, b, a) - 1) < 1e-9)
      #expect(Distributions.beta(min(1, x + 0.01), a, b) >= probability - 1e-12)
    }
    #expect(Distributions.beta(0, 2, 3) == 0)
    #expect(Distributions.beta(1, 2, 3) == 1)
  }

  @Test func `the exact upper bound of no failure is the rule of three`() {
    // 1 - 0.05^(1/n), the closed form for no failure at all.
    #expect(abs(Distributions.upperBound(0, of: 29, confidence: 0.95) - 0.0981) < 1e-4)
    #expect(abs(Distributions.upperBound(0, of: 1000, confidence: 0.95) - 0.002991) < 1e-5)
    #expect(Distributions.upperBound(5, of: 5, confidence: 0.95) == 1)
    #expect(Distributions.upperBound(3, of: 300, confidence: 0.95) > 0.01)
  }

  @Test func `quantiles interpolate`() {
    #expect([Double]().median == nil)
    #expect([3.0, 1, 2].median == 2)
    #expect([1.0, 2].quantile(0.25) == 1.25)
    #expect([1.0, 2, 3, 4].quantile(1) == 4)
    #expect([2.0, 4].mean == 3)
  }
}
