import SystemInterfaces

/// What a series of errors looked like before: its rate, and the rate up to which nothing has changed.
struct ErrorBaseline: Hashable, Sendable {
  var failures: Double
  var requests: Double
  /// The 95 % upper bound of the rate.
  var upperBound: Double
  /// The rate up to which nothing has changed.
  var margin: Double
  /// The rate from which a change warrants a rollback.
  var severeRate: Double
  /// The rate from which a change is worth a word: far less than `margin` where next to nothing failed before.
  var noteworthy: Double
  /// The rate of the usual hour: the median of all.
  var usualRate: Double
  /// How much more than chance the failures of one period scatter: a request in so many counts as one.
  var dispersion: Double
  /// Stretches that were left out, because they were not what is usual.
  var incidents: [ClosedRange<Timestamp>]
  /// The periods that count, for what is known of bursts.
  var trials: [Trial]
  /// The same taken together until their rate says something.
  var pools: [ErrorTests.Pool]

  var rate: Double { requests > 0 ? failures / requests : 0 }

  /// Nil where there are too few requests to tell what is normal.
  init?(_ points: [SeriesPoint], policy: HealthPolicy, period: Duration) {
    let all = points.filter { $0.count > 0 }
    usualRate = ErrorBaseline.hourlyRates(all).median ?? 0
    let limit = max(policy.severeErrorRate, 3 * usualRate)
    let found = Incidents(all, period: period, isBad: { $0.rate > limit }) { stretch in
      ErrorBaseline.rate(of: stretch) > limit
    }
    incidents = found.stretches
    let kept = found.kept
    failures = kept.reduce(0) { $0 + min($1.value, $1.count) }
    requests = kept.reduce(0) { $0 + $1.count }
    guard requests >= ErrorBaseline.fewestRequests else { return nil }
    upperBound = Distributions.upperBound(failures, of: requests, confidence: 0.95)
    margin = min(
      max(policy.errorMarginFactor * upperBound, policy.smallestErrorMargin), policy.severeErrorRate)
    // A series that fails often when all is well is measured by its own worst half hours, pooled because the rate of
    // a single quiet minute says nothing.
    if upperBound * policy.errorMarginFactor > policy.severeErrorRate {
      let rates = ErrorBaseline.pooledRates(kept)
      margin = min(0.95, max(margin, upperBound, rates.quantile(0.99) ?? 0))
    }
    severeRate = max(policy.severeErrorRate, margin)
    noteworthy = min(margin, max(policy.smallestErrorMargin / 4, 3 * upperBound))
    dispersion = ErrorBaseline.dispersion(kept, rate: failures / requests)
    let scale = dispersion
    trials = kept.suffix(1440).map { ErrorBaseline.trial($0, dispersion: scale) }
    pools = ErrorTests.pooled(trials[...])
  }

  /// Requests below which no rate is known: with no failure at all, ten per cent cannot be excluded.
  static let fewestRequests = 29.0

  /// A period as a trial of the test.
  static func trial(_ point: SeriesPoint, dispersion: Double) -> Trial {
    Trial(failures: min(point.value, point.count) / dispersion, count: point.count / dispersion)
  }

  static func rate(of points: some Sequence<SeriesPoint>) -> Double {
    var (failures, requests) = (0.0, 0.0)
    for point in points {
      failures += min(point.value, point.count)
      requests += point.count
    }
    return requests > 0 ? failures / requests : 0
  }

  /// The rate of each hour.
  private static func hourlyRates(_ points: [SeriesPoint]) -> [Double] {
    var rates: [Double] = []
    var start = points.startIndex
    while start < points.endIndex {
      let hour = points[start].time.microseconds / 3_600_000_000
      var end = start
      while end < points.endIndex, points[end].time.microseconds / 3_600_000_000 == hour { end += 1 }
      rates.append(rate(of: points[start..<end]))
      start = end
    }
    return rates
  }

  /// The rates of consecutive periods taken together until they hold thirty requests.
  private static func pooledRates(_ points: [SeriesPoint]) -> [Double] {
    var rates: [Double] = []
    var (failures, requests) = (0.0, 0.0)
    for point in points {
      failures += min(point.value, point.count)
      requests += point.count
      if requests >= 30 {
        rates.append(failures / requests)
        (failures, requests) = (0, 0)
      }
    }
    return rates
  }

  /// How alike two requests of one period are taken to fare where too few failures are expected of a period to see it.
  private static let assumedCorrelation = 0.004

  /// Pearson's dispersion by the median of the squared residuals, which bursts do not move; a little more than 1 where it
  /// cannot be known.
  private static func dispersion(_ points: [SeriesPoint], rate: Double) -> Double {
    let requests = points.map(\.count).median ?? 1
    let assumed = min(1.5, 1 + assumedCorrelation * max(0, requests - 1))
    guard rate > 0, rate < 1 else { return assumed }
    let squares = points.compactMap { point -> Double? in
      let expected = point.count * rate
      guard expected >= 5 else { return nil }
      let residual = min(point.value, point.count) - expected
      return residual * residual / (expected * (1 - rate))
    }
    guard squares.count >= 30, let median = squares.median else { return assumed }
    // The median of a chi-square variable with one degree of freedom.
    return max(1, median / 0.4549)
  }
}
