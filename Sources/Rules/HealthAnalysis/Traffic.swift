import SystemInterfaces

/// The requests of a watch against those that the baseline lets expect.
struct Traffic: Hashable, Sendable {
  /// Requests seen.
  var observed: Double
  /// Requests expected: the fewer of what came at the same time the day before and at the rate of the last hour; nil
  /// where the baseline has no points.
  var expected: Double?
  /// Requests seen in the last third of the watch; nil in a watch too short for thirds to mean anything.
  var late: Double?

  init(_ series: WatchedSeries, window: WatchWindow) {
    observed = series.watch.reduce(0) { $0 + $1.count }
    let watched = Traffic.length(of: series, window: window)
    let lastThird = window.deployedAt + watched * 2 / 3
    if watched >= .seconds(600) {
      late = series.watch.reduce(0) { $0 + ($1.time >= lastThird ? $1.count : 0) }
    }
    guard let first = series.baseline.first, let last = series.baseline.last else { return }
    let dayBefore = window.deployedAt - .seconds(86_400)
    var estimates: [Double] = []
    // The last hour, or the whole of a shorter baseline, scaled to the length of the watch.
    let recent = series.baseline.filter { $0.time > last.time - .seconds(3600) }
    // Up to the deployment: what came before it in a burst did not come in the pause that followed.
    let span = (max(last.time + window.period, window.deployedAt) - recent[0].time).inSeconds
    if span > 0 {
      estimates.append(recent.reduce(0) { $0 + $1.count } * watched.inSeconds / span)
    }
    if first.time <= dayBefore {
      let same = series.baseline.filter { $0.time >= dayBefore && $0.time < dayBefore + watched }
      estimates.append(same.reduce(0) { $0 + $1.count })
    }
    expected = estimates.min()
  }

  /// How long the watch is so far: a watch that ended early is not blamed for the minutes that it did not see.
  private static func length(of series: WatchedSeries, window: WatchWindow) -> Duration {
    guard !window.isComplete, let last = series.watch.last else { return window.duration }
    return min(window.duration, last.time - window.deployedAt + window.period)
  }

  /// Whether there was traffic to expect and next to none came, or no more of it came in the last third.
  func hasVanished(below share: Double) -> Bool {
    guard let expected, expected >= 30 else { return false }
    return observed < share * expected
      || late.map { expected >= 90 && $0 < share * expected / 3 } ?? false
  }
}

extension Traffic: CustomStringConvertible {
  var description: String {
    "traffic has vanished: \(whole(observed)) requests where \(whole(expected ?? 0)) were to be expected"
      + (late.map { observed > 0 ? ", \(whole($0)) of them in the last third" : "" } ?? "")
  }
}
