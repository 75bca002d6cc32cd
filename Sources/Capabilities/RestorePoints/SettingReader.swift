import AWSClients
import DeploymentRecords
import SystemInterfaces

/// Reads what stands beside the templates, for the record and for the comparison with it.
public struct SettingReader: Sendable {
  private let clients: StackClients

  /// A reader over `clients`.
  public init(_ clients: StackClients) { self.clients = clients }

  /// What a setting is now.
  public struct Reading: Hashable, Sendable {
    /// Its value; nil where it is not there.
    public var value: String?
    /// Why the recorded value cannot be set again; nil where nothing speaks against it.
    public var obstacle: String?
    /// How far something that changes it has come; nil where nothing does.
    public var inProgress: String?
    /// Why the last change of it was not kept.
    public var failure: String?

    /// A value.
    public init(value: String?) { self.value = value }
  }

  /// The client that is asked about a setting.
  public func client(_ setting: SettingState) -> AWSClient {
    setting.stack.map { clients[$0] } ?? clients.own
  }

  /// What `setting` is now, compared with what is recorded of it.
  public func read(_ setting: SettingState) async throws -> Reading {
    switch setting.kind {
    case .service: try await service(setting)
    case .rule:
      Reading(value: try await rule(setting))
    case .stage: Reading(value: try await stage(setting)?.text)
    case .api: Reading(value: try await api(setting)?.text)
    case .parameter: try await parameter(setting)
    case .configuration: try await configuration(setting)
    }
  }

  // MARK: - Services

  /// The cluster and the service of `arn:…:service/cluster/name`; older ARNs leave the default cluster out.
  public static func service(_ target: String) -> (cluster: String, service: String) {
    let parts = (AmazonResourceName(target)?.resource ?? target).split(separator: "/").map(String.init)
    return parts.count > 2 ? (parts[1], parts[2]) : ("default", parts.last ?? target)
  }

  private func service(_ setting: SettingState) async throws -> Reading {
    let ecs = ECSClient(client(setting))
    let (cluster, name) = SettingReader.service(setting.target)
    guard let found = try await ecs.describeService(name, cluster: cluster) else {
      return Reading(value: nil)
    }
    var reading = Reading(value: found.runs)
    if let primary = found.primary {
      if primary.rolloutState == "IN_PROGRESS" {
        reading.inProgress = "rolling out \(primary.taskDefinition)"
        reading.value = primary.taskDefinition
      }
      if primary.rolloutState == "FAILED" {
        reading.failure = primary.rolloutStateReason ?? "no reason given"
      }
    }
    if !setting.value.isEmpty, reading.value != setting.value,
      try await ecs.taskDefinitionStatus(setting.value) != "ACTIVE"
    {
      reading.obstacle = "its task definition has been deregistered, and no service takes it any more"
    }
    return reading
  }

  // MARK: - Rules and stages

  /// The bus and the rule of `bus|rule` or `rule`.
  public static func rule(_ target: String) -> (bus: String?, rule: String) {
    let parts = target.split(separator: "|", maxSplits: 1).map(String.init)
    return parts.count == 2 ? (parts[0], parts[1]) : (nil, target)
  }

  private func rule(_ setting: SettingState) async throws -> String? {
    let (bus, rule) = SettingReader.rule(setting.target)
    return try await ifThere {
      try await EventBridgeClient(client(setting)).ruleState(rule, bus: bus)
    } ?? nil
  }

  /// The API, its stage, and which of the two services it belongs to.
  public func stageVersion(_ setting: SettingState) async throws -> (
    version: APIGatewayClient.Version, api: String, stage: String
  )? {
    let parts = setting.target.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    let apis = APIGatewayClient(client(setting))
    for version in [APIGatewayClient.Version.rest, .v2] {
      let found = try await ifThere { try await apis.getStage(version, api: parts[0], stage: parts[1]) }
      if found != nil { return (version, parts[0], parts[1]) }
    }
    return nil
  }

  private func stage(_ setting: SettingState) async throws -> APIStageSettings? {
    guard let (version, api, stage) = try await stageVersion(setting) else { return nil }
    return try await APIGatewayClient(client(setting)).getStage(version, api: api, stage: stage).settings
  }

  /// Which of the two services the API belongs to.
  public func apiVersion(_ setting: SettingState) async throws -> APIGatewayClient.Version? {
    let apis = APIGatewayClient(client(setting))
    for version in [APIGatewayClient.Version.rest, .v2] {
      if try await ifThere({ try await apis.getApi(version, id: setting.target) }) != nil { return version }
    }
    return nil
  }

  private func api(_ setting: SettingState) async throws -> APISettings? {
    guard let version = try await apiVersion(setting) else { return nil }
    return try await APIGatewayClient(client(setting)).getApi(version, id: setting.target).settings
  }

  // MARK: - Parameters and configurations

  private func parameter(_ setting: SettingState) async throws -> Reading {
    let parameters = SSMClient(client(setting))
    guard
      let now = try await ifThere({ try await parameters.getParameter(setting.target, decrypts: true) })
    else { return Reading(value: nil) }
    let version = now.version.map(String.init)
    guard !setting.value.isEmpty, version != setting.value else { return Reading(value: version) }
    // Another version may hold the same value: values are compared here and kept nowhere.
    let recorded = try await ifThere {
      try await parameters.getParameter("\(setting.target):\(setting.value)", decrypts: true)
    }
    if recorded?.value == now.value { return Reading(value: setting.value) }
    var reading = Reading(value: version)
    if recorded == nil { reading.obstacle = "Systems Manager keeps the recorded version no longer" }
    return reading
  }

  private func configuration(_ setting: SettingState) async throws -> Reading {
    let configurations = AppConfigClient(client(setting))
    guard let place = try await place(setting) else { return Reading(value: nil) }
    let all = try await configurations.listDeployments(
      application: place.application, environment: place.environment
    ).filter { $0.configurationName == place.name }
    var reading = Reading(value: nil)
    if let newest = all.first, ["DEPLOYING", "VALIDATING", "ROLLING_BACK"].contains(newest.state) {
      reading.inProgress = "\(newest.state) version \(newest.configurationVersion)"
      if newest.state != "ROLLING_BACK" { reading.value = newest.configurationVersion }
    }
    // What is baked is deployed everywhere, and only watched.
    reading.value =
      reading.value ?? all.first { ["COMPLETE", "BAKING"].contains($0.state) }?.configurationVersion
    return reading
  }

  /// The ids of a configuration that is named `application/environment/profile`, each by id or name.
  public func place(_ setting: SettingState) async throws -> (
    application: String, environment: String, profile: String, name: String
  )? {
    let parts = setting.target.split(separator: "/").map(String.init)
    guard parts.count == 3 else { return nil }
    return try await AppConfigClient(client(setting)).resolve(
      application: parts[0], environment: parts[1], profile: parts[2])
  }
}
