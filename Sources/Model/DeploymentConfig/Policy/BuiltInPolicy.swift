import YAMLDocuments

/// `built-in` of `smoke-test`: the checks that need no file, each `on`, `off` or, where it asks the API, at a path.
public struct BuiltInPolicy: Hashable, Sendable {
  /// Whether a check is made, and where.
  public enum Choice: Hashable, Sendable {
    case on, off
    /// A path below the endpoint, with a slash at its beginning.
    case path(String)

    /// The path, where one is named.
    public var path: String? { if case .path(let path) = self { path } else { nil } }
  }
  /// `endpoint`: the API answers 200 and says it is well.
  public var endpoint = Choice.on
  /// `certificate`: the endpoint's certificate does not end soon.
  public var certificate = Choice.on
  /// `without-key`: a request without the API key is refused.
  public var withoutKey = Choice.on
  /// `stacks`, `functions`, `state-machines`, `databases`: they are in a good state.
  public var stacks = true, functions = true, stateMachines = true, databases = true

  /// All of them, at their usual places.
  public init() {}

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    endpoint = try BuiltInPolicy.choice("endpoint", &section)
    certificate = try BuiltInPolicy.choice("certificate", &section)
    withoutKey = try BuiltInPolicy.choice("without-key", &section)
    stacks = try BuiltInPolicy.isOn("stacks", &section)
    functions = try BuiltInPolicy.isOn("functions", &section)
    stateMachines = try BuiltInPolicy.isOn("state-machines", &section)
    databases = try BuiltInPolicy.isOn("databases", &section)
    try section.finish()
  }

  private static func choice(
    _ name: String, _ section: inout PolicyReader
  ) throws(ConfigError) -> Choice {
    guard let value = section.take(name) else { return .on }
    switch value.scalar?.text {
    case "on", "true": return .on
    case "off", "false": return .off
    case let text? where text.hasPrefix("/"): return .path(text)
    default: throw section.error(name, value, "on, off or a path such as /health")
    }
  }

  private static func isOn(_ name: String, _ section: inout PolicyReader) throws(ConfigError) -> Bool {
    guard let value = section.take(name) else { return true }
    switch value.scalar?.text {
    case "on", "true": return true
    case "off", "false": return false
    default: throw section.error(name, value, "on or off")
    }
  }
}
