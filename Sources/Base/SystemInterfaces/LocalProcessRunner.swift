import Glibc
import Synchronization

/// Runs programs of this machine.
public struct LocalProcessRunner: ProcessRunner {
  /// Runs programs of this machine.
  public init() {}

  public func run(_ request: ProcessRequest) async -> ProcessOutcome {
    guard let path = LocalProcessRunner.find(request.program, in: request.environment["PATH"]) else {
      return .notFound
    }
    let child = ChildProcess(path: path, request: request)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // Waiting blocks, so it gets a thread of its own.
        let work = Work(child) { continuation.resume(returning: $0) }
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(work).toOpaque()
        let code = pthread_create(
          &thread, nil,
          { raw in
            let work = Unmanaged<Work>.fromOpaque(raw!).takeRetainedValue()
            work.done(work.child.run())
            return nil
          }, argument)
        if code == 0 {
          pthread_detach(thread)
        } else {
          Unmanaged<Work>.fromOpaque(argument).release()
          continuation.resume(returning: .notStarted(SystemError.message(code)))
        }
      }
    } onCancel: {
      child.cancel()
    }
  }

  /// The path of `program`: as it is where it has a slash, else the first of `path`'s folders that holds it.
  static func find(_ program: String, in path: String?) -> String? {
    if program.contains("/") { return access(program, X_OK) == 0 ? program : nil }
    for folder in (path ?? "/usr/bin:/bin").split(separator: ":") {
      let candidate = "\(folder)/\(program)"
      if access(candidate, X_OK) == 0 { return candidate }
    }
    return nil
  }

  private final class Work: Sendable {
    let child: ChildProcess
    let done: @Sendable (ProcessOutcome) -> Void
    init(_ child: ChildProcess, done: @escaping @Sendable (ProcessOutcome) -> Void) {
      self.child = child
      self.done = done
    }
  }
}

/// One program while it runs.
private final class ChildProcess: Sendable {
  private struct State {
    /// Set from the start until its end was noted: only so long does the number belong to it.
    var process: pid_t?
    var isCancelled = false
  }
  private static let starting = Mutex(())
  private let path: String
  private let request: ProcessRequest
  private let state = Mutex(State())

  init(path: String, request: ProcessRequest) {
    self.path = path
    self.request = request
  }

  /// Ends it, or keeps it from being started.
  func cancel() {
    state.withLock { $0.isCancelled = true }
    guard signal(request.grace > .zero ? SIGINT : SIGKILL), request.grace > .zero else { return }
    Task.detached { [self] in
      // Ended by itself meanwhile, it has no number any more that a signal could reach.
      do { try await Task.sleep(for: request.grace) } catch { return }
      _ = signal(SIGKILL)
    }
  }

  /// Sends `number` to the program and its children; false where it does not run.
  private func signal(_ number: Int32) -> Bool {
    state.withLock { state in
      guard let process = state.process else { return false }
      kill(-process, number)
      return true
    }
  }

  func run() -> ProcessOutcome {
    // One at a time: a child started between the opening of a pipe and its mark would inherit it, and the pipe's end
    // would not be seen.
    switch ChildProcess.starting.withLock({ _ in start() }) {
    case .failed(let outcome): return outcome
    case .running(let process, let streams): return finish(process, streams)
    }
  }

  private enum Start: ~Copyable {
    case running(pid_t, ProcessStreams)
    case failed(ProcessOutcome)
  }

  /// What this process holds open beside the standard streams. Not every library marks what it opens, and marking it here would
  /// take it from programs that others start at the same moment and that are to have it.
  private static func descriptors() -> [Int32] {
    guard let folder = opendir("/proc/self/fd") else { return [] }
    defer { closedir(folder) }
    var numbers: [Int32] = []
    while let entry = readdir(folder) {
      let number = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { atoi($0) }
      }
      if number > 2 { numbers.append(number) }
    }
    return numbers
  }

  private func start() -> Start {
    guard var streams = ProcessStreams() else { return .failed(.notStarted(SystemError.message(errno))) }
    let ends = streams.theirs
    let (process, code): (pid_t, Int32?) = state.withLock { state in
      guard !state.isCancelled else { return (0, nil) }
      var process = pid_t()
      let code = spawn(&process, ends)
      if code == 0 { state.process = process }
      return (process, code)
    }
    guard let code else { return .failed(.cancelled) }
    guard code == 0 else { return .failed(.notStarted(SystemError.message(code))) }
    streams.closeTheirs()
    return .running(process, streams)
  }

  private func finish(_ process: pid_t, _ streams: borrowing ProcessStreams) -> ProcessOutcome {
    let exchange = streams.exchange(request.input, within: request.timeout, atMost: request.maximumOutput)
    if exchange.ending != .whole {
      if request.grace > .zero {
        kill(-process, SIGINT)
        _ = streams.exchange([], within: request.grace, atMost: request.maximumOutput)
      }
      kill(-process, SIGKILL)
    }
    var info = siginfo_t()
    // Noticed first and collected under the lock, so that a cancellation never hits another program's number.
    while waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
    var status: Int32 = 0
    let isCancelled = state.withLock { state in
      state.process = nil
      while waitpid(process, &status, 0) < 0, errno == EINTR {}
      return state.isCancelled
    }
    if isCancelled { return .cancelled }
    let signal = status & 0x7f
    switch exchange.ending {
    case .timedOut: return .timedOut
    case .wroteTooMuch: return .wroteTooMuch
    case .whole:
      return .ended(
        status: signal == 0 ? status >> 8 & 0xff : 128 + signal, output: exchange.output,
        errors: exchange.errors)
    }
  }

  private func spawn(_ process: inout pid_t, _ ends: ProcessStreams.Ends) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if request.input.isEmpty {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    } else {
      posix_spawn_file_actions_adddup2(&actions, ends.input, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, ends.output, 1)
    if !request.sharesErrors { posix_spawn_file_actions_adddup2(&actions, ends.errors, 2) }
    // One that is closed meanwhile is passed over.
    for number in ChildProcess.descriptors() { posix_spawn_file_actions_addclose(&actions, number) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own, so that children end with it; and signals reach it, whatever is blocked or ignored here: threads
    // that run tasks block them all.
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    posix_spawnattr_setpgroup(&attributes, 0)
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    var arguments: [UnsafeMutablePointer<CChar>?] = ([request.program] + request.arguments).map {
      (text: String) in strdup(text)
    }
    arguments.append(nil)
    var variables: [UnsafeMutablePointer<CChar>?] = request.environment.variables.map {
      strdup("\($0.key)=\($0.value)")
    }
    variables.append(nil)
    defer { for text in arguments + variables { free(text) } }
    return posix_spawn(&process, path, &actions, &attributes, arguments, variables)
  }
}
