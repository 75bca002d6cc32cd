/// The 23 statuses a stack can have, by the service model of CloudFormation 2010-05-15.
public enum StackStatus: String, CaseIterable, Hashable, Sendable, Codable {
  /// Being created, and what can come of it.
  case createInProgress = "CREATE_IN_PROGRESS"
  case createFailed = "CREATE_FAILED"
  case createComplete = "CREATE_COMPLETE"
  /// A failed creation being undone, and what can come of it.
  case rollbackInProgress = "ROLLBACK_IN_PROGRESS"
  case rollbackFailed = "ROLLBACK_FAILED"
  case rollbackComplete = "ROLLBACK_COMPLETE"
  /// Being deleted, and what can come of it.
  case deleteInProgress = "DELETE_IN_PROGRESS"
  case deleteFailed = "DELETE_FAILED"
  case deleteComplete = "DELETE_COMPLETE"
  /// Being updated, and what can come of it.
  case updateInProgress = "UPDATE_IN_PROGRESS"
  case updateCompleteCleanupInProgress = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
  case updateComplete = "UPDATE_COMPLETE"
  case updateFailed = "UPDATE_FAILED"
  /// An update being undone, and what can come of it.
  case updateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS"
  case updateRollbackFailed = "UPDATE_ROLLBACK_FAILED"
  case updateRollbackCompleteCleanupInProgress = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
  case updateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE"
  /// A change set for a stack that does not exist yet.
  case reviewInProgress = "REVIEW_IN_PROGRESS"
  /// Resources being taken in, and what can come of it.
  case importInProgress = "IMPORT_IN_PROGRESS"
  case importComplete = "IMPORT_COMPLETE"
  case importRollbackInProgress = "IMPORT_ROLLBACK_IN_PROGRESS"
  case importRollbackFailed = "IMPORT_ROLLBACK_FAILED"
  case importRollbackComplete = "IMPORT_ROLLBACK_COMPLETE"
}

/// The calls that change a stack.
public enum StackCall: String, CaseIterable, Hashable, Sendable, Codable {
  /// CancelUpdateStack.
  case cancelUpdate
  /// ContinueUpdateRollback.
  case continueUpdateRollback
  /// RollbackStack.
  case rollbackStack
  /// CreateChangeSet and ExecuteChangeSet, or UpdateStack.
  case update
  /// The same with rollback disabled, which is how a stack is updated that its last update left in failure.
  case updateWithoutRollback
  /// DeleteStack.
  case delete
}

/// What a status means for somebody who wants to go back.
public struct StatusRule: Hashable, Sendable {
  /// How the stack stands.
  public enum Condition: Hashable, Sendable {
    /// Nothing runs and a new operation can begin.
    case settled
    /// Something runs that ends by itself.
    case moving
    /// Nothing runs, and one call leads out.
    case stuck
    /// Nothing runs, and no call of ours leads out: a person decides.
    case needsPerson
    /// There is no stack.
    case absent
  }
  /// The calls that CloudFormation accepts and that may be made in this status.
  public let permits: Set<StackCall>
  /// How the stack stands.
  public let condition: Condition
  /// What to say of it, in half a sentence.
  public let meaning: String
  /// The same with its subject: `it is being updated`, `its last update succeeded`.
  public var clause: String { meaning.hasPrefix("its ") ? meaning : "it \(meaning)" }
}

extension StackStatus {
  /// The rule of this status. The table is the one place that knows which call a status permits; a status that is
  /// not known is treated as `needsPerson` by the callers.
  public var rule: StatusRule { StackStatus.table[self]! }

  /// Whether `call` may be made in this status.
  public func permits(_ call: StackCall) -> Bool { rule.permits.contains(call) }

  /// Source: the CloudFormation user guide (stack status codes) and the service model's descriptions of the calls.
  /// UPDATE_FAILED and CREATE_FAILED accept an update only with DisableRollback, so `update` is not among their calls.
  static let table: [StackStatus: StatusRule] = [
    .createInProgress: moving("is being created"),
    .createFailed: StatusRule(
      permits: [.rollbackStack, .delete], condition: .needsPerson,
      meaning: "its creation failed; RollbackStack would delete it"),
    .createComplete: settled("was created and never updated"),
    .rollbackInProgress: moving("its failed creation is being undone"),
    .rollbackFailed: StatusRule(
      permits: [.delete], condition: .needsPerson,
      meaning: "its creation failed and could not be undone; only deleting it is possible"),
    .rollbackComplete: StatusRule(
      permits: [.delete], condition: .needsPerson,
      meaning: "its creation failed and was undone; only deleting it is possible"),
    .deleteInProgress: moving("is being deleted, which is never interrupted"),
    .deleteFailed: StatusRule(
      permits: [.delete], condition: .needsPerson,
      meaning: "its deletion failed; deleting it needs the resources to retain"),
    .deleteComplete: StatusRule(permits: [], condition: .absent, meaning: "was deleted"),
    .updateInProgress: StatusRule(
      permits: [.cancelUpdate], condition: .moving, meaning: "is being updated"),
    .updateCompleteCleanupInProgress: moving("was updated and removes what it no longer needs"),
    .updateComplete: settled("its last update succeeded"),
    .updateFailed: StatusRule(
      permits: [.rollbackStack, .updateWithoutRollback, .delete], condition: .stuck,
      meaning: "its update failed and was left as it was"),
    .updateRollbackInProgress: moving("its update is being undone"),
    .updateRollbackFailed: StatusRule(
      permits: [.continueUpdateRollback, .delete], condition: .stuck,
      meaning: "its update could not be undone"),
    .updateRollbackCompleteCleanupInProgress: moving(
      "its update was undone and it removes what it no longer needs"),
    .updateRollbackComplete: settled("its last update was undone"),
    .reviewInProgress: StatusRule(
      permits: [.delete], condition: .absent, meaning: "does not exist yet; only a change set does"),
    .importInProgress: moving("is taking resources in"),
    .importComplete: settled("took resources in"),
    .importRollbackInProgress: moving("its import is being undone"),
    .importRollbackFailed: StatusRule(
      permits: [.delete], condition: .needsPerson, meaning: "its import could not be undone"),
    .importRollbackComplete: settled("its import was undone"),
  ]

  private static func settled(_ meaning: String) -> StatusRule {
    StatusRule(permits: [.update, .delete], condition: .settled, meaning: meaning)
  }
  private static func moving(_ meaning: String) -> StatusRule {
    StatusRule(permits: [], condition: .moving, meaning: meaning)
  }
}
