import GitHistory
import Glibc
import HTTPTransport
import MailTransport
import Redaction
import SystemInterfaces

/// Everything that a step takes from outside. Tests replace a field.
public struct StepContext: Sendable {
  /// Environment variables.
  public var environment: Environment
  /// Time and waiting.
  public var clock: any WallClock
  /// Files.
  public var files: any FileSystem
  /// Standard output, standard error, a person's answers.
  public var terminal: any Terminal
  /// Jitter, ids.
  public var random: Randomness
  /// Other programs: psql, a profile's `credential_process`.
  public var processes: any ProcessRunner = LocalProcessRunner()
  /// Makes the HTTP transport; called once, and only by a step that sends something.
  public var makeTransport: @Sendable (Environment) -> any HTTPTransport
  /// Sends mail; used only by a step that has some to send. Without one, none can be sent.
  public var mail: (any MailTransport)?
  /// Opens the repository at a folder; called only by a step that reads git.
  public var openRepository: @Sendable (_ folder: String, Environment) throws -> GitRepository
  /// The working directory, absolute.
  public var workingDirectory: String
  /// The process id, for names of runs and locks.
  public var processId: Int32
  /// The user that this process runs as.
  public var userId: UInt32 = geteuid()

  /// Dependencies as given.
  public init(
    environment: Environment, clock: any WallClock, files: any FileSystem, terminal: any Terminal,
    random: Randomness,
    makeTransport: @escaping @Sendable (Environment) -> any HTTPTransport,
    openRepository: @escaping @Sendable (_ folder: String, Environment) throws -> GitRepository,
    workingDirectory: String, processId: Int32
  ) {
    self.environment = environment
    self.clock = clock
    self.files = files
    self.terminal = terminal
    self.random = random
    self.makeTransport = makeTransport
    self.openRepository = openRepository
    self.workingDirectory = workingDirectory
    self.processId = processId
  }

  /// How a file is read that a step starts from: what a checkout may have brought leads nowhere else.
  /// - Parameter root: the root of the work tree; without one the working directory.
  public func reading(_ path: String, in root: String?) -> FileReading {
    let folder = root ?? workingDirectory
    var reading = FileReading.ofCheckout
    reading.followsLinks = !absolute(path).hasPrefix(folder == "/" ? folder : folder + "/")
    return reading
  }

  /// `path` as an absolute path, counted from the working directory.
  public func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    return path == "."
      ? workingDirectory : "\(workingDirectory)/\(path.hasPrefix("./") ? String(path.dropFirst(2)) : path)"
  }
}

/// Writes what a redactor has gone over, and nothing else.
struct RedactingTerminal: Terminal {
  let base: any Terminal
  let redactor: Redactor

  func write(_ text: String, to stream: OutputStream) { base.write(redactor.redact(text), to: stream) }
  func isInteractive(_ stream: OutputStream) -> Bool { base.isInteractive(stream) }
  var columns: Int? { base.columns }
  func readAnswer() -> String? { base.readAnswer() }
  var lostOutput: FileError? { base.lostOutput }
}
