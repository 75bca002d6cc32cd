public import CloudFormationModel

/// Where the calls of users went when the restore point was made.
public struct TrafficState: Codable, Hashable, Sendable {
  /// What two versions share or can share, each with the stack that owns it.
  public var shifts: [OwnedShift]
  /// The deployment groups of CodeDeploy that move traffic.
  public var groups: [DeploymentGroupState]
  /// What could not be looked at, in words.
  public var unread: [String]

  /// Nothing yet.
  public init() {
    shifts = []
    groups = []
    unread = []
  }

  /// Whether nothing was found that shares traffic.
  public var isEmpty: Bool { shifts.isEmpty && groups.isEmpty && unread.isEmpty }

  /// Takes in what was found elsewhere, in an order that does not depend on chance.
  public mutating func add(_ other: TrafficState) {
    shifts += other.shifts
    groups += other.groups
    unread += other.unread
    shifts.sort { $0.shift.subject < $1.shift.subject }
    groups.sort { ($0.application, $0.name) < ($1.application, $1.name) }
    unread.sort()
  }
}

/// A shift of traffic and the stack that owns what is shifted.
public struct OwnedShift: Codable, Hashable, Sendable {
  /// The stack's name.
  public var stack: String
  /// How it stood.
  public var shift: TrafficShift
  /// Whether the stack's own template says so: then it is no state in between. Left out for no.
  public var isTemplates: Bool?

  /// A shift.
  public init(stack: String, shift: TrafficShift, isTemplates: Bool? = nil) {
    self.stack = stack
    self.shift = shift
    self.isTemplates = isTemplates
  }

  /// Whether what is recorded is a state in between, which will not stay.
  public var isUnsettled: Bool { shift.isMoving && isTemplates != true }
}

/// A deployment group of CodeDeploy.
public struct DeploymentGroupState: Codable, Hashable, Sendable {
  /// The stack that owns it, its application, its name.
  public var stack: String, application: String, name: String
  /// How it moves traffic, such as `CodeDeployDefault.LambdaCanary10Percent5Minutes`.
  public var configuration: String?
  /// The listeners that it moves services at.
  public var listeners: [String]

  /// A group.
  public init(
    stack: String, application: String, name: String, configuration: String? = nil, listeners: [String] = []
  ) {
    self.stack = stack
    self.application = application
    self.name = name
    self.configuration = configuration
    self.listeners = listeners
  }
}
