import Foundation

/// Runs an executable of this package as a pipeline would: a process of its own, its own environment, its exit code.
public struct BuiltStep: Sendable {
  /// What came of a run.
  public struct Outcome: Sendable {
    /// The exit code; the negative number of the signal where one ended the process.
    public var status: Int32
    /// Standard output and standard error, whole.
    public var output: String, error: String
    /// From start to end.
    public var duration: Duration
  }

  /// The executable's name, such as `watch-30m`.
  public var name: String
  /// The working directory.
  public var folder: String
  /// All variables beside `PATH` and `HOME`: nothing of this process's own environment reaches the step.
  public var variables: [String: String]

  /// The executable `name`, run in `folder`.
  public init(_ name: String, in folder: String, variables: [String: String] = [:]) {
    self.name = name
    self.folder = folder
    self.variables = variables
  }

  /// The folder of the built executables: where this test bundle stands, too.
  public static let binaries: String = {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    let beside = bundle.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
      separator: "/")
    let isThere = FileManager.default.isExecutableFile(atPath: beside + "/watch-30m")
    return isThere ? beside : Repository.root + "/.build/debug"
  }()

  /// Runs it to its end.
  /// - Parameters:
  ///   - input: what standard input holds.
  ///   - whileRunning: called with the process id as soon as it runs, for instance to send a signal.
  public func run(
    _ arguments: [String], input: String = "", whileRunning: (Int32) throws -> Void = { _ in }
  ) throws -> Outcome {
    try run("\(BuiltStep.binaries)/\(name)", arguments, input: input, whileRunning: whileRunning)
  }

  /// Runs it to its end on a terminal so many columns wide; all that the terminal is sent is the output.
  /// - Parameter answers: what is typed once the terminal has shown something, in order; what was never shown is told as
  ///   the error.
  public func run(
    onTerminalOf columns: Int, _ arguments: [String], answers: [(shown: String, typed: String)] = []
  ) throws -> Outcome {
    let harness = Repository.root + "/Tests/Servers/terminal.py"
    let step = "\(BuiltStep.binaries)/\(name)"
    let pairs = try JSONSerialization.data(withJSONObject: answers.map { [$0.shown, $0.typed] })
    var copy = self
    copy.variables["TERMINAL_ANSWERS"] = String(decoding: pairs, as: UTF8.self)
    return try copy.run("/usr/bin/env", ["python3", harness, String(columns), step] + arguments)
  }

  private func run(
    _ executable: String, _ arguments: [String], input: String = "",
    whileRunning: (Int32) throws -> Void = { _ in }
  ) throws -> Outcome {
    let scratch = TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let own = ProcessInfo.processInfo.environment
    process.environment = variables.merging(["PATH": own["PATH"] ?? "/usr/bin:/bin", "HOME": folder]) {
      given, _ in
      given
    }
    // Files rather than pipes: nothing has to be read while it runs.
    for stream in ["in", "out", "err"] {
      try Data(stream == "in" ? Array(input.utf8) : []).write(to: URL(fileURLWithPath: scratch(stream)))
    }
    process.standardInput = FileHandle(forReadingAtPath: scratch("in"))
    process.standardOutput = FileHandle(forWritingAtPath: scratch("out"))
    process.standardError = FileHandle(forWritingAtPath: scratch("err"))
    let start = ContinuousClock().now
    try process.begin()
    do { try whileRunning(process.processIdentifier) } catch {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      throw error
    }
    process.waitUntilExit()
    let duration = ContinuousClock().now - start
    let status = process.terminationStatus
    return Outcome(
      status: process.terminationReason == .exit ? status : -status,
      output: try String(contentsOfFile: scratch("out"), encoding: .utf8),
      error: try String(contentsOfFile: scratch("err"), encoding: .utf8), duration: duration)
  }
}
