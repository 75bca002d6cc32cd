import SystemInterfaces

/// What a series does at the same time of other days: a batch at night, a job of Mondays.
public struct Habit: Sendable {
  /// How far around the same time of other days a watch has to know what was.
  public static let reach = tolerance + .seconds(300)

  /// All points of the baseline, by time.
  var points: [SeriesPoint]
  /// Requests without which a level says nothing.
  var fewest: Double
  /// The level of a few consecutive points.
  var level: @Sendable (ArraySlice<SeriesPoint>) -> Double
  /// The level that such points surely had, where chance makes some look worse than they were.
  var sureLevel: (@Sendable (ArraySlice<SeriesPoint>) -> Double)?

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
    var found = Level()
    for day in 1...14 {
      let middle = time - .seconds(86_400 * day)
      if let last = points.last, middle - Habit.tolerance > last.time { continue }
      if let first = points.first, middle + Habit.tolerance < first.time { break }
      let around = between(middle - Habit.tolerance, middle + Habit.tolerance)
      guard !around.isEmpty else { continue }
      days[day] = highest(in: around, width: 3).map(level)
      // A burst of a minute or two is no job: by itself only what lasted counts.
      if day == 1 || day == 7, let lasting = highest(in: around, width: 5) {
        found.once = max(found.once ?? 0, sureLevel?(lasting) ?? level(lasting))
      }
    }
    let daily = days.values.sorted(by: >)
    if daily.count >= 2 { found.confirmed = daily[max(2, (daily.count + 1) / 2) - 1] }
    if let week = days[7], let before = days[14] {
      found.confirmed = max(found.confirmed ?? 0, min(week, before))
    }
    return found
  }

  private func between(_ start: Timestamp, _ end: Timestamp) -> ArraySlice<SeriesPoint> {
    points[points.partition(where: { $0.time >= start })..<points.partition(where: { $0.time > end })]
  }

  /// The highest of a few consecutive points: `width`, or as many as hold enough requests.
  private func highest(in around: ArraySlice<SeriesPoint>, width: Int) -> ArraySlice<SeriesPoint>? {
    let mean = around.reduce(0) { $0 + $1.count } / Double(around.count)
    let enough = mean > 0 ? Int(min(1000, (fewest / mean).rounded(.up))) : 0
    let width = min(max(width, enough), around.count)
    return (around.startIndex...around.endIndex - width).map { around[$0..<$0 + width] }
      .max { level($0) < level($1) }
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
