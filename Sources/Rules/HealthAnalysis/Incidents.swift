import SystemInterfaces

/// Long bad stretches of a baseline that are not what is usual, and the points without them.
///
/// A stretch is bad periods with at most three others between two of them, a quarter of an hour at least and bad as a
/// whole. Up to three a day are taken for incidents, and up to a third of all points; what is more frequent is how the
/// series is.
struct Incidents: Hashable, Sendable {
  var stretches: [ClosedRange<Timestamp>] = []
  var kept: [SeriesPoint]

  init(
    _ points: [SeriesPoint], period: Duration, isBad: (SeriesPoint) -> Bool,
    isBadAsAWhole: (ArraySlice<SeriesPoint>) -> Bool
  ) {
    kept = points
    guard !points.isEmpty else { return }
    let length = max(.seconds(900), period * 3)
    var found: [ClosedRange<Int>] = []
    var current: ClosedRange<Int>?
    func close() {
      if let stretch = current,
        points[stretch.upperBound].time - points[stretch.lowerBound].time + period >= length,
        isBadAsAWhole(points[stretch])
      {
        found.append(stretch)
      }
      current = nil
    }
    for (index, point) in points.enumerated() where isBad(point) {
      if let open = current, index - open.upperBound <= 4,
        point.time - points[open.upperBound].time <= max(.seconds(1800), period * 4)
      {
        current = open.lowerBound...index
      } else {
        close()
        current = index...index
      }
    }
    close()
    // Of other weeks only the same hours may be known.
    let days = max(1, (Double(points.count) * period.inSeconds / 86_400).rounded())
    let share = found.reduce(0) { $0 + $1.count }
    guard !found.isEmpty, Double(found.count) <= 3 * days, share * 3 <= points.count else { return }
    stretches = found.map { points[$0.lowerBound].time...points[$0.upperBound].time }
    kept = []
    var next = 0
    for stretch in found {
      kept += points[next..<stretch.lowerBound]
      next = stretch.upperBound + 1
    }
    kept += points[next...]
  }
}
