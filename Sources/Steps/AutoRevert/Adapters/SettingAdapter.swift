import AWSClients
import DeploymentRecords
import RestorePoints
import RollbackPlanning
import SystemInterfaces

/// What stands beside the templates, compared with the restore point and put back: what services run, rules, stages,
/// parameters and configurations.
struct SettingAdapter {
  private let restorePoint: LoadedRestorePoint
  private let clients: StackClients
  private let reader: SettingReader

  init(_ clients: StackClients, restorePoint: LoadedRestorePoint) {
    self.clients = clients
    self.restorePoint = restorePoint
    reader = SettingReader(clients)
  }

  var settings: [SettingState] { restorePoint.point.settings ?? [] }

  func facts(_ setting: SettingState) async throws -> [ResourceFacts] {
    var wanted = setting
    if setting.kind == .service, setting.isTemplates == true, let stack = setting.stack {
      // Each deployment registers anew, and so does a restore: what the stack itself has is what its template says.
      let own = try await StackMembers(clients).taskDefinitions(in: stack)
      let family = SettingAdapter.family(setting.value)
      if !own.contains(setting.value), let now = own.first(where: { SettingAdapter.family($0) == family }) {
        wanted.value = now
      }
    }
    let now = try await reader.read(wanted)
    return [
      ResourceFacts(
        kind: .setting(setting.kind.planned, obstacle: now.obstacle), target: setting.target,
        stack: setting.stack.map(AmazonResourceName.stackName), recorded: wanted.value, live: now.value)
    ]
  }

  /// `arn:…:task-definition/family` without its revision.
  private static func family(_ arn: String) -> Substring {
    arn.lastIndex(of: ":").map { arn[..<$0] } ?? Substring(arn)
  }

  private func setting(_ action: PlannedAction) throws -> SettingState {
    guard let found = settings.first(where: { $0.target == action.target && $0.kind.action == action.kind })
    else { throw OperationFailure(.refused, "the restore point does not hold \(action.target)") }
    return found
  }

  func perform(_ action: PlannedAction) async throws {
    let setting = try setting(action)
    let client = reader.client(setting)
    switch (setting.kind, action.payload) {
    case (.service, .settings(let taskDefinition)):
      let (cluster, service) = SettingReader.service(setting.target)
      try await ECSClient(client).updateService(service, cluster: cluster, taskDefinition: taskDefinition)
    case (.rule, .settings(let state)):
      let (bus, rule) = SettingReader.rule(setting.target)
      let rules = EventBridgeClient(client)
      if state == "DISABLED" {
        try await rules.disableRule(rule, bus: bus)
      } else {
        try await rules.enableRule(rule, bus: bus)
      }
    case (.stage, .settings(let text)):
      guard let settings = APIStageSettings(text: text), let place = try await reader.stageVersion(setting)
      else { throw OperationFailure(.refused, "\(setting.target) is no stage, or its record is damaged") }
      try await APIGatewayClient(client).updateStage(
        place.version, api: place.api, stage: place.stage, to: settings)
    case (.api, .settings(let text)):
      guard let settings = APISettings(text: text), let version = try await reader.apiVersion(setting)
      else { throw OperationFailure(.refused, "\(setting.target) is no API, or its record is damaged") }
      try await APIGatewayClient(client).updateApi(version, api: setting.target, to: settings)
    case (.parameter, .version(let version)):
      let parameters = SSMClient(client)
      let recorded = try await parameters.getParameter("\(setting.target):\(version)", decrypts: true)
      try await parameters.putParameter(setting.target, value: recorded.value, type: recorded.type)
    case (.configuration, .version(let version)):
      guard let place = try await reader.place(setting) else {
        throw OperationFailure(.refused, "\(setting.target) is no configuration of AppConfig")
      }
      let configurations = AppConfigClient(client)
      let newest = try await configurations.listDeployments(
        application: place.application, environment: place.environment
      ).first
      // One at a time: one that is under way, or only watched by now, is taken back, which may be all that is to be done.
      if let newest, ["DEPLOYING", "VALIDATING", "BAKING"].contains(newest.state) {
        return try await configurations.stopDeployment(
          application: place.application, environment: place.environment, number: newest.number)
      }
      _ = try await configurations.startDeployment(
        application: place.application, environment: place.environment, profile: place.profile,
        version: version)
    default: throw OperationFailure(.refused, "\(action.payload) is nothing that \(setting.target) takes")
    }
  }

  /// Services and configurations are rolled out by themselves.
  func progress(of action: PlannedAction) async throws -> ResourceProgress {
    let setting = try setting(action)
    guard setting.kind == .service || setting.kind == .configuration else { return .done }
    let now = try await reader.read(setting)
    if let how = now.inProgress { return .running(how) }
    if let why = now.failure { return .failed("its roll-out failed: \(why)") }
    return .done
  }
}

extension SettingState.Kind {
  /// As the plan calls it.
  var planned: SettingKind {
    switch self {
    case .service: .service
    case .rule: .rule
    case .stage: .stage
    case .api: .api
    case .parameter: .parameter
    case .configuration: .configuration
    }
  }

  /// What puts it back.
  var action: PlannedAction.Kind { planned.action }
}
