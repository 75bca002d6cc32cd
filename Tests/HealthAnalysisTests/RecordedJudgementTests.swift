import SystemInterfaces
import TestSupport
import Testing

@testable import HealthAnalysis

/// What the rule says to one watch of each kind, with every number and reason: whoever changes the rule sees what changes.
@Suite struct RecordedJudgementTests {
  @Test func `watches of a service`() throws {
    let cases =
      SimulatedCase.mustNotStop + SimulatedCase.mustStop.map(\.0) + SimulatedCase.mustNotGo
      + SimulatedCase.mustDegrade
    var lines: [String] = []
    for one in cases {
      for (traffic, seed) in [(0.2, 1), (1, 2), (5, 3), (20, 4), (50, 5), (1000, 6)] as [(Double, UInt64)] {
        let series = one.series(traffic: traffic, seed: seed)
        lines.append("\(one.name) @ \(traffic): " + line(judge(series)))
      }
    }
    try Recorded.expect(lines, in: "judgements-service.txt")
  }

  @Test func `looks of a watch`() throws {
    var lines: [String] = []
    for one in SimulatedCase.mustStop.map(\.0) {
      let series = one.series(traffic: 20, seed: 7)
      for looks in [1, 3, 6, 12, 29] {
        var seen = series
        seen.watch = Array(series.watch.prefix(looks))
        lines.append("\(one.name), \(looks) min: " + line(judge(seen, isComplete: false)))
      }
    }
    try Recorded.expect(lines, in: "judgements-looks.txt")
  }

  @Test func `a new version beside the old one`() throws {
    var lines: [String] = []
    for one in RolloutCase.mustNotStop + RolloutCase.mustStop.map(\.0) {
      for (traffic, share) in [(5, 0.1), (50, 0.05), (100, 0.1), (100, 0.5), (1000, 0.01)]
        as [(Double, Double)]
      {
        var rollout = one.rollout
        (rollout.traffic, rollout.share) = (traffic, share)
        lines.append("\(one.name) @ \(traffic) × \(share): " + line(judge(rollout.series(one.kind, seed: 3))))
      }
    }
    try Recorded.expect(lines, in: "judgements-rollout.txt")
  }

  @Test func `watches without a past, of levels, probes and alarms`() throws {
    var lines: [String] = []
    for (one, _) in SimulatedCase.mustStop {
      for known in [0, 1, 3, 40] {
        var series = one.series(traffic: 20, seed: 8)
        series.baseline = Array(series.baseline.suffix(known))
        lines.append("\(one.name) after \(known) min: " + line(judge(series)))
      }
    }
    for (level, minutes) in [
      (0, 30), (5, 30), (25, 30), (38, 30), (60, 30), (100, 30), (200, 30), (25, 0), (25, 1), (60, 2),
      (200, 3), (200, 10),
    ] as [(Double, Int)] {
      for highest in [nil, 100.0] {
        var series = WatchedSeries(
          name: "cpu", kind: .gauge,
          baseline: Fixture.baseline(1440, requests: 0) { 20 + 5 * Double($0 % 3) + Double($0 / 360) },
          watch: Fixture.watch((0..<minutes).map { (level + Double($0 % 4), 0) }))
        series.ceiling = highest
        lines.append(
          "level \(level), \(minutes) min, at most \(highest ?? .infinity): " + line(judge(series)))
        series.concurrent = ConcurrentSeries(
          points: Fixture.watch((0..<30).map { (50 + Double($0 % 5), 0) }), share: 0.1)
        lines.append("level \(level), \(minutes) min, beside 50: " + line(judge(series)))
      }
    }
    let failing: [(String, (Int) -> Bool)] = [
      ("none", { _ in false }), ("one", { $0 == 9 }), ("three", { [4, 12, 20].contains($0) }),
      ("half", { $0 % 2 == 0 }), ("a third", { $0 % 3 == 0 }), ("the last three", { $0 > 26 }),
      ("the last", { $0 == 29 }), ("all", { _ in true }), ("the first", { $0 == 0 }),
      ("from ten on", { $0 > 9 }),
    ]
    for (name, fails) in failing {
      for prefix in [probePrefix, alarmPrefix] {
        for wasBad in [false, true] {
          for looks in [2, 5, 30] {
            let series = WatchedSeries(
              name: prefix + "GET /", kind: .errors,
              baseline: Fixture.baseline(30, requests: 1) { _ in wasBad ? 1 : 0 },
              watch: Fixture.watch((0..<looks).map { (fails($0) ? 1 : 0, 1) }), isFrontDoor: true)
            for stops in [false, true] {
              var policy = HealthPolicy()
              if stops { policy.stopAlarms = ["GET /"] }
              lines.append(
                "\(prefix) \(name) fail of \(looks), before \(wasBad), stops \(stops): "
                  + line(judge(series, policy: policy, isComplete: looks == 30)))
            }
          }
        }
      }
    }
    try Recorded.expect(lines, in: "judgements-other.txt")
  }

  @Test func `watches by the Mann-Whitney rule`() throws {
    var policy = HealthPolicy()
    policy.judge = .mannWhitney
    var lines: [String] = []
    for one in SimulatedCase.mustNotStop + SimulatedCase.mustStop.map(\.0) {
      for (traffic, seed) in [(1, 2), (50, 5)] as [(Double, UInt64)] {
        let series = one.series(traffic: traffic, seed: seed)
        lines.append("\(one.name) @ \(traffic): " + line(judge(series, policy: policy)))
      }
    }
    try Recorded.expect(lines, in: "judgements-mann-whitney.txt")
  }

  @Test func `several series together`() throws {
    func series(_ name: String, _ fault: SimulatedService.Fault, _ traffic: Double, isFront: Bool = false)
      -> [WatchedSeries]
    {
      var service = SimulatedService(traffic: traffic)
      service.fault = fault
      let made = service.series(seed: 11)
      var both = [made.errors, made.latency]
      for index in both.indices { (both[index].name, both[index].isFrontDoor) = (name, isFront) }
      return both
    }
    var lines: [String] = []
    for front in [SimulatedService.Fault.none, .errors(0.3, from: 3), .slow(3, from: 0), .lost(0, from: 5)] {
      for back in [
        SimulatedService.Fault.none, .errors(0.05, from: 0), .errors(0.9, from: 10), .lost(0, from: 5),
      ] {
        for (traffic, gap, stops) in [
          (50, nil, false), (50, nil, true), (0.2, nil, false), (50, "PartialData", false),
        ]
          as [(Double, String?, Bool)]
        {
          var all = series("api", front, 50, isFront: traffic > 1) + series("worker", back, traffic)
          all[2].gap = gap
          var policy = HealthPolicy()
          policy.stopsOnLostTraffic = stops
          let judged = HealthJudge(policy: policy, window: WatchWindow(deployedAt: SimulatedService.start))
            .judge(all)
          lines.append(
            "\(front), \(back) @ \(traffic) \(gap ?? "whole") \(stops): \(judged.verdict.rawValue) "
              + judged.series.map { "\($0.verdict.rawValue) \(digits($0.observed["falseAlarms"] ?? -1))" }
              .joined(separator: ", ")
              + " | " + judged.reasons.joined(separator: " | "))
        }
      }
    }
    try Recorded.expect(lines, in: "judgements-together.txt")
  }

  private func judge(_ series: WatchedSeries, policy: HealthPolicy = HealthPolicy(), isComplete: Bool = true)
    -> SeriesJudgement
  {
    HealthJudge(
      policy: policy, window: WatchWindow(deployedAt: SimulatedService.start, isComplete: isComplete)
    )
    .judge([series]).series[0]
  }

  /// The judgement as a line. Three digits of a number: the mathematics of another system may differ in the last ones.
  private func line(_ judged: SeriesJudgement) -> String {
    func minute(_ time: Timestamp?) -> String {
      time.map { String(Int(($0 - SimulatedService.start).inSeconds / 60)) } ?? "–"
    }
    func figures(_ figures: Figures) -> String {
      figures.entries.map { "\($0.name) \(digits($0.value))" }.joined(separator: " ")
    }
    var parts = [
      judged.verdict.rawValue + (judged.doubt.map { " (\($0.rawValue))" } ?? ""),
      "onset \(minute(judged.onset)) decided \(minute(judged.decidedAt)) evidence \(digits(judged.evidence))",
      figures(judged.baseline), figures(judged.observed),
    ]
    if let compared = judged.comparison {
      parts += [
        "share \(digits(compared.share))", figures(compared.new), figures(compared.old),
        "ratio \(digits(compared.ratio)) evidence \(digits(compared.evidence)) of \(digits(compared.evidenceNeeded))",
        "needs \(compared.requestsNeeded.map(digits) ?? "–") \(compared.minutesNeeded.map(digits) ?? "–")",
      ]
    }
    return (parts + judged.reasons).joined(separator: " | ")
  }

  private func digits(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e6 { return decimal(value, places: 0) }
    if !value.isFinite { return "\(value)" }
    var (scaled, exponent) = (abs(value), 0)
    if scaled == 0 { return "0" }
    while scaled >= 10 { (scaled, exponent) = (scaled / 10, exponent + 1) }
    while scaled < 1 { (scaled, exponent) = (scaled * 10, exponent - 1) }
    return "\(value < 0 ? "-" : "")\(decimal(scaled, places: 2))e\(exponent)"
  }
}
