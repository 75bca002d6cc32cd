/// Where two versions share the calls of users, or can: what a gradual deployment moves, as it stands now.
public enum TrafficShift: Hashable, Sendable {
  /// An alias of a Lambda function.
  case alias(LambdaAliasShift)
  /// A deployment of CodeDeploy, which moves an alias or a service by itself.
  case deployment(CodeDeployDeployment)
  /// A stage of a REST API.
  case canary(APICanary)
  /// A listener of a load balancer, or a rule of one.
  case targetGroups(ListenerShift)
}

/// An alias of a function and the versions that its calls go to.
public struct LambdaAliasShift: Codable, Hashable, Sendable {
  /// The function's name, and the alias's.
  public var function: String, alias: String
  /// The version that the alias points to: the old one while traffic is moved.
  public var stableVersion: String
  /// The version that the rest of the calls goes to; nil where the alias has one version alone.
  public var newVersion: String?
  /// The share of calls that goes to `newVersion`, from 0 to 1.
  public var weight: Double
  /// Changes with every change of the alias: an update that names it fails where somebody else was faster.
  public var revisionId: String?

  /// An alias.
  public init(
    function: String, alias: String, stableVersion: String, newVersion: String? = nil, weight: Double = 0,
    revisionId: String? = nil
  ) {
    self.function = function
    self.alias = alias
    self.stableVersion = stableVersion
    self.newVersion = newVersion
    self.weight = weight
    self.revisionId = revisionId
  }

  /// Whether it has two versions, one of them perhaps with no calls.
  public var isShared: Bool { newVersion != nil }
}

/// A canary of a stage of a REST API.
public struct APICanary: Codable, Hashable, Sendable {
  /// The API's id and the stage's name.
  public var api: String, stage: String
  /// The share of calls that goes to the canary, in percent, from 0 to 100.
  public var percentTraffic: Double
  /// What the stage serves, and what its canary does; nil where the service does not say.
  public var stageDeployment: String?, canaryDeployment: String?
  /// Variables of the stage that are other ones in the canary.
  public var variableOverrides: [String: String]
  /// Whether the canary takes answers from the stage's cache.
  public var usesStageCache: Bool

  /// A canary.
  public init(
    api: String, stage: String, percentTraffic: Double, stageDeployment: String? = nil,
    canaryDeployment: String? = nil, variableOverrides: [String: String] = [:], usesStageCache: Bool = false
  ) {
    self.api = api
    self.stage = stage
    self.percentTraffic = percentTraffic
    self.stageDeployment = stageDeployment
    self.canaryDeployment = canaryDeployment
    self.variableOverrides = variableOverrides
    self.usesStageCache = usesStageCache
  }

  /// Whether the two parts of the stage serve different deployments.
  public var isShared: Bool { canaryDeployment != nil && canaryDeployment != stageDeployment }
}

/// A target group and its share of the calls.
public struct TargetGroupWeight: Codable, Hashable, Sendable {
  /// The target group's ARN.
  public var arn: String
  /// From 0 to 999; its share is this by the sum of all.
  public var weight: Int

  /// A target group.
  public init(arn: String, weight: Int) {
    self.arn = arn
    self.weight = weight
  }
}

/// A listener's default action or a rule's, where it forwards by weights.
public struct ListenerShift: Codable, Hashable, Sendable {
  /// The ARN of the listener or of the rule.
  public var arn: String
  /// The target groups that it forwards to, in the order of the answer.
  public var targets: [TargetGroupWeight]
  /// For how many seconds a user stays with a target group; nil where each call is drawn anew.
  public var stickinessSeconds: Int?

  /// A listener or a rule.
  public init(arn: String, targets: [TargetGroupWeight], stickinessSeconds: Int? = nil) {
    self.arn = arn
    self.targets = targets
    self.stickinessSeconds = stickinessSeconds
  }

  /// Whether it is a rule; otherwise it is a listener's default action.
  public var isRule: Bool { arn.contains(":listener-rule/") }
  /// Whether more than one target group gets calls.
  public var isShared: Bool { targets.filter { $0.weight > 0 }.count > 1 }

  /// The share of calls that a target group gets, from 0 to 1; nil where it is none of them, or none gets any.
  public func share(of target: String) -> Double? {
    let sum = targets.reduce(0) { $0 + $1.weight }
    guard sum > 0, let found = targets.first(where: { $0.arn == target }) else { return nil }
    return Double(found.weight) / Double(sum)
  }
}

extension TrafficShift {
  /// What it is and where, such as `alias live of function shop-api`.
  public var subject: String {
    switch self {
    case .alias(let alias): "alias \(alias.alias) of function \(alias.function)"
    case .deployment(let deployment):
      "deployment \(deployment.id) of CodeDeploy's \(deployment.application)/\(deployment.group)"
    case .canary(let canary): "canary of API \(canary.api), stage \(canary.stage)"
    case .targetGroups(let listener):
      "\(listener.isRule ? "rule" : "listener") \(listener.arn.split(separator: ":").last ?? "")"
    }
  }

  /// Whether two versions are before users, or are about to be: what is recorded now will not stay so.
  public var isMoving: Bool {
    switch self {
    case .alias(let alias): alias.isShared
    case .deployment(let deployment): !deployment.status.isEnded
    case .canary(let canary): canary.isShared
    case .targetGroups(let listener): listener.isShared
    }
  }
}

extension TrafficShift: Codable {
  private enum CodingKeys: String, CodingKey {
    case alias, deployment, canary, targetGroups
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard container.allKeys.count == 1, let kind = container.allKeys.first else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "a shift of traffic has one kind"))
    }
    switch kind {
    case .alias: self = .alias(try container.decode(LambdaAliasShift.self, forKey: kind))
    case .deployment: self = .deployment(try container.decode(CodeDeployDeployment.self, forKey: kind))
    case .canary: self = .canary(try container.decode(APICanary.self, forKey: kind))
    case .targetGroups: self = .targetGroups(try container.decode(ListenerShift.self, forKey: kind))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .alias(let value): try container.encode(value, forKey: .alias)
    case .deployment(let value): try container.encode(value, forKey: .deployment)
    case .canary(let value): try container.encode(value, forKey: .canary)
    case .targetGroups(let value): try container.encode(value, forKey: .targetGroups)
    }
  }
}

extension TrafficShift {
  /// How the calls are shared out, in words, such as `version 4 has 10 %, version 3 the rest`.
  public var shares: String {
    func percent(_ value: Double) -> String {
      let rounded = (value * 100).rounded() / 100
      return rounded == rounded.rounded() ? "\(Int(rounded)) %" : "\(rounded) %"
    }
    switch self {
    case .alias(let alias):
      guard let other = alias.newVersion else { return "version \(alias.stableVersion) has all calls" }
      return "version \(other) has \(percent(alias.weight * 100)), version \(alias.stableVersion) the rest"
    case .canary(let canary):
      return
        "the canary \(canary.canaryDeployment ?? "without a deployment") has \(percent(canary.percentTraffic)), the stage's "
        + "deployment \(canary.stageDeployment ?? "unknown") the rest"
    case .targetGroups(let listener):
      return listener.targets.map { target in
        let name = target.arn.split(separator: "/").dropFirst().first.map(String.init) ?? target.arn
        return "\(name) has \(percent((listener.share(of: target.arn) ?? 0) * 100))"
      }.joined(separator: ", ")
    case .deployment(let deployment):
      let moved =
        deployment.aliases.map {
          "\($0.function):\($0.alias) to version \($0.newVersion ?? "unknown") at \(percent($0.weight * 100))"
        }
        + deployment.services.map { service in
          "service \(service.service)" + (service.weight.map { " at \(percent($0 * 100))" } ?? "")
        }
      return "it is \(deployment.status.rawValue)"
        + (moved.isEmpty ? "" : " and moves \(moved.joined(separator: ", "))")
    }
  }
}
