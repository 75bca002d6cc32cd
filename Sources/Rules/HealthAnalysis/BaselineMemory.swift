/// What is known of the baselines of a watch, kept from look to look: the points before a deployment do not change any more.
public struct BaselineMemory: Sendable {
  struct Key: Hashable { var name: String, kind: SeriesKind }
  var errors: [Key: ErrorBaseline?] = [:]
  var latencies: [Key: LatencyBaseline?] = [:]

  /// Nothing is known yet.
  public init() {}

  mutating func errors(_ series: WatchedSeries, _ make: () -> ErrorBaseline?) -> ErrorBaseline? {
    let key = Key(name: series.name, kind: series.kind)
    if let known = errors[key] { return known }
    let made = make()
    errors[key] = .some(made)
    return made
  }

  mutating func latency(_ series: WatchedSeries, _ make: () -> LatencyBaseline?) -> LatencyBaseline? {
    let key = Key(name: series.name, kind: series.kind)
    if let known = latencies[key] { return known }
    let made = make()
    latencies[key] = .some(made)
    return made
  }
}
