import DeploymentRecords
import JSONValues
import RollbackPlanning
import SystemInterfaces

/// What the engine asks of CloudFormation, and nothing more. Stacks are named by id or by name.
public protocol CloudFormationOperations: Sendable {
  /// The stack, or nil where there is none.
  func describe(_ stack: String) async throws(OperationFailure) -> DescribedStack?
  /// Events of the stack since `time`, newest first.
  func events(_ stack: String, since time: Timestamp) async throws(OperationFailure) -> [DescribedEvent]
  /// The template as it was uploaded.
  func template(_ stack: String) async throws(OperationFailure) -> String
  /// All exports where stacks of the configuration stand: names and the ids of the exporting stacks.
  func exports() async throws(OperationFailure) -> [DescribedExport]
  /// Names of the stacks that import `export`.
  func importers(of export: DescribedExport) async throws(OperationFailure) -> [String]

  /// CancelUpdateStack.
  func cancelUpdate(_ stack: String, token: String) async throws(OperationFailure)
  /// ContinueUpdateRollback.
  func continueRollback(_ stack: String, skipping: [String], token: String) async throws(OperationFailure)
  /// RollbackStack.
  func rollbackStack(_ stack: String, token: String) async throws(OperationFailure)
  /// CreateChangeSet; the id of the change set.
  func createChangeSet(_ request: RestoreRequest) async throws(OperationFailure) -> String
  /// What became of a change set, or nil where there is none.
  func changeSet(_ name: String, of stack: String) async throws(OperationFailure) -> DescribedChangeSet?
  /// ExecuteChangeSet.
  /// - Parameter disablesRollback: how a stack is updated that its last update left in failure.
  func executeChangeSet(_ id: String, of stack: String, disablesRollback: Bool, token: String)
    async throws(OperationFailure)
  /// What CloudFormation's own operations tell of failures, in words, the first cause first: failed validation is told here
  /// alone. Empty where the service keeps no such events.
  /// - Parameter changeSet: asks about the making of it, by its id; nil asks about the stack's operations since `time`.
  func failures(of stack: String, changeSet: String?, since time: Timestamp) async throws(OperationFailure)
    -> [String]
  /// DeleteChangeSet; one that is not there is no error.
  func deleteChangeSet(_ name: String, of stack: String) async throws(OperationFailure)
  /// UpdateStack with the template and all parameters as they are, for the triggers and the monitoring time alone.
  func updateTriggers(_ stack: String, to triggers: RollbackTriggers, token: String)
    async throws(OperationFailure)
  /// Those of `alarms`, given by ARN and named by `stack`, that are in alarm.
  func alarming(_ alarms: [String], of stack: String) async throws(OperationFailure) -> [String]
  /// The stack's policy; nil where it has none.
  func stackPolicy(_ stack: String) async throws(OperationFailure) -> String?
  /// SetStackPolicy.
  func setStackPolicy(_ stack: String, _ policy: String) async throws(OperationFailure)
  /// DeleteStack, which leaves the resources `retaining` as they are: permitted in DELETE_FAILED alone.
  func deleteStack(_ stack: String, retaining: [String], token: String) async throws(OperationFailure)
  /// Looks for drift and waits for the answer.
  func drift(_ stack: String) async throws(OperationFailure) -> DriftAnswer
}

/// What a look for drift came to: CloudFormation does not check custom resources and some other types.
public struct DriftAnswer: Hashable, Sendable {
  /// Logical ids of resources that are not as their template says, and of those that were checked and are.
  public var drifted: [String], inSync: [String]

  /// An answer.
  public init(drifted: [String], inSync: [String]) {
    self.drifted = drifted
    self.inSync = inSync
  }
}

/// A call that did not succeed, by what that means for the engine.
public struct OperationFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is known of the call's effect.
  public enum Kind: Hashable, Sendable {
    /// The service refused it: nothing was done.
    case refused
    /// The same token was used before: it was accepted the first time.
    case alreadyAccepted
    /// The service found nothing to change: nothing was done, and asking again would not help.
    case pointless
    /// No answer, or a fault of the service: it may or may not have been done.
    case uncertain
    /// An answer that is none of the service's, such as the page of a proxy: what became of the call is not known.
    case unintelligible
    /// Too many calls, after retries: nothing was done.
    case throttled
    /// The service could not be reached, or gave no answer at all: most likely nothing was done.
    case unreachable
    /// No credentials, expired ones, or ones that do not suffice: nothing was done.
    case credentials
  }
  /// What is known of the call's effect.
  public var kind: Kind
  /// What was tried, on what, and what came back.
  public var message: String

  /// A failed call.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var description: String { message }
}

/// A stack as DescribeStacks shows it.
public struct DescribedStack: Hashable, Sendable {
  /// The id (ARN) and the name.
  public var id: String, name: String
  /// The status as answered, and why.
  public var status: String, reason: String?
  /// The last update, or the creation.
  public var updatedAt: Timestamp
  /// The creation, where the answer tells it.
  public var createdAt: Timestamp?
  /// As answered; NoEcho values masked.
  public var parameters: [StackParameter] = []
  /// As answered.
  public var tags: [StackTag] = []
  /// As answered.
  public var outputs: [StackOutput] = []
  /// The change set that was executed last, its name or ARN.
  public var changeSet: String?
  /// Whether deletion is refused.
  public var isTerminationProtected = false
  /// Its rollback triggers and monitoring time.
  public var triggers = RollbackTriggers()
  /// Whether its last operation did not wait for resources and left failures as they were.
  public var isExpress = false

  /// A stack.
  public init(id: String, name: String, status: String, updatedAt: Timestamp) {
    self.id = id
    self.name = name
    self.status = status
    self.updatedAt = updatedAt
  }
}

/// One event of a stack.
public struct DescribedEvent: Hashable, Sendable {
  /// When.
  public var at: Timestamp
  /// The resource, its id in its service, and its type.
  public var logicalID: String, physicalID: String, type: String
  /// The status it took, and why.
  public var status: String, reason: String?
  /// The token of the call that caused it.
  public var token: String?
  /// Whether it is about the stack itself.
  public var isOfStack: Bool

  /// An event.
  public init(
    at: Timestamp, logicalID: String, physicalID: String = "", type: String, status: String,
    reason: String? = nil, token: String? = nil, isOfStack: Bool
  ) {
    self.at = at
    self.logicalID = logicalID
    self.physicalID = physicalID
    self.type = type
    self.status = status
    self.reason = reason
    self.token = token
    self.isOfStack = isOfStack
  }
}

/// An export.
public struct DescribedExport: Hashable, Sendable {
  /// Its name, its value, and the id of the stack that has it.
  public var name: String, value: String, stack: String

  /// An export.
  public init(name: String, value: String, stack: String) {
    self.name = name
    self.value = value
    self.stack = stack
  }
}

/// A change set to make: the recorded state, and nothing that could undo it again.
public struct RestoreRequest: Hashable, Sendable {
  /// The stack and the change set's name, which is also its token.
  public var stack: String, name: String
  /// The template as it was uploaded.
  public var template: String
  /// In the order of the record; nil is UsePreviousValue.
  public var parameters: [Parameter]
  /// Acknowledged capabilities.
  public var capabilities: [String]
  /// Replaces the stack's tags.
  public var tags: [StackTag]
  /// Replaces the stack's topics.
  public var notificationARNs: [String]
  /// Where the template goes if the call cannot carry it, `bucket` or `bucket/prefix`.
  public var templateBucket: String?
  /// Whether change sets of the nested stacks are made with it, so that what they would do is seen as well.
  public var includesNestedStacks = false
  /// Whether what it would make and what is there by that name is taken in instead.
  public var importsExisting = false

  /// A change set to make.
  public init(
    stack: String, name: String, template: String, parameters: [Parameter], capabilities: [String],
    tags: [StackTag], notificationARNs: [String]
  ) {
    self.stack = stack
    self.name = name
    self.template = template
    self.parameters = parameters
    self.capabilities = capabilities
    self.tags = tags
    self.notificationARNs = notificationARNs
  }

  /// A parameter and its value.
  public struct Parameter: Hashable, Sendable {
    /// The parameter's name, and its value; nil is UsePreviousValue.
    public var name: String, value: String?
    /// A parameter.
    public init(name: String, value: String?) {
      self.name = name
      self.value = value
    }
  }
}

/// A change set as DescribeChangeSet shows it.
public struct DescribedChangeSet: Hashable, Sendable {
  /// How far it is.
  public enum State: Hashable, Sendable {
    /// Being made.
    case pending
    /// Ready to be executed.
    case ready
    /// Nothing would change.
    case empty
    /// It could not be made, and why.
    case failed(String)
    /// Outdated, or executed already.
    case unusable(String)
  }
  /// How far it is.
  public var state: State
  /// What it does.
  public var changes: [ChangedResource]

  /// A change set.
  public init(state: State, changes: [ChangedResource] = []) {
    self.state = state
    self.changes = changes
  }
}

/// One resource of a change set, as answered.
public struct ChangedResource: Hashable, Sendable {
  /// The resource and its type. One in a nested stack is named with its place: `Child/Table`.
  public var logicalID: String, type: String
  /// `Add`, `Modify`, `Remove`, `Import`, `Dynamic`.
  public var action: String
  /// `True`, `False`, `Conditional`; nil where it is not said.
  public var replacement: String?
  /// `Retain`, `Snapshot` and the like, where it is said.
  public var policy: String?
  /// Whether it is in a nested stack of which CloudFormation shows no change set, so that anything may happen to it.
  public var isUnseen = false
  /// The id in its service, as it is now.
  public var physicalID: String?

  /// A change.
  public init(
    logicalID: String, type: String, action: String, replacement: String? = nil, policy: String? = nil
  ) {
    self.logicalID = logicalID
    self.type = type
    self.action = action
    self.replacement = replacement
    self.policy = policy
  }
}
