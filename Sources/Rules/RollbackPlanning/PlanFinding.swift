public import StepResults

/// Something the plan has to say: what keeps it from running, or what a person should know.
public struct PlanFinding: Hashable, Sendable {
  /// A stable code; codes are never renamed.
  public var code: PlanFindingCode
  /// How much it matters.
  public var severity: Severity
  /// What was found, on what, and what to do next.
  public var message: String
  /// The stack or resource meant, where there is one.
  public var target: String?
  /// Whether a stop holds back its own stack alone: the others are put back without it.
  public var isAside = false
  /// What a person does about it, where a command does it.
  public var remedy: Remedy?

  /// What a person can copy.
  public enum Remedy: Hashable, Sendable {
    /// A command of its own, and what it does.
    case command(String, does: String)
    /// The same run once more, with these options.
    case options([String])
  }

  /// A finding.
  public init(
    _ code: PlanFindingCode, _ severity: Severity, target: String? = nil, remedy: Remedy? = nil,
    _ message: String
  ) {
    self.code = code
    self.severity = severity
    self.message = message
    self.target = target
    self.remedy = remedy
  }
}

extension PlanFindingCode {
  /// Whether a warning of it means that something is not as recorded, or may not be, although the stacks are back: then
  /// nobody may call all of it restored.
  public var leavesOpen: Bool {
    switch self {
    case .databaseStillUsed, .databaseBeside, .parameterUnverified, .parameterMoved, .schemaAhead,
      .schemaUnknown, .secretLeft, .resourceLeft, .resourcesSkipped, .driftAfterSkip,
      .rollbackConfigurationLeft, .trafficLeft:
      true
    default: false
    }
  }
}

/// What auto-revert reports, one code each.
public enum PlanFindingCode: String, CaseIterable, Hashable, Sendable {
  /// No restore point was found, so finished updates cannot be put back.
  case restorePointMissing = "restore-point-missing"
  /// The restore point holds the version that is live.
  case restorePointOfLiveVersion = "restore-point-of-live-version"
  /// The restore point is damaged or says that a stack cannot be put back.
  case notRestorable = "not-restorable"
  /// The stack has another id than recorded: it was deleted and made anew.
  case stackRecreated = "stack-recreated"
  /// The stack is recorded but not there.
  case stackMissing = "stack-missing"
  /// The stack is there but not recorded.
  case stackNotRecorded = "stack-not-recorded"
  /// Somebody deployed after the deployment that was judged.
  case newerDeployment = "newer-deployment"
  /// Another restore point is being put back.
  case otherRevert = "other-revert"
  /// The status leaves nothing that may be done without a person.
  case needsPerson = "needs-person"
  /// The status is none of the known ones.
  case unknownStatus = "unknown-status"
  /// A rollback is stuck on resources.
  case stuckResources = "stuck-resources"
  /// A resource to skip is not one of the stuck ones.
  case skipNotStuck = "skip-not-stuck"
  /// Skipped resources are marked as updated but are not.
  case resourcesSkipped = "resources-skipped"
  /// The restore would replace or delete resources.
  case wouldReplace = "would-replace"
  /// The restore would replace or delete a resource that holds data.
  case wouldLoseData = "would-lose-data"
  /// What the deployment added is removed with it.
  case additionRemoved = "addition-removed"
  /// The restore would make a resource whose name one that was left behind has.
  case nameTaken = "name-taken"
  /// A resource that was deleted with its data is made anew.
  case madeAnew = "made-anew"
  /// Other stacks could be put back without the one that stops.
  case othersPossible = "others-possible"
  /// An export is kept for a stack outside, though the recorded version does not have it.
  case exportKept = "export-kept"
  /// Something still uses the database that was replaced.
  case databaseStillUsed = "database-still-used"
  /// What a restore does inside a nested stack is not known beforehand.
  case nestedUnseen = "nested-unseen"
  /// An export that somebody uses would vanish, or one that is needed would be missing.
  case exportInUse = "export-in-use"
  /// A needed export would not be there.
  case importMissing = "import-missing"
  /// A NoEcho parameter's value cannot be compared.
  case parameterUnverified = "parameter-unverified"
  /// A parameter read from SSM resolves to another value than recorded.
  case parameterMoved = "parameter-moved"
  /// The live state could not be compared with the restore point.
  case notCompared = "not-compared"
  /// The method asked for is not possible in this status.
  case methodNotPossible = "method-not-possible"
  /// An action failed.
  case actionFailed = "action-failed"
  /// A role that is in no configuration.
  case unknownRole = "unknown-role"
  /// A secret is not moved, and why.
  case secretLeft = "secret-left"
  /// A resource outside the stacks' templates is not put back, and why.
  case resourceLeft = "resource-left"
  /// Migrations of the reverted range do not fit the old version.
  case schemaAhead = "schema-ahead"
  /// A stack's policy denies what the restore would change.
  case stackPolicy = "stack-policy"
  /// A quick setting was made, or could not be made.
  case reliefSet = "relief-set"
  /// The schema is rolled back by scripts, or cannot be.
  case schemaRollback = "schema-rollback"
  /// The database cannot be made anew from the snapshot.
  case databaseNotRestorable = "database-not-restorable"
  /// The restored database is another one than the stack owns.
  case databaseBeside = "database-beside"
  /// A template that was uploaded for a call could not be removed.
  case templateLeft = "template-left"
  /// The time for everything ran out while something still runs.
  case deadline = "deadline"
  /// The lock holds on this machine alone.
  case lockIsLocal = "lock-is-local"
  /// A stack that `--only` left out is not as recorded.
  case stackLeftOut = "stack-left-out"
  /// The application is not healthy after the rollback, or that is not known.
  case notHealthy = "not-healthy"
  /// The application's health was not checked or not conclusively.
  case healthUnknown = "health-unknown"
  /// A stack is deleted for good.
  case stackDeleted = "stack-deleted"
  /// A resource that a deletion leaves behind.
  case resourceRetained = "resource-retained"
  /// The snapshot that holds the last state of a deleted database.
  case finalSnapshot = "final-snapshot"
  /// A message could not be sent.
  case notificationFailed = "notification-failed"
  /// A revert commit was made, or was not and why.
  case revertCommit = "revert-commit"
  /// Drift after skipped resources.
  case driftAfterSkip = "drift-after-skip"
  /// Nothing on record lets a program undo what is live, and nobody says why.
  case noEvidence = "no-evidence"
  /// Whether migrations of the reverted range fit the recorded version is not known.
  case schemaUnknown = "schema-unknown"
  /// The stack's name follows from the others, and nobody confirmed it.
  case stackDerived = "stack-derived"
  /// A revert that was begun earlier is left: another deployment has come since.
  case journalSuperseded = "journal-superseded"
  /// CloudFormation undid the last update; nothing was compared with a restore point.
  case nothingCompared = "nothing-compared"
  /// A safety rule forbids the rollback.
  case safetyRule = "safety-rule"
  /// A person took responsibility for what a safety rule forbids.
  case safetyRuleOverridden = "safety-rule-overridden"
  /// Too little on record says that the deployment is bad.
  case evidenceThin = "evidence-thin"
  /// What the restore point rests on outside it has gone.
  case restorePointIncomplete = "restore-point-incomplete"
  /// A restore point that is not needed is damaged.
  case restorePointUnreadable = "restore-point-unreadable"
  /// The trail names a newer restore point that is not on this machine.
  case restorePointElsewhere = "restore-point-elsewhere"
  /// Traffic that two versions share was not moved back first, and why.
  case trafficLeft = "traffic-left"
  /// The rollback configuration could not be put back.
  case rollbackConfigurationLeft = "rollback-configuration-left"
}
