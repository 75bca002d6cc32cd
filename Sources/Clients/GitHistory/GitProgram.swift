import SystemInterfaces

/// The `git` program, run in one repository: for what libgit2 1.5 cannot do. That is to push from a shallow or a partial
/// clone, to fetch what a partial clone left out, and to log in by SSH as the person's own configuration says.
public struct GitProgram: Sendable {
  private let folder: String
  private let environment: Environment
  private let processes: any ProcessRunner
  private let timeout: Duration

  /// - Parameters:
  ///   - folder: the work tree's root, or the folder of a bare repository.
  ///   - timeout: how long one call may take.
  public init(
    in folder: String, environment: Environment, processes: any ProcessRunner, timeout: Duration
  ) {
    self.folder = folder
    self.processes = processes
    self.timeout = timeout
    var environment = environment
    // Its words are looked through, and nobody sits there to answer.
    environment.variables["LC_ALL"] = "C"
    environment.variables["GIT_TERMINAL_PROMPT"] = "0"
    environment.variables["GIT_ASKPASS"] = environment["GIT_ASKPASS"] ?? "true"
    environment.variables["GIT_OPTIONAL_LOCKS"] = "0"
    self.environment = environment
  }

  /// What it wrote, where it ended with 0.
  public struct Output: Sendable {
    /// Standard output, and standard error as text.
    public var bytes: [UInt8], errors: String
    /// Standard output's lines, without empty ones.
    public var lines: [String] {
      String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    }
  }

  /// How it ended otherwise.
  enum Ending: Hashable, Sendable {
    case ended(Int32, output: String, errors: String)
    case notFound
    case notStarted(String)
    case late(Duration)
    case cancelled
  }

  /// Runs `git` with these arguments.
  /// - Parameters:
  ///   - settings: what it is told by `-c`.
  ///   - variables: on top of its environment.
  func run(
    _ arguments: [String], settings: [String] = [], variables: [String: String] = [:], input: [UInt8] = []
  ) async -> Result<Output, EndingError> {
    var environment = environment
    environment.variables.merge(variables) { $1 }
    let request = ProcessRequest(
      "git", ["-C", folder] + settings.flatMap { ["-c", $0] } + arguments, environment: environment,
      input: input, timeout: timeout, maximumOutput: 16 << 20)
    switch await processes.run(request) {
    case .ended(0, let output, let errors):
      return .success(Output(bytes: output, errors: String(decoding: errors, as: UTF8.self)))
    case .ended(let status, let output, let errors):
      return .failure(
        EndingError(
          .ended(
            status, output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: errors, as: UTF8.self))))
    case .notFound: return .failure(EndingError(.notFound))
    case .notStarted(let why): return .failure(EndingError(.notStarted(why)))
    case .wroteTooMuch: return .failure(EndingError(.notStarted("it wrote more than 16 MB")))
    case .timedOut: return .failure(EndingError(.late(timeout)))
    case .cancelled: return .failure(EndingError(.cancelled))
    }
  }

  struct EndingError: Error, Hashable, Sendable {
    var ending: Ending
    init(_ ending: Ending) { self.ending = ending }
  }

  /// Writes the commits of `branch` that `base` does not have into a file that `git fetch` reads.
  public func bundle(_ branch: String, since base: ObjectId, to path: String) async throws(GitError) {
    if case .failure(let error) = await run(
      ["bundle", "create", "--quiet", path, "\(base.hex)..refs/heads/\(branch)"])
    {
      throw GitError(.files, call: "git bundle", "cannot write \(path): \(GitProgram.words(error.ending))")
    }
  }

  /// The ending in one line.
  static func words(_ ending: Ending) -> String {
    switch ending {
    case .ended(let status, _, let errors):
      let lines = errors.split(whereSeparator: \.isNewline).filter { !$0.isEmpty }
      return lines.isEmpty ? "git ended with \(status)" : lines.suffix(6).joined(separator: " ")
    case .notFound: return "there is no git program in PATH"
    case .notStarted(let why): return "git could not be run: \(why)"
    case .late(let time): return "no answer within \(counted(Int(time.inWholeSeconds), "second"))"
    case .cancelled: return "interrupted"
    }
  }
}

extension Duration {
  fileprivate var inWholeSeconds: Int64 { components.seconds }
}
