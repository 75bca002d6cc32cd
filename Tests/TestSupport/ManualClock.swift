import Synchronization
import SystemInterfaces

/// A clock that moves only when somebody sleeps on it: thirty minutes pass in no time.
public final class ManualClock: WallClock {
  private let time: Mutex<Timestamp>

  /// A clock that shows `start`.
  public init(_ start: Timestamp = Timestamp(seconds: 1_750_000_000)) { time = Mutex(start) }

  public var now: Timestamp { time.withLock { $0 } }

  public func sleep(for duration: Duration) async throws {
    try Task.checkCancellation()
    time.withLock { $0 = $0 + max(.zero, duration) }
    if let thread = OneThread.current { await thread.letOthersRun() } else { await Task.yield() }
  }

  /// Moves the clock by `duration`.
  public func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}
