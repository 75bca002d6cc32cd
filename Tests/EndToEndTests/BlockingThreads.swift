import Foundation
import Testing

/// Runs the tests of a suite on threads of their own, a few at a time. A test here blocks its thread for as long as the
/// step that it started runs: on the threads that all tests share, two such tests would hold up everything else. And a
/// test that has begun has to go on when what it waits for has happened, not when all others have had their turn.
struct BlockingThreadsTrait: SuiteTrait, TestTrait, TestScoping {
  let isRecursive = true
  /// Whether a test gets the next free place. Those of a suite whose tests follow each other would each wait for all others,
  /// and a long one that begins last has the machine for itself.
  var isFirst = false

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    await Places.shared.take(isFirst: isFirst)
    defer { Places.shared.giveBack() }
    try await withTaskExecutorPreference(BlockingThreads.shared) { try await function() }
  }
}

extension Trait where Self == BlockingThreadsTrait {
  /// For tests that wait for processes.
  static var blocking: Self { Self() }

  /// For tests that wait for processes, and for each other or for long.
  static var blockingFirst: Self { Self(isFirst: true) }
}

private let cores = max(2, ProcessInfo.processInfo.activeProcessorCount)

/// How many of these tests have begun and not ended: steps wait for answers half their time.
private final class Places: @unchecked Sendable {
  static let shared = Places(2 * cores)

  private let lock = NSLock()
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  private init(_ count: Int) { free = count }

  func take(isFirst: Bool) async {
    await withCheckedContinuation { continuation in
      let isFree = lock.withLock {
        if free == 0 {
          if isFirst { waiting.insert(continuation, at: 0) } else { waiting.append(continuation) }
          return false
        }
        free -= 1
        return true
      }
      if isFree { continuation.resume() }
    }
  }

  func giveBack() {
    let next = lock.withLock {
      if waiting.isEmpty { free += 1 }
      return waiting.isEmpty ? nil : waiting.removeFirst()
    }
    next?.resume()
  }
}

/// Threads for the tests that have a place, and for what one of them does at once.
private final class BlockingThreads: TaskExecutor, @unchecked Sendable {
  static let shared = BlockingThreads(count: 8 * cores)

  private let condition = NSCondition()
  private var jobs: [UnownedJob] = []

  private init(count: Int) {
    for _ in 0..<count {
      let thread = Thread { [self] in
        while true { next().runSynchronously(on: asUnownedTaskExecutor()) }
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    condition.withLock {
      jobs.append(job)
      condition.signal()
    }
  }

  private func next() -> UnownedJob {
    condition.withLock {
      while jobs.isEmpty { condition.wait() }
      return jobs.removeFirst()
    }
  }
}
