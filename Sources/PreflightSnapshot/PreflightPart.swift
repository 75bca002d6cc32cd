import Records

/// What `preflight-snapshot` writes beside the envelope.
public struct PreflightPart: StepPart {
  public static let step = Step.preflightSnapshot

  /// The step's summary.
  public struct Summary: Codable, Hashable, Sendable {
    /// How many stacks were read, and how many of them can be put back.
    public var stacks: Int, restorable: Int
    /// The restore point, where one was made.
    public var restorePoint: String?
    /// How many checks and series the baseline holds.
    public var baselineResponses: Int, baselineSeries: Int
  }

  /// One stack as it is now.
  public struct StackEntry: Codable, Hashable, Sendable {
    /// The stack's name and role, its status, the digest of its original template.
    public var name: String, role: String, status: String, templateSha256: String?
    /// Whether the record suffices to put it back, and what is missing where it does not.
    public var restorable: Bool, why: String?
  }

  /// The database as it is now.
  public struct DatabaseEntry: Codable, Hashable, Sendable {
    /// Its identifier, where there is one, and the snapshot that was made.
    public var identifier: String?, snapshotId: String?
    /// `none`, `external`, or the service's own word.
    public var status: String
  }

  /// What was normal before the deployment, in short; the restore point has all of it.
  public struct BaselineEntry: Codable, Hashable, Sendable {
    /// Each check with its outcome and its median latency in milliseconds.
    public struct Response: Codable, Hashable, Sendable {
      /// The check's name and outcome, the answer's status, the median of the warm samples.
      public var name: String, outcome: String, status: Int?, medianMilliseconds: Double?
    }
    /// One entry a check.
    public var responses: [Response]
    /// The names of the recorded series.
    public var series: [String]
  }

  /// In the order of a rollback.
  public var stacks: [StackEntry]
  /// One entry, also where there is no database.
  public var database: DatabaseEntry
  /// Empty where nothing was asked.
  public var baseline: BaselineEntry
  /// The id of the restore point and its folder, where one was made.
  public var restorePoint: String?, restorePointPath: String?
}
