import CloudFormationModel
import DeploymentRecords
import StepResults
import SystemInterfaces

/// What `preflight-snapshot` writes beside the envelope.
public struct PreflightPart: StepPart {
  public static let step = Step.preflightSnapshot

  /// The step's summary.
  public struct Summary: Codable, Hashable, Sendable {
    /// How many stacks were read, and how many of them can be put back.
    public var stacks: Int, restorable: Int
    /// The restore point, where one was made.
    public var restorePoint: String?
    /// Whether it was made earlier and only looked at (`--ready`); left out where it was not.
    public var onlyLookedAt: Bool?
    /// The commit whose deployment it holds, as far as is known.
    public var deployedCommit: String?
    /// How many checks and series the baseline holds.
    public var baselineResponses: Int, baselineSeries: Int

    init(_ point: RestorePoint, isWritten: Bool) {
      stacks = point.stacks.count
      restorable = point.stacks.count { $0.restorable }
      restorePoint = isWritten ? point.id : nil
      deployedCommit = point.commit
      (baselineResponses, baselineSeries) = (point.baseline.responses.count, point.baseline.series.count)
    }
  }

  /// One stack as it is now.
  public struct StackEntry: Codable, Hashable, Sendable {
    /// The stack's name and role, its status, the digest of its original template.
    public var name: String, role: String, status: String, templateSha256: String?
    /// Where it stands.
    public var account: String?, region: String?
    /// Whether the record suffices to put it back, and what is missing where it does not.
    public var restorable: Bool, why: String?
    /// NoEcho parameters: their values cannot be read back, so that a change of them is not seen.
    public var unverified: [String]?

    init(_ state: StackState) {
      (name, role, status, templateSha256) = (state.name, state.role, state.status, state.templateSha256)
      (account, region) = (state.account, state.region)
      (restorable, why) = (state.restorable, state.why)
      let hidden = state.parameters.filter(\.noEcho).map(\.name)
      unverified = hidden.isEmpty ? nil : hidden
    }
  }

  /// The database as it is now.
  public struct DatabaseEntry: Codable, Hashable, Sendable {
    /// Its identifier, where there is one, and the snapshot that was made.
    public var identifier: String?, snapshotId: String?
    /// `none`, `external`, or the service's own word.
    public var status: String
    /// Until when the service could restore to any point in time: the alternative to a snapshot.
    public var restorableUntil: Timestamp?
    /// Which migrations it has seen, where somebody could ask.
    public var schema: SchemaState?
    /// Old snapshots of ours that were deleted.
    public var pruned: [String]?
  }

  /// What was normal before the deployment, in short; the restore point has all of it.
  public struct BaselineEntry: Codable, Hashable, Sendable {
    /// Each check with its outcome and its median latency in milliseconds.
    public struct Response: Codable, Hashable, Sendable {
      /// The check's name and outcome, the answer's status, the median of the warm samples.
      public var name: String, outcome: String, status: Int?, medianMilliseconds: Double?

      init(_ response: ResponseBaseline) {
        (name, outcome, status) = (response.name, response.outcome, response.status)
        let sorted = response.latencies.sorted()
        let middle = sorted.count / 2
        medianMilliseconds =
          sorted.isEmpty
          ? nil : sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
      }
    }
    /// One entry a check.
    public var responses: [Response]
    /// The names of the recorded series.
    public var series: [String]
  }

  /// Where the calls of users go, of what two versions share or can share.
  public struct TrafficEntry: Codable, Hashable, Sendable {
    /// The stack, and what it is, such as `alias live of function shop-api`.
    public var stack: String, subject: String
    /// `alias`, `deployment`, `canary` or `targetGroups`.
    public var kind: String
    /// How the calls are shared out now, in words.
    public var now: String
    /// Whether nothing is under way; what the stack's template says is.
    public var settled: Bool

    init(_ owned: OwnedShift) {
      (stack, subject, settled) = (owned.stack, owned.shift.subject, !owned.isUnsettled)
      now = owned.shift.shares
      kind =
        switch owned.shift {
        case .alias: "alias"
        case .deployment: "deployment"
        case .canary: "canary"
        case .targetGroups: "targetGroups"
        }
    }
  }

  /// Left out where no two versions share anything.
  public var traffic: [TrafficEntry]?
  /// In the order of a rollback.
  public var stacks: [StackEntry]
  /// One entry, also where there is no database.
  public var database: DatabaseEntry
  /// Empty where nothing was asked.
  public var baseline: BaselineEntry
  /// The id of the restore point and its folder, where one was made.
  public var restorePoint: String?, restorePointPath: String?
  /// What would be made, where `--dry-run` was asked for.
  public var plan: [String]?

  init(_ point: RestorePoint, database found: DatabasePhase.Outcome, path: String?, plan: [String]?) {
    stacks = point.stacks.map { StackEntry($0) }
    database = DatabaseEntry(
      identifier: found.state?.identifier, snapshotId: found.state?.snapshotId, status: found.status,
      restorableUntil: found.state?.restorableUntil, schema: point.schema,
      pruned: found.pruned.isEmpty ? nil : found.pruned)
    baseline = BaselineEntry(
      responses: point.baseline.responses.map { .init($0) }, series: point.baseline.series.map(\.name))
    restorePoint = path == nil ? nil : point.id
    restorePointPath = path
    self.plan = plan
    let shifts = (point.traffic?.shifts ?? []).map { TrafficEntry($0) }
    traffic = shifts.isEmpty ? nil : shifts
  }
}
