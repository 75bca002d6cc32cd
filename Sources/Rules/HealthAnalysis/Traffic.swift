import Glibc
import SystemInterfaces

/// The requests of a watch against those that the baseline lets expect.
struct Traffic: Hashable, Sendable {
  /// Requests seen.
  var observed = 0.0
  /// Requests expected: of each period the fewer of what came at the same time of earlier days and at the rate of the last
  /// hour; nil where the baseline has no points.
  var expected: Double?

  private var counts: [Double] = []
  private var expectations: [Double] = []
  private var before: [Double] = []
  private var start: Timestamp
  private var period: Duration

  init(_ series: WatchedSeries, window: WatchWindow) {
    observed = series.watch.reduce(0) { $0 + $1.count }
    start = window.deployedAt
    period = window.period
    guard let first = series.baseline.first, let last = series.baseline.last else { return }
    let watched = Traffic.length(of: series, window: window)
    let periods = max(1, Int((watched / period).rounded()))
    func slots(_ points: some Sequence<SeriesPoint>, from start: Timestamp, _ count: Int) -> [Double] {
      var slots = [Double](repeating: 0, count: max(0, count))
      for point in points where point.time >= start {
        let index = Int((point.time - start) / period)
        if index < slots.count { slots[index] += point.count }
      }
      return slots
    }
    counts = slots(series.watch, from: start, periods)
    // The last hours, up to the deployment: what came before it in a burst did not come in the pause that followed.
    let recentStart = max(first.time, last.time - .seconds(3600))
    let end = max(last.time + period, start)
    let recent = slots(series.baseline, from: recentStart, Int(((end - recentStart) / period).rounded()))
    var estimates: [[Double]] = []
    if let mean = recent.mean { estimates.append([Double](repeating: mean, count: periods)) }
    for day in [1, 7] {
      let same = start - .seconds(86_400 * day)
      guard first.time <= same - .seconds(900) else { continue }
      let reach = Int((.seconds(900) / period).rounded(.up))
      let there = slots(series.baseline, from: same - period * reach, periods + 2 * reach)
      guard there.contains(where: { $0 > 0 }) else { continue }
      estimates.append((0..<periods).map { there[$0...$0 + 2 * reach].reduce(0, +) / Double(2 * reach + 1) })
    }
    expectations = (0..<periods).map { index in estimates.map { $0[index] }.min() ?? 0 }
    expected = estimates.isEmpty ? nil : expectations.reduce(0, +)
    let beforeStart = max(first.time, last.time - .seconds(3 * 3600))
    before = slots(series.baseline, from: beforeStart, Int(((end - beforeStart) / period).rounded()))
  }

  /// How long the watch is so far: a watch that ended early is not blamed for the minutes that it did not see.
  private static func length(of series: WatchedSeries, window: WatchWindow) -> Duration {
    if let until = series.settledUntil, until < window.deployedAt + window.duration {
      return max(.zero, until - window.deployedAt)
    }
    guard !window.isComplete, let last = series.watch.last else { return window.duration }
    return min(window.duration, last.time - window.deployedAt + window.period)
  }

  /// Traffic that was lost.
  struct Loss: Hashable, Sendable, CustomStringConvertible {
    /// Since when, how many requests came, and how many were to be expected.
    var since: Timestamp
    var observed: Double, expected: Double
    /// Whether next to none came.
    var isAll: Bool { observed < 0.05 * expected }

    var description: String {
      "traffic \(isAll ? "has vanished" : "is lost"): \(whole(observed)) requests since "
        + "\(since.formatted(milliseconds: false)) where \(whole(expected)) were to be expected"
    }
  }

  /// The longest stretch up to the end in which less than `share` of the expected traffic came, where that is no chance and
  /// the hours before had no such pause.
  func loss(below share: Double) -> Loss? {
    var lengths: [Int] = []
    var length = counts.count
    while length >= max(2, min(5, counts.count)) {
      lengths.append(length)
      length = length * 3 / 4
    }
    for length in lengths {
      let observed = counts.suffix(length).reduce(0, +)
      let expected = expectations.suffix(length).reduce(0, +)
      guard expected >= 8, observed < share * expected,
        Distributions.poisson(atMost: observed, mean: expected * 0.6) < 0.01, !hasPaused(length, observed)
      else { continue }
      return Loss(since: start + period * (counts.count - length), observed: observed, expected: expected)
    }
    return nil
  }

  /// Whether the hours before the deployment had as few requests in as many periods, by themselves.
  private func hasPaused(_ length: Int, _ observed: Double) -> Bool {
    guard before.count >= length * 2 else { return false }
    var sum = before.prefix(length).reduce(0, +)
    var few = sum <= observed ? 1 : 0
    for index in length..<before.count {
      sum += before[index] - before[index - length]
      if sum <= observed + 1e-9 { few += 1 }
    }
    return few * 50 >= before.count - length
  }
}
