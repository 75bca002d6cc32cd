import ArgumentParser
import DeploymentConfig
import Records
import Reporting
import SmokeChecks
import StepCommand

/// `smoke-test`: does the new version do its work, compared with before?
public struct SmokeTestCommand: StepCommand {
  public typealias Part = SmokePart
  public static let abstract = "Checks right after a deployment whether it works, compared with before."
  public static let environmentOptions = [
    "smoke", "variable", "flaky", "deadline", "settle", "concurrency", "baseline", "expect-version", "shard",
    "output", "openapi",
  ]
  public static let environmentFlags = ["parse-only", "built-in"]
  public static let sendsRequests = true

  @OptionGroup public var common: CommonOptions

  @Argument(help: "Hurl files, as with --smoke.")
  var files: [String] = []

  @Option(help: "A Hurl file, or a folder of them; may be repeated. Without one the built-in checks run.")
  var smoke: [String] = []

  @Option(help: "An OpenAPI document whose GET operations are asked; may be repeated.")
  var openapi: [String] = []

  @Flag(help: "Run the built-in checks beside the files.")
  var builtIn = false

  @Flag(help: "Read the files and send nothing.")
  var parseOnly = false

  @Option(help: "A variable for the files, NAME=VALUE; may be repeated.")
  var variable: [String] = []

  @Option(help: "What a check that passed only after a retry counts as: fail, warn or pass. (default: warn)")
  var flaky: String?

  @Option(help: "The total time, such as 2m. (default: 2m)")
  var deadline: String?

  @Option(help: "For how long failures that may settle are tried again; 0 for never. (default: 15s)")
  var settle: String?

  @Option(help: "Requests at once. (default: 8)")
  var concurrency: Int?

  @Option(help: "The restore point to compare with, latest or none. (default: latest)")
  var baseline: String?

  @Option(help: "The version or commit that should answer.")
  var expectVersion: String?

  @Option(help: "Run one part of the checks only, N/M, for a CI matrix.")
  var shard: String?

  @Option(help: "Where the last file's last body is written.")
  var output: String?

  @Option(parsing: .upToNextOption, help: "Make one record of the records of all shards, and send nothing.")
  var merge: [String] = []

  public init() {}

  /// Files may bring all they need, and merging needs the records alone.
  public var needsConfig: Bool { merge.isEmpty && smoke.isEmpty && files.isEmpty && openapi.isEmpty }

  public func run(in session: StepSession) async throws -> StepOutcome<SmokePart> {
    if !merge.isEmpty { return try ShardMerge.outcome(of: merge, session) }
    do {
      let options = try SmokeOptions(self, session)
      return try await SmokeTestRun(options: options, session: session).outcome()
    } catch let error as CheckSourceError {
      throw StepFailure(.data, error.description, advice: error.advice)
    }
  }

  public static func report(_ record: Record<SmokePart>) -> Report { SmokeTestReport.make(record) }
}
