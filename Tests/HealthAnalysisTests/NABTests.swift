import Foundation
import SystemInterfaces
import TestSupport
import Testing

@testable import HealthAnalysis

/// Real CloudWatch series as false-alarm stress: healthy windows of thirty points against the 288 before.
@Suite("NAB's CloudWatch series", .enabled(if: SharedData.exists("watch/nab")))
struct NABTests {
  static let window = 30
  static let before = 288

  struct Recording {
    var name: String
    var points: [SeriesPoint]
    var anomalies: [ClosedRange<Timestamp>]
  }

  static func recordings() throws -> [Recording] {
    let folder = try #require(SharedData.path("watch/nab"))
    let labels = try #require(SharedData.json("watch/nab/combined_windows.json", [String: [[String]]].self))
    return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".csv") }
      .sorted()
      .map { file in
        let lines = try #require(SharedData.text("watch/nab/\(file)")).split(whereSeparator: \.isNewline)
        let points = try lines.dropFirst().map { line in
          let fields = line.split(separator: ",")
          return SeriesPoint(
            time: try #require(Timestamp("\(fields[0])Z")), value: try #require(Double(fields[1])))
        }
        let ranges = try #require(labels.first { $0.key.hasSuffix("/\(file)") }).value
        return Recording(
          name: file, points: points,
          anomalies: try ranges.map { pair in
            try #require(Timestamp("\(pair[0])Z"))...(try #require(Timestamp("\(pair[1])Z")))
          })
      }
  }

  /// The verdicts of all windows: healthy ones, and those that hold a labelled anomaly.
  static func verdicts(_ recording: Recording, kind: SeriesKind) -> (
    healthy: [SeriesVerdict: Int], anomalous: [SeriesVerdict: Int]
  ) {
    var healthy: [SeriesVerdict: Int] = [:]
    var anomalous: [SeriesVerdict: Int] = [:]
    let points = recording.points.map { SeriesPoint(time: $0.time, value: $0.value, count: 1) }
    for start in stride(from: before, through: points.count - window, by: window) {
      let baseline = Array(points[start - before..<start])
      let watch = Array(points[start..<start + window])
      let isAnomalous = recording.anomalies.contains {
        $0.overlaps(watch[0].time...watch[window - 1].time)
      }
      let judge = HealthJudge(
        window: WatchWindow(
          deployedAt: watch[0].time, duration: .seconds(300 * window), period: .seconds(300)))
      let series = WatchedSeries(name: recording.name, kind: kind, baseline: baseline, watch: watch)
      let verdict = judge.judge([series]).series[0].verdict
      if isAnomalous { anomalous[verdict, default: 0] += 1 } else { healthy[verdict, default: 0] += 1 }
    }
    return (healthy, anomalous)
  }

  @Test(
    "healthy windows roll nothing back, as gauges and as latencies", arguments: [SeriesKind.gauge, .latency])
  func falseAlarms(_ kind: SeriesKind) throws {
    var (stopped, windows) = (0, 0)
    for recording in try Self.recordings() {
      let (healthy, anomalous) = Self.verdicts(recording, kind: kind)
      print(kind.rawValue, recording.name, "healthy:", healthy, "anomalous:", anomalous)
      stopped += healthy[.severe] ?? 0
      windows += healthy.values.reduce(0, +)
    }
    print("\(kind.rawValue): \(stopped) of \(windows) healthy windows rolled back")
    #expect(windows > 500)
    #expect(Double(stopped) <= 0.01 * Double(windows))
  }
}
