import HealthAnalysis
import SystemInterfaces

/// A duration as people write it: `30 s`, `5 min`, `1 h 30 min`, `2 d`; parts of a second only below one.
public func people(_ duration: Duration) -> String { duration.words }

/// A number with one decimal at most, whatever its size.
public func number(_ value: Double) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
  let tenths = Int((value * 10).rounded())
  return tenths % 10 == 0
    ? String(tenths / 10) : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
}

/// A series in one word, as wide as it has points.
enum Sparkline {
  /// The latest points; failures on a scale of all requests, levels on the scale of what the baseline had.
  static func text(_ series: WatchedSeries, width: Int = 20) -> String {
    let points = series.watch.suffix(width)
    let values = points.map { series.kind == .errors ? $0.rate : $0.value }
    let usual = series.baseline.map(\.value).max() ?? 0
    let highest = series.kind == .errors ? 1 : max(usual, values.max() ?? 0, 1e-9)
    let bars = Array("▁▂▃▄▅▆▇█")
    return String(values.map { bars[max(0, min(7, Int((8 * $0 / highest).rounded(.down))))] })
  }
}
