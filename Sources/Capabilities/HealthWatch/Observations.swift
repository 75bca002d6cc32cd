import HealthAnalysis
import SystemInterfaces

/// Which series: two of the same name differ in their kind.
struct SeriesName: Hashable, Sendable, Comparable {
  var name: String
  var kind: SeriesKind

  static func < (left: SeriesName, right: SeriesName) -> Bool {
    left.name == right.name ? left.kind.rawValue < right.kind.rawValue : left.name < right.name
  }
}

extension SeriesName {
  /// Whether its points are of moments, not of periods.
  var isOfMoments: Bool { name.hasPrefix(probePrefix) || name.hasPrefix(alarmPrefix) }
}

/// Names of two versions' series: the same but for how they end.
extension SeriesName {
  var isNew: Bool { name.hasSuffix(ConcurrentSeries.newSuffix) }
  var isOld: Bool { name.hasSuffix(ConcurrentSeries.oldSuffix) }
  /// The name that both have.
  var base: String {
    isNew
      ? String(name.dropLast(ConcurrentSeries.newSuffix.count))
      : isOld ? String(name.dropLast(ConcurrentSeries.oldSuffix.count)) : name
  }
  /// The other version's series of the two.
  var other: SeriesName {
    SeriesName(name: base + (isNew ? ConcurrentSeries.oldSuffix : ConcurrentSeries.newSuffix), kind: kind)
  }
  /// The name of what an alias stands for: `function/NAME` of `function/NAME:ALIAS`.
  var resource: String { String(base.split(separator: ":").first ?? "") }
}

/// Everything seen of all series, before the deployment and after it: what is judged, and what is recorded.
struct Observations: Hashable, Sendable {
  /// The points of each series by time.
  private(set) var points: [SeriesName: [Timestamp: SeriesPoint]] = [:]
  /// What came before the deployment and does not change any more, by time; no part of `points`.
  private(set) var frozen: [SeriesName: [SeriesPoint]] = [:]
  /// Series whose data are not whole, and why.
  var gaps: [SeriesName: String] = [:]

  /// All series in the order in which they are shown: the probe, the front door, the rest by name.
  var names: [SeriesName] {
    points.keys.sorted { left, right in
      let (first, second) = (rank(left), rank(right))
      return first == second ? left < right : first < second
    }
  }

  private func rank(_ name: SeriesName) -> Int {
    name.name.hasPrefix(probePrefix) ? 0 : Observations.isFrontDoor(name) ? 1 : 2
  }

  /// Makes a series known, though it has no points.
  mutating func declare(_ name: SeriesName) { points[name, default: [:]] = points[name] ?? [:] }

  /// Takes a point in; returns what stood there before, where that was another.
  @discardableResult
  mutating func insert(_ point: SeriesPoint, into name: SeriesName) -> SeriesPoint? {
    let before = points[name, default: [:]].updateValue(point, forKey: point.time)
    return before == point ? nil : before
  }

  /// Takes the points before `time` as they are from now on: they are not looked through at each look.
  mutating func freeze(before time: Timestamp) {
    for name in Array(points.keys) {
      guard var known = points.removeValue(forKey: name) else { continue }
      let early = known.values.filter { $0.time < time }
      if !early.isEmpty {
        for point in early { known.removeValue(forKey: point.time) }
        frozen[name] = ((frozen[name] ?? []) + early).sorted { $0.time < $1.time }
      }
      points[name] = known
    }
  }

  /// Whether the points before the deployment are taken as they are.
  var isFrozen: Bool { !frozen.isEmpty }

  /// All points of a series by time.
  func all(of name: SeriesName) -> [SeriesPoint] {
    (frozen[name] ?? []) + (points[name] ?? [:]).values.sorted { $0.time < $1.time }
  }

  /// What users meet first: the errors and latencies of an API or a load balancer.
  static func isFrontDoor(_ name: SeriesName) -> Bool {
    (name.name.hasPrefix("api/") || name.name.hasPrefix("balancer/")) && name.kind != .gauge
      && !name.base.hasSuffix(clientErrors)
  }

  /// How series of answers that blame the client end. They count from half of all requests on: a scanner must not roll
  /// anything back, a version that refuses everybody must.
  static let clientErrors = "/4xx"

  /// The series for the judge. The period in which the deployment took place mixes both versions and belongs to neither
  /// part; periods that begin after `settled` may still change and are left out.
  ///
  /// Of two versions that get traffic at the same time, the old one's series stands beside the new one's.
  /// - Parameters:
  ///   - lags: how much longer than `settled` says a series may still change.
  ///   - versions: what the versions are called and which share the new one is to get, by the name that both series have.
  func series(
    deployedAt: Timestamp, period: Duration, settled: Timestamp?, end: Timestamp?,
    lags: [SeriesName: Duration] = [:], versions: [String: ConcurrentSeries] = [:]
  ) -> [WatchedSeries] {
    let all = each(deployedAt: deployedAt, period: period, settled: settled, end: end, lags: lags)
    let known = Dictionary(all.map { (SeriesName(name: $0.name, kind: $0.kind), $0) }) { first, _ in first }
    return all.compactMap { one in
      let name = SeriesName(name: one.name, kind: one.kind)
      if name.isOld { return known[name.other] == nil ? one : nil }
      guard name.isNew, let old = known[name.other] else { return one }
      var one = one
      var beside = versions[name.base] ?? ConcurrentSeries()
      beside.points = old.watch
      one.concurrent = beside
      // Before the new version there was the old one alone: by itself where it was counted so, else all that there was.
      one.baseline =
        [old.baseline, known[SeriesName(name: name.base, kind: name.kind)]?.baseline ?? []]
        .first { !$0.isEmpty } ?? known[SeriesName(name: name.resource, kind: name.kind)]?.baseline ?? []
      one.gap = one.gap ?? old.gap
      return one
    }
  }

  /// Every series by itself.
  private func each(
    deployedAt: Timestamp, period: Duration, settled: Timestamp?, end: Timestamp?,
    lags: [SeriesName: Duration]
  ) -> [WatchedSeries] {
    names.map { name in
      let settled = settled.map { $0 - (lags[name] ?? .zero) }
      // A probe has no length: it met the old version or the new one. An alarm is in its state at a moment too.
      let isProbe = name.isOfMoments
      let length = isProbe ? Duration.microseconds(1) : period
      let sorted = (points[name] ?? [:]).values.sorted { $0.time < $1.time }
      let early = sorted.filter { $0.time + length <= deployedAt }
      let before = frozen[name] ?? []
      return WatchedSeries(
        name: name.name, kind: name.kind, baseline: early.isEmpty ? before : before + early,
        watch: sorted.filter { point in
          point.time >= deployedAt && end.map { point.time < $0 } ?? true
            && (isProbe || settled.map { point.time + length <= $0 } ?? true)
        },
        isFrontDoor: Observations.isFrontDoor(name),
        severeRate: name.base.hasSuffix(Observations.clientErrors) ? 0.5 : nil,
        settledUntil: isProbe || lags[name] == nil ? nil : settled, gap: gaps[name])
    }
  }

  /// The usual distance between points, one minute where nothing tells it.
  var period: Duration {
    var distances: [Int64] = []
    for (name, series) in points where !name.isOfMoments {
      let times = series.keys.sorted()
      for index in times.indices.dropFirst() {
        distances.append(times[index].microseconds - times[index - 1].microseconds)
      }
    }
    guard !distances.isEmpty else { return .seconds(60) }
    return .microseconds(distances.sorted()[distances.count / 2])
  }

  /// The latest point of all series; nil where there is none.
  var end: Timestamp? { points.values.flatMap(\.keys).max() }
  /// The oldest point's time.
  var start: Timestamp? { points.values.flatMap(\.keys).min() }

  /// How many points there are, those that do not change any more among them.
  var count: Int { points.values.reduce(0) { $0 + $1.count } + frozen.values.reduce(0) { $0 + $1.count } }
}
