public import CloudFormationModel

/// What a person asked for, as far as the plan depends on it.
public struct PlanOptions: Hashable, Sendable {
  /// How to go back.
  public enum Method: String, CaseIterable, Hashable, Sendable {
    /// Whatever the status asks for.
    case automatic
    /// Only cancel updates that run.
    case cancel
    /// Only continue rollbacks that are stuck.
    case `continue`
    /// Only put recorded states back.
    case restore
    /// Delete the stacks.
    case delete
    /// Only set what `--relief` names.
    case relief
  }
  /// How to go back.
  public var method = Method.automatic
  /// Only these roles; empty means all.
  public var only: Set<String> = []
  /// Resources may be replaced or deleted by a restore.
  public var allowReplace = false
  /// Resources with data that may be replaced or deleted, as `STACK/RESOURCE`.
  public var allowStateful: Set<String> = []
  /// Which types hold data.
  public var statefulTypes = StatefulTypes()
  /// What the deployment added wants leave, too, before it is removed.
  public var asksForAdditions = false
  /// Exports that stacks outside import are kept, though the recorded version does not have them.
  public var keepsExports = false
  /// Stuck resources to skip, as `STACK/RESOURCE`; the stack by name or by role.
  public var skips: [String] = []
  /// All stuck resources may be skipped, once continuing without has failed.
  public var skipStuck = false
  /// Migrations of the reverted range that the old version does not fit are accepted.
  public var acceptSchema = false
  /// A stack's policy may be lifted for the length of its restore.
  public var overrideStackPolicy = false
  /// The rollback scripts of the reverted migrations are run.
  public var rollBackSchema = false
  /// A new database is made of the snapshot, and the application switched to it.
  public var restoreDatabase = false
  /// The words typed for a deletion or a database.
  public var typedWords: Set<String> = []
  /// Roles in the order of rollback; roles that are not named come before the last one, by name.
  public var roleOrder = PlanOptions.runbookOrder

  /// The runbook's order: what is least critical first, the database last.
  public static let runbookOrder = ["monitoring", "workflow", "api", "database"]

  /// The defaults.
  public init() {}

  /// The place of `role` in the order.
  func rank(_ role: String) -> (Int, String) {
    if let position = roleOrder.firstIndex(of: role) { return (position * 2 + 1, role) }
    return (max(0, roleOrder.count * 2 - 2), role)
  }
}
