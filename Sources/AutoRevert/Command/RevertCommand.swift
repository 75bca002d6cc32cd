import ArgumentParser
import Records
import Reporting
import RollbackPlan
import StepCommand

/// `auto-revert`: puts the recorded state back, verifies, and tells people.
public struct RevertCommand: StepCommand {
  public typealias Part = RevertPart
  public static let abstract = "Puts the recorded state back, verifies it, and tells people."
  // Nothing that confirms or widens a destructive act: that counts on the command line alone.
  public static let environmentOptions = [
    "only", "to", "reason", "deadline", "revert", "mainline", "onto", "branch",
  ]
  public static let environmentFlags = ["git-only"]

  @OptionGroup public var common: CommonOptions

  @Option(
    help:
      "What confirms: rollback-production; DELETE and DELETE-DATABASE with --method delete; RESTORE-DATABASE; may be repeated."
  )
  var confirm: [String] = []

  @Option(
    help: "How to go back: automatic, cancel, continue, restore, delete or relief. (default: automatic)")
  var method: String?

  @Option(help: "Only the stack of this role, such as api; may be repeated.")
  var only: [String] = []

  @Option(help: "The restore point, by id or by commit. (default: the newest good one before the deployment)")
  var to: String?

  @Option(help: "Why: stands in plan, record, messages and report.")
  var reason: String?

  @Option(help: "The total time, such as 90m. (default: 2h)")
  var deadline: String?

  @Flag(help: "Show the restore points there are, and exit.")
  var list = false

  @Flag(name: .customLong("continue"), help: "Go on with a revert that was interrupted.")
  var continues = false

  @Flag(help: "Do everything but change something, and print the plan.")
  var dryRun = false

  @Flag(help: "Let the restore replace or delete resources that hold no data.")
  var allowReplace = false

  @Option(
    help: "Let the restore replace or delete this resource that holds data, STACK/RESOURCE; may be repeated.")
  var allowStateful: [String] = []

  @Flag(help: "Roll back outside production too, where fixing forward is the advice.")
  var force = false

  @Option(help: "Leave a stuck resource as it is, STACK/RESOURCE; may be repeated.")
  var skip: [String] = []

  @Flag(help: "Leave all stuck resources as they are, once continuing without has failed.")
  var skipStuck = false

  @Option(help: "Take the ledger's lock over from this run, which is known to be dead.")
  var takeLock: String?

  @Flag(help: "Put the old version back although migrations of the range do not fit it.")
  var acceptSchema = false

  @Flag(
    help: "Lift a stack's policy that denies its restore, and put it back afterwards.")
  var overrideStackPolicy = false

  @Flag(
    name: .customLong("rollback-schema"),
    help: "Run the rollback scripts of the reverted migrations once the old version is live again.")
  var rollbackSchema = false

  @Flag(
    help:
      "Make a new database of the snapshot and point the application's secret at it; wants --confirm RESTORE-DATABASE."
  )
  var restoreDatabase = false

  @Option(
    help: ArgumentHelp(
      "Set a function's time limit or memory now, until the rollback has ended; may be repeated.",
      valueName: "function:timeout=30,memory=512"))
  var relief: [String] = []

  @Option(
    help:
      "Who takes responsibility: overrides the kill switch, the limits, and the refusal of newer deployments."
  )
  var `operator`: String?

  @Flag(help: "Only make the revert commit; needs no AWS.")
  var gitOnly = false

  @Option(help: "What to revert: a commit, or a range A..B.")
  var revert: String?

  @Option(help: "The parent to keep when a merge is reverted, counted from 1.")
  var mainline: Int?

  @Option(help: "What the revert commit stands on. (default: HEAD)")
  var onto: String?

  @Option(help: "The branch that gets the revert commit. (default: backstop/revert-<commit>)")
  var branch: String?

  public init() {}

  /// Reverting in git alone needs no configuration.
  public var needsConfig: Bool { !gitOnly }

  public func run(in session: StepSession) async throws -> StepOutcome<RevertPart> {
    try await RevertRun(command: self, session: session).outcome()
  }

  public func answerInstead(in session: StepSession) async throws -> String? {
    list ? try RestorePointList.text(session) : nil
  }

  public static func report(_ record: Record<RevertPart>) -> Report { RevertReport.make(record) }
}
