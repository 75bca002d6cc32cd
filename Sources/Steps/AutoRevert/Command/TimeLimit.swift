import Synchronization
import SystemInterfaces

/// One limit for everything that a run does, whoever waits for what meanwhile: calls and their retries, waiting, the database,
/// health.
final class TimeLimit: Sendable {
  private let clock: any WallClock
  /// When the time for everything runs out.
  let end: Timestamp
  private let over = Mutex(false)
  /// For what ends by itself at the limit to say so: it knows best how it stands.
  static let grace: Duration = .seconds(3)

  init(_ duration: Duration, clock: any WallClock) {
    self.clock = clock
    end = clock.now + duration
  }

  /// Whether the time ran out, and what still ran was told to end.
  var isOver: Bool { over.withLock { $0 } }

  /// The result of `body`, which is cancelled when the time runs out and says then how far it came.
  func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await body() }
      group.addTask { [self] in
        do {
          try await clock.sleep(for: max(.zero, end + TimeLimit.grace - clock.now))
        } catch {
          // Ended from outside, or because `body` has: the time did not run out.
          return nil
        }
        over.withLock { $0 = true }
        return nil
      }
      while let value = try await group.next() {
        if isOver || value != nil { group.cancelAll() }
        if let value { return value }
      }
      throw CancellationError()
    }
  }
}
