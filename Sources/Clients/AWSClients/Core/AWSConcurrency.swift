import Synchronization

/// How many requests to one service are under way at once: fewer after it throttled, slowly more while it answers.
///
/// A retry that waits leaves its place to others, so that a throttled run goes on with what gets through. The rule is that of
/// congestion control: halve on a complaint, add one for each window's worth of answers.
final class AWSConcurrency: Sendable {
  /// The rule's figures.
  enum Rule {
    static let maximum = 24.0
    static let minimum = 1.0
  }

  private struct Lane {
    var window = Rule.maximum
    var running = 0
    var waiting: [CheckedContinuation<Void, Never>] = []
    var first = 0

    var hasRoom: Bool { Double(running) < window.rounded(.down) }

    mutating func next() -> CheckedContinuation<Void, Never>? {
      guard hasRoom, first < waiting.count else {
        if first == waiting.count {
          waiting.removeAll(keepingCapacity: true)
          first = 0
        }
        return nil
      }
      running += 1
      defer { first += 1 }
      return waiting[first]
    }
  }
  private let lanes = Mutex<[String: Lane]>([:])

  /// Waits until there is room for another request to `service`. Those who wait come in the order they asked.
  func enter(_ service: String) async {
    await withCheckedContinuation { continuation in
      let isFree = lanes.withLock { lanes in
        var lane = lanes[service] ?? Lane()
        defer { lanes[service] = lane }
        if lane.hasRoom, lane.first == lane.waiting.count {
          lane.running += 1
          return true
        }
        lane.waiting.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  /// Gives the place back.
  /// - Parameter isThrottled: whether the service complained of too many requests.
  func leave(_ service: String, isThrottled: Bool) {
    let next = lanes.withLock { lanes in
      guard var lane = lanes[service] else { return [CheckedContinuation<Void, Never>]() }
      lane.running -= 1
      lane.window =
        isThrottled
        ? max(Rule.minimum, lane.window / 2) : min(Rule.maximum, lane.window + 1 / lane.window)
      var resumed: [CheckedContinuation<Void, Never>] = []
      while let waiting = lane.next() { resumed.append(waiting) }
      lanes[service] = lane
      return resumed
    }
    for continuation in next { continuation.resume() }
  }
}
