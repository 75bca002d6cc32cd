import SystemInterfaces

/// What a series does at the same time of other days: a batch at night, a job of Mondays.
struct Habit: Sendable {
  /// All points of the baseline, by time.
  var points: [SeriesPoint]
  /// Requests without which a level says nothing.
  var fewest: Double
  /// The level of a few consecutive points.
  var level: @Sendable (ArraySlice<SeriesPoint>) -> Double

  /// What is known of a time.
  struct Level: Hashable, Sendable {
    /// The level that was reached on at least two other days and on half of those that are known, or at the same hour
    /// of both weeks before.
    var confirmed: Double?
    /// The level that was reached on the day before or a week before, by itself no habit.
    var once: Double?
  }

  /// Jobs do not begin to the second.
  static let tolerance: Duration = .seconds(600)

  func level(at time: Timestamp) -> Level {
    var days: [Int: Double] = [:]
    for day in 1...14 {
      let middle = time - .seconds(86_400 * day)
      if let last = points.last, middle - Habit.tolerance > last.time { continue }
      if let first = points.first, middle + Habit.tolerance < first.time { break }
      if let reached = highest(from: middle - Habit.tolerance, to: middle + Habit.tolerance) {
        days[day] = reached
      }
    }
    var found = Level()
    let daily = days.values.sorted(by: >)
    if daily.count >= 2 { found.confirmed = daily[max(2, (daily.count + 1) / 2) - 1] }
    if let week = days[7], let before = days[14] {
      found.confirmed = max(found.confirmed ?? 0, min(week, before))
    }
    found.once = [days[1], days[7]].compactMap { $0 }.max()
    return found
  }

  /// The highest level of a few consecutive points between two times; nil where there are none.
  private func highest(from start: Timestamp, to end: Timestamp) -> Double? {
    let first = points.partition(where: { $0.time >= start })
    let last = points.partition(where: { $0.time > end })
    guard first < last else { return nil }
    let mean = points[first..<last].reduce(0) { $0 + $1.count } / Double(last - first)
    let enough = mean > 0 ? Int(min(1000, (fewest / mean).rounded(.up))) : 0
    let width = min(max(3, enough), last - first)
    return (first...last - width).map { level(points[$0..<$0 + width]) }.max()
  }
}

extension [SeriesPoint] {
  /// The index of the first element for which `condition` holds, where all after it do too.
  fileprivate func partition(where condition: (SeriesPoint) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if condition(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
