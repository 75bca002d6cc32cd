import Foundation
import SystemInterfaces
import TestSupport
import Testing

@testable import HealthAnalysis

/// A real AWS application at five-minute resolution: a healthy day, and faults of two periods each.
@Suite("PetShop", .enabled(if: SharedData.exists("watch/petshop")))
struct PetShopTests {
  /// Points of one file, by node.
  struct Metrics {
    var times: [Double] = []
    var columns: [String: [Double?]] = [:]

    init(_ path: String) throws {
      let rows = try #require(SharedData.text(path)).split(whereSeparator: \.isNewline).map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
      let names = rows[0].indices.map { "\(rows[0][$0])|\(rows[1][$0])|\(rows[2][$0])" }
      for row in rows.dropFirst(4) {
        times.append(try #require(Double(row[0])))
        for index in 1..<names.count { columns[names[index], default: []].append(Double(row[index])) }
      }
    }

    var nodes: [String] { Set(columns.keys.map { String($0.prefix { $0 != "|" }) }).sorted() }

    /// Errors and latencies of all nodes; times shifted by `offset` seconds.
    func series(_ range: Range<Int>, shiftedBy offset: Double = 0) -> [String: [SeriesPoint]] {
      var found: [String: [SeriesPoint]] = [:]
      for node in nodes {
        for index in range {
          let time = Timestamp(seconds: times[index] + offset)
          guard let requests = columns["\(node)|requests|Sum"]?[index], requests > 0 else { continue }
          if let available = columns["\(node)|availability|Average"]?[index] {
            found["errors \(node)", default: []].append(
              SeriesPoint(time: time, value: requests * (1 - available / 100), count: requests))
          }
          if let slow = columns["\(node)|latency|p95"]?[index] {
            found["latency \(node)", default: []].append(
              SeriesPoint(time: time, value: slow * 1000, count: requests))
          }
        }
      }
      return found
    }
  }

  static func judge(_ baseline: [String: [SeriesPoint]], _ watch: [String: [SeriesPoint]], from: Timestamp)
    -> WatchJudgement
  {
    let series = baseline.keys.sorted().map { name in
      WatchedSeries(
        name: name, kind: name.hasPrefix("errors") ? .errors : .latency, baseline: baseline[name] ?? [],
        watch: watch[name] ?? [])
    }
    return HealthJudge(window: WatchWindow(deployedAt: from, duration: .seconds(1800), period: .seconds(300)))
      .judge(series)
  }

  @Test("healthy half hours", arguments: ["low_traffic", "high_traffic"])
  func healthy(_ traffic: String) throws {
    let metrics = try Metrics("watch/petshop/\(traffic)/noissue/metrics.csv")
    var verdicts: [WatchVerdict: Int] = [:]
    var severe: [String: Int] = [:]
    for start in stride(from: 288, through: metrics.times.count - 6, by: 6) {
      let judged = Self.judge(
        metrics.series(start - 288..<start), metrics.series(start..<start + 6),
        from: Timestamp(seconds: metrics.times[start]))
      verdicts[judged.verdict, default: 0] += 1
      for one in judged.series where one.verdict == .severe {
        severe[one.reasons[0] + one.name, default: 0] += 1
      }
    }
    let windows = verdicts.values.reduce(0, +)
    print("\(traffic): \(windows) healthy half hours of all nodes together:", verdicts, severe)
    #expect(windows >= 50)
    #expect(verdicts[.stop] ?? 0 <= windows / 50)
  }

  @Test("faults", arguments: ["low_traffic", "high_traffic", "temporal_traffic1", "temporal_traffic2"])
  func faults(_ traffic: String) throws {
    struct Target: Decodable {
      struct Inner: Decodable {
        var metric: String
        var timestamp: Double
      }
      var target: Inner
    }
    let normal = try Metrics(
      "watch/petshop/\(traffic.hasPrefix("high") ? "high" : "low")_traffic/noissue/metrics.csv")
    let folder = try #require(SharedData.path("watch/petshop/\(traffic)/train"))
    for issue in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
      let path = "watch/petshop/\(traffic)/train/\(issue)"
      let target = try #require(SharedData.json("\(path)/target.json", Target.self)).target
      let metrics = try Metrics("\(path)/metrics.csv")
      // The file begins two periods before the fault; the healthy day is moved to just before it.
      let offset = metrics.times[0] - 300 - (normal.times.last ?? 0)
      let judged = Self.judge(
        normal.series(normal.times.count - 288..<normal.times.count, shiftedBy: offset),
        metrics.series(0..<metrics.times.count), from: Timestamp(seconds: metrics.times[0]))
      let changed = judged.series.filter { $0.verdict == .severe || $0.verdict == .degraded }
      print(
        traffic, issue, target.metric, judged.verdict,
        changed.map { "\($0.name.prefix(30)): \($0.verdict) \(Int($0.evidence))" })
      // The faults reach users as at most nine per cent of errors and as three times the latency: no rollback for
      // the site, while a service behind it may be severe.
      let site = judged.series.filter { $0.name.hasSuffix(" PetSite") }
      #expect(site.count == 2)
      #expect(site.allSatisfy { $0.verdict != .severe }, "\(traffic) \(issue)")
    }
  }
}
