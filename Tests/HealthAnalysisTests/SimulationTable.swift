import Glibc
import SystemInterfaces

@testable import HealthAnalysis

/// A case of the simulation and what the rule says to it.
struct SimulatedCase {
  var name: String
  var kind: SeriesKind
  var service: SimulatedService

  /// A case of a service whose traffic the table gives.
  init(_ name: String, _ kind: SeriesKind = .errors, _ change: (inout SimulatedService) -> Void = { _ in }) {
    self.name = name
    self.kind = kind
    service = SimulatedService(traffic: 0)
    change(&service)
  }

  /// The minute at which the rule rolls back, or nil, and the verdict at the end.
  static func judge(_ series: WatchedSeries) -> (stop: Int?, verdict: SeriesVerdict) {
    let judge = HealthJudge(window: WatchWindow(deployedAt: SimulatedService.start))
    let judged = judge.judge([series]).series[0]
    let minute = judged.decidedAt.map { Int(($0 - SimulatedService.start).inSeconds / 60) }
    return (judged.verdict == .severe ? minute : nil, judged.verdict)
  }

  struct Figures {
    var runs = 0
    var stops: [Int] = []
    var verdicts: [SeriesVerdict: Int] = [:]
    var share: Double { 100 * Double(stops.count) / Double(max(1, runs)) }
    func share(_ verdict: SeriesVerdict) -> Double {
      100 * Double(verdicts[verdict] ?? 0) / Double(max(1, runs))
    }
    func medianDelay(from onset: Int) -> Int? {
      stops.isEmpty ? nil : stops.sorted()[stops.count / 2] - onset + 1
    }
  }

  /// The series that the case is about, at `traffic` requests a minute.
  func series(traffic: Double, seed: UInt64) -> WatchedSeries {
    var service = service
    service.traffic = traffic
    let made = service.series(seed: seed)
    return kind == .errors ? made.errors : made.latency
  }

  func figures(traffic: Double, runs: Int, seed: UInt64, rule: RivalRule? = nil) -> Figures {
    var figures = Figures()
    for run in 0..<runs {
      let series = series(traffic: traffic, seed: seed &+ UInt64(run) &* 7919)
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
    .init("healthy, 1 % errors"),
    .init("healthy, 2 % errors") { $0.errorRate = 0.02 },
    .init("healthy, 8 % errors") { $0.errorRate = 0.08 },
    .init("healthy, 50 % errors") { $0.errorRate = 0.5 },
    .init("2-minute transient") { $0.fault = .transient(minutes: 2) },
    .init("minor, 1 → 5 %") { $0.fault = .errors(0.05, from: 0) },
    .init("six bursts a day of 3 minutes") { $0.bursts = .init(perDay: 6, minutes: 3) },
    .init("twelve bursts a day of 3 minutes") { $0.bursts = .init(perDay: 12, minutes: 3) },
    .init("overdispersed") {
      $0.scatter = 0.03; $0.errorRate = 0.02
    },
    .init("autocorrelated") {
      $0.wander = 0.5; $0.errorRate = 0.015
    },
    .init("a batch every night, 30 % errors") {
      $0.job = .init(every: 1440, minutes: 20, begins: 5, rate: 0.3)
    },
    .init("a job every hour, 30 % errors") { $0.job = .init(every: 60, minutes: 4, begins: 12, rate: 0.3) },
    .init("healthy latency", .latency),
    .init("latency × 1.5", .latency) { $0.fault = .slow(1.5, from: 0) },
    .init("cold starts, × 8 for 3 minutes", .latency) { $0.fault = .coldStarts(8, minutes: 3) },
    .init("cold starts, × 8 for 3 minutes, as after two earlier deployments", .latency) {
      $0.fault = .coldStarts(8, minutes: 3)
      $0.earlierStarts = 8
    },
    .init("six slow bursts a day of 3 minutes", .latency) { $0.spikes = .init(perDay: 6, minutes: 3) },
    .init("a batch every night, latency × 8", .latency) {
      $0.job = .init(every: 1440, minutes: 20, begins: 5, factor: 8, volume: 2)
    },
    .init("a job every hour, latency × 8", .latency) {
      $0.job = .init(every: 60, minutes: 4, begins: 12, factor: 8)
    },
  ]

  static let mustStop: [(SimulatedCase, onset: Int)] = [
    (.init("1 → 12 %") { $0.fault = .errors(0.12, from: 0) }, 0),
    (.init("1 → 20 %") { $0.fault = .errors(0.20, from: 0) }, 0),
    (.init("1 → 50 %") { $0.fault = .errors(0.5, from: 0) }, 0),
    (.init("1 → 100 %") { $0.fault = .errors(1, from: 0) }, 0),
    (.init("1 → 30 % from minute 10") { $0.fault = .errors(0.3, from: 10) }, 10),
    (
      .init("50 → 95 %") {
        $0.errorRate = 0.5
        $0.fault = .errors(0.95, from: 0)
      }, 0
    ),
    (.init("latency × 8 from minute 10", .latency) { $0.fault = .slow(8, from: 10) }, 10),
    (.init("latency × 8", .latency) { $0.fault = .slow(8, from: 0) }, 0),
    (
      .init("latency × 8, two earlier deployments without it", .latency) {
        $0.fault = .slow(8, from: 0)
        $0.earlierStarts = 1
      }, 0
    ),
    (
      .init("1 → 12 %, baseline of 60 minutes") {
        $0.baselineMinutes = 60
        $0.fault = .errors(0.12, from: 0)
      }, 0
    ),
    (
      .init("1 → 50 %, ten hours after 90 minutes at 95 %") {
        $0.incident = .init(before: 600, minutes: 90, rate: 0.95)
        $0.fault = .errors(0.5, from: 0)
      }, 0
    ),
    (
      .init("latency × 8, ten hours after 90 minutes of it", .latency) {
        $0.incident = .init(before: 600, minutes: 90, factor: 8)
        $0.fault = .slow(8, from: 10)
      }, 10
    ),
    (.init("two minutes at 96 %, three good") { $0.fault = .flapping(0.96, bad: 2, good: 3) }, 0),
    (
      .init("1 → 50 %, six bursts a day of 3 minutes") {
        $0.bursts = .init(perDay: 6, minutes: 3)
        $0.fault = .errors(0.5, from: 0)
      }, 0
    ),
    (
      .init("1 → 90 %, a batch every night of 30 %") {
        $0.job = .init(every: 1440, minutes: 20, begins: 5, rate: 0.3)
        $0.fault = .errors(0.9, from: 5)
      }, 5
    ),
  ]

  /// Neither go nor stop would be right.
  static let mustNotGo: [SimulatedCase] = [
    .init("all fail in minutes 28 and 29") { $0.fault = .errors(1, from: 28) },
    .init("no requests from minute 22") { $0.fault = .lost(0, from: 22) },
    .init("15 % of the requests") { $0.fault = .lost(0.15, from: 10) },
  ]

  /// Worse, and no reason to roll back.
  static let mustDegrade: [SimulatedCase] = [
    .init("latency × 2", .latency) { $0.fault = .slow(2, from: 0) },
    .init("latency × 4", .latency) { $0.fault = .slow(4, from: 0) },
    .init("minor, 1 → 5 %") { $0.fault = .errors(0.05, from: 0) },
  ]
}

/// The requests a minute of the tables.
let simulatedTraffic = [0.2, 1, 5, 20, 50, 200, 1000, 5000]

/// All tables as text.
func tables(
  runs: Int, rules: [RivalRule] = [.threeOfFive, .argo, .mannWhitney], traffic: [Double] = simulatedTraffic,
  only: String = "", seed: UInt64 = 1
) -> String {
  let rules: [RivalRule?] = rules + [nil]
  let head = "| case | " + rules.map { $0?.rawValue ?? "this rule" }.joined(separator: " | ") + " |"
  func row(_ one: SimulatedCase, _ cell: ([SimulatedCase.Figures]) -> String) -> String {
    let cells = rules.map { rule in
      cell(traffic.map { one.figures(traffic: $0, runs: runs, seed: seed, rule: rule) })
    }
    return "| \(one.name) | " + cells.joined(separator: " | ") + " |"
  }
  func shares(_ figures: [SimulatedCase.Figures], _ share: (SimulatedCase.Figures) -> Double) -> String {
    figures.map { decimal(share($0), places: 1) }.joined(separator: " / ")
  }
  let at = traffic.map { "\($0)" }.joined(separator: " / ")
  func wanted(_ one: SimulatedCase) -> Bool { only.isEmpty || one.name.contains(only) }
  var lines = ["Rolled back (%), \(runs) watches a cell at \(at) requests a minute", head]
  lines += SimulatedCase.mustNotStop.filter(wanted).map { row($0) { shares($0) { $0.share } } }
  lines += ["Detected (%), median minutes after the onset", head]
  lines += SimulatedCase.mustStop.filter { wanted($0.0) }.map { one, onset in
    row(one) { figures in
      let delays = figures.map { $0.medianDelay(from: onset).map(String.init) ?? "–" }
      return "\(shares(figures) { $0.share }) (\(delays.joined(separator: "/")))"
    }
  }
  lines += ["Said to be healthy (%), and is not", "| case | this rule |"]
  for one in SimulatedCase.mustNotGo where wanted(one) {
    let figures = traffic.map { one.figures(traffic: $0, runs: runs, seed: seed) }
    lines.append("| \(one.name) | \(shares(figures) { $0.share(.healthy) }) |")
  }
  lines += ["Said to be degraded (%)", "| case | this rule |"]
  for one in SimulatedCase.mustDegrade where wanted(one) {
    let figures = traffic.map { one.figures(traffic: $0, runs: runs, seed: seed) }
    lines.append("| \(one.name) | \(shares(figures) { $0.share(.degraded) }) |")
  }
  return lines.joined(separator: "\n")
}
