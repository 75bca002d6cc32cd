import CommandArguments
import DeploymentConfig
import DeploymentRecords
import Reporting
import StepResults
import StepRuntime

/// `diff-gate`: can this change be undone, and at what price?
public struct DiffGateCommand: StepCommand {
  public typealias Part = GatePart
  public static let abstract = "Judges before a merge whether a change can be undone, and at what price."
  public static let environmentOptions = [
    "base", "head", "old", "new", "old-parameters", "new-parameters", "approvals",
  ]
  public static let environmentFlags = ["change-set"]

  public let common: CommonOptions
  let base: String?
  let head: String?
  let old: String?
  let new: String?
  let oldParameters: String?
  let newParameters: String?
  let approvals: String?
  let changeSet: Bool
  let moves: [String]
  let synth: String?

  /// Declares the options and takes their values.
  ///
  /// - Throws: `ArgumentError` where two files and two revisions are asked for at once.
  public init(_ arguments: inout ArgumentReader) throws(ArgumentError) {
    common = try CommonOptions(&arguments)
    base = try arguments.option(
      "base", "The revision that the change goes into. (default: what the CI says, else the default branch)")
    head = try arguments.option("head", "The revision that holds the change. (default: HEAD)")
    old = try arguments.option("old", "Compare two template files without git: the version before.")
    new = try arguments.option("new", "Compare two template files without git: the version after.")
    oldParameters = try arguments.option(
      "old-parameters", "Parameter values before, as a JSON object or CloudFormation's array.")
    newParameters = try arguments.option("new-parameters", "Parameter values after.")
    approvals = try arguments.option(
      "approvals",
      "Who approved the change: GitHub's reviews, GitLab's approvals, or a list of names, as JSON.")
    changeSet = arguments.flag(
      "change-set", "Ask CloudFormation as well, by change sets that are deleted again.")
    moves = arguments.options(
      "moves", value: "FILE",
      "A file by which resources are moved or imported: of cdk refactor, of a stack refactor, or of an import."
    )
    synth = try arguments.option(
      "synth",
      "Synthesize CDK applications by the command of the base's policy, started by these words, the CI's sandbox."
    )
    guard (old == nil) == (new == nil) else {
      throw ArgumentError("--old and --new belong together: name the template before and after")
    }
    if old != nil, base != nil || head != nil {
      throw ArgumentError("--old and --new compare two files; --base and --head compare two revisions")
    }
  }

  /// A pull request has no configuration of an environment; what it would have told is said to be open.
  public var needsConfig: Bool { false }

  /// The tip of the base: two files have none.
  public func policySource(_ place: RepositoryPlace) throws -> PolicySource {
    guard old == nil else { return .workTree }
    return .commit(
      try ChangeReader(repository: place.repository(), place: place).range(base: base, head: head).tip)
  }

  public func run(in session: StepSession) async throws -> StepOutcome<GatePart> {
    try await GateRun(command: self, session: session).outcome()
  }

  public static var catalog: [FindingDescription] { GateFindings.catalog }

  public static let examples: [CommandDescription.Topic.Entry] = [
    (
      "diff-gate prod --base origin/main",
      "Judge what this branch adds to main, without credentials."
    ),
    (
      "diff-gate prod --old before.yaml --new after.yaml",
      "Compare two templates without git."
    ),
    (
      "diff-gate prod --markdown report.md --sarif report.sarif",
      "Leave reports for a pull request."
    ),
  ]

  public static func report(_ record: Record<GatePart>) -> Report { GateReport.make(record) }
}
