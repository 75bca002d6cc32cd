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

  var rate: Double { requests > 0 ? failures / requests : 0 }

  /// Nil where there are too few requests to tell what is normal.
  init?(_ points: [SeriesPoint], policy: HealthPolicy) {
    failures = points.reduce(0) { $0 + min($1.value, $1.count) }
    requests = points.reduce(0) { $0 + $1.count }
    guard requests >= ErrorBaseline.fewestRequests else { return nil }
    upperBound = Distributions.upperBound(failures, of: requests, confidence: 0.95)
    margin = min(
      max(policy.errorMarginFactor * upperBound, policy.smallestErrorMargin), policy.severeErrorRate)
    // A series that fails often when all is well is measured by its own worst half hours, pooled because the rate of
    // a single quiet minute says nothing.
    if upperBound * policy.errorMarginFactor > policy.severeErrorRate {
      let rates = ErrorBaseline.pooledRates(points)
      margin = min(0.95, max(margin, upperBound, rates.quantile(0.99) ?? 0))
    }
    severeRate = max(policy.severeErrorRate, margin)
  }

  /// Requests below which no rate is known: with no failure at all, ten per cent cannot be excluded.
  static let fewestRequests = 29.0

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
}
