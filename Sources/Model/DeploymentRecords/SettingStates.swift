/// A value that people and services change without CloudFormation, so that no template tells it.
public struct SettingState: Codable, Hashable, Sendable {
  /// What it is.
  public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
    /// The task definition that an ECS service runs.
    case service
    /// Whether an EventBridge rule is on.
    case rule
    /// What a stage of an API is set to beside its deployment.
    case stage
    /// What an API is set to as a whole.
    case api
    /// The version of a parameter of Systems Manager that the policy names.
    case parameter
    /// The version of a configuration that AppConfig deployed last, of those that the policy names.
    case configuration
  }
  /// What it is.
  public var kind: Kind
  /// Its designation: the service's ARN, `rule` or `bus|rule`, `api/stage`, the API's id, the parameter's name,
  /// `application/environment/profile`.
  public var target: String
  /// The stack that owns it; nil for what the policy names.
  public var stack: String?
  /// What it was. Of a parameter its version alone: the value may be secret.
  public var value: String
  /// Whether it was what the stack's own template said; nil where nobody can tell.
  public var isTemplates: Bool?

  /// A setting.
  public init(kind: Kind, target: String, stack: String?, value: String, isTemplates: Bool? = nil) {
    self.kind = kind
    self.target = target
    self.stack = stack
    self.value = value
    self.isTemplates = isTemplates
  }
}
