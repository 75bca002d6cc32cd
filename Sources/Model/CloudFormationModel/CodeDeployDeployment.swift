/// A deployment of CodeDeploy: who moves the traffic, how far it is, and what it does by itself where something goes wrong.
public struct CodeDeployDeployment: Codable, Hashable, Sendable {
  /// What a deployment is made for.
  public enum Platform: String, Codable, Hashable, Sendable {
    /// An alias of a function.
    case lambda = "Lambda"
    /// A service of ECS.
    case ecs = "ECS"
    /// Machines.
    case server = "Server"
  }

  /// How a deployment stands: one of the eight of the service's model, or one that it did not have yet.
  public struct Status: RawRepresentable, Codable, Hashable, Sendable {
    /// As CodeDeploy writes it.
    public let rawValue: String
    /// A status as CodeDeploy writes it, known or not.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Not begun.
    public static let created = Status(rawValue: "Created"), queued = Status(rawValue: "Queued")
    /// Under way; `Ready` waits for somebody to move the traffic, `Baking` watches alarms.
    public static let inProgress = Status(rawValue: "InProgress"), ready = Status(rawValue: "Ready")
    public static let baking = Status(rawValue: "Baking")
    /// Ended.
    public static let succeeded = Status(rawValue: "Succeeded"), failed = Status(rawValue: "Failed")
    public static let stopped = Status(rawValue: "Stopped")

    /// The statuses of what has not ended.
    public static let underWay: [Status] = [.created, .queued, .inProgress, .baking, .ready]
    /// Whether it has ended; of a status that is not known nobody can say so.
    public var isEnded: Bool { [.succeeded, .failed, .stopped].contains(self) }
  }

  /// What is known of a rollback.
  public struct Rollback: Codable, Hashable, Sendable {
    /// The deployment that takes this one back.
    public var deployment: String?
    /// The deployment that this one takes back: then it is a rollback itself.
    public var triggeredBy: String?
    /// CodeDeploy's words on it.
    public var message: String?

    /// A rollback.
    public init(deployment: String? = nil, triggeredBy: String? = nil, message: String? = nil) {
      self.deployment = deployment
      self.triggeredBy = triggeredBy
      self.message = message
    }
  }

  /// A service of ECS whose traffic is moved from one task set to another.
  public struct ServiceShift: Codable, Hashable, Sendable {
    /// The cluster's and the service's names.
    public var cluster: String, service: String
    /// The share of calls that goes to the new task set, from 0 to 1; nil where CodeDeploy does not say.
    public var weight: Double?

    /// A service.
    public init(cluster: String, service: String, weight: Double? = nil) {
      self.cluster = cluster
      self.service = service
      self.weight = weight
    }
  }

  /// Its id, such as `d-A1B2C3D4E`.
  public var id: String
  /// The application, and the deployment group that it belongs to.
  public var application: String, group: String
  /// What it is made for; nil where CodeDeploy does not say.
  public var platform: Platform?
  /// How it stands.
  public var status: Status
  /// How the traffic is moved, such as `CodeDeployDefault.LambdaCanary10Percent5Minutes`.
  public var configuration: String?
  /// Who made it: `user`, `CloudFormation`, `codeDeployRollback` and so on.
  public var creator: String?
  /// Whether it is taken back or takes one back; nil where neither.
  public var rollback: Rollback?
  /// What makes CodeDeploy take it back by itself, such as `DEPLOYMENT_STOP_ON_ALARM`; empty where nothing does.
  public var automaticRollback: [String] = []
  /// The alarms that stop it.
  public var alarms: [String] = []
  /// Why it failed or was stopped.
  public var error: String?
  /// The aliases that it moves, where known.
  public var aliases: [LambdaAliasShift] = []
  /// The services that it moves, where known.
  public var services: [ServiceShift] = []

  /// A deployment.
  public init(id: String, application: String, group: String, platform: Platform?, status: Status) {
    self.id = id
    self.application = application
    self.group = group
    self.platform = platform
    self.status = status
  }

  /// Whether it takes another one back.
  public var isRollback: Bool {
    rollback?.triggeredBy != nil || ["codeDeployRollback", "CloudFormationRollback"].contains(creator)
  }
}

/// A deployment group of CodeDeploy: what its deployments move, and what stops them.
public struct CodeDeployGroup: Codable, Hashable, Sendable {
  /// The application and the group's name.
  public var application: String, name: String
  /// What its deployments are made for.
  public var platform: CodeDeployDeployment.Platform?
  /// How the traffic is moved unless a deployment says otherwise.
  public var configuration: String?
  /// What makes CodeDeploy take a deployment back by itself; empty where nothing does.
  public var automaticRollback: [String] = []
  /// The alarms that stop its deployments.
  public var alarms: [String] = []
  /// The services of ECS that it moves.
  public var services: [CodeDeployDeployment.ServiceShift] = []
  /// The listeners and the target groups between which a service's traffic is moved.
  public var listeners: [String] = [], targetGroups: [String] = []
  /// The deployment that succeeded last, and the one that was tried last.
  public var lastSuccessful: String?, lastAttempted: String?

  /// A group.
  public init(application: String, name: String, platform: CodeDeployDeployment.Platform?) {
    self.application = application
    self.name = name
    self.platform = platform
  }
}
