import CommandArguments
import DeploymentConfig
import DeploymentRecords
import Reporting
import SmokeChecks
import StepResults
import StepRuntime

/// `smoke-test`: does the new version do its work, compared with before?
public struct SmokeTestCommand: StepCommand {
  public typealias Part = SmokePart
  public static let abstract = "Checks right after a deployment whether it works, compared with before."
  public static let environmentOptions = [
    "smoke", "variable", "flaky", "deadline", "settle", "concurrency", "baseline", "expect-version", "shard",
    "output", "openapi", "max-time", "variables-file", "secret", "header",
  ]
  public static let environmentFlags = ["parse-only", "built-in"]
  public static let sendsRequests = true

  public let common: CommonOptions
  let files: [String]
  let smoke: [String]
  let openapi: [String]
  let builtIn: Bool
  let parseOnly: Bool
  let variable: [String]
  let variablesFile: [String]
  let secret: [String]
  let header: [String]
  let maxTime: String?
  let flaky: String?
  let deadline: String?
  let settle: String?
  let concurrency: Int?
  let baseline: String?
  let expectVersion: String?
  let shard: String?
  let output: String?
  let merge: [String]

  /// Declares the options and takes their values.
  public init(_ arguments: inout ArgumentReader) throws(ArgumentError) {
    common = try CommonOptions(&arguments)
    files = arguments.argumentList("files", "Hurl files, as with --smoke.")
    smoke = arguments.options(
      "smoke", "A Hurl file, or a folder of them; may be repeated. Without one the built-in checks run.")
    openapi = arguments.options(
      "openapi", "An OpenAPI document whose GET operations are asked; may be repeated.")
    builtIn = arguments.flag("built-in", "Run the built-in checks beside the files.")
    parseOnly = arguments.flag("parse-only", "Read the files and send nothing.")
    variable = arguments.options("variable", "A variable for the files, NAME=VALUE; may be repeated.")
    variablesFile = arguments.options(
      "variables-file", "A file of variables, NAME=VALUE a line; may be repeated.")
    secret = arguments.options(
      "secret", "A variable whose value is shown nowhere, NAME=VALUE; may be repeated.")
    header = arguments.options(
      "header",
      "A header field for the requests that no Hurl file describes (OpenAPI, gRPC, built-in), 'NAME: VALUE'; may be repeated."
    )
    maxTime = try arguments.option(
      "max-time",
      "The longest that one request may take. (default: 30s, as API Gateway itself gives up after 29s; a function URL has until the deadline)"
    )
    flaky = try arguments.option(
      "flaky", "What a check that passed only after a retry counts as: fail, warn or pass. (default: warn)")
    deadline = try arguments.option("deadline", "The total time, such as 2m. (default: 2m)")
    settle = try arguments.option(
      "settle", "For how long failures that may settle are tried again; 0 for never. (default: 15s)")
    concurrency = try arguments.option("concurrency", "Requests at once. (default: 8)")
    baseline = try arguments.option(
      "baseline", "The restore point to compare with, latest or none. (default: latest)")
    expectVersion = try arguments.option("expect-version", "The version or commit that should answer.")
    shard = try arguments.option("shard", "Run one part of the checks only, N/M, for a CI matrix.")
    output = try arguments.option("output", "Where the last file's last body is written.")
    merge = arguments.optionList("merge", "Make one record of the records of all shards, and send nothing.")
  }

  /// Files may bring all they need, and merging needs the records alone.
  public var needsConfig: Bool { merge.isEmpty && smoke.isEmpty && files.isEmpty && openapi.isEmpty }

  public func run(in session: StepSession) async throws -> StepOutcome<SmokePart> {
    if !merge.isEmpty { return try ShardMerge.outcome(of: merge, session) }
    var request = SmokeRequest()
    request.files = smoke + files
    request.openAPI = openapi
    request.builtIn = builtIn
    request.parseOnly = parseOnly
    request.variables = variable
    request.variableFiles = variablesFile
    request.secrets = secret
    request.headers = header
    request.maxTime = maxTime
    request.flaky = flaky
    request.deadline = deadline
    request.settle = settle
    request.concurrency = concurrency
    request.baseline = baseline
    request.expectVersion = expectVersion
    request.shard = shard
    request.output = output
    return try await request.check(in: session)
  }

  public static var catalog: [FindingDescription] { SmokeTestFindings.catalog }

  public static let examples: [CommandDescription.Topic.Entry] = [
    (
      "smoke-test prod",
      "Run the built-in checks."
    ),
    (
      "smoke-test prod --smoke smoke/jobs.hurl --junit smoke.xml",
      "Run Hurl files, and leave a report."
    ),
    (
      "smoke-test prod --smoke smoke/ --parse-only",
      "Read the files and send nothing."
    ),
  ]

  public static func report(_ record: Record<SmokePart>) -> Report { SmokeTestReport.make(record) }
}
