/// The name that a call carries, `backstop-<restore point>-<action>-<attempt>`, so that a later run can tell its own
/// operations from others' by the stack's events.
public struct OperationToken: Hashable, Sendable, CustomStringConvertible {
  /// The restore point that is put back; `none` where there is none.
  public var restorePoint: String
  /// What was started.
  public var operation: StackOperation
  /// 1 for the first try. CloudFormation takes a repeated token for a repeated request, so a new try has a new one.
  public var attempt: Int

  /// The token of the `attempt`-th try of `operation` for `restorePoint`.
  public init(restorePoint: String?, operation: StackOperation, attempt: Int = 1) {
    self.restorePoint = restorePoint ?? "none"
    self.operation = operation
    self.attempt = attempt
  }

  /// At most 128 letters, digits and hyphens, as the service asks.
  public var description: String { "backstop-\(restorePoint)-\(operation.rawValue)-\(attempt)" }

  /// Reads a token that `description` wrote; nil for others' tokens.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0] == "backstop", let attempt = Int(parts[parts.count - 1]), attempt > 0,
      let operation = StackOperation(rawValue: String(parts[parts.count - 2]))
    else { return nil }
    let restorePoint = parts[1..<(parts.count - 2)].joined(separator: "-")
    guard !restorePoint.isEmpty else { return nil }
    self.restorePoint = restorePoint
    self.operation = operation
    self.attempt = attempt
  }

  /// The name of the change set that a restore executes; one try, one change set.
  public var changeSetName: String { description }
}
