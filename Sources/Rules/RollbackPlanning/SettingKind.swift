/// What people and services change without CloudFormation.
public enum SettingKind: String, Hashable, Sendable, CaseIterable {
  /// The task definition that an ECS service runs.
  case service
  /// Whether an EventBridge rule is on.
  case rule
  /// What a stage of an API is set to beside its deployment.
  case stage
  /// What an API is set to as a whole.
  case api
  /// A parameter of Systems Manager.
  case parameter
  /// A configuration that AppConfig deployed.
  case configuration

  /// What puts it back.
  public var action: PlannedAction.Kind {
    switch self {
    case .service: .restoreService
    case .rule: .restoreRule
    case .stage: .restoreStageSettings
    case .api: .restoreAPISettings
    case .parameter: .restoreParameter
    case .configuration: .restoreConfiguration
    }
  }

  /// Why it is put back.
  func reason(_ live: String, _ recorded: String) -> String {
    switch self {
    case .service: "the service runs \(live), recorded was \(recorded)"
    case .rule: "the rule is \(live), recorded was \(recorded)"
    case .stage: "the stage is set to \(live), recorded was \(recorded)"
    case .api: "the API is set to \(live), recorded was \(recorded)"
    case .parameter: "the parameter has version \(live), recorded was version \(recorded)"
    case .configuration: "version \(live) is deployed, recorded was version \(recorded)"
    }
  }

  /// What an action that puts it back sets.
  func payload(_ recorded: String) -> PlannedAction.Payload {
    switch self {
    case .service, .rule, .stage, .api: .settings(recorded)
    case .parameter, .configuration: .version(recorded)
    }
  }
}
