import CommandArguments
import DeploymentConfig
import DeploymentRecords
import Reporting
import StepResults
import StepRuntime

extension SnapshotPolicy.DatabaseSnapshot: ArgumentValue {}

/// `preflight-snapshot`: records what is good now, and proves that it can be put back.
public struct PreflightCommand: StepCommand {
  public typealias Part = PreflightPart
  public static let abstract =
    "Records what is good now before a deployment, and proves that it can be put back."
  public static let environmentOptions = ["database-snapshot", "deployed-commit"]
  public static let environmentFlags = ["no-baseline"]

  public let common: CommonOptions
  let databaseSnapshot: SnapshotPolicy.DatabaseSnapshot?
  let deployedCommit: String?
  let skipWindow: String?
  let ready: Bool
  let dryRun: Bool
  let noBaseline: Bool
  let takeLock: String?
  let skipSharedLock: Bool
  let history: Bool
  let limit: Int?
  let show: Int?
  let stats: Bool
  let since: String?
  let initialize: Bool

  /// Declares the options and takes their values.
  public init(_ arguments: inout ArgumentReader) throws(ArgumentError) {
    common = try CommonOptions(&arguments)
    databaseSnapshot = try arguments.option(
      "database-snapshot",
      "When a database snapshot is made: migrations (where the range may have some), always or never. (default: migrations)"
    )
    deployedCommit = try arguments.option(
      "deployed-commit",
      "The commit that is deployed now, whose state is recorded. (default: what earlier records say)")
    skipWindow = try arguments.option(
      "skip-window",
      "Deploy in spite of the policy's windows and freezes, for this reason. Counts on the command line alone."
    )
    ready = arguments.flag(
      "ready", "Make nothing: say whether the newest restore point still does and a deployment may begin.")
    dryRun = arguments.flag(
      "dry-run", "Read and judge everything, make nothing, and print what would be made.")
    noBaseline = arguments.flag("no-baseline", "Record no answers and metrics.")
    takeLock = try arguments.option(
      "take-lock", "Take the ledger's lock over from this run, which is known to be dead.")
    skipSharedLock = arguments.flag(
      "skip-shared-lock",
      "Go on where the ledger's remote cannot be reached: other machines are not kept out.")
    history = arguments.flag("history", "Show the records of the ledger, newest first, and exit.")
    limit = try arguments.option("limit", "How many of them. (default: 20)")
    show = try arguments.option("show", "Show one record of the ledger, counted from the newest, and exit.")
    stats = arguments.flag(
      "stats", "Show deployment frequency, change failure rate, time to restore and lead time, and exit.")
    initialize = arguments.flag(
      "init",
      "Write a commented backstop.yml and a pipeline file where there is none, say what to do next, and exit."
    )
    since = try arguments.option("since", "Which time these figures are about, such as 30d. (default: 90d)")
  }

  /// The ledger is read without AWS.
  private var readsLedger: Bool { history || show != nil || stats }
  public var needsConfig: Bool { !readsLedger && !initialize }
  public var readsRestorePoints: Bool { !readsLedger && !initialize }

  public func answerInstead(in session: StepSession) async throws -> String? {
    if initialize { return try await SetupRun(session: session, isDryRun: dryRun).text() }
    let reading = LedgerReading(session: session)
    if let show { return try await reading.show(show) }
    if history {
      guard let limit, limit < 1 else { return try await reading.history(limit: limit ?? 20) }
      throw StepFailure(.usage, "--limit \(limit): expected 1 or more")
    }
    guard stats else { return nil }
    guard let span = Duration(text: since ?? "90d"), span > .zero else {
      throw StepFailure(.usage, "--since \(since ?? ""): expected a duration such as 30d or 12h")
    }
    return try await reading.statistics(since: span)
  }

  public func run(in session: StepSession) async throws -> StepOutcome<PreflightPart> {
    try await PreflightRun(command: self, session: session).outcome()
  }

  public static var catalog: [FindingDescription] { PreflightFindings.catalog }

  public static let examples: [CommandDescription.Topic.Entry] = [
    (
      "preflight-snapshot prod --deployed-commit v1.4.0",
      "Record what is good now, and prove that it can be put back."
    ),
    (
      "preflight-snapshot prod --init",
      "Write a first backstop.yml and a pipeline file, and say what to do next."
    ),
    (
      "preflight-snapshot prod --dry-run",
      "Say what would be recorded and made, and make nothing."
    ),
    (
      "preflight-snapshot prod --history",
      "Show what was recorded before."
    ),
  ]

  public static func report(_ record: Record<PreflightPart>) -> Report { PreflightReport.make(record) }

  public static func outputs(_ record: Record<PreflightPart>) -> [String: String] {
    ["restore-point": record.summary.restorePoint].compactMapValues(\.self)
  }
}
