import JSONValues

/// EventBridge's rules.
public struct EventBridgeClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  private func call(_ name: String, _ rule: String, _ bus: String?) async throws -> JSONValue {
    var body = JSONObject()
    body["Name"] = .string(rule)
    body["EventBusName"] = bus.map { .string($0) }
    return try await client.json(.json(.events, name, body, subject: "rule \(rule)"))
  }

  /// `ENABLED`, `DISABLED` or `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`.
  public func ruleState(_ rule: String, bus: String?) async throws -> String? {
    try await call("DescribeRule", rule, bus).text("State")
  }

  /// Switches a rule on.
  public func enableRule(_ rule: String, bus: String?) async throws {
    _ = try await call("EnableRule", rule, bus)
  }

  /// Switches a rule off.
  public func disableRule(_ rule: String, bus: String?) async throws {
    _ = try await call("DisableRule", rule, bus)
  }
}
