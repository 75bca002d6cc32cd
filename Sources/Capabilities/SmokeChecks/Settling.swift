import SystemInterfaces

/// How long and how often a failed check is tried again while a deployment settles.
public struct Settling: Hashable, Sendable {
  /// Nothing is tried again later than this after the start of the run. Zero: no second try.
  public var window: Duration
  /// The run's total time: what has not begun by then is not begun, what runs is cut off.
  public var deadline: Duration
  /// The wait before the second try; it doubles with each further one.
  public var firstWait: Duration
  /// No wait is longer.
  public var longestWait: Duration

  /// Fifteen seconds to settle, five minutes in all, waits from a quarter of a second to five seconds.
  public init(
    window: Duration = .seconds(15), deadline: Duration = .seconds(300),
    firstWait: Duration = .milliseconds(250), longestWait: Duration = .seconds(5)
  ) {
    self.window = min(window, deadline)
    self.deadline = deadline
    self.firstWait = firstWait
    self.longestWait = longestWait
  }

  /// The wait after `failures` failed tries: between half and the whole of an exponentially growing time, or
  /// what the server asked for where that is longer; nil where the window ends before.
  /// - Parameter staleFor: for how long a cache may still give what it gave. Where it will have asked again before the
  ///   deadline, the window lasts until then.
  public func wait(
    afterFailures failures: Int, elapsed: Duration, askedFor: Duration? = nil, staleFor: Duration? = nil,
    random: Randomness
  ) -> Duration? {
    var window = window
    if window > .zero, let staleFor, elapsed + staleFor + .seconds(1) < deadline {
      window = max(window, elapsed + staleFor + .seconds(1))
    }
    guard elapsed < window else { return nil }
    var full = firstWait
    for _ in 1..<max(1, min(failures, 30)) where full < longestWait { full *= 2 }
    full = min(full, longestWait)
    var wait = full * random.double(in: 0.5...1)
    if let askedFor, askedFor > wait { wait = askedFor }
    // The last try stands at the end of the window, not before it.
    let left = window - elapsed
    if wait >= left { return askedFor.map { $0 > left } == true ? nil : left }
    return wait
  }
}
