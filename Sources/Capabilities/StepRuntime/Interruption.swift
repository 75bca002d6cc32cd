import Glibc
import StepResults
import Synchronization

/// SIGINT and SIGTERM as the cancellation of the step's task; a second signal ends the process at once.
public final class Interruption: Sendable {
  private struct State {
    var signal: ExitStatus?
    var cancel: (@Sendable () -> Void)?
  }
  private let state = Mutex(State())

  /// An interruption that nobody has asked for yet.
  public init() {}

  /// Which signal arrived, as the exit code that it leads to.
  public var signal: ExitStatus? { state.withLock { $0.signal } }

  /// Cancels what `run` runs.
  public func interrupt(_ signal: ExitStatus) {
    let cancel = state.withLock { state in
      state.signal = state.signal ?? signal
      return state.cancel
    }
    cancel?()
  }

  /// Runs `work` in a task that an interruption cancels, on `executor` where one is given.
  func run<Value: Sendable>(
    on executor: (any TaskExecutor)? = nil, _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let task = Task(executorPreference: executor) { try await work() }
    let isLate = state.withLock { state in
      state.cancel = { task.cancel() }
      return state.signal != nil
    }
    if isLate { task.cancel() }
    return try await task.value
  }

  /// Listens to the process's signals until it ends.
  public func listen() {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    signalPipe = ends[1]
    for signal in [SIGINT, SIGTERM] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(signalPipe, &byte, 1)
      }
      sigaction(signal, &action, nil)
    }
    // A reader that left and a limit on files' sizes are errors of the write, which says what was lost.
    for signal in [SIGPIPE, SIGXFSZ] { Glibc.signal(signal, SIG_IGN) }
    let reader = SignalReader(descriptor: ends[0], interruption: self)
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(reader).toOpaque()
    pthread_create(
      &thread, nil,
      { raw in
        Unmanaged<SignalReader>.fromOpaque(raw!).takeRetainedValue().run()
        return nil
      }, argument)
    pthread_detach(thread)
  }
}

// Written once before any handler is installed; a handler may touch nothing but a descriptor.
nonisolated(unsafe) private var signalPipe: Int32 = -1

private final class SignalReader: Sendable {
  let descriptor: Int32
  let interruption: Interruption

  init(descriptor: Int32, interruption: Interruption) {
    self.descriptor = descriptor
    self.interruption = interruption
  }

  func run() {
    var byte: UInt8 = 0
    while true {
      let count = read(descriptor, &byte, 1)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return }
      let status: ExitStatus = Int32(byte) == SIGINT ? .interrupted : .terminated
      if interruption.signal != nil { _exit(status.rawValue) }
      interruption.interrupt(status)
    }
  }
}
