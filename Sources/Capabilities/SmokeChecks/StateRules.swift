/// What the states of stacks, functions, state machines and databases mean for a check.
public enum StateRules {
  /// A stack passes in a complete state, waits while an operation runs, and fails at once otherwise. A stack that
  /// was rolled back is whole, so it passes; that the update is not in effect is said as a note.
  public static func stack(_ name: String, _ state: StackHealth?) -> (AttemptResult, note: String?) {
    guard let state else {
      return (.failed(.stackMissing, "there is no stack \(name)"), nil)
    }
    let words = "stack \(name) is \(state.status)" + (state.reason.map { ": \($0)" } ?? "")
    switch state.status {
    case "CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":
      return (.passed, nil)
    case "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE":
      return (.passed, "\(words): its last update was undone and is not in effect")
    case let status where status.hasSuffix("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS":
      return (waiting(.stackState, words), nil)
    default: return (ended(.stackState, words), nil)
    }
  }

  /// A function passes when it is Active and its last update succeeded.
  public static func function(_ name: String, _ state: FunctionHealth?) -> AttemptResult {
    guard let state else {
      return ended(.resourceMissing, "there is no function \(name)")
    }
    let reason = state.reason.map { ": \($0)" } ?? ""
    switch state.state ?? "Active" {
    case "Active": break
    case "Pending": return waiting(.functionState, "function \(name) is Pending\(reason)")
    case let other: return ended(.functionState, "function \(name) is \(other)\(reason)")
    }
    switch state.lastUpdateStatus ?? "Successful" {
    case "Successful": return .passed
    case "InProgress":
      return waiting(.functionState, "the last update of function \(name) is InProgress\(reason)")
    case let other: return ended(.functionState, "the last update of function \(name) is \(other)\(reason)")
    }
  }

  /// A state machine passes when it is ACTIVE.
  public static func stateMachine(_ arn: String, _ status: String?) -> AttemptResult {
    guard let status else { return ended(.resourceMissing, "there is no state machine \(arn)") }
    return status == "ACTIVE" ? .passed : ended(.stateMachineState, "state machine \(arn) is \(status)")
  }

  /// A database passes while it serves; statuses by the RDS user guide, "Viewing DB instance status".
  public static func database(_ identifier: String, _ status: String?) -> AttemptResult {
    guard let status else { return ended(.resourceMissing, "there is no database \(identifier)") }
    let words = "database \(identifier) is \(status)"
    switch status {
    case "available", "backing-up", "storage-optimization", "storage-initialization",
      "configuring-enhanced-monitoring",
      "configuring-iam-database-auth", "configuring-log-exports":
      return .passed
    case "creating", "modifying", "rebooting", "renaming", "resetting-master-credentials", "starting",
      "maintenance", "upgrading", "moving-to-vpc", "converting-to-vpc", "storage-config-upgrade",
      "delete-precheck":
      return waiting(.databaseState, words)
    default: return ended(.databaseState, words)
    }
  }

  private static func waiting(_ failure: FailureClass, _ message: String) -> AttemptResult {
    AttemptResult(.failed(failure, message, settles: true))
  }

  private static func ended(_ failure: FailureClass, _ message: String) -> AttemptResult {
    AttemptResult(.failed(failure, message, settles: false))
  }
}
