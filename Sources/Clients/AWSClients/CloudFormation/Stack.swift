import CloudFormationModel
import SystemInterfaces

/// A stack as DescribeStacks shows it.
public struct Stack: Hashable, Sendable {
  /// The ARN, unique for all time; a stack created anew under the same name has another.
  public var id: String
  public var name: String
  public var status: StackStatus
  /// In CloudFormation's words.
  public var statusReason: String?
  public var description: String?
  public var createdAt: Timestamp?
  /// When the last update began.
  public var updatedAt: Timestamp?
  /// The same or, before a first update, when the creation began.
  public var lastUpdatedAt: Timestamp { updatedAt ?? createdAt ?? Timestamp(microseconds: 0) }
  public var deletedAt: Timestamp?
  public var parameters: [StackParameter] = []
  public var outputs: [StackOutput] = []
  public var tags: [AWSTag] = []
  public var capabilities: [String] = []
  public var roleARN: String?
  public var notificationARNs: [String] = []
  public var rollbackConfiguration = RollbackConfiguration()
  public var hasTerminationProtection = false
  public var disablesRollback = false
  public var retainsExceptOnCreate = false
  /// `STANDARD` or `EXPRESS`, where the answer names it.
  public var deploymentMode: String?
  /// `DRIFTED`, `IN_SYNC`, `UNKNOWN` or `NOT_CHECKED`.
  public var driftStatus: String?
  public var driftCheckedAt: Timestamp?
  /// The stack that this one is nested in, and the outermost.
  public var parentId: String?, rootId: String?
  /// The change set that the last operation executed.
  public var changeSetId: String?
  /// Such as `CONFIGURATION_COMPLETE`.
  public var detailedStatus: String?
  public var timeoutMinutes: Int?

  /// A stack of that name in that status.
  public init(id: String, name: String, status: StackStatus) {
    self.id = id
    self.name = name
    self.status = status
  }
}

/// A parameter of a stack, or of a call.
public struct StackParameter: Hashable, Sendable {
  public var key: String
  /// Masked (`****`) where the template says NoEcho; nil where the previous value is used.
  public var value: String?
  /// In calls: keep the value that the stack has.
  public var usesPreviousValue: Bool
  /// What a parameter of an SSM type stood for at the last operation.
  public var resolvedValue: String?

  /// A parameter with a value.
  public init(_ key: String, _ value: String?, resolvedValue: String? = nil) {
    self.key = key
    self.value = value
    self.resolvedValue = resolvedValue
    usesPreviousValue = false
  }
  /// A parameter that keeps the value which the stack has.
  public static func previous(_ key: String) -> StackParameter {
    var parameter = StackParameter(key, nil)
    parameter.usesPreviousValue = true
    return parameter
  }
}

/// An output of a stack.
public struct StackOutput: Hashable, Sendable {
  public var key: String
  public var value: String
  public var description: String?
  /// The name under which other stacks import it.
  public var exportName: String?

  /// An output.
  public init(key: String, value: String, description: String? = nil, exportName: String? = nil) {
    self.key = key
    self.value = value
    self.description = description
    self.exportName = exportName
  }
}

/// A tag.
public struct AWSTag: Hashable, Sendable {
  public var key: String
  public var value: String

  /// A tag.
  public init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }
}

/// What rolls an update back by itself, and for how long it is watched.
public struct RollbackConfiguration: Hashable, Sendable {
  /// An alarm that rolls back when it goes off.
  public struct Trigger: Hashable, Sendable {
    public var arn: String
    /// Such as `AWS::CloudWatch::Alarm`.
    public var type: String

    /// A trigger.
    public init(arn: String, type: String) {
      self.arn = arn
      self.type = type
    }
  }
  public var triggers: [Trigger]
  public var monitoringMinutes: Int?

  /// No triggers and no monitoring, unless given.
  public init(triggers: [Trigger] = [], monitoringMinutes: Int? = nil) {
    self.triggers = triggers
    self.monitoringMinutes = monitoringMinutes
  }
  /// Sent with an update, it takes away the triggers that the stack has.
  public static let none = RollbackConfiguration(triggers: [], monitoringMinutes: 0)
}

/// A resource of a stack.
public struct StackResource: Hashable, Sendable {
  public var logicalId: String
  /// Nil while it is being made.
  public var physicalId: String?
  /// Such as `AWS::Lambda::Function`.
  public var type: String
  /// Such as `UPDATE_COMPLETE`.
  public var status: String
  public var statusReason: String?
  public var updatedAt: Timestamp?
  public var driftStatus: String?

  /// A resource.
  public init(logicalId: String, physicalId: String?, type: String, status: String) {
    self.logicalId = logicalId
    self.physicalId = physicalId
    self.type = type
    self.status = status
  }
}

/// Something that happened to a stack or one of its resources.
public struct StackEvent: Hashable, Sendable {
  public var id: String
  public var stackId: String
  public var stackName: String
  public var time: Timestamp
  public var logicalId: String
  public var physicalId: String?
  public var type: String
  /// A status of a resource or, where `isOfStack`, of the stack.
  public var status: String
  public var statusReason: String?
  /// The token of the call that caused it.
  public var clientRequestToken: String?
  /// The operation that it belongs to.
  public var operationId: String?
  public var detailedStatus: String?

  /// An event.
  public init(
    id: String, stackId: String, stackName: String, time: Timestamp, logicalId: String, physicalId: String?,
    type: String, status: String, statusReason: String? = nil, clientRequestToken: String? = nil
  ) {
    self.id = id
    self.stackId = stackId
    self.stackName = stackName
    self.time = time
    self.logicalId = logicalId
    self.physicalId = physicalId
    self.type = type
    self.status = status
    self.statusReason = statusReason
    self.clientRequestToken = clientRequestToken
  }

  /// Whether it is about the stack itself.
  public var isOfStack: Bool { type == "AWS::CloudFormation::Stack" && physicalId == stackId }
}

/// A value that one stack offers to others.
public struct StackExport: Hashable, Sendable {
  public var name: String
  public var value: String
  public var exportingStackId: String

  /// An export.
  public init(name: String, value: String, exportingStackId: String) {
    self.name = name
    self.value = value
    self.exportingStackId = exportingStackId
  }
}
