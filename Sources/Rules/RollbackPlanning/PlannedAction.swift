public import CloudFormationModel

/// One thing to do.
public struct PlannedAction: Hashable, Sendable {
  /// What is done.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    /// Send all calls of a function's alias to the version that had them.
    case shiftTrafficBack
    /// Take the canary of an API's stage away.
    case removeCanary
    /// Give the target groups of a listener or rule their recorded weights.
    case restoreTargetWeights
    /// Stop a deployment of CodeDeploy and wait until CodeDeploy has taken it back.
    case stopDeployment
    /// Wait for a rollback that CodeDeploy has begun by itself.
    case awaitDeployment
    /// CancelUpdateStack.
    case cancel
    /// ContinueUpdateRollback.
    case continueRollback
    /// RollbackStack.
    case rollbackStack
    /// Wait for what others, or an earlier run, started.
    case wait
    /// Execute a change set of the recorded template.
    case restore
    /// Execute a change set of the recorded template that keeps exports still in use: the first phase of a cycle.
    case restoreKeepingExports
    /// Give a stack its recorded rollback triggers and monitoring time again, once all else is done.
    case restoreTriggers
    /// Let a stack's policy permit everything, for the length of a restore.
    case liftStackPolicy
    /// Give a stack its recorded policy again.
    case restoreStackPolicy
    /// DeleteStack.
    case delete
    /// Set a function's time limit or memory now, until the plan undoes it.
    case relieve
    /// Make the recorded version of a secret current again.
    case restoreSecretStage
    /// Put a function's package where the recorded template fetches it.
    case restorePackage
    /// Point a function's alias at the recorded version.
    case restoreAlias
    /// Point an API's stage at the recorded deployment.
    case restoreStageDeployment
    /// Give a state machine its recorded definition.
    case restoreStateMachine
    /// Give a function its recorded code.
    case restoreFunctionCode
    /// Give a function its recorded time limit and memory.
    case restoreFunctionSettings
    /// Let an ECS service run the recorded task definition.
    case restoreService
    /// Switch an EventBridge rule on or off, as it was.
    case restoreRule
    /// Set a stage of an API as it was.
    case restoreStageSettings
    /// Set an API as a whole as it was.
    case restoreAPISettings
    /// Write a parameter's recorded value again.
    case restoreParameter
    /// Deploy the recorded version of a configuration of AppConfig.
    case restoreConfiguration
    /// Run the rollback scripts of the reverted migrations, newest first.
    case rollBackSchema
    /// Make a new database of the restore point's snapshot, beside the old one.
    case restoreDatabase
    /// Point a secret at the restored database.
    case switchDatabase
    /// Let a proxy lead to the restored database.
    case switchDatabaseProxy
    /// Update a stack, with its template as it is, for the restored database's address in its parameters.
    case redeploy
    /// Look for drift after resources were skipped.
    case detectDrift
    /// Check the application's health.
    case verify
    /// Commit the revert on a branch.
    case revertCommit
  }
  /// What an action outside the stacks' own operations sets: each kind of action with what it needs.
  public enum Payload: Hashable, Sendable {
    /// It sets nothing, or its target says it all.
    case nothing
    /// The version that a label of a secret, or an alias of a function, is to name.
    case version(String)
    /// The deployment that a stage is to serve.
    case deployment(String)
    /// The digest of the code, or of the definition, that is to be there afterwards.
    case digest(String)
    /// Settings in words, as the facts compare them.
    case settings(String)
    /// The function whose package goes back to its place.
    case package(function: String)
    /// A stack's policy.
    case policy(String)
    /// The weights that target groups are to have.
    case weights([TargetGroupWeight])
    /// The snapshot that a database is made of.
    case snapshot(String)
    /// The database that a secret is to name, or a proxy to lead to.
    case database(String)
  }
  /// 1 for the first; unique.
  public var order = 0
  /// Actions of one stage run side by side; a stage begins when the one before it has ended.
  public var stage = 0
  /// What is done.
  public var kind: Kind
  /// The stack's name, or the resource's.
  public var target: String
  /// Why.
  public var reason: String
  /// Seconds it is expected to take.
  public var estimate: Double = 0
  /// What is lost for good by it.
  public var losses: [String] = []
  /// What the change set that it executes does to each resource.
  public var changes: [RestoreChange] = []
  /// Whether it runs only if what comes before it leaves it to be done.
  public var isConditional = false
  /// Resources that a continued rollback skips, or that a deletion leaves behind.
  public var skips: [String] = []
  /// Exports that the first phase of a cycle keeps, or that stacks outside go on importing.
  public var keptExports: [String] = []
  /// Whether the update runs with rollback disabled: the only one that a stack takes which its last update left in failure.
  public var disablesRollback = false
  /// The operation that is waited for, where `kind` is `wait`.
  public var awaited: StackOperation = .others
  /// Which try this is; part of the request token.
  public var attempt = 1
  /// What an action outside the stacks' own operations sets.
  public var payload = Payload.nothing
  /// The stack that owns what an action outside the stacks changes.
  public var stack: String?

  /// An action.
  public init(_ kind: Kind, target: String, reason: String) {
    self.kind = kind
    self.target = target
    self.reason = reason
    self.estimate = Estimates.runbook.seconds(kind)
  }

  /// The operation that this action starts on a stack; nil where it starts none.
  public var operation: StackOperation? {
    switch kind {
    case .cancel: .cancel
    case .continueRollback: .continueRollback
    case .rollbackStack: .rollback
    case .restore, .restoreKeepingExports: .restore
    case .restoreTriggers: .triggers
    case .delete: .delete
    default: nil
    }
  }

  /// Whether it takes back what a deployment finished; a running or failed update is undone by CloudFormation itself.
  public var undoesFinished: Bool {
    switch kind {
    case .awaitDeployment, .cancel, .continueRollback, .rollbackStack, .wait, .restoreTriggers,
      .restoreStackPolicy, .delete,
      .relieve, .detectDrift, .verify, .revertCommit:
      false
    default: true
    }
  }

  /// The call that this action makes on a stack; nil where it makes none.
  public var call: StackCall? {
    switch kind {
    case .cancel: .cancelUpdate
    case .continueRollback: .continueUpdateRollback
    case .rollbackStack: .rollbackStack
    case .restore, .restoreKeepingExports: disablesRollback ? .updateWithoutRollback : .update
    case .restoreTriggers: .update
    case .delete: .delete
    default: nil
    }
  }
}

/// How long actions take, in seconds.
public struct Estimates: Hashable, Sendable {
  /// The seconds that each run took for each of its actions, run by run.
  private var learned: [PlannedAction.Kind: [[Double]]] = [:]

  /// The runbook's durations and nothing learned.
  public static let runbook = Estimates()

  /// Takes in what one earlier run took for its actions.
  public mutating func learn(_ run: [(kind: PlannedAction.Kind, seconds: Double)]) {
    for (kind, taken) in Dictionary(grouping: run, by: \.kind) {
      learned[kind, default: []].append(taken.map(\.seconds))
    }
  }

  /// How many runs have to have been seen before they tell more than the runbook.
  static let enough = 3

  /// The median of what was learned, else the middle of the runbook's range.
  public func seconds(_ kind: PlannedAction.Kind) -> Double {
    if let known = learned[kind], known.count >= Estimates.enough {
      let sorted = known.joined().sorted()
      let middle = sorted.count / 2
      return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
    return Estimates.runbookSeconds[kind] ?? 0
  }

  /// The runbook's table: a cancelled update 5 to 10 minutes, a full rollback of the application 10 to 15, a complete
  /// teardown and a restored database 20 to 30. The rest are single calls.
  private static let runbookSeconds: [PlannedAction.Kind: Double] = [
    .cancel: 450, .continueRollback: 450, .rollbackStack: 450, .wait: 450, .restore: 750,
    .restoreKeepingExports: 750, .delete: 1500, .restoreSecretStage: 5, .restoreAlias: 5,
    .restoreStageDeployment: 5, .restoreStateMachine: 5, .restoreFunctionCode: 15,
    .restoreFunctionSettings: 10, .restorePackage: 15, .restoreService: 180, .restoreRule: 5,
    .restoreStageSettings: 5, .restoreAPISettings: 5, .restoreParameter: 5, .restoreConfiguration: 30,
    .shiftTrafficBack: 1, .removeCanary: 1, .restoreTargetWeights: 1, .stopDeployment: 60,
    .awaitDeployment: 60, .relieve: 10, .restoreTriggers: 30, .liftStackPolicy: 5, .restoreStackPolicy: 5,
    .rollBackSchema: 60, .restoreDatabase: 1500, .switchDatabase: 5, .switchDatabaseProxy: 60, .redeploy: 300,
    .detectDrift: 60, .verify: 30, .revertCommit: 5,
  ]
}
