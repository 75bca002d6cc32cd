import Synchronization

/// Lets at most so many tasks work at a time; the others wait in the order they came.
final class ConcurrencyLimit: Sendable {
  private struct State {
    var free: Int
    var waiting: [CheckedContinuation<Void, Never>] = []
    var first = 0
  }
  private let state: Mutex<State>

  init(_ count: Int) { state = Mutex(State(free: max(1, count))) }

  /// The result of `work`, once there is room for it.
  func run<Result: Sendable>(_ work: () async -> Result) async -> Result {
    let isFree = state.withLock { state in
      if state.free > 0 {
        state.free -= 1
        return true
      }
      return false
    }
    if !isFree { await wait() }
    let result = await work()
    release()
    return result
  }

  private func wait() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.free > 0 {
          state.free -= 1
          return true
        }
        state.waiting.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  private func release() {
    let next: CheckedContinuation<Void, Never>? = state.withLock { state in
      guard state.first < state.waiting.count else {
        state.waiting.removeAll()
        state.first = 0
        state.free += 1
        return nil
      }
      defer { state.first += 1 }
      return state.waiting[state.first]
    }
    next?.resume()
  }
}
