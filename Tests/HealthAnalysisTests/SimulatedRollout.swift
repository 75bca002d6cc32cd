import Glibc
import SystemInterfaces

@testable import HealthAnalysis

/// A service of which a new version gets a share of the requests for thirty minutes, after a day of the old one alone. What
/// is bad for both in a minute (scatter, bursts, outages) is common; what the new version does is its own.
struct SimulatedRollout {
  /// Requests a minute of both versions together.
  var traffic: Double
  /// The share of the new version, from 0 to 1.
  var share: Double
  /// The rate of errors of the old version, and of the new one from minute `from` on.
  var errorRate = 0.01, newRate: Double?, from = 0
  /// How much slower the new version is.
  var slower = 1.0
  /// How much the rate of one minute scatters beyond chance, for both together.
  var scatter = 0.005
  /// How much the rate wanders from minute to minute, for both together.
  var wander = 0.0
  /// Bursts of errors that both versions have.
  var bursts = SimulatedService.Bursts(perDay: 3)
  /// An outage of both versions: the rate of errors and the factor of latencies from a minute of the watch on.
  var outage: Outage?

  struct Outage: Hashable {
    var from: Int
    var minutes: Int
    var rate = 0.0, factor = 1.0
  }

  /// The new version's errors or latencies, with the old one's beside them.
  func series(_ kind: SeriesKind, seed: UInt64) -> WatchedSeries {
    let isLatency = kind == .latency
    var random = SeededGenerator(seed: seed)
    let phase = random.unit() * 2 * .pi
    var errors = WatchedSeries(name: "checkout@new", kind: .errors)
    var latencies = WatchedSeries(name: "checkout@new", kind: .latency)
    var (oldErrors, oldLatencies): ([SeriesPoint], [SeriesPoint]) = ([], [])
    var failing: [Int: Double] = [:]
    var wandering = 0.0
    for minute in -1440..<30 {
      if random.unit() < bursts.perDay / 1440 {
        let height = 0.1 + 0.2 * random.unit()
        var later = 0
        repeat {
          failing[minute + later] = height
          later += 1
        } while random.unit() < 1 - 1 / (bursts.minutes ?? 1.5)
      }
      wandering = 0.967 * wandering + (1 - 0.967 * 0.967).squareRoot() * wander * random.normal()
      let volume = traffic * (1 + 0.6 * sin(2 * .pi * Double(minute) / 1440 + phase))
      var common = max(min(1, errorRate * exp(wandering)), failing[minute] ?? 0)
      var factor = 1.0
      if let outage, (outage.from..<outage.from + outage.minutes).contains(minute) {
        common = max(common, outage.rate)
        factor *= outage.factor
      }
      // The minute as it is for both.
      if scatter > 0, common > 0, common < 1 {
        let size = 1 / scatter - 1
        common = random.beta(common * size, (1 - common) * size)
      }
      let time = SimulatedService.start + .seconds(60 * minute)
      func point(_ volume: Double, _ rate: Double, _ factor: Double) -> (SeriesPoint, SeriesPoint) {
        let count = random.poisson(volume)
        let failed = isLatency ? 0 : binomial(count, rate, &random)
        let slow = isLatency && count > 0 ? 100 * factor * slowest(of: count, &random) : 0
        return (
          SeriesPoint(time: time, value: failed, count: count),
          SeriesPoint(time: time, value: slow, count: count)
        )
      }
      if minute < 0 {
        let all = point(volume, common, factor)
        errors.baseline.append(all.0)
        latencies.baseline.append(all.1)
        continue
      }
      let old = point(volume * (1 - share), common, factor)
      oldErrors.append(old.0)
      oldLatencies.append(old.1)
      let rate = minute >= from ? newRate.map { max($0, common) } ?? common : common
      let new = point(volume * share, rate, factor * slower)
      errors.watch.append(new.0)
      latencies.watch.append(new.1)
    }
    errors.concurrent = ConcurrentSeries(points: oldErrors, share: share)
    latencies.concurrent = ConcurrentSeries(points: oldLatencies, share: share)
    return isLatency ? latencies : errors
  }

  /// Failures of `count` requests that fail independently. Between two failures lies a geometric number of successes.
  private func binomial(_ count: Double, _ rate: Double, _ random: inout SeededGenerator) -> Double {
    if rate <= 0 || count <= 0 { return 0 }
    if rate > 0.5 { return count - binomial(count, 1 - rate, &random) }
    let mean = count * rate
    if mean > 30 {
      return min(count, max(0, (mean + (mean * (1 - rate)).squareRoot() * random.normal()).rounded()))
    }
    var (failures, tried) = (0.0, 0.0)
    let step = log1p(-rate)
    while true {
      tried += (log(random.unit()) / step).rounded(.down) + 1
      if tried > count { return failures }
      failures += 1
    }
  }

  /// The 95th percentile of `count` log-normal latencies with median one.
  private func slowest(of count: Double, _ random: inout SeededGenerator) -> Double {
    let rank = max(1, (0.95 * count).rounded(.up))
    let p = min(1 - 1e-9, max(1e-9, random.beta(rank, count - rank + 1)))
    return exp(0.5 * (pow(p, 0.135) - pow(1 - p, 0.135)) / 0.1975)
  }
}

/// A case of a gradual rollout and what the rule says to it.
struct RolloutCase {
  var name: String
  var kind: SeriesKind
  var rollout: SimulatedRollout

  init(_ name: String, _ kind: SeriesKind = .errors, _ change: (inout SimulatedRollout) -> Void = { _ in }) {
    self.name = name
    self.kind = kind
    rollout = SimulatedRollout(traffic: 0, share: 0)
    change(&rollout)
  }

  /// The rules that are compared: this one, this one without the old version at the same time, and the usual ones.
  enum Rule: Hashable {
    case concurrent, alone
    case rival(RivalRule)

    var title: String {
      switch self {
      case .concurrent: "this rule"
      case .alone: "this rule, the day before alone"
      case .rival(let rule): rule.rawValue
      }
    }
  }

  /// What each of `rules` says to the same watches.
  func figures(
    traffic: Double, share: Double, runs: Int, seed: UInt64, rules: [Rule] = [.concurrent]
  ) -> [SimulatedCase.Figures] {
    var rollout = rollout
    (rollout.traffic, rollout.share) = (traffic, share)
    var figures = rules.map { _ in SimulatedCase.Figures() }
    for run in 0..<runs {
      let made = rollout.series(kind, seed: seed &+ UInt64(run) &* 7919)
      for (index, rule) in rules.enumerated() {
        figures[index].runs += 1
        if let minute = RolloutCase.stop(made, rule) { figures[index].stops.append(minute) }
      }
    }
    return figures
  }

  private static func stop(_ series: WatchedSeries, _ rule: Rule) -> Int? {
    switch rule {
    // What it compares with is what the old version does at the same time.
    case .rival(.mannWhitney): return series.concurrent.flatMap { mannWhitney(series, $0) }
    case .rival(let rule): return rule.stop(series)
    case .concurrent: return SimulatedCase.judge(series).stop
    case .alone:
      var series = series
      series.concurrent = nil
      return SimulatedCase.judge(series).stop
    }
  }

  private static func mannWhitney(_ series: WatchedSeries, _ old: ConcurrentSeries) -> Int? {
    func values(_ points: some Sequence<SeriesPoint>) -> [Double] {
      points.filter { $0.count > 0 }.map { series.kind == .errors ? $0.rate : $0.value }
    }
    return stride(from: 9, to: series.watch.count, by: 5).first { minute in
      MannWhitneyClassifier().classify(
        control: values(old.points.prefix(minute + 1)), experiment: values(series.watch[...minute]),
        direction: .increase
      ).label == .high
    }
  }

  static let mustNotStop: [RolloutCase] = [
    .init("healthy, 1 % errors"),
    .init("healthy, 8 % errors") { $0.errorRate = 0.08 },
    .init("minor, 1 → 5 %") { $0.newRate = 0.05 },
    .init("overdispersed") {
      ($0.scatter, $0.errorRate) = (0.03, 0.02)
    },
    .init("autocorrelated") {
      ($0.wander, $0.errorRate) = (0.5, 0.015)
    },
    .init("twelve bursts a day of 3 minutes") { $0.bursts = .init(perDay: 12, minutes: 3) },
    .init("both fail, 30 % from minute 5") { $0.outage = .init(from: 5, minutes: 25, rate: 0.3) },
    .init("both fail, 95 % for ten minutes") { $0.outage = .init(from: 5, minutes: 10, rate: 0.95) },
    .init("healthy latency", .latency),
    .init("both slow, × 8 from minute 5", .latency) { $0.outage = .init(from: 5, minutes: 25, factor: 8) },
  ]

  static let mustStop: [(RolloutCase, onset: Int)] = [
    (.init("1 → 12 %") { $0.newRate = 0.12 }, 0),
    (.init("1 → 20 %") { $0.newRate = 0.2 }, 0),
    (.init("1 → 50 %") { $0.newRate = 0.5 }, 0),
    (.init("1 → 100 %") { $0.newRate = 1 }, 0),
    (.init("1 → 30 % from minute 10") { ($0.newRate, $0.from) = (0.3, 10) }, 10),
    (
      .init("1 → 50 %, both at 5 % from minute 5") {
        ($0.newRate, $0.outage) = (0.5, .init(from: 5, minutes: 25, rate: 0.05))
      }, 0
    ),
    (
      .init("1 → 50 %, twelve bursts a day of 3 minutes") {
        ($0.newRate, $0.bursts) = (0.5, .init(perDay: 12, minutes: 3))
      }, 0
    ),
    (.init("latency × 8", .latency) { $0.slower = 8 }, 0),
  ]
}

/// The shares of the traffic that are simulated, and the requests a minute of both versions.
let simulatedShares = [0.01, 0.05, 0.1, 0.5]
let simulatedRolloutTraffic = [100.0, 1000]

/// The tables for people: one for each count of requests a minute.
func rolloutTables(
  runs: Int, traffic: [Double] = simulatedRolloutTraffic, shares: [Double] = simulatedShares,
  only: String = "",
  seed: UInt64 = 1
) -> String {
  let rules: [RolloutCase.Rule] = [.rival(.threeOfFive), .rival(.mannWhitney), .alone, .concurrent]
  func wanted(_ one: RolloutCase) -> Bool { only.isEmpty || one.name.contains(only) }
  var lines: [String] = []
  for traffic in traffic {
    func row(_ one: RolloutCase, _ cell: ([SimulatedCase.Figures]) -> String) -> String {
      let figures = shares.map {
        one.figures(traffic: traffic, share: $0, runs: runs, seed: seed, rules: rules)
      }
      let cells = rules.indices.map { rule in cell(figures.map { $0[rule] }) }
      return "| \(one.name) | " + cells.joined(separator: " | ") + " |"
    }
    func text(_ figures: [SimulatedCase.Figures]) -> String {
      figures.map { decimal($0.share, places: 1) }.joined(separator: " / ")
    }
    let at =
      shares.map { decimal($0 * 100, places: 0) }.joined(separator: " / ")
      + " % of \(whole(traffic)) requests a minute"
    let head = "| case | " + rules.map(\.title).joined(separator: " | ") + " |"
    lines += ["Taken back (%), \(runs) watches a cell, new version at \(at)", head]
    lines += RolloutCase.mustNotStop.filter(wanted).map { row($0, text) }
    lines += ["Detected (%), median minutes after the onset, new version at \(at)", head]
    lines += RolloutCase.mustStop.filter { wanted($0.0) }.map { one, onset in
      row(one) { figures in
        let delays = figures.map { $0.medianDelay(from: onset).map(String.init) ?? "–" }
        return "\(text(figures)) (\(delays.joined(separator: "/")))"
      }
    }
  }
  return lines.joined(separator: "\n")
}
