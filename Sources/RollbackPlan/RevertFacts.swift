import SystemInterfaces

/// All that the plan is made from.
public struct RevertFacts: Hashable, Sendable {
  /// The stacks of the configuration.
  public var stacks: [StackFacts]
  /// What stacks do not own and the restore point holds.
  public var resources: [ResourceFacts] = []
  /// The restore point's id; nil where there is none.
  public var restorePoint: String?
  /// When the deployment was judged: what was deployed later is not ours to undo. Nil where nobody judged yet.
  public var judgedAt: Timestamp?
  /// When the last update of each stack had begun as this revert first saw it: a later one is not ours to undo.
  public var firstSeen: [String: Timestamp] = [:]
  /// Tokens of calls that an earlier run of this revert made and that were accepted, whether or not events show them.
  public var accepted: Set<String> = []
  /// Names of all exports of the account in the region; nil where they could not be read.
  public var allExports: Set<String>?
  /// Migrations in the reverted range that the recorded version does not fit.
  public var breakingMigrations: [String] = []
  /// What has been tried in this run and failed, by stack.
  public var failures: [String: [FailedAttempt]] = [:]

  /// Facts of `stacks`.
  public init(stacks: [StackFacts], restorePoint: String?) {
    self.stacks = stacks
    self.restorePoint = restorePoint
  }
}

/// An action of this run that failed: it is not simply repeated.
public struct FailedAttempt: Hashable, Sendable {
  /// What was tried.
  public var kind: PlannedAction.Kind
  /// The resources it skipped.
  public var skips: [String]
  /// What came back.
  public var reason: String

  /// A failed try.
  public init(kind: PlannedAction.Kind, skips: [String] = [], reason: String) {
    self.kind = kind
    self.skips = skips
    self.reason = reason
  }
}

/// Something outside the stacks' templates that the restore point holds.
public struct ResourceFacts: Hashable, Sendable {
  /// What it is, with what decides whether it may be moved.
  public enum Kind: Hashable, Sendable {
    /// A secret's version labelled AWSCURRENT.
    case secret(SecretGuard)
    /// The version that a function's alias names.
    case alias
    /// The code of a function; it has no call of ours that puts it back where the stack does not.
    case functionCode
    /// The deployment that an API's stage serves.
    case stageDeployment
    /// The definition of a state machine.
    case stateMachine
  }
  /// What it is.
  public var kind: Kind
  /// Its name, as a person knows it: `function:alias`, `api/stage`, the secret's name.
  public var target: String
  /// The stack whose template declares it; nil where none does.
  public var stack: String?
  /// What the restore point holds: a version, a deployment, a digest.
  public var recorded: String
  /// What is there now; nil where the resource has gone.
  public var live: String?

  /// A resource that was `recorded` and is now `live`.
  public init(kind: Kind, target: String, stack: String?, recorded: String, live: String?) {
    self.kind = kind
    self.target = target
    self.stack = stack
    self.recorded = recorded
    self.live = live
  }
}

/// What keeps a secret from being moved back.
public struct SecretGuard: Hashable, Sendable {
  /// Rotation is on.
  public var rotates = false
  /// The service that owns it.
  public var owningService: String?
  /// It was rotated after the restore point.
  public var rotatedSince = false
  /// The recorded version is still there.
  public var recordedVersionExists = true
  /// When the present version was made, whether that was after the restore point.
  public var changedSince = true

  /// A secret that nothing keeps from being moved.
  public init() {}
}
