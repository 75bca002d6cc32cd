import Dispatch

/// Runs tasks one after the other, in the order in which they came to be ready: what runs side by side draws its numbers
/// in the same order each time.
public final class OneThread: TaskExecutor {
  private let queue = DispatchQueue(label: "one thread")
  private let key = DispatchSpecificKey<Bool>()

  /// Nothing runs yet.
  public init() { queue.setSpecific(key: key, value: true) }

  /// Whether the caller runs here.
  public var isCurrent: Bool { DispatchQueue.getSpecific(key: key) == true }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
