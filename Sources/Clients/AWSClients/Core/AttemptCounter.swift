import Synchronization

/// Counts requests as they are sent, retries included: that is what AWS charges for.
final class AttemptCounter: Sendable {
  private let count = Mutex(0)
  func add() { count.withLock { $0 += 1 } }
  var value: Int { count.withLock { $0 } }
}
