import JSONValues

/// A deployment of a configuration.
public struct ConfigurationDeployment: Hashable, Sendable {
  public var number: Int
  public var configurationVersion: String
  /// `COMPLETE`, `BAKING`, `DEPLOYING`, `VALIDATING`, `ROLLING_BACK`, `ROLLED_BACK` or `REVERTED`.
  public var state: String
  /// The profile's name.
  public var configurationName: String?
}

/// AppConfig.
public struct AppConfigClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  private func call(
    _ name: String, _ method: String, _ segments: [String], token: String? = nil, body: JSONObject? = nil,
    repeating: AWSOperation.Repeating = .safe
  ) async throws -> JSONValue {
    try await client.json(
      .rest(
        .appConfig, name, method, segments, query: [("next_token", token)], body: body, repeating: repeating,
        subject: "AppConfig \(segments.joined(separator: "/"))"))
  }

  private func pages(_ name: String, _ segments: [String]) async throws -> [JSONValue] {
    var items: [JSONValue] = []
    try await client.pages(of: .appConfig, name, subject: "AppConfig \(segments.joined(separator: "/"))") {
      let answer = try await call(name, "GET", segments, token: $0)
      items += answer.list("Items")
      return answer.text("NextToken")
    }
    return items
  }

  private func id(_ wanted: String, in items: [JSONValue]) -> String? {
    (items.first { $0.text("Id") == wanted } ?? items.first { $0.text("Name") == wanted })?.text("Id")
  }

  /// The ids of what is named by id or by name, and the profile's name; nil where one of them is not there.
  public func resolve(
    application: String, environment: String, profile: String
  ) async throws -> (application: String, environment: String, profile: String, name: String)? {
    guard let app = id(application, in: try await pages("ListApplications", ["applications"])) else {
      return nil
    }
    async let environments = pages("ListEnvironments", ["applications", app, "environments"])
    let profiles = try await pages(
      "ListConfigurationProfiles", ["applications", app, "configurationprofiles"])
    guard let environment = id(environment, in: try await environments),
      let profile = id(profile, in: profiles),
      let name = profiles.first(where: { $0.text("Id") == profile })?.text("Name")
    else { return nil }
    return (app, environment, profile, name)
  }

  /// The deployments of an environment, newest first.
  public func listDeployments(
    application: String, environment: String
  ) async throws -> [ConfigurationDeployment] {
    try await pages(
      "ListDeployments", ["applications", application, "environments", environment, "deployments"]
    ).map { ConfigurationDeployment($0) }.sorted { $0.number > $1.number }
  }

  /// Deploys `version` of a profile to all at once. Returns the deployment.
  public func startDeployment(
    application: String, environment: String, profile: String, version: String
  ) async throws -> ConfigurationDeployment {
    var body = JSONObject()
    body["DeploymentStrategyId"] = "AppConfig.AllAtOnce"
    body["ConfigurationProfileId"] = .string(profile)
    body["ConfigurationVersion"] = .string(version)
    return ConfigurationDeployment(
      try await call(
        "StartDeployment", "POST", ["applications", application, "environments", environment, "deployments"],
        body: body, repeating: .unsafe))
  }

  /// Stops a deployment that is under way, or only watched by now: AppConfig takes it back by itself.
  public func stopDeployment(application: String, environment: String, number: Int) async throws {
    _ = try await call(
      "StopDeployment", "DELETE",
      ["applications", application, "environments", environment, "deployments", String(number)])
  }
}

extension ConfigurationDeployment {
  fileprivate init(_ json: JSONValue) {
    self.init(
      number: json.int("DeploymentNumber") ?? 0,
      configurationVersion: json.text("ConfigurationVersion") ?? "", state: json.text("State") ?? "",
      configurationName: json.text("ConfigurationName"))
  }
}
