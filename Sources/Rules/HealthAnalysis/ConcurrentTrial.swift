/// Failures of two versions of one service in the same period.
///
/// Given how many failures there were of both, how many of them are the new version's depends on the requests of each and on
/// how much worse it is, and not on how bad the minute was for all: an outage that both share, and scatter that both share,
/// cancel. Where both fail alike these are draws without replacement, which scatter less than the binomial ones that the
/// sequential test reckons with (Hoeffding 1963, theorem 4), so its bound on false alarms holds.
struct ConcurrentTrial: Hashable, Sendable {
  var failures = 0.0, count = 0.0
  var oldFailures = 0.0, oldCount = 0.0

  /// A share that is nearly none: a logarithm of none is not finite.
  static let smallestShare = 1e-6

  /// Failures of both; none where the old version got no request, as nothing is compared then.
  var allFailures: Double { oldCount > 0 && count > 0 ? failures + oldFailures : failures }

  /// The share of all failures that is the new version's where its rate is `ratio` times the old one's.
  func share(of ratio: Double) -> Double {
    guard count > 0, oldCount > 0 else { return 1 - ConcurrentTrial.smallestShare }
    let share = ratio * count / (ratio * count + oldCount)
    return min(1 - ConcurrentTrial.smallestShare, max(ConcurrentTrial.smallestShare, share))
  }

  static func + (left: ConcurrentTrial, right: ConcurrentTrial) -> ConcurrentTrial {
    ConcurrentTrial(
      failures: left.failures + right.failures, count: left.count + right.count,
      oldFailures: left.oldFailures + right.oldFailures, oldCount: left.oldCount + right.oldCount)
  }
}
