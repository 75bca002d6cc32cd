public import CloudFormationModel

/// What was started on a stack. The same status is success after one operation and failure after another.
public enum StackOperation: String, CaseIterable, Hashable, Sendable, Codable {
  /// CancelUpdateStack was accepted.
  case cancel
  /// ContinueUpdateRollback was accepted.
  case continueRollback
  /// RollbackStack was accepted.
  case rollback
  /// ExecuteChangeSet was accepted, for the recorded template or one on the way to it.
  case restore
  /// UpdateStack was accepted, for the rollback triggers and the monitoring time alone.
  case triggers
  /// ExecuteChangeSet was accepted, for the address of the restored database alone.
  case redeploy
  /// DeleteStack was accepted.
  case delete
  /// Something that others started is waited for.
  case others
}

/// What a status means for a waiting operation.
public enum WaitOutcome: Hashable, Sendable {
  /// The operation reached what it is for.
  case done
  /// It still runs: look again later.
  case again
  /// It ended without success, and another call may lead on; facts are to be gathered anew.
  case replan(String)
  /// It failed: say why and stop here.
  case failed(String)
}

extension StackOperation {
  /// Judges `status` while this operation is waited for. Nil is a stack that is not there.
  public func judge(_ status: StackStatus?) -> WaitOutcome {
    guard let status else {
      return self == .delete ? .done : .failed("the stack is not there any more")
    }
    if let special = StackOperation.acceptors[self]?[status] { return special }
    switch status.rule.condition {
    case .moving: return .again
    case .settled, .stuck: return .replan("the stack is \(status.rawValue)")
    case .needsPerson, .absent:
      return self == .others
        ? .replan("the stack is \(status.rawValue)") : .failed("the stack is \(status.rawValue)")
    }
  }

  /// The statuses that do not simply mean "moving: again; else: look anew". UPDATE_ROLLBACK_COMPLETE is what a
  /// cancel, a continued rollback and a rollback are for, and the failure of a restore: what was bad is back.
  static let acceptors: [StackOperation: [StackStatus: WaitOutcome]] = [
    .cancel: [
      .updateRollbackComplete: .done,
      // Resources are back; the clean-up ends by itself, and no update is accepted before.
      .updateRollbackCompleteCleanupInProgress: .again,
      .updateComplete: .replan("the cancel came too late: the update completed"),
      .updateRollbackFailed: .replan("the cancelled update could not be undone"),
    ],
    .continueRollback: [
      .updateRollbackComplete: .done,
      .updateRollbackFailed: .failed("the rollback failed again"),
    ],
    .rollback: [
      .updateRollbackComplete: .done,
      .updateRollbackFailed: .replan("the update could not be undone"),
      .updateFailed: .failed("the rollback did not begin or left the stack as it was"),
    ],
    .restore: [
      .updateComplete: .done,
      // Every resource has its recorded state; old ones are still being removed.
      .updateCompleteCleanupInProgress: .again,
      .updateRollbackComplete: .failed("the restore failed and was undone: the bad version is back"),
      .updateRollbackFailed: .failed("the restore failed and could not be undone"),
      .updateFailed: .failed("the restore failed and was left as it was"),
    ],
    .triggers: [
      .updateComplete: .done,
      .updateRollbackComplete: .failed("an alarm undid it: nothing but the triggers was to be changed"),
    ],
    .redeploy: [
      .updateComplete: .done,
      .updateCompleteCleanupInProgress: .again,
      .updateRollbackComplete: .replan("the update to the restored database's address was undone"),
    ],
    .delete: [
      .deleteComplete: .done,
      .deleteFailed: .failed("resources could not be deleted"),
    ],
  ]
}
