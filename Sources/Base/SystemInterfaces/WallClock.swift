import Glibc

/// Where a step reads the time and waits. Rules, waiters and retries never ask the system by themselves.
public protocol WallClock: Sendable {
  /// The present time.
  var now: Timestamp { get }
  /// Returns `duration` later, or throws `CancellationError` when the task is cancelled first.
  func sleep(for duration: Duration) async throws
}

/// The system's clock.
public struct SystemClock: WallClock {
  /// The system's clock.
  public init() {}

  public var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }

  public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}
