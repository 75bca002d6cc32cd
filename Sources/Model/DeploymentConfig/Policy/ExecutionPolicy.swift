public import JSONValues
import YAMLDocuments

/// One of `smoke-test.executions`: a state machine is started with an input and watched to its end.
///
/// An execution does what the state machine does, so it counts as writing: in production it runs only with
/// `allow-writes`.
public struct ExecutionPolicy: Hashable, Sendable {
  /// What the output must hold at a place.
  public struct Output: Hashable, Sendable {
    /// A JSONPath (RFC 9535) that gives one value.
    public var path: String
    /// That value.
    public var value: JSONValue
    /// Where it stands in the policy file.
    public var line: Int
  }
  /// `name`: what reports call it.
  public var name: String
  /// `state-machine`: an ARN, a name, or a logical id of a stack; the configuration's STATE_MACHINE_ARN without it.
  public var stateMachine: String?
  /// `input`: any YAML value.
  public var input: JSONValue = .object(JSONObject())
  /// `status`: how it has to end.
  public var status = "SUCCEEDED"
  /// `output`: from JSONPath to value.
  public var output: [Output] = []
  /// `critical`: whether it stops the chain also where others only warn.
  public var isCritical = false
  /// `timeout`: from its start to its end.
  public var timeout: Duration = .seconds(60)
  /// The line of the policy file on which it begins.
  public var line = 0

  /// An execution that has to succeed.
  public init(name: String) { self.name = name }

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    self.init(name: try section.required("name"))
    line = section.line
    stateMachine = try section.string("state-machine")
    if let value = section.take("input") { input = value.json }
    if let text = try section.string("status") {
      guard ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"].contains(text) else {
        throw section.problem("status: expected SUCCEEDED, FAILED, TIMED_OUT or ABORTED")
      }
      status = text
    }
    if let node = section.take("output") {
      guard let mapping = node.mapping else {
        throw section.error("output", node, "a mapping from JSONPath to value")
      }
      output = mapping.members.map { Output(path: $0.name, value: $0.value.json, line: $0.line) }
    }
    if let value = try section.bool("critical") { isCritical = value }
    if let value = try section.duration("timeout") { timeout = value }
    try section.finish()
  }
}
