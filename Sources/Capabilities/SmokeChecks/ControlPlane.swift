/// What the checks ask AWS's control plane, and nothing more. `stack` is the one that owns what is asked about, by name or
/// id; nil where nobody knows of one.
public protocol ControlPlane: Sendable {
  /// The stack's status, or nil where there is none of that name.
  func stack(_ name: String) async throws(ControlPlaneError) -> StackHealth?
  /// The stack's resources.
  func resources(ofStack name: String) async throws(ControlPlaneError) -> [StackMember]
  /// The function's state, or nil where there is none of that name.
  func function(_ name: String, of stack: String?) async throws(ControlPlaneError) -> FunctionHealth?
  /// The state machine's status, or nil where there is none.
  func stateMachine(_ arn: String, of stack: String?) async throws(ControlPlaneError) -> String?
  /// The status of a database instance (or cluster), or nil where there is none.
  func database(
    _ identifier: String, isCluster: Bool, of stack: String?
  ) async throws(ControlPlaneError) -> String?
}

/// A stack's status and why it has it.
public struct StackHealth: Hashable, Sendable {
  /// Such as `UPDATE_COMPLETE`.
  public var status: String
  /// In CloudFormation's words, where it gives any.
  public var reason: String?

  /// A status.
  public init(status: String, reason: String? = nil) {
    self.status = status
    self.reason = reason
  }
}

/// One resource of a stack.
public struct StackMember: Hashable, Sendable {
  /// Its name in the template and its id in the service.
  public var logicalId: String, physicalId: String
  /// Such as `AWS::Lambda::Function`.
  public var type: String

  /// A resource.
  public init(logicalId: String, physicalId: String, type: String) {
    self.logicalId = logicalId
    self.physicalId = physicalId
    self.type = type
  }
}

/// A function's state.
public struct FunctionHealth: Hashable, Sendable {
  /// `Active`, `Pending`, `Inactive` or `Failed`; nil counts as Active, as older functions have none.
  public var state: String?
  /// `Successful`, `InProgress` or `Failed`; nil counts as Successful.
  public var lastUpdateStatus: String?
  /// The reasons, where there are any.
  public var reason: String?
  /// The version or commit that its environment names.
  public var version: String?

  /// A state.
  public init(
    state: String?, lastUpdateStatus: String? = nil, reason: String? = nil, version: String? = nil
  ) {
    self.state = state
    self.lastUpdateStatus = lastUpdateStatus
    self.reason = reason
    self.version = version
  }
}

/// AWS could not be asked.
public struct ControlPlaneError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Why not.
  public enum Kind: Hashable, Sendable {
    /// It could not be reached, or answered with faults of its own, after retries.
    case unavailable
    /// Credentials are missing, expired or do not suffice.
    case refused
    /// A program that a check needs is not on this machine.
    case missingProgram
    /// Anything else.
    case other
  }
  /// Why not.
  public var kind: Kind
  /// What was tried, on what, and what came back.
  public var message: String
  /// What to do next; empty where nothing can be said.
  public var advice: String

  /// An error.
  public init(_ kind: Kind, _ message: String, advice: String = "") {
    self.kind = kind
    self.message = message
    self.advice = advice
  }

  public var description: String { message }
}
