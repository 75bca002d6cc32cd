import RollbackPlanning
import StepResults

/// What the finding codes of `auto-revert` mean.
enum RevertCatalog {
  static let entries: [FindingDescription] =
    PlanFindingCode.allCases.map {
      FindingDescription(
        $0.rawValue, meaning($0), severity: severity($0), remedy: remedy($0))
    }
    + GitOnlyFindings.catalog

  /// How much a code weighs that always weighs the same; nil for one that depends on what was allowed or found.
  private static func severity(_ code: PlanFindingCode) -> Severity? {
    switch code {
    case .actionFailed, .deadline, .exportInUse, .importMissing, .methodNotPossible, .needsPerson,
      .notHealthy, .restorePointMissing, .restorePointOfLiveVersion, .safetyRule, .skipNotStuck, .unknownRole:
      .error
    case .databaseBeside, .driftAfterSkip, .healthUnknown, .nestedUnseen, .notificationFailed,
      .parameterMoved, .parameterUnverified, .resourceRetained, .resourcesSkipped, .restorePointElsewhere,
      .restorePointIncomplete, .restorePointUnreadable, .rollbackConfigurationLeft, .safetyRuleOverridden,
      .schemaRollback, .secretLeft, .trafficLeft, .stackLeftOut, .templateLeft:
      .warning
    case .evidenceThin, .finalSnapshot, .lockIsLocal:
      .notice
    default: nil
    }
  }

  private static func meaning(_ code: PlanFindingCode) -> String {
    switch code {
    case .restorePointMissing: "There is no restore point to put a finished update back from."
    case .restorePointOfLiveVersion: "The newest restore point holds the version that is live."
    case .notRestorable: "The restore point does not hold what putting a stack back needs."
    case .stackRecreated: "The stack was deleted and made anew since it was recorded."
    case .stackMissing: "The stack is recorded but not there."
    case .stackNotRecorded: "The stack is not in the restore point and is left as it is."
    case .newerDeployment: "Somebody deployed after the deployment that was judged."
    case .otherRevert: "Another restore point is being put back by another run."
    case .needsPerson: "The stack's status leaves nothing that may be done without a person."
    case .unknownStatus: "The stack's status is none of the known ones."
    case .stuckResources: "A rollback or a deletion is stuck on resources."
    case .skipNotStuck: "A resource to skip is not one of the stuck ones."
    case .resourcesSkipped: "Skipped resources are marked as updated but stay as they are."
    case .wouldReplace: "The restore would replace or delete resources."
    case .wouldLoseData: "The restore would replace or delete a resource that holds data."
    case .additionRemoved:
      "What the undone deployment added is removed with it, as CloudFormation itself would."
    case .nameTaken: "The restore would make a resource whose name one that was left behind has."
    case .madeAnew: "A resource that the deployment deleted with its data is made anew, empty."
    case .othersPossible: "The other stacks could be put back without the one that stops."
    case .exportKept: "An export is kept for a stack outside that imports it."
    case .databaseStillUsed: "Something goes on using the database that was replaced."
    case .nestedUnseen: "What the restore does inside a nested stack is not known beforehand."
    case .exportInUse: "An export that somebody uses would vanish."
    case .importMissing: "An export that the recorded stack imports is not there."
    case .parameterUnverified: "A NoEcho parameter's value cannot be compared."
    case .parameterMoved: "A parameter read from SSM resolves to another value than recorded."
    case .notCompared: "A stack could not be compared with the restore point."
    case .methodNotPossible: "The method asked for is not possible in this state."
    case .actionFailed: "An action of the rollback failed."
    case .unknownRole: "The configuration names no stack of this role."
    case .secretLeft: "A secret has another version than recorded and is left."
    case .resourceLeft: "Something outside the stacks' templates is not put back."
    case .schemaAhead: "Migrations of the reverted range do not fit the recorded version."
    case .stackPolicy: "A stack's policy denies its restore, or is not as recorded."
    case .reliefSet: "A quick setting of a function was made, or could not be made."
    case .schemaRollback: "The schema is rolled back by scripts, or cannot be."
    case .databaseNotRestorable: "The database cannot be made anew from a snapshot."
    case .databaseBeside: "The restored database is another one than the stack owns."
    case .templateLeft: "A template that was uploaded for a call could not be removed."
    case .deadline: "The time for everything ran out while something still runs."
    case .stackLeftOut: "A stack that --only left out is not as recorded."
    case .lockIsLocal: "The lock keeps out other runs on this machine only."
    case .notHealthy: "The application is not healthy after the rollback."
    case .healthUnknown: "The application's health was not checked conclusively."
    case .stackDeleted: "A stack is deleted for good."
    case .resourceRetained: "A resource stays behind when its stack is deleted, by its policy or by --skip."
    case .finalSnapshot: "Where the last state of a deleted database is kept."
    case .notificationFailed: "A message could not be sent."
    case .revertCommit: "What became of the revert commit."
    case .driftAfterSkip: "What drift was found after resources were skipped."
    case .noEvidence: "No stop about the live deployment is on record, and nobody says why it is to go."
    case .schemaUnknown: "Whether migrations of the reverted range fit the recorded version is not known."
    case .stackDerived:
      "A stack whose name follows from the others, and that nobody confirmed, is left alone."
    case .journalSuperseded: "A revert that was not ended is left: another deployment has come since."
    case .nothingCompared:
      "CloudFormation put back what it had; there is no restore point to compare it with."
    case .safetyRule: "A rule of systems that revert by themselves forbids the rollback."
    case .safetyRuleOverridden: "A person took responsibility for what a rule forbids."
    case .evidenceThin: "Fewer than two failures of the deployment are on record."
    case .restorePointIncomplete: "Something that the restore point rests on is not there any more."
    case .restorePointUnreadable: "A restore point is damaged, and another one is taken."
    case .restorePointElsewhere: "A newer good restore point is on record than those on this machine."
    case .trafficLeft: "Traffic that two versions share was not moved back before all else."
    case .rollbackConfigurationLeft:
      "The stack's rollback triggers are not the recorded ones, or are being put back."
    }
  }

  private static func remedy(_ code: PlanFindingCode) -> String {
    switch code {
    case .restorePointMissing, .restorePointOfLiveVersion:
      "Name one with --to, or deploy the last good commit again."
    case .newerDeployment: "Judge the newer deployment, or take responsibility with --operator NAME."
    case .stuckResources: "Repair what is named, or skip it with --skip STACK/RESOURCE."
    case .wouldReplace: "Look at the plan; allow it with --allow-replace."
    case .additionRemoved: "Where the policy asks (additions: ask), allow it with --allow-replace."
    case .nameTaken:
      "Import it into the stack, or give leave with --allow-stateful STACK/RESOURCE where it is gone."
    case .othersPossible: "Name them with --only."
    case .databaseStillUsed: "Point what is named at the new database; the message has the commands."
    case .nestedUnseen:
      "Compare the nested stack's templates; what --allow-replace allows holds for it as well."
    case .wouldLoseData: "Look at the plan; allow it with --allow-stateful STACK/RESOURCE."
    case .schemaAhead: "Roll the schema back first, or accept it with --accept-schema."
    case .noEvidence: "Let smoke-test or watch-30m judge what is live, or say why with --reason."
    case .schemaUnknown: "Look at the migrations of the range; accept them with --accept-schema."
    case .stackDerived: "Write DATABASE_STACK= into the configuration."
    case .safetyRule: "Let a person decide: --operator NAME."
    case .evidenceThin: "Say why with --reason, or run smoke-test first."
    case .restorePointIncomplete: "Name another restore point with --to; auto-revert --list shows them."
    case .restorePointUnreadable: "Remove its folder, and fetch it again (--store) if it is wanted."
    case .restorePointElsewhere: "Fetch it from the run that made it, or name its store with --store."
    case .stackPolicy: "Lift it for the restore with --override-stack-policy."
    case .databaseNotRestorable: "Name a restore point with a snapshot by --to."
    case .databaseBeside: "Take the restored database into the stack by a resource import."
    case .deadline: "Run auto-revert with --continue."
    case .rollbackConfigurationLeft: "Set the recorded triggers again with the next deployment."
    case .trafficLeft: "Look where the calls go now; the message says what kept them there."
    case .notHealthy: "Look at the failed checks; an older restore point can be named with --to."
    default: ""
    }
  }
}
