/// The status of a stack: one of the 23 of CloudFormation's service model (2010-05-15), or one that it did not have yet.
public struct StackStatus: RawRepresentable, CaseIterable, Hashable, Sendable, Codable,
  CustomStringConvertible
{
  /// As CloudFormation writes it.
  public let rawValue: String

  /// A status as CloudFormation writes it, known or not.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// A status of the service model; nil for any other.
  public init?(known text: String) {
    self.init(rawValue: text)
    if !isKnown { return nil }
  }

  /// Being created, and what can come of it.
  public static let createInProgress = StackStatus(rawValue: "CREATE_IN_PROGRESS")
  public static let createFailed = StackStatus(rawValue: "CREATE_FAILED")
  public static let createComplete = StackStatus(rawValue: "CREATE_COMPLETE")
  /// A failed creation being undone, and what can come of it.
  public static let rollbackInProgress = StackStatus(rawValue: "ROLLBACK_IN_PROGRESS")
  public static let rollbackFailed = StackStatus(rawValue: "ROLLBACK_FAILED")
  public static let rollbackComplete = StackStatus(rawValue: "ROLLBACK_COMPLETE")
  /// Being deleted, and what can come of it.
  public static let deleteInProgress = StackStatus(rawValue: "DELETE_IN_PROGRESS")
  public static let deleteFailed = StackStatus(rawValue: "DELETE_FAILED")
  public static let deleteComplete = StackStatus(rawValue: "DELETE_COMPLETE")
  /// Being updated, and what can come of it.
  public static let updateInProgress = StackStatus(rawValue: "UPDATE_IN_PROGRESS")
  public static let updateCompleteCleanupInProgress = StackStatus(
    rawValue: "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
  public static let updateComplete = StackStatus(rawValue: "UPDATE_COMPLETE")
  public static let updateFailed = StackStatus(rawValue: "UPDATE_FAILED")
  /// An update being undone, and what can come of it.
  public static let updateRollbackInProgress = StackStatus(rawValue: "UPDATE_ROLLBACK_IN_PROGRESS")
  public static let updateRollbackFailed = StackStatus(rawValue: "UPDATE_ROLLBACK_FAILED")
  public static let updateRollbackCompleteCleanupInProgress = StackStatus(
    rawValue: "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
  public static let updateRollbackComplete = StackStatus(rawValue: "UPDATE_ROLLBACK_COMPLETE")
  /// A change set for a stack that does not exist yet.
  public static let reviewInProgress = StackStatus(rawValue: "REVIEW_IN_PROGRESS")
  /// Resources being taken in, and what can come of it.
  public static let importInProgress = StackStatus(rawValue: "IMPORT_IN_PROGRESS")
  public static let importComplete = StackStatus(rawValue: "IMPORT_COMPLETE")
  public static let importRollbackInProgress = StackStatus(rawValue: "IMPORT_ROLLBACK_IN_PROGRESS")
  public static let importRollbackFailed = StackStatus(rawValue: "IMPORT_ROLLBACK_FAILED")
  public static let importRollbackComplete = StackStatus(rawValue: "IMPORT_ROLLBACK_COMPLETE")

  /// All 23 of the service model.
  public static let allCases: [StackStatus] = [
    .createInProgress, .createFailed, .createComplete, .rollbackInProgress, .rollbackFailed,
    .rollbackComplete, .deleteInProgress, .deleteFailed, .deleteComplete, .updateInProgress,
    .updateCompleteCleanupInProgress, .updateComplete, .updateFailed, .updateRollbackInProgress,
    .updateRollbackFailed, .updateRollbackCompleteCleanupInProgress, .updateRollbackComplete,
    .reviewInProgress, .importInProgress, .importComplete, .importRollbackInProgress, .importRollbackFailed,
    .importRollbackComplete,
  ]

  /// Whether it is one of the service model's.
  public var isKnown: Bool { StackStatus.table[self] != nil }
  /// Whether CloudFormation is at work. `REVIEW_IN_PROGRESS` waits for a person, and counts as not.
  public var isInProgress: Bool { rawValue.hasSuffix("_IN_PROGRESS") && self != .reviewInProgress }
  /// Whether an operation ended in failure and left the stack so.
  public var isFailed: Bool { rawValue.hasSuffix("_FAILED") }
  public var description: String { rawValue }
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
  /// The rule of this status. The table is the one place that knows which call a status permits; in a status that it does
  /// not know a person decides.
  public var rule: StatusRule {
    StackStatus.table[self]
      ?? StatusRule(permits: [], condition: .needsPerson, meaning: "has a status that is not known")
  }

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
