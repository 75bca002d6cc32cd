import HealthAnalysis
import SystemInterfaces

/// When a live watch looks, and what it takes for settled.
struct WatchSchedule: Hashable, Sendable {
  /// When the new version was in place.
  var deployedAt: Timestamp
  /// The end of the periods that are judged.
  var end: Timestamp
  /// The time between looks.
  var interval: Duration
  /// The length of a period.
  var period: Duration
  /// How old a period must be to count.
  var settle: Duration
  /// Whether a series that settles later is waited for, by itself.
  var waitsForEach: Bool
  /// How much longer the watch may go on where something has begun and is not decided.
  var longestExtension: Duration { period * 6 }

  /// What is on record of earlier deployments.
  var history = WatchHistory()

  /// Where the baseline ends, before the deployment.
  var baselineUntil: Timestamp?

  /// What was asked for; nil means the default.
  struct Request: Hashable, Sendable {
    var length: Duration
    var interval: Duration?
    var settle: Duration?
    var period: Duration?
    var deployedAt: Timestamp?
    var baselineUntil: Timestamp?
  }

  /// The schedule of a watch that starts at `now`.
  init(_ request: Request, now: Timestamp, targets: WatchTargets) {
    let length = request.length
    interval = min(request.interval ?? .seconds(60), max(length / 5, .milliseconds(100)))
    period = request.period ?? WatchSchedule.period(for: length)
    baselineUntil = request.baselineUntil
    // A watch of less than five minutes, as in a demonstration, waits for the same share of its length as a usual one.
    let isShort = length < .seconds(300)
    settle = request.settle ?? (isShort ? max(.seconds(1), length / 15) : .seconds(120))
    waitsForEach = request.settle == nil && !isShort
    if let given = request.deployedAt {
      deployedAt = given
      // Even where the time is over, a few looks are taken: only a probe of now can tell that all is down.
      end = max(given + length, now + interval * 4 - settle)
    } else {
      // An update of long ago is not the deployment that is watched.
      let recent = targets.updatedAt.flatMap { now - $0 < .seconds(6 * 3600) && $0 <= now ? $0 : nil }
      deployedAt = recent ?? now
      end = now + length
    }
  }

  /// One minute, CloudWatch's usual resolution; in a watch of less than five minutes a period that gives it thirty
  /// points: 5 seconds or 1.
  private static func period(for length: Duration) -> Duration {
    length >= .seconds(300) ? .seconds(60) : length >= .seconds(150) ? .seconds(5) : .seconds(1)
  }

  /// When the last look is due.
  var lastLook: Timestamp { end + settle }

  /// How far back the baseline reaches: a day, or the three hours for which CloudWatch keeps periods under a minute.
  var baselineStart: Timestamp {
    min(baselineUntil ?? deployedAt, deployedAt)
      - (period < .seconds(60) ? .seconds(3 * 3600) : .seconds(86_400) + Habit.reach)
  }

  /// The same hours of the weeks before, and the minutes after earlier deployments, where the baseline does not hold them:
  /// CloudWatch keeps minutes for fifteen days, and shorter periods for three hours.
  func furtherWindows(warmUp: Duration) -> [Range<Timestamp>] {
    guard period >= .seconds(60) else { return [] }
    let weeks = [7, 14].map { week in
      let same = deployedAt - .seconds(86_400 * week)
      return same - Habit.reach..<same + (end - deployedAt) + Habit.reach
    }
    return weeks + history.starts.filter { $0 < baselineStart }.map { $0..<$0 + warmUp + period * 2 }
  }

  /// Whether `time` belongs to what is known to have been no normal time.
  func isCut(_ time: Timestamp) -> Bool {
    if let baselineUntil, time >= baselineUntil, time < deployedAt { return true }
    return history.incidents.contains { $0.contains(time) && time < deployedAt }
  }
}
