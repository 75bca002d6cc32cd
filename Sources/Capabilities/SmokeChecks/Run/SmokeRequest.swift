import StepResults
import StepRuntime

/// What is to be checked, and how; what is nil is as the policy says.
public struct SmokeRequest: Sendable {
  /// Hurl files, or folders of them; none: those of the policy, and the built-in checks.
  public var files: [String] = []
  /// OpenAPI documents whose GET operations are asked.
  public var openAPI: [String] = []
  /// Whether the built-in checks run beside the files.
  public var builtIn = false
  /// Whether files are only read, and nothing is sent.
  public var parseOnly = false
  /// Variables for the files, each `NAME=VALUE`.
  public var variables: [String] = []
  /// Files of variables, `NAME=VALUE` a line; and variables whose values are shown nowhere.
  public var variableFiles: [String] = [], secrets: [String] = []
  /// Fields that requests carry which no Hurl file describes, each `NAME: VALUE`.
  public var headers: [String] = []
  /// The longest that one request may take.
  public var maxTime: String?
  /// What a check that passed only after a retry counts as: `fail`, `warn` or `pass`.
  public var flaky: String?
  /// The total time, and for how long failures that may settle are tried again.
  public var deadline: String?, settle: String?
  /// Requests at once.
  public var concurrency: Int?
  /// The restore point to compare with, `latest` or `none`.
  public var baseline: String?
  /// The version or commit that should answer.
  public var expectVersion: String?
  /// One part of the checks, `N/M`.
  public var shard: String?
  /// Where the last file's last body is written.
  public var output: String?

  /// All as the policy says.
  public init() {}

  /// Gathers the checks, runs and judges them.
  public func check(in session: StepSession) async throws -> StepOutcome<SmokePart> {
    do {
      let options = try SmokeOptions(self, session)
      return try await SmokeTestRun(options: options, session: session).outcome()
    } catch let error as CheckSourceError {
      throw StepFailure(.data, error.description, advice: error.advice)
    }
  }
}
