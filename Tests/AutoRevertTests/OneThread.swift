import Dispatch

/// Runs tasks one after the other, in the order in which they came to be ready: what runs side by side draws its numbers
/// in the same order each time.
final class OneThread: TaskExecutor {
  private let queue = DispatchQueue(label: "simulation")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
