import YAMLDocuments

/// How what a change does to a resource comes before users.
public struct ResourceDelivery: Codable, Hashable, Sendable {
  /// Whether all of them meet it at once.
  public enum Pace: String, Codable, Hashable, Sendable {
    /// A share of the calls first.
    case gradual
    /// All calls, as soon as CloudFormation has done it.
    case atOnce
    /// Which of the two depends on what the templates do not tell.
    case unknown
  }
  /// Whether all of them meet it at once.
  public var pace: Pace
  /// By which means it is gradual, such as `CodeDeploy, by the alias Live`; nil where it is not.
  public var means: String?
  /// In which steps, such as `10 % for 5 minutes, then all`; nil where it is not gradual.
  public var steps: String?

  /// A way to users.
  public init(_ pace: Pace, means: String? = nil, steps: String? = nil) {
    self.pace = pace
    self.means = means
    self.steps = steps
  }
}

/// Says of each changed resource whether a share of the users meets it first: aliases with weights or with CodeDeploy, SAM's
/// deployment preferences, canaries of REST APIs, blue/green deployments of ECS, listeners with weights. What is none of
/// these is at once: a table or a role is never at ten percent.
struct GradualDelivery {
  private let new: TemplateEvaluator
  /// What moves gradually by itself, and what goes with it, by logical id.
  private var ways: [String: ResourceDelivery] = [:]

  init(_ new: TemplateEvaluator) {
    self.new = new
    hooks()
    for resource in new.resources where new.presence(of: resource).truth != false {
      let properties = new.properties(of: resource)
      switch resource.type {
      case "AWS::Lambda::Alias": alias(resource, properties)
      case "AWS::Serverless::Function": preference(resource, properties)
      case "AWS::ApiGateway::Stage": canary(resource, properties, properties["CanarySetting"])
      case "AWS::ApiGateway::Deployment": canary(resource, properties, properties["DeploymentCanarySettings"])
      case "AWS::ECS::Service": service(resource, properties)
      case "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule":
        listener(resource, properties)
      default: break
      }
    }
  }

  /// How `change` comes before users; nil where there is nothing to say, as of what stays.
  func delivery(of change: ResourceImpact) -> ResourceDelivery? {
    if change.action == .none || change.action == .move || GradualDelivery.isMachinery(change.type) {
      return nil
    }
    // Nobody meets what is new in the place of something else; what goes has no old version beside it.
    let isPublished = GradualDelivery.publishedAnew.contains(change.type)
    guard change.action == .update || isPublished, let way = ways[change.logicalId] else {
      return ResourceDelivery(.atOnce)
    }
    guard change.type == "AWS::Serverless::Function", change.action == .update else {
      return change.action == .delete || change.action == .orphan ? ResourceDelivery(.atOnce) : way
    }
    return published(change, way)
  }

  /// Types whose resources are made anew for each version and moved to by something else.
  private static let publishedAnew: Set<String> = [
    "AWS::Lambda::Version", "AWS::ApiGateway::Deployment", "AWS::ECS::TaskDefinition", "AWS::ECS::TaskSet",
  ]

  /// What moves traffic, and what only describes: users meet neither.
  private static func isMachinery(_ type: String) -> Bool {
    type.hasPrefix("AWS::CodeDeploy::") || type == "AWS::CDK::Metadata"
      || type == "AWS::CloudWatch::Alarm"
  }

  /// Properties of a SAM function that its versions do not hold.
  private static let besideVersions: Set<String> = [
    "Policies", "Events", "Tags", "ReservedConcurrentExecutions", "AssumeRolePolicyDocument",
    "PermissionsBoundary", "FunctionUrlConfig", "EventInvokeConfig", "RolePath",
  ]

  /// A SAM function stands for several resources, of which its versions alone are moved to gradually.
  private func published(_ change: ResourceImpact, _ way: ResourceDelivery) -> ResourceDelivery {
    let names = Set(change.properties.map { String($0.prefix { $0 != "/" }) })
    let beside = names.intersection(GradualDelivery.besideVersions).sorted()
    guard !names.isEmpty, beside.count == names.count else {
      guard !beside.isEmpty, let steps = way.steps else { return way }
      return ResourceDelivery(
        way.pace, means: way.means, steps: "\(steps); \(beside.joined(separator: ", ")) at once")
    }
    return ResourceDelivery(.atOnce)
  }

  // MARK: - Lambda

  private mutating func alias(_ resource: TemplateEvaluator.Resource, _ properties: ResolvedValue) {
    let policy = resource.node["UpdatePolicy"]?["CodeDeployLambdaAliasUpdate"].map { new.evaluate($0) }
    let way: ResourceDelivery
    if let policy, policy != .absent {
      let group = TrafficReferences.id(policy["DeploymentGroupName"]).flatMap { new.resource($0) }
      let configuration = group.map { new.properties(of: $0)["DeploymentConfigName"] } ?? .absent
      // Without a name CodeDeploy takes the one that moves all at once.
      way = steps(
        configuration == .absent && group != nil ? .text("CodeDeployDefault.LambdaAllAtOnce") : configuration,
        means: "CodeDeploy, by the alias \(resource.id)")
    } else if let weights = TrafficShares.declared(resource.type, properties) {
      let words = TrafficShares.elements(properties["RoutingConfig"]["AdditionalVersionWeights"]).map {
        entry in
        let version = entry["FunctionVersion"].text.map { "version \($0)" } ?? "the further version"
        return "\(percent(TrafficShares.number(entry["FunctionWeight"]), of: 1)) to \(version)"
      }
      way = ResourceDelivery(
        weights.isEmpty ? .unknown : .gradual, means: "weights of the alias \(resource.id)",
        steps: words.joined(separator: " and ") + ", the rest as before, until somebody changes the weights")
    } else {
      return
    }
    guard way.pace != .atOnce else { return }
    ways[resource.id] = way
    guard let function = TrafficReferences.id(properties["FunctionName"]) else { return }
    ways[function] = way
    for other in new.resources where other.type == "AWS::Lambda::Version" {
      if TrafficReferences.id(new.properties(of: other)["FunctionName"]) == function { ways[other.id] = way }
    }
  }

  private mutating func preference(_ resource: TemplateEvaluator.Resource, _ properties: ResolvedValue) {
    let preference = properties["DeploymentPreference"]
    guard preference != .absent, preference["Enabled"].text != "false",
      properties["AutoPublishAlias"] != .absent
    else { return }
    let alias = properties["AutoPublishAlias"].text.map { "the alias \($0)" } ?? "its alias"
    let way = steps(preference["Type"], means: "SAM's DeploymentPreference: CodeDeploy, by \(alias)")
    if way.pace != .atOnce { ways[resource.id] = way }
  }

  // MARK: - APIs

  private mutating func canary(
    _ resource: TemplateEvaluator.Resource, _ properties: ResolvedValue, _ settings: ResolvedValue
  ) {
    guard settings != .absent else { return }
    let share = TrafficShares.number(settings["PercentTraffic"])
    let way = ResourceDelivery(
      share == nil && settings["PercentTraffic"] != .absent ? .unknown : .gradual,
      means:
        "canary of \(resource.type == "AWS::ApiGateway::Stage" ? "the stage" : "the deployment") \(resource.id)",
      steps: "\(percent(share ?? 0, of: 100)) to the canary, the rest as before, until somebody promotes it")
    ways[resource.id] = way
    guard let api = TrafficReferences.id(properties["RestApiId"]) else { return }
    // Methods and paths come before users by a deployment alone.
    for other in new.resources where GradualDelivery.partsOfAPIs.contains(other.type) {
      if TrafficReferences.id(new.properties(of: other)["RestApiId"]) == api { ways[other.id] = way }
    }
  }

  private static let partsOfAPIs: Set<String> = [
    "AWS::ApiGateway::Method", "AWS::ApiGateway::Resource", "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator", "AWS::ApiGateway::GatewayResponse",
  ]

  // MARK: - ECS

  /// Blue/green deployments that CloudFormation's own hook makes (`AWS::CodeDeployBlueGreen`).
  private mutating func hooks() {
    for member in new.template.root["Hooks"]?.mapping?.members ?? [] {
      guard member.value["Type"]?.text == "AWS::CodeDeploy::BlueGreen" else { continue }
      let properties = member.value["Properties"].map { new.evaluate($0) } ?? .absent
      let way = routing(
        properties["TrafficRoutingConfig"], means: "CodeDeploy's blue/green hook \(member.name)")
      guard way.pace != .atOnce else { continue }
      for application in TrafficShares.elements(properties["Applications"]) {
        let attributes = application["ECSAttributes"]
        let ids =
          [application["Target"]["LogicalID"]] + TrafficShares.elements(attributes["TaskDefinitions"])
          + TrafficShares.elements(attributes["TaskSets"])
        for id in ids.compactMap(\.text) { ways[id] = way }
      }
    }
  }

  private mutating func service(_ resource: TemplateEvaluator.Resource, _ properties: ResolvedValue) {
    let way: ResourceDelivery
    let configuration = properties["DeploymentConfiguration"]
    switch (properties["DeploymentController"]["Type"].text, configuration["Strategy"].text) {
    case ("CODE_DEPLOY", _):
      guard ways[resource.id] == nil else { return }
      let group = new.resources.first { group in
        group.type == "AWS::CodeDeploy::DeploymentGroup"
          && TrafficShares.elements(new.properties(of: group)["ECSServices"]).contains {
            TrafficReferences.id($0["ServiceName"]) == resource.id
          }
      }
      way = steps(
        group.map { new.properties(of: $0)["DeploymentConfigName"] } ?? .absent,
        means: "CodeDeploy's blue/green deployment of the service \(resource.id)")
    case (_, "CANARY"):
      let canary = configuration["CanaryConfiguration"]
      way = ResourceDelivery(
        .gradual, means: "ECS, canary of the service \(resource.id)",
        steps: waiting(canary["CanaryPercent"], canary["CanaryBakeTimeInMinutes"]) + ", then all")
    case (_, "LINEAR"):
      let linear = configuration["LinearConfiguration"]
      way = ResourceDelivery(
        .gradual, means: "ECS, linear shift of the service \(resource.id)",
        steps: more(linear["StepPercent"], linear["StepBakeTimeInMinutes"]))
    default: return
    }
    guard way.pace != .atOnce else { return }
    ways[resource.id] = way
    if let definition = TrafficReferences.id(properties["TaskDefinition"]) { ways[definition] = way }
  }

  // MARK: - Load balancers

  private mutating func listener(_ resource: TemplateEvaluator.Resource, _ properties: ResolvedValue) {
    guard let weights = TrafficShares.declared(resource.type, properties),
      weights.filter({ $0 > 0 }).count > 1
    else { return }
    let sum = weights.reduce(0, +)
    let rule = resource.type.hasSuffix("ListenerRule") ? "rule" : "listener"
    ways[resource.id] = ResourceDelivery(
      .gradual, means: "weights of the \(rule) \(resource.id)",
      steps: weights.map { percent($0, of: sum) }.joined(separator: " and ")
        + " to its target groups, until somebody changes the weights")
  }

  // MARK: - Steps

  /// The steps of a configuration of CodeDeploy, by its name or by what the template itself says of it.
  private func steps(_ configuration: ResolvedValue, means: String) -> ResourceDelivery {
    if let id = TrafficReferences.id(configuration), let own = new.resource(id) {
      return routing(new.properties(of: own)["TrafficRoutingConfig"], means: means)
    }
    guard let name = configuration.text else {
      return ResourceDelivery(.unknown, means: means, steps: "which steps is not told by the template")
    }
    if name.hasSuffix("AllAtOnce") { return ResourceDelivery(.atOnce) }
    if let found = name.firstMatch(of: #/Canary(\d+)Percent(\d+)Minutes?$/#) {
      return ResourceDelivery(
        .gradual, means: means, steps: "\(found.1) % for \(minutes(String(found.2))), then all")
    }
    if let found = name.firstMatch(of: #/Linear(\d+)PercentEvery(\d+)Minutes?$/#) {
      return ResourceDelivery(
        .gradual, means: means,
        steps: "\(found.1) % more every \(found.2 == "1" ? "minute" : minutes(String(found.2)))")
    }
    return ResourceDelivery(.gradual, means: means, steps: "as the configuration \(name) says")
  }

  private func routing(_ routing: ResolvedValue, means: String) -> ResourceDelivery {
    switch routing["Type"].text {
    case "TimeBasedCanary":
      let canary = routing["TimeBasedCanary"]
      let share =
        canary["CanaryPercentage"] == .absent ? canary["StepPercentage"] : canary["CanaryPercentage"]
      let wait = canary["CanaryInterval"] == .absent ? canary["BakeTimeMins"] : canary["CanaryInterval"]
      return ResourceDelivery(.gradual, means: means, steps: waiting(share, wait) + ", then all")
    case "TimeBasedLinear":
      let linear = routing["TimeBasedLinear"]
      let share =
        linear["LinearPercentage"] == .absent ? linear["StepPercentage"] : linear["LinearPercentage"]
      let wait = linear["LinearInterval"] == .absent ? linear["BakeTimeMins"] : linear["LinearInterval"]
      return ResourceDelivery(.gradual, means: means, steps: more(share, wait))
    case "AllAtOnce": return ResourceDelivery(.atOnce)
    // The hook's own default.
    case nil where routing == .absent && means.contains("hook"):
      return ResourceDelivery(.gradual, means: means, steps: "15 % for 5 minutes, then all")
    default: return ResourceDelivery(.unknown, means: means, steps: "which steps is not told by the template")
    }
  }

  private func waiting(_ share: ResolvedValue, _ wait: ResolvedValue) -> String {
    "\(percent(TrafficShares.number(share), of: 100)) for \(wait.text.map(minutes) ?? "a time that the template does not tell")"
  }

  private func more(_ share: ResolvedValue, _ wait: ResolvedValue) -> String {
    let every = wait.text == "1" ? "minute" : wait.text.map(minutes) ?? "step"
    return "\(percent(TrafficShares.number(share), of: 100)) more every \(every)"
  }

  private func minutes(_ text: String) -> String { text == "1" ? "1 minute" : "\(text) minutes" }

  private func percent(_ value: Double?, of whole: Double) -> String {
    guard let value, whole > 0 else { return "a share" }
    let rounded = (value / whole * 10_000).rounded() / 100
    return rounded == rounded.rounded() ? "\(Int(rounded)) %" : "\(rounded) %"
  }
}

/// The resource that a value leads to.
enum TrafficReferences {
  /// The logical id of `Ref` or `Fn::GetAtt`; nil for anything else.
  static func id(_ value: ResolvedValue) -> String? {
    if case .unknown(.reference(let id, _)) = value { return id }
    return nil
  }
}
