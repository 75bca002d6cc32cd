/// A program to run to its end: a list of arguments, never a line for a shell to take apart.
public struct ProcessRequest: Hashable, Sendable {
  /// A path, or a name that is looked for in `PATH`.
  public var program: String
  /// Without the program itself. Other users of the machine can read them: no secret belongs here.
  public var arguments: [String]
  /// All variables that it gets.
  public var environment: Environment
  /// What it reads from standard input.
  public var input: [UInt8]
  /// It is ended, with its children, when it takes longer.
  public var timeout: Duration
  /// It is ended when it writes more.
  public var maximumOutput: Int
  /// Whether its standard error is ours, as where a person has to log in; otherwise it is kept.
  public var sharesErrors: Bool
  /// For how long it may tidy up when it is to end: it is asked by SIGINT first, and ended by force after that. Zero
  /// ends it by force at once.
  public var grace: Duration = .zero

  /// A program with nothing to read.
  public init(
    _ program: String, _ arguments: [String] = [], environment: Environment, input: [UInt8] = [],
    timeout: Duration = .seconds(60), maximumOutput: Int = 1 << 20, sharesErrors: Bool = false
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.input = input
    self.timeout = timeout
    self.maximumOutput = maximumOutput
    self.sharesErrors = sharesErrors
  }
}

/// What came of a program.
public enum ProcessOutcome: Hashable, Sendable {
  /// It ended by itself; `status` is 128 and the signal's number where a signal ended it.
  case ended(status: Int32, output: [UInt8], errors: [UInt8])
  /// There is no such program in `PATH`.
  case notFound
  /// The system could not start it.
  case notStarted(String)
  /// It took longer than allowed and was ended.
  case timedOut
  /// It wrote more than allowed and was ended.
  case wroteTooMuch
  /// The task was cancelled, and it was ended.
  case cancelled
}

/// Where a step runs other programs. Tests hand in failures that the real ones will not show.
public protocol ProcessRunner: Sendable {
  /// Runs `request` to its end.
  func run(_ request: ProcessRequest) async -> ProcessOutcome
}
