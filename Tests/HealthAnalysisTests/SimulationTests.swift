import Testing

@testable import HealthAnalysis

/// The tables by which the rule is held against its rivals, with few watches a cell and bounds that hold with margin.
/// `ci/bench/watch-rule` prints them with many.
@Suite struct SimulationTests {
  private static let runs = 8
  private static let traffic = [5.0, 200]

  /// None of a few watches is rolled back, where the rule promises fewer than one of a hundred.
  @Test(arguments: SimulatedCase.mustNotStop.map(\.name))
  func `healthy watches are not rolled back`(name: String) throws {
    let one = try #require(SimulatedCase.mustNotStop.first { $0.name == name })
    for traffic in Self.traffic {
      let figures = one.figures(traffic: traffic, runs: Self.runs, seed: 17)
      #expect(figures.share == 0, "\(traffic) requests a minute")
    }
  }

  /// Shares in per cent that must be found at 5 and 200 requests a minute, where these are not 85 and 100.
  private static let fewest: [String: [Double]] = [
    "1 → 12 %": [10, 85], "1 → 12 %, baseline of 60 minutes": [10, 85], "1 → 20 %": [60, 100],
    "50 → 95 %": [60, 100], "1 → 90 %, a batch every night of 30 %": [50, 85],
  ]

  @Test(arguments: SimulatedCase.mustStop.map(\.0.name))
  func `faults are found, and soon`(name: String) throws {
    let (one, onset) = try #require(SimulatedCase.mustStop.first { $0.0.name == name })
    for (traffic, bound) in zip(Self.traffic, Self.fewest[name] ?? [85, 100]) {
      let figures = one.figures(traffic: traffic, runs: Self.runs, seed: 17)
      #expect(figures.share >= bound, "\(traffic) requests a minute")
      guard traffic >= 50 else { continue }
      let delay = try #require(figures.medianDelay(from: onset))
      #expect(delay <= (name.hasPrefix("two minutes") ? 18 : 8), "\(traffic) requests a minute")
    }
  }

  @Test(arguments: [5.0, 50, 1000])
  func `a fault that is certain is found in three minutes`(traffic: Double) throws {
    let (one, onset) = try #require(SimulatedCase.mustStop.first { $0.0.name == "1 → 100 %" })
    #expect(one.figures(traffic: traffic, runs: 8, seed: 5).medianDelay(from: onset) == 3)
  }

  @Test(arguments: SimulatedCase.mustNotGo.map(\.name))
  func `what is not healthy is not called so`(name: String) throws {
    let one = try #require(SimulatedCase.mustNotGo.first { $0.name == name })
    for traffic in [20.0, 1000] {
      #expect(one.figures(traffic: traffic, runs: Self.runs, seed: 17).share(.healthy) == 0)
    }
  }

  @Test(arguments: SimulatedCase.mustDegrade.map(\.name))
  func `what is worse is said to be degraded`(name: String) throws {
    let one = try #require(SimulatedCase.mustDegrade.first { $0.name == name })
    for traffic in [200.0, 1000] {
      #expect(one.figures(traffic: traffic, runs: Self.runs, seed: 17).share(.degraded) > 85)
    }
  }

  @Test func `the same seed makes the same watch`() {
    let service = SimulatedService(traffic: 50)
    #expect(service.series(seed: 4).errors == service.series(seed: 4).errors)
    #expect(service.series(seed: 4).errors != service.series(seed: 5).errors)
  }
}
