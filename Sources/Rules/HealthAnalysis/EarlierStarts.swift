import SystemInterfaces

/// How a series was in the minutes after earlier deployments that were good: what starts cold is slow at first, and how slow
/// and for how long is a property of the application.
struct EarlierStarts: Sendable {
  /// How long a latency may be high whatever it was earlier: not at all where two starts or more are known.
  var warmUp: Duration
  /// Starts that are known.
  var count: Int
  private var starts: [[SeriesPoint]]
  private let usualWarmUp: Duration

  init(_ starts: [[SeriesPoint]], warmUp: Duration) {
    self.starts = starts.map { $0.filter { $0.count > 0 } }.filter { !$0.isEmpty }
    count = self.starts.count
    usualWarmUp = warmUp
    // One start is no habit.
    self.warmUp = count >= 2 ? .zero : warmUp
  }

  /// The level that two starts at least reached at `time`, a period earlier or later; 0 where there are
  /// not two, and after the warm-up.
  func level(at time: Timestamp, since start: Timestamp, reach: Duration) -> Double {
    guard count >= 2, time - start < usualWarmUp else { return 0 }
    let levels = starts.compactMap { points in
      points.filter { $0.time >= time - reach && $0.time <= time + reach }.map(\.value).max()
    }.sorted(by: >)
    return levels.count >= 2 ? levels[1] : 0
  }
}
