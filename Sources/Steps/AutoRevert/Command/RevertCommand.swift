import CloudFormationModel
import CommandArguments
import DeploymentConfig
import DeploymentRecords
import Reporting
import RollbackPlanning
import StepResults
import StepRuntime

extension RevertPolicy.Migrations: ArgumentValue {}

/// `auto-revert`: puts the recorded state back, verifies, and tells people.
public struct RevertCommand: StepCommand {
  public typealias Part = RevertPart
  public static let abstract = "Puts the recorded state back, verifies it, and tells people."
  // Nothing that confirms or widens an act, or sends something elsewhere: that counts on the command line alone.
  public static let environmentOptions = [
    "only", "to", "reason", "deadline", "revert", "mainline", "onto", "branch",
  ]
  public static let environmentFlags = ["git-only"]

  public let common: CommonOptions
  let confirm: [String]
  let method: String?
  let only: [String]
  let to: String?
  let reason: String?
  let deadline: String?
  let list: Bool
  let continues: Bool
  let dryRun: Bool
  let allowReplace: Bool
  let allowStateful: [String]
  let force: Bool
  let skip: [String]
  let skipStuck: Bool
  let takeLock: String?
  let skipSharedLock: Bool
  let withoutJournal: Bool
  let acceptSchema: Bool
  let keepExports: Bool
  let parameter: [String]
  let overrideStackPolicy: Bool
  let rollbackSchema: Bool
  let restoreDatabase: Bool
  let relief: [String]
  let `operator`: String?
  let gitOnly: Bool
  let revert: [String]
  let mainline: Int?
  let onto: String?
  let branch: String?
  let push: Bool
  let pullRequest: Bool
  let pushTo: String?
  let remote: String?
  let migrations: RevertPolicy.Migrations?

  /// Declares the options and takes their values.
  public init(_ arguments: inout ArgumentReader) throws(ArgumentError) {
    common = try CommonOptions(&arguments)
    arguments.section = .changes
    confirm = arguments.options(
      "confirm",
      "What confirms: rollback-production; DELETE and DELETE-DATABASE with --method delete; RESTORE-DATABASE; may be repeated."
    )
    method = try arguments.option(
      "method", "How to go back: automatic, cancel, continue, restore, delete or relief. (default: automatic)"
    )
    only = arguments.options("only", "Only the stack of this role, such as api; may be repeated.")
    to = try arguments.option(
      "to", "The restore point, by id or by commit. (default: the newest good one before the deployment)")
    arguments.section = .own
    reason = try arguments.option("reason", "Why: stands in plan, record, messages and report.")
    deadline = try arguments.option("deadline", "The total time, such as 90m. (default: 2h)")
    list = arguments.flag("list", "Show the restore points there are, and exit.")
    continues = arguments.flag("continue", "Go on with a revert that was interrupted.")
    dryRun = arguments.flag("dry-run", "Do everything but change something, and print the plan.")
    arguments.section = .changes
    allowReplace = arguments.flag(
      "allow-replace", "Let the restore replace or delete resources that hold no data.")
    allowStateful = arguments.options(
      "allow-stateful",
      "Let the restore replace or delete this resource that holds data, STACK/RESOURCE; may be repeated.")
    force = arguments.flag("force", "Roll back outside production too, where fixing forward is the advice.")
    skip = arguments.options("skip", "Leave a stuck resource as it is, STACK/RESOURCE; may be repeated.")
    skipStuck = arguments.flag(
      "skip-stuck", "Leave all stuck resources as they are, once continuing without has failed.")
    takeLock = try arguments.option(
      "take-lock", "Take the ledger's lock over from this run, which is known to be dead.")
    skipSharedLock = arguments.flag(
      "skip-shared-lock",
      "Go on where the ledger's remote cannot be reached: other machines are not kept out.")
    withoutJournal = arguments.flag(
      "without-journal", "Set a damaged journal of an unfinished revert aside, and go on without it.")
    acceptSchema = arguments.flag(
      "accept-schema", "Put the old version back although migrations of the range do not fit it.")
    keepExports = arguments.flag(
      "keep-exports", "Keep exports that stacks outside import and the recorded version does not have.")
    parameter = arguments.options(
      "parameter", value: "stack/name",
      "Take the old value of a NoEcho parameter from the variable BACKSTOP_PARAMETER_<STACK>_<NAME>, or from a secret: STACK/NAME=secret:ID or STACK/NAME=secret:ID#MEMBER; may be repeated."
    )
    overrideStackPolicy = arguments.flag(
      "override-stack-policy", "Lift a stack's policy that denies its restore, and put it back afterwards.")
    rollbackSchema = arguments.flag(
      "rollback-schema",
      "Run the rollback scripts of the reverted migrations once the old version is live again.")
    restoreDatabase = arguments.flag(
      "restore-database",
      "Make a new database of the snapshot and point the application's secret at it; wants --confirm RESTORE-DATABASE."
    )
    relief = arguments.options(
      "relief", value: "function:timeout=30,memory=512",
      "Set a function's time limit or memory now, until the rollback has ended; may be repeated.")
    `operator` = try arguments.option(
      "operator",
      "Who takes responsibility: overrides the kill switch, the limits, and the refusal of newer deployments."
    )
    arguments.section = .own
    gitOnly = arguments.flag("git-only", "Only make the revert commit; needs no AWS.")
    revert = arguments.options(
      "revert", "What to revert: a commit, or a range A..B. Repeat it for more, in the order wanted.")
    mainline = try arguments.option(
      "mainline", "The parent to keep when a merge is reverted, counted from 1.")
    onto = try arguments.option("onto", "What the revert commit stands on. (default: HEAD)")
    branch = try arguments.option(
      "branch",
      "The branch that gets the revert commit. (default: backstop/revert-<environment>-<commit>)")
    push = arguments.flag("push", "Push that branch.")
    pullRequest = arguments.flag(
      "pull-request", "Push that branch, and open a pull request for it or bring the open one up to date.")
    pushTo = try arguments.option(
      "push-to",
      "Push the revert straight to this branch, where the policy allows it (auto-revert: push-to).")
    remote = try arguments.option("remote", "The remote that is pushed to. (default: origin)")
    migrations = try arguments.option(
      "migrations",
      "Whether the migrations of the reverted commits stay: keep or revert. (default: keep where the environment has a configuration)"
    )
  }

  /// Reverting in git alone needs no configuration.
  public var needsConfig: Bool { !gitOnly }

  public func run(in session: StepSession) async throws -> StepOutcome<RevertPart> {
    try await RevertRun(command: self, session: session).outcome()
  }

  public func answerInstead(in session: StepSession) async throws -> String? {
    list ? try RestorePointList.text(session) : nil
  }

  public static var catalog: [FindingDescription] { RevertCatalog.entries }

  public static let examples: [CommandDescription.Topic.Entry] = [
    (
      "auto-revert prod --dry-run",
      "Show the plan, and change nothing."
    ),
    (
      #"auto-revert prod --confirm rollback-production --reason "1.1.0 answers 500""#,
      "Put the recorded state back."
    ),
    (
      "auto-revert prod --git-only --revert HEAD --onto main",
      "Make the revert commit alone."
    ),
  ]

  public static func report(_ record: Record<RevertPart>) -> Report { RevertReport.make(record) }

  public static func outputs(_ record: Record<RevertPart>) -> [String: String] {
    [
      "outcome": record.summary.outcome, "restore-point": record.summary.restorePoint,
      "revert-branch": record.summary.branch, "pull-request-text": record.summary.pullRequestText,
      "pull-request": record.summary.pullRequest,
    ].compactMapValues(\.self)
  }
}
