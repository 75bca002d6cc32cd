import Dispatch

/// Runs tasks one after the other, in the order in which they came to be ready: what runs side by side draws its numbers
/// in the same order each time.
public final class OneThread: TaskExecutor {
  private let queue = DispatchQueue(label: "one thread")
  /// The thread whose queue it is: whoever runs on it keeps it alive.
  private static let key = DispatchSpecificKey<Unmanaged<OneThread>>()

  /// Nothing runs yet.
  public init() { queue.setSpecific(key: OneThread.key, value: .passUnretained(self)) }

  /// The one that the caller runs on; nil where it runs on another.
  static var current: OneThread? { DispatchQueue.getSpecific(key: key)?.takeUnretainedValue() }

  /// Whether the caller runs here.
  public var isCurrent: Bool { OneThread.current === self }

  /// Lets run what is ready. `Task.yield` goes over a thread of the pool, so that two that yield one after the other come back in
  /// any order.
  func letOthersRun() async {
    await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
  }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
