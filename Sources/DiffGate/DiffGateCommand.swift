import ArgumentParser
import DeploymentConfig
import Records
import Reporting
import StepCommand

/// `diff-gate`: can this change be undone, and at what price?
public struct DiffGateCommand: StepCommand {
  public typealias Part = GatePart
  public static let abstract = "Judges before a merge whether a change can be undone, and at what price."
  public static let environmentOptions = [
    "base", "head", "old", "new", "old-parameters", "new-parameters", "approvals",
  ]
  public static let environmentFlags = ["change-set"]

  @OptionGroup public var common: CommonOptions

  @Option(
    help: "The revision that the change goes into. (default: what the CI says, else the default branch)")
  var base: String?

  @Option(help: "The revision that holds the change. (default: HEAD)")
  var head: String?

  @Option(help: "Compare two template files without git: the version before.")
  var old: String?

  @Option(help: "Compare two template files without git: the version after.")
  var new: String?

  @Option(help: "Parameter values before, as a JSON object or CloudFormation's array.")
  var oldParameters: String?

  @Option(help: "Parameter values after.")
  var newParameters: String?

  @Option(help: "Who approved the change: GitHub's reviews, GitLab's approvals, or a list of names, as JSON.")
  var approvals: String?

  @Flag(help: "Ask CloudFormation as well, by change sets that are deleted again.")
  var changeSet = false

  public init() {}

  /// Two files need no environment's configuration.
  public var needsConfig: Bool { old == nil && new == nil }

  public func validate() throws {
    guard (old == nil) == (new == nil) else {
      throw ValidationError("--old and --new belong together: name the template before and after")
    }
    if old != nil, base != nil || head != nil {
      throw ValidationError("--old and --new compare two files; --base and --head compare two revisions")
    }
  }

  public func run(in session: StepSession) async throws -> StepOutcome<GatePart> {
    try await GateRun(command: self, session: session).outcome()
  }

  public static func report(_ record: Record<GatePart>) -> Report { GateReport.make(record) }
}
