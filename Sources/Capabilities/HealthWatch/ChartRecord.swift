import HealthAnalysis
import SystemInterfaces

/// What a chart of a series shows: one value a period, nil where there is none. Failures are shares of the requests in per
/// cent, latencies milliseconds, levels as they are.
public struct ChartRecord: Codable, Hashable, Sendable {
  /// The start of the first period, and seconds from one to the next.
  public var start: Timestamp, period: Double
  /// The values, the requests, and the values at the same time of the day before.
  public var values: [Double?], counts: [Double?], dayBefore: [Double?]
  /// Between these were nine of ten periods of the baseline.
  public var usualLow: Double?, usualHigh: Double?
  /// From here on a period is severe.
  public var limit: Double?

  /// The chart of `series` from as long before the deployment as the watch is.
  init?(_ series: WatchedSeries, _ judged: SeriesJudgement, window: WatchWindow) {
    let period = window.period.microseconds
    let all = (series.baseline + series.watch).filter { $0.count > 0 || series.kind == .gauge }
    guard period > 0, let last = series.watch.last ?? series.baseline.last, !all.isEmpty else { return nil }
    let first = max(all[0].time, window.deployedAt - window.duration)
    // A probe and what was recorded at odd times stand in the period in which they fell.
    func slot(_ time: Timestamp) -> Int64 {
      (time.microseconds - window.deployedAt.microseconds).floored(by: period)
    }
    let from = max(slot(first), -240)
    let to = min(max(slot(last.time), from), from + 720)
    start = Timestamp(microseconds: window.deployedAt.microseconds + from * period)
    self.period = window.period.inSeconds
    func values(shiftedBy shift: Duration) -> [SeriesPoint?] {
      var found = [SeriesPoint?](repeating: nil, count: Int(to - from) + 1)
      for point in all {
        let index = slot(point.time + shift) - from
        guard found.indices.contains(Int(clamping: index)) else { continue }
        if series.kind == .errors, let before = found[Int(index)] {
          found[Int(index)] = SeriesPoint(
            time: before.time, value: before.value + point.value, count: before.count + point.count)
        } else {
          found[Int(index)] = point
        }
      }
      return found
    }
    func level(_ point: SeriesPoint) -> Double {
      ChartRecord.rounded(series.kind == .errors ? point.rate * 100 : point.value)
    }
    let now = values(shiftedBy: .zero)
    self.values = now.map { $0.map(level) }
    counts = series.kind == .gauge ? [] : now.map { $0.map { ChartRecord.rounded($0.count) } }
    let earlier = values(shiftedBy: .seconds(86_400))
    dayBefore = earlier.allSatisfy { $0 == nil } ? [] : earlier.map { $0.map(level) }
    let usual = series.baseline.filter { $0.count > 0 || series.kind == .gauge }.map(level).sorted()
    if usual.count >= 3 {
      usualLow = usual[usual.count / 20]
      usualHigh = usual[usual.count - 1 - usual.count / 20]
    }
    limit =
      series.kind == .errors
      ? judged.baseline["severeRate"].map { $0 * 100 }
      : judged.baseline["limitMs"] ?? judged.baseline["limit"]
  }

  private static func rounded(_ value: Double) -> Double {
    abs(value) < 1e9 ? (value * 1000).rounded() / 1000 : value
  }
}

extension Int64 {
  fileprivate func floored(by size: Int64) -> Int64 {
    let quotient = self / size
    return self % size < 0 ? quotient - 1 : quotient
  }
}
