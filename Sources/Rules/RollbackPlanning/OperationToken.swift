/// The name that a call carries, `backstop-<restore point>-<action>-<stack>-<attempt>`, so that a later run can tell
/// its own operations from others' by the stack's events.
public struct OperationToken: Hashable, Sendable, CustomStringConvertible {
  /// The restore point that is put back; `none` where there is none.
  public var restorePoint: String
  /// What was started.
  public var operation: StackOperation
  /// Eight hexadecimal digits of the stack's name: one token names one call, whatever the service's scope of tokens.
  public var stack: String
  /// 1 for the first try. CloudFormation takes a repeated token for a repeated request, so a new try has a new one.
  public var attempt: Int

  /// The token of the `attempt`-th try of `operation` on `stack` for `restorePoint`.
  public init(restorePoint: String?, operation: StackOperation, stack: String, attempt: Int = 1) {
    self.restorePoint = restorePoint ?? "none"
    self.operation = operation
    self.stack = OperationToken.mark(stack)
    self.attempt = attempt
  }

  /// At most 128 letters, digits and hyphens, as the service asks.
  public var description: String { "backstop-\(restorePoint)-\(operation.rawValue)-\(stack)-\(attempt)" }

  /// Reads a token that `description` wrote; nil for others' tokens.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 5, parts[0] == "backstop", let attempt = Int(parts[parts.count - 1]), attempt > 0,
      parts[parts.count - 2].count == 8,
      let operation = StackOperation(rawValue: String(parts[parts.count - 3]))
    else { return nil }
    let restorePoint = parts[1..<(parts.count - 3)].joined(separator: "-")
    guard !restorePoint.isEmpty else { return nil }
    self.restorePoint = restorePoint
    self.operation = operation
    stack = String(parts[parts.count - 2])
    self.attempt = attempt
  }

  /// The name of a change set: the token of its execution, and what tells the run that made it from another.
  public func changeSet(_ mark: String) -> String { mark.isEmpty ? description : "\(description)-run\(mark)" }

  /// Reads the name of a change set that `changeSet` wrote.
  public static func ofChangeSet(_ name: String) -> OperationToken? {
    let parts = name.split(separator: "-")
    let isMarked = parts.last?.hasPrefix("run") ?? false
    return OperationToken(isMarked ? parts.dropLast().joined(separator: "-") : name)
  }

  /// The 32-bit FNV-1a hash of a name.
  private static func mark(_ name: String) -> String {
    var hash: UInt32 = 2_166_136_261
    for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
