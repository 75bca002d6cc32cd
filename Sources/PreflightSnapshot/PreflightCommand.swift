import ArgumentParser
import DeploymentConfig
import Records
import Reporting
import StepCommand

extension SnapshotPolicy.DatabaseSnapshot: ExpressibleByArgument {}

/// `preflight-snapshot`: records what is good now, and proves that it can be put back.
public struct PreflightCommand: StepCommand {
  public typealias Part = PreflightPart
  public static let abstract =
    "Records what is good now before a deployment, and proves that it can be put back."
  public static let environmentOptions = ["database-snapshot", "deployed-commit"]
  public static let environmentFlags = ["no-baseline"]

  @OptionGroup public var common: CommonOptions

  @Option(
    help:
      "When a database snapshot is made: migrations (where the range may have some), always or never. (default: migrations)"
  )
  var databaseSnapshot: SnapshotPolicy.DatabaseSnapshot?

  @Option(
    help: "The commit that is deployed now, whose state is recorded. (default: what earlier records say)")
  var deployedCommit: String?

  @Option(
    help:
      "Deploy in spite of the policy's windows and freezes, for this reason. Counts on the command line alone."
  )
  var skipWindow: String?

  @Flag(help: "Make nothing: say whether the newest restore point still does and a deployment may begin.")
  var ready = false

  @Flag(help: "Read and judge everything, make nothing, and print what would be made.")
  var dryRun = false

  @Flag(help: "Record no answers and metrics.")
  var noBaseline = false

  @Option(help: "Take the ledger's lock over from this run, which is known to be dead.")
  var takeLock: String?

  public init() {}

  public func run(in session: StepSession) async throws -> StepOutcome<PreflightPart> {
    try await PreflightRun(command: self, session: session).outcome()
  }

  public static func report(_ record: Record<PreflightPart>) -> Report { PreflightReport.make(record) }
}
