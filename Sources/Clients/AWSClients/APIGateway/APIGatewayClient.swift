public import CloudFormationModel
import JSONValues
import SystemInterfaces

/// An API: REST (`AWS::ApiGateway::RestApi`) or HTTP and WebSocket (`AWS::ApiGatewayV2::Api`).
public struct APIGatewayAPI: Hashable, Sendable {
  public var id: String
  public var name: String
  /// `REST`, `HTTP` or `WEBSOCKET`.
  public var protocolType: String
  public var description: String?
  /// The resource policy of a REST API that has one, as JSON.
  public var policy: String?
  /// What it is set to as a whole.
  public var settings = APISettings()
}

/// A stage of an API.
public struct APIGatewayStage: Hashable, Sendable {
  public var name: String
  /// What it serves; nil where nothing was deployed.
  public var deploymentId: String?
  public var description: String?
  public var variables: [String: String] = [:]
  /// v2 alone: changes are deployed by themselves.
  public var deploysAutomatically = false
  /// REST alone: what a share of its calls goes to.
  public var canary: APICanary?
  /// What it is set to beside its deployment.
  public var settings = APIStageSettings()
  public var createdAt: Timestamp?, updatedAt: Timestamp?
}

/// A deployment: an unchangeable picture of an API.
public struct APIGatewayDeployment: Hashable, Sendable {
  public var id: String
  public var description: String?
  public var createdAt: Timestamp?
  /// v2 alone: `PENDING`, `FAILED` or `DEPLOYED`.
  public var status: String?
}

/// One method of a path of an API, and what it wants of a caller.
public struct APIGatewayRoute: Hashable, Sendable {
  /// Such as `GET`, or `ANY`; `$default` of an HTTP API has no path of its own.
  public var method: String
  /// Such as `/orders/{id}` or `/{proxy+}`.
  public var path: String
  /// Whether a request without an API key is refused.
  public var wantsAPIKey: Bool
  /// `NONE`, `AWS_IAM`, `CUSTOM`, `COGNITO_USER_POOLS` or `JWT`.
  public var authorization: String

  /// A route.
  public init(method: String, path: String, wantsAPIKey: Bool, authorization: String = "NONE") {
    self.method = method
    self.path = path
    self.wantsAPIKey = wantsAPIKey
    self.authorization = authorization
  }
}

/// API Gateway: REST APIs by `version: .rest`, HTTP and WebSocket APIs by `.v2`.
public struct APIGatewayClient: Sendable {
  /// Which of the two services an API belongs to.
  public enum Version: String, Sendable, Codable {
    /// `AWS::ApiGateway::RestApi`.
    case rest
    /// `AWS::ApiGatewayV2::Api`.
    case v2
  }

  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  private func call(
    _ version: Version, _ name: String, _ method: String, _ segments: [String],
    query: [(name: String, value: String?)] = [], body: JSONObject? = nil
  ) async throws -> JSONValue {
    let root = version == .rest ? ["restapis"] : ["v2", "apis"]
    return try await client.json(
      .rest(
        version == .rest ? .apiGateway : .apiGatewayV2, name, method, root + segments, query: query,
        body: body, subject: segments.first.map { "API \($0)" }))
  }

  private func pages(
    _ version: Version, _ name: String, _ segments: [String], more: [(name: String, value: String?)] = []
  ) async throws -> [JSONValue] {
    var elements: [JSONValue] = []
    try await client.pages(
      of: version == .rest ? .apiGateway : .apiGatewayV2, name, subject: segments.first.map { "API \($0)" }
    ) { token in
      let query: [(name: String, value: String?)] =
        version == .rest
        ? [("position", token), ("limit", "500")] : [("nextToken", token), ("maxResults", "500")]
      let answer = try await call(version, name, "GET", segments, query: query + more)
      // REST calls the list `item`, and so did one of the two names that its answers carry.
      elements += answer["items"]?.array ?? answer.list("item")
      return answer.text(version == .rest ? "position" : "nextToken")
    }
    return elements
  }

  /// All APIs.
  public func getApis(_ version: Version) async throws -> [APIGatewayAPI] {
    try await pages(version, version == .rest ? "GetRestApis" : "GetApis", [])
      .map { APIGatewayAPI($0, version) }
  }

  /// One API.
  public func getApi(_ version: Version, id: String) async throws -> APIGatewayAPI {
    APIGatewayAPI(
      try await call(version, version == .rest ? "GetRestApi" : "GetApi", "GET", [id]), version)
  }

  /// All methods of all paths of an API.
  public func getRoutes(_ version: Version, api: String) async throws -> [APIGatewayRoute] {
    if version == .v2 {
      return try await pages(version, "GetRoutes", [api, "routes"]).compactMap { json in
        guard let key = json.text("routeKey") else { return nil }
        let parts = key.split(separator: " ", maxSplits: 1)
        return APIGatewayRoute(
          method: String(parts[0]), path: parts.count > 1 ? String(parts[1]) : "",
          wantsAPIKey: json.bool("apiKeyRequired") ?? false,
          authorization: json.text("authorizationType") ?? "NONE")
      }
    }
    let found = try await pages(
      version, "GetResources", [api, "resources"], more: [("embed", "methods")])
    return found.flatMap { resource in
      (resource["resourceMethods"]?.object?.members ?? []).map { member in
        APIGatewayRoute(
          method: member.name, path: resource.text("path") ?? "",
          wantsAPIKey: member.value.bool("apiKeyRequired") ?? false,
          authorization: member.value.text("authorizationType") ?? "NONE")
      }
    }
  }

  /// All stages of an API.
  public func getStages(_ version: Version, api: String) async throws -> [APIGatewayStage] {
    if version == .v2 {
      return try await pages(version, "GetStages", [api, "stages"]).map {
        APIGatewayStage($0, version, api: api)
      }
    }
    return try await call(version, "GetStages", "GET", [api, "stages"]).list("item")
      .map { APIGatewayStage($0, version, api: api) }
  }

  /// One stage.
  public func getStage(_ version: Version, api: String, stage: String) async throws -> APIGatewayStage {
    APIGatewayStage(
      try await call(version, "GetStage", "GET", [api, "stages", stage]), version, api: api)
  }

  /// Makes a stage serve `deployment`.
  public func updateStage(
    _ version: Version, api: String, stage: String, deployment: String
  ) async throws -> APIGatewayStage {
    var body = JSONObject()
    if version == .rest {
      body["patchOperations"] = [
        ["op": "replace", "path": "/deploymentId", "value": .string(deployment)]
      ]
    } else {
      body["deploymentId"] = .string(deployment)
    }
    return try await updateStage(version, api: api, stage: stage, body)
  }

  func updateStage(
    _ version: Version, api: String, stage: String, _ body: JSONObject
  ) async throws -> APIGatewayStage {
    APIGatewayStage(
      try await call(version, "UpdateStage", "PATCH", [api, "stages", stage], body: body), version, api: api)
  }

  func change(
    _ version: Version, _ name: String, _ method: String, _ segments: [String], _ body: JSONObject?
  ) async throws {
    _ = try await call(version, name, method, segments, body: body)
  }

  /// All deployments of an API that are still there.
  public func getDeployments(_ version: Version, api: String) async throws -> [APIGatewayDeployment] {
    try await pages(version, "GetDeployments", [api, "deployments"]).map { json in
      APIGatewayDeployment(
        id: json.text("id") ?? json.text("deploymentId") ?? "", description: json.text("description"),
        createdAt: json.time("createdDate"), status: json.text("deploymentStatus"))
    }
  }
}

extension APIGatewayAPI {
  fileprivate init(_ json: JSONValue, _ version: APIGatewayClient.Version) {
    self.init(
      id: json.text("id") ?? json.text("apiId") ?? "", name: json.text("name") ?? "",
      protocolType: version == .rest ? "REST" : json.text("protocolType") ?? "HTTP",
      description: json.text("description"), policy: json.text("policy").flatMap { $0.isEmpty ? nil : $0 },
      settings: APISettings(json, version))
  }
}

extension APIGatewayStage {
  fileprivate init(_ json: JSONValue, _ version: APIGatewayClient.Version, api: String) {
    self.init(name: json.text("stageName") ?? "")
    settings = APIStageSettings(json, version)
    deploymentId = json.text("deploymentId")
    description = json.text("description")
    variables = json["variables"] != nil ? json.map("variables") : json.map("stageVariables")
    deploysAutomatically = json.bool("autoDeploy") ?? false
    canary = APICanary(json, api: api)
    createdAt = json.time("createdDate")
    updatedAt = json.time("lastUpdatedDate")
  }
}
