import Foundation
import Testing

@testable import HealthAnalysis

/// The tables by which the rule is held against its rivals, with few watches a cell and bounds that hold with margin.
/// `ci/bench/watch-rule` prints them with many.
@Suite struct SimulationTests {
  static let runs = ProcessInfo.processInfo.environment["BACKSTOP_BENCH_RUNS"].flatMap(Int.init) ?? 30

  /// Shares in per cent that may roll back at 5, 50 and 1000 requests a minute.
  private static let allowed: [String: [Double]] = ["minor, 1 → 5 %": [14, 8, 5]]
  private static let fewest: [String: [Double]] = [
    "1 → 12 %": [45, 80, 90], "1 → 12 %, baseline of 60 minutes": [20, 75, 90],
    "1 → 20 %": [80, 90, 90], "50 → 95 %": [80, 90, 90],
  ]

  @Test(.enabled(if: ProcessInfo.processInfo.environment["BACKSTOP_BENCH_RUNS"] != nil))
  func `print the tables`() { print(tables(runs: Self.runs, rivals: true)) }

  @Test(arguments: SimulatedCase.mustNotStop.map(\.name))
  func `healthy watches are not rolled back`(name: String) throws {
    let one = try #require(SimulatedCase.mustNotStop.first { $0.name == name })
    let bounds = Self.allowed[name] ?? [5, 5, 5]
    for (traffic, bound) in zip(simulatedTraffic, bounds) {
      let figures = one.figures(traffic: traffic, runs: Self.runs, seed: 17)
      #expect(figures.share <= bound, "\(traffic) requests a minute")
    }
  }

  @Test(arguments: SimulatedCase.mustStop.map(\.0.name))
  func `faults are found, and soon`(name: String) throws {
    let (one, onset) = try #require(SimulatedCase.mustStop.first { $0.0.name == name })
    let bounds = Self.fewest[name] ?? [90, 93, 93]
    for (traffic, bound) in zip(simulatedTraffic, bounds) {
      let figures = one.figures(traffic: traffic, runs: Self.runs, seed: 17)
      #expect(figures.share >= bound, "\(traffic) requests a minute")
      let delay = try #require(figures.medianDelay(from: onset))
      #expect(delay <= (traffic < 10 ? 25 : 9), "\(traffic) requests a minute")
    }
  }

  @Test func `a fault that is certain is found in three minutes`() throws {
    let (one, onset) = try #require(SimulatedCase.mustStop.first { $0.0.name == "1 → 100 %" })
    for traffic in simulatedTraffic {
      #expect(one.figures(traffic: traffic, runs: 20, seed: 5).medianDelay(from: onset) == 3)
    }
  }

  @Test func `vanished traffic is never called healthy`() {
    var service = SimulatedService(traffic: 50, fault: .silence(from: 5))
    for seed in 0..<20 {
      service.fault = .silence(from: seed % 15)
      let judged = SimulatedCase.judge(service.series(seed: UInt64(seed)).errors)
      #expect(judged.verdict == .inconclusive)
    }
  }

  @Test func `the same seed makes the same watch`() {
    let service = SimulatedService(traffic: 50)
    #expect(service.series(seed: 4).errors == service.series(seed: 4).errors)
    #expect(service.series(seed: 4).errors != service.series(seed: 5).errors)
  }
}
