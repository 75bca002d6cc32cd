import Glibc
import SystemInterfaces

@testable import HealthAnalysis

/// A case of the simulation and what the rule says to it.
struct SimulatedCase {
  var name: String
  var kind: SeriesKind
  var service: SimulatedService

  /// The minute at which the rule rolls back, or nil, and the verdict at the end.
  static func judge(_ series: WatchedSeries) -> (stop: Int?, verdict: SeriesVerdict) {
    let judge = HealthJudge(window: WatchWindow(deployedAt: SimulatedService.start))
    let judged = judge.judge([series]).series[0]
    let minute = judged.decidedAt.map { Int(($0 - SimulatedService.start).inSeconds / 60) }
    return (minute, judged.verdict)
  }

  struct Figures {
    var runs = 0
    var stops: [Int] = []
    var verdicts: [SeriesVerdict: Int] = [:]
    var share: Double { 100 * Double(stops.count) / Double(max(1, runs)) }
    func medianDelay(from onset: Int) -> Int? {
      stops.isEmpty ? nil : stops.sorted()[stops.count / 2] - onset + 1
    }
  }

  func figures(traffic: Double, runs: Int, seed: UInt64, rule: RivalRule? = nil) -> Figures {
    var service = service
    service.traffic = traffic
    var figures = Figures()
    for run in 0..<runs {
      let made = service.series(seed: seed &+ UInt64(run) &* 7919)
      let series = kind == .errors ? made.errors : made.latency
      figures.runs += 1
      if let rule {
        if let minute = rule.stop(series) { figures.stops.append(minute) }
      } else {
        let (stop, verdict) = Self.judge(series)
        if let stop { figures.stops.append(stop) }
        figures.verdicts[verdict, default: 0] += 1
      }
    }
    return figures
  }

  static let mustNotStop: [SimulatedCase] = [
    .init(name: "healthy, 1 % errors", kind: .errors, service: .init(traffic: 0)),
    .init(name: "healthy, 2 % errors", kind: .errors, service: .init(traffic: 0, errorRate: 0.02)),
    .init(name: "healthy, 8 % errors", kind: .errors, service: .init(traffic: 0, errorRate: 0.08)),
    .init(name: "healthy, 50 % errors", kind: .errors, service: .init(traffic: 0, errorRate: 0.5)),
    .init(
      name: "2-minute transient", kind: .errors, service: .init(traffic: 0, fault: .transient(minutes: 2))),
    .init(
      name: "minor, 1 → 5 %", kind: .errors, service: .init(traffic: 0, fault: .errors(0.05, from: 0))),
    .init(name: "healthy latency", kind: .latency, service: .init(traffic: 0)),
    .init(name: "latency × 1.5", kind: .latency, service: .init(traffic: 0, fault: .slow(1.5, from: 0))),
    .init(
      name: "cold starts, × 8 for 2 minutes", kind: .latency,
      service: .init(traffic: 0, fault: .coldStarts(8, minutes: 2))),
  ]

  static let mustStop: [(SimulatedCase, onset: Int)] = [
    (.init(name: "1 → 12 %", kind: .errors, service: .init(traffic: 0, fault: .errors(0.12, from: 0))), 0),
    (.init(name: "1 → 20 %", kind: .errors, service: .init(traffic: 0, fault: .errors(0.20, from: 0))), 0),
    (.init(name: "1 → 100 %", kind: .errors, service: .init(traffic: 0, fault: .errors(1, from: 0))), 0),
    (
      .init(
        name: "1 → 30 % from minute 10", kind: .errors,
        service: .init(traffic: 0, fault: .errors(0.3, from: 10))
      ), 10
    ),
    (
      .init(
        name: "50 → 95 %", kind: .errors,
        service: .init(traffic: 0, errorRate: 0.5, fault: .errors(0.95, from: 0))), 0
    ),
    (.init(name: "latency × 8", kind: .latency, service: .init(traffic: 0, fault: .slow(8, from: 0))), 0),
    (
      .init(
        name: "1 → 12 %, baseline of 60 minutes", kind: .errors,
        service: .init(traffic: 0, baselineMinutes: 60, fault: .errors(0.12, from: 0))), 0
    ),
  ]
}

/// The requests a minute of the tables.
let simulatedTraffic = [5.0, 50, 1000]

/// Both tables as text.
func tables(runs: Int, rivals: Bool) -> String {
  func cell(_ figures: [SimulatedCase.Figures], onset: Int?) -> String {
    let shares = figures.map { decimal($0.share, places: 1) }.joined(separator: " / ")
    guard let onset else { return shares }
    let delays = figures.map { $0.medianDelay(from: onset).map(String.init) ?? "–" }.joined(separator: "/")
    return "\(shares) (\(delays))"
  }
  let rules: [RivalRule?] = (rivals ? RivalRule.allCases.map { $0 } : []) + [nil]
  func row(_ one: SimulatedCase, onset: Int?) -> String {
    let cells = rules.map { rule in
      cell(simulatedTraffic.map { one.figures(traffic: $0, runs: runs, seed: 1, rule: rule) }, onset: onset)
    }
    return "| \(one.name) | " + cells.joined(separator: " | ") + " |"
  }
  let head = "| case | " + rules.map { $0?.rawValue ?? "this rule" }.joined(separator: " | ") + " |"
  let lines =
    ["Rolled back (%), \(runs) watches a cell at 5 / 50 / 1000 requests a minute", head]
    + SimulatedCase.mustNotStop.map { row($0, onset: nil) }
    + ["Detected (%), median minutes after the onset", head]
    + SimulatedCase.mustStop.map { row($0.0, onset: $0.onset) }
  return lines.joined(separator: "\n")
}
