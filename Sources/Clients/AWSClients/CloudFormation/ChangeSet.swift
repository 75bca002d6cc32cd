import SystemInterfaces

/// What an operation on a stack is given. What is nil is left out of the call; CloudFormation then keeps what the stack has,
/// except that parameters left out take the template's defaults.
public struct StackUpdate: Hashable, Sendable {
  /// Where the template comes from.
  public enum Template: Hashable, Sendable {
    /// At most 51,200 bytes.
    case body(String)
    /// In S3, at most 1 MB.
    case url(String)
    /// The one that the stack has.
    case previous
  }
  public var template: Template
  public var parameters: [StackParameter] = []
  public var capabilities: [String] = []
  /// Nil keeps the tags; an empty list removes them.
  public var tags: [AWSTag]?
  public var notificationARNs: [String]?
  public var rollbackConfiguration: RollbackConfiguration?
  /// Becomes the stack's role for good: leave it nil unless that is wanted.
  public var roleARN: String?

  /// An update by `template`.
  public init(_ template: Template) { self.template = template }
}

/// A change set: what executing it would do.
public struct ChangeSet: Hashable, Sendable {
  public var id: String
  public var name: String
  public var stackId: String
  public var stackName: String
  /// `CREATE_PENDING`, `CREATE_IN_PROGRESS`, `CREATE_COMPLETE`, `DELETE_…` or `FAILED`.
  public var status: String
  public var statusReason: String?
  /// `AVAILABLE` where it can be executed.
  public var executionStatus: String
  public var createdAt: Timestamp?
  public var changes: [ResourceChange] = []
  public var parameters: [StackParameter] = []

  /// A change set without changes.
  public init(
    id: String, name: String, stackId: String, stackName: String, status: String, executionStatus: String
  ) {
    self.id = id
    self.name = name
    self.stackId = stackId
    self.stackName = stackName
    self.status = status
    self.executionStatus = executionStatus
  }

  /// Whether CloudFormation is still comparing.
  public var isPending: Bool { ["CREATE_PENDING", "CREATE_IN_PROGRESS"].contains(status) }

  /// Whether there is nothing to change. A failed change set has no code for that, only one of `emptyPhrases`.
  public var isEmpty: Bool {
    guard status == "FAILED" else { return status == "CREATE_COMPLETE" && changes.isEmpty }
    return ChangeSet.emptyPhrases.contains { statusReason?.contains($0) ?? false }
  }
  /// Known wordings of "nothing to change".
  public static let emptyPhrases = [
    "didn't contain changes", "No updates are to be performed", "contains no changes",
  ]
}

extension ResourceChange {
  /// The type of a nested stack.
  public static let nestedStack = "AWS::CloudFormation::Stack"

  /// Whether it changes what is inside a nested stack.
  public var isOfNestedStack: Bool {
    type == ResourceChange.nestedStack && (action == "Modify" || action == "Dynamic")
  }
}

extension ChangeSet {
  /// Its changes, and after each nested stack those inside it, with the place of the stack that they are in: empty for its
  /// own, `Child/Grandchild`.
  ///
  /// CloudFormation lists every nested stack, since what its template's address leads to may have changed: one in which
  /// nothing changes, and which nothing else gives another value, is left out.
  /// - Parameter nested: as `describeNestedChangeSets` found them.
  public func changes(
    with nested: [String: ChangeSet], at place: String = ""
  ) -> [(place: String, change: ResourceChange)] {
    changes.flatMap { change -> [(place: String, change: ResourceChange)] in
      let path = place.isEmpty ? change.logicalId : "\(place)/\(change.logicalId)"
      guard change.isOfNestedStack, let inner = nested[path] else { return [(place, change)] }
      let inside = inner.changes(with: nested, at: path)
      if inside.isEmpty, change.details.allSatisfy({ $0.changeSource == "Automatic" }) { return [] }
      return [(place, change)] + inside
    }
  }
}

/// A change set in a list.
public struct ChangeSetSummary: Hashable, Sendable {
  public var id: String
  public var name: String
  /// As in `ChangeSet`.
  public var status: String
  public var createdAt: Timestamp?
}

/// What a change set would do to one resource.
public struct ResourceChange: Hashable, Sendable {
  /// One property, and why it changes.
  public struct Detail: Hashable, Sendable {
    /// `Properties`, `Tags`, `Metadata`, …
    public var attribute: String?
    /// The property's name, and its path inside where it is given.
    public var name: String?, path: String?
    /// `Always`, `Never` or `Conditionally`.
    public var requiresRecreation: String?
    /// `Static` or `Dynamic`.
    public var evaluation: String?
    /// `ParameterReference`, `DirectModification`, …
    public var changeSource: String?
    public var causingEntity: String?
    public var beforeValue: String?, afterValue: String?

    /// A detail with nothing filled in.
    public init() {}
  }
  /// `Add`, `Modify`, `Remove`, `Import` or `Dynamic`.
  public var action: String
  public var logicalId: String
  public var physicalId: String?
  public var type: String
  /// `True`, `False` or `Conditional`.
  public var replacement: String?
  /// `Delete`, `Retain`, `Snapshot`, … where a policy decides.
  public var policyAction: String?
  public var scope: [String] = []
  public var details: [Detail] = []
  /// The nested stack's own change set.
  public var nestedChangeSetId: String?
  /// Properties before and after, as JSON.
  public var before: String?, after: String?

  /// A change.
  public init(action: String, logicalId: String, physicalId: String?, type: String) {
    self.action = action
    self.logicalId = logicalId
    self.physicalId = physicalId
    self.type = type
  }
}

/// How far a drift detection has come, and what it found.
public struct DriftDetection: Hashable, Sendable {
  public var stackId: String
  /// `DETECTION_IN_PROGRESS`, `DETECTION_COMPLETE` or `DETECTION_FAILED`.
  public var detectionStatus: String
  public var detectionReason: String?
  /// `DRIFTED`, `IN_SYNC`, `UNKNOWN` or `NOT_CHECKED`.
  public var driftStatus: String?
  public var driftedResources: Int?
}

/// A resource that is not what its template says.
public struct ResourceDrift: Hashable, Sendable {
  /// One property that differs.
  public struct Difference: Hashable, Sendable {
    public var path: String
    public var expected: String
    public var actual: String
    /// `ADD`, `REMOVE` or `NOT_EQUAL`.
    public var type: String
  }
  public var logicalId: String
  public var physicalId: String?
  public var type: String
  /// `MODIFIED`, `DELETED`, `IN_SYNC`, `NOT_CHECKED`.
  public var status: String
  public var differences: [Difference] = []
}
