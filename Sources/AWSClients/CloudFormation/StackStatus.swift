/// The status of a stack: one of the 23 of the service model, or one that it did not have yet.
public struct StackStatus: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
  /// As CloudFormation writes it.
  public let rawValue: String
  /// A status as CloudFormation writes it.
  public init(rawValue: String) { self.rawValue = rawValue }

  public static let createInProgress = StackStatus(rawValue: "CREATE_IN_PROGRESS")
  public static let createFailed = StackStatus(rawValue: "CREATE_FAILED")
  public static let createComplete = StackStatus(rawValue: "CREATE_COMPLETE")
  public static let rollbackInProgress = StackStatus(rawValue: "ROLLBACK_IN_PROGRESS")
  public static let rollbackFailed = StackStatus(rawValue: "ROLLBACK_FAILED")
  public static let rollbackComplete = StackStatus(rawValue: "ROLLBACK_COMPLETE")
  public static let deleteInProgress = StackStatus(rawValue: "DELETE_IN_PROGRESS")
  public static let deleteFailed = StackStatus(rawValue: "DELETE_FAILED")
  public static let deleteComplete = StackStatus(rawValue: "DELETE_COMPLETE")
  public static let updateInProgress = StackStatus(rawValue: "UPDATE_IN_PROGRESS")
  public static let updateCompleteCleanupInProgress = StackStatus(
    rawValue: "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
  public static let updateComplete = StackStatus(rawValue: "UPDATE_COMPLETE")
  public static let updateFailed = StackStatus(rawValue: "UPDATE_FAILED")
  public static let updateRollbackInProgress = StackStatus(rawValue: "UPDATE_ROLLBACK_IN_PROGRESS")
  public static let updateRollbackFailed = StackStatus(rawValue: "UPDATE_ROLLBACK_FAILED")
  public static let updateRollbackCompleteCleanupInProgress = StackStatus(
    rawValue: "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
  public static let updateRollbackComplete = StackStatus(rawValue: "UPDATE_ROLLBACK_COMPLETE")
  public static let reviewInProgress = StackStatus(rawValue: "REVIEW_IN_PROGRESS")
  public static let importInProgress = StackStatus(rawValue: "IMPORT_IN_PROGRESS")
  public static let importComplete = StackStatus(rawValue: "IMPORT_COMPLETE")
  public static let importRollbackInProgress = StackStatus(rawValue: "IMPORT_ROLLBACK_IN_PROGRESS")
  public static let importRollbackFailed = StackStatus(rawValue: "IMPORT_ROLLBACK_FAILED")
  public static let importRollbackComplete = StackStatus(rawValue: "IMPORT_ROLLBACK_COMPLETE")

  /// All 23 of the service model.
  public static let all: [StackStatus] = [
    .createInProgress, .createFailed, .createComplete, .rollbackInProgress, .rollbackFailed,
    .rollbackComplete,
    .deleteInProgress, .deleteFailed, .deleteComplete, .updateInProgress, .updateCompleteCleanupInProgress,
    .updateComplete, .updateFailed, .updateRollbackInProgress, .updateRollbackFailed,
    .updateRollbackCompleteCleanupInProgress, .updateRollbackComplete, .reviewInProgress, .importInProgress,
    .importComplete, .importRollbackInProgress, .importRollbackFailed, .importRollbackComplete,
  ]

  /// Whether CloudFormation is at work. `REVIEW_IN_PROGRESS` waits for a person, and counts as not.
  public var isInProgress: Bool { rawValue.hasSuffix("_IN_PROGRESS") && self != .reviewInProgress }
  /// Whether an operation ended in failure and left the stack so.
  public var isFailed: Bool { rawValue.hasSuffix("_FAILED") }
  /// Whether it is one of the service model's.
  public var isKnown: Bool { StackStatus.all.contains(self) }
  public var description: String { rawValue }
}
