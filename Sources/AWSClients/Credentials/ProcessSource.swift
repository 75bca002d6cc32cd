import Glibc
import JSONValues
import Synchronization
import SystemInterfaces

/// `credential_process`: a command whose standard output is a JSON document with credentials.
enum ProcessSource {
  static let timeout: Duration = .seconds(60)

  static func find(
    _ command: String, source: String, _ context: CredentialsContext
  ) async throws -> CredentialsOutcome {
    let name = "\(source), credential_process"
    func failure(_ reason: String) -> CredentialsOutcome {
      .failed(.init(name, reason, wasConfigured: true))
    }
    let result = await ShellCommand.run(command, environment: context.environment, timeout: timeout)
    switch result {
    case .notStarted(let reason): return failure("could not be started: \(reason)")
    case .wroteTooMuch: return failure("wrote more than \(ShellCommand.maximumOutput) bytes")
    case .timedOut: return failure("gave no answer within \(Int(timeout.inSeconds)) seconds")
    case .ended(let status, let output):
      guard status == 0 else { return failure("ended with status \(status)") }
      guard let json = try? JSONValue(parsing: output) else { return failure("did not answer in JSON") }
      guard json.int("Version") == 1 else { return failure("answered without \"Version\": 1") }
      guard let found = CredentialsDocument.read(output, source: name) else {
        return failure("answered without AccessKeyId and SecretAccessKey")
      }
      return .found(found)
    }
  }
}

/// A command of the shell whose output is read. What it writes to standard error goes to ours: a person may have to log in.
enum ShellCommand {
  enum Result: Sendable {
    case ended(status: Int32, output: [UInt8])
    case notStarted(String)
    case timedOut
    case wroteTooMuch
  }
  static let maximumOutput = 1 << 20

  static func run(_ command: String, environment: Environment, timeout: Duration) async -> Result {
    await withCheckedContinuation { continuation in
      // Waiting blocks, so it gets a thread of its own.
      let work = Work(command, environment, timeout) { continuation.resume(returning: $0) }
      var thread = pthread_t()
      let argument = Unmanaged.passRetained(work).toOpaque()
      let code = pthread_create(
        &thread, nil,
        { raw in
          let work = Unmanaged<Work>.fromOpaque(raw!).takeRetainedValue()
          work.done(ShellCommand.runBlocking(work.command, work.environment, work.timeout))
          return nil
        }, argument)
      if code == 0 {
        pthread_detach(thread)
      } else {
        Unmanaged<Work>.fromOpaque(argument).release()
        continuation.resume(returning: .notStarted(SystemError.message(code)))
      }
    }
  }

  private final class Work: Sendable {
    let command: String
    let environment: Environment
    let timeout: Duration
    let done: @Sendable (Result) -> Void
    init(
      _ command: String, _ environment: Environment, _ timeout: Duration,
      done: @escaping @Sendable (Result) -> Void
    ) {
      self.command = command
      self.environment = environment
      self.timeout = timeout
      self.done = done
    }
  }

  private static func runBlocking(
    _ command: String, _ environment: Environment, _ timeout: Duration
  ) -> Result {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return .notStarted(SystemError.message(errno)) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own, so that children end with it.
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    posix_spawnattr_setpgroup(&attributes, 0)
    var arguments: [UnsafeMutablePointer<CChar>?] = ["/bin/sh", "-c", command].map { (text: String) in
      strdup(text)
    }
    arguments.append(nil)
    var variables: [UnsafeMutablePointer<CChar>?] = environment.variables.map {
      strdup("\($0.key)=\($0.value)")
    }
    variables.append(nil)
    defer { for text in arguments + variables { free(text) } }
    var process = pid_t()
    let code = posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, variables)
    close(ends[1])
    guard code == 0 else { return .notStarted(SystemError.message(code)) }

    let (output, isWhole) = read(ends[0], within: timeout)
    if !isWhole { kill(-process, SIGKILL) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    guard isWhole else { return output.count > maximumOutput ? .wroteTooMuch : .timedOut }
    let signal = status & 0x7f
    return .ended(status: signal == 0 ? status >> 8 & 0xff : 128 + signal, output: output)
  }

  /// What comes until the end; false where the time or the allowed size ran out.
  private static func read(_ descriptor: Int32, within timeout: Duration) -> ([UInt8], Bool) {
    let deadline = ContinuousClock.now + timeout
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while output.count <= maximumOutput {
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else { return (output, false) }
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, Int32(clamping: left.microseconds / 1000 + 1))
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else { return (output, false) }
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return (output, count == 0) }
      output.append(contentsOf: buffer[..<count])
    }
    return (output, false)
  }
}
