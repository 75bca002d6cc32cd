/// The status of a stack: one of the 23 of the service model, or one that it did not have yet.
public struct RawStackStatus: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
  /// As CloudFormation writes it.
  public let rawValue: String
  /// A status as CloudFormation writes it.
  public init(rawValue: String) { self.rawValue = rawValue }

  public static let createInProgress = RawStackStatus(rawValue: "CREATE_IN_PROGRESS")
  public static let createFailed = RawStackStatus(rawValue: "CREATE_FAILED")
  public static let createComplete = RawStackStatus(rawValue: "CREATE_COMPLETE")
  public static let rollbackInProgress = RawStackStatus(rawValue: "ROLLBACK_IN_PROGRESS")
  public static let rollbackFailed = RawStackStatus(rawValue: "ROLLBACK_FAILED")
  public static let rollbackComplete = RawStackStatus(rawValue: "ROLLBACK_COMPLETE")
  public static let deleteInProgress = RawStackStatus(rawValue: "DELETE_IN_PROGRESS")
  public static let deleteFailed = RawStackStatus(rawValue: "DELETE_FAILED")
  public static let deleteComplete = RawStackStatus(rawValue: "DELETE_COMPLETE")
  public static let updateInProgress = RawStackStatus(rawValue: "UPDATE_IN_PROGRESS")
  public static let updateCompleteCleanupInProgress = RawStackStatus(
    rawValue: "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
  public static let updateComplete = RawStackStatus(rawValue: "UPDATE_COMPLETE")
  public static let updateFailed = RawStackStatus(rawValue: "UPDATE_FAILED")
  public static let updateRollbackInProgress = RawStackStatus(rawValue: "UPDATE_ROLLBACK_IN_PROGRESS")
  public static let updateRollbackFailed = RawStackStatus(rawValue: "UPDATE_ROLLBACK_FAILED")
  public static let updateRollbackCompleteCleanupInProgress = RawStackStatus(
    rawValue: "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
  public static let updateRollbackComplete = RawStackStatus(rawValue: "UPDATE_ROLLBACK_COMPLETE")
  public static let reviewInProgress = RawStackStatus(rawValue: "REVIEW_IN_PROGRESS")
  public static let importInProgress = RawStackStatus(rawValue: "IMPORT_IN_PROGRESS")
  public static let importComplete = RawStackStatus(rawValue: "IMPORT_COMPLETE")
  public static let importRollbackInProgress = RawStackStatus(rawValue: "IMPORT_ROLLBACK_IN_PROGRESS")
  public static let importRollbackFailed = RawStackStatus(rawValue: "IMPORT_ROLLBACK_FAILED")
  public static let importRollbackComplete = RawStackStatus(rawValue: "IMPORT_ROLLBACK_COMPLETE")

  /// All 23 of the service model.
  public static let all: [RawStackStatus] = [
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
  public var isKnown: Bool { RawStackStatus.all.contains(self) }
  public var description: String { rawValue }
}
