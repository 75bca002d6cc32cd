public import JSONValues

/// What a stage is set to beside its deployment: throttles, logs, caches, variables. As the service tells it.
public struct APIStageSettings: Hashable, Sendable {
  /// Members of the stage, in a fixed order.
  public var json: JSONObject

  private static let members: [APIGatewayClient.Version: [String]] = [
    .rest: [
      "accessLogSettings", "cacheClusterEnabled", "cacheClusterSize", "methodSettings", "tracingEnabled",
      "variables",
    ],
    .v2: ["accessLogSettings", "defaultRouteSettings", "routeSettings", "stageVariables"],
  ]

  /// Nothing is set.
  public init() { json = JSONObject() }

  /// What a stage's answer says of it; what is empty or off is not said.
  init(_ stage: JSONValue, _ version: APIGatewayClient.Version) {
    json = JSONObject(
      (Self.members[version] ?? []).compactMap { name in
        guard let value = stage[name].map(Self.ordered), !Self.isNothing(value) else { return nil }
        return .init(name, value)
      })
  }

  /// Settings as a record holds them.
  public init?(text: String) {
    guard case .object(let object)? = try? JSONValue(parsing: Array(text.utf8)) else { return nil }
    json = object
  }

  /// As a record holds it: the same settings are the same text.
  public var text: String { JSONValue.object(json).serialized() }

  static func isNothing(_ value: JSONValue) -> Bool {
    switch value {
    case .null, .bool(false): true
    case .object(let object): object.members.isEmpty
    default: false
    }
  }

  static func ordered(_ value: JSONValue) -> JSONValue {
    guard case .object(let object) = value else { return value }
    return .object(
      JSONObject(object.members.sorted { $0.name < $1.name }.map { .init($0.name, ordered($0.value)) }))
  }

  // MARK: - What puts it back

  /// Where each setting of a method stands in a patch.
  private static let places = [
    "metricsEnabled": "metrics/enabled", "loggingLevel": "logging/loglevel",
    "dataTraceEnabled": "logging/dataTrace", "throttlingBurstLimit": "throttling/burstLimit",
    "throttlingRateLimit": "throttling/rateLimit", "cachingEnabled": "caching/enabled",
    "cacheTtlInSeconds": "caching/ttlInSeconds", "cacheDataEncrypted": "caching/dataEncrypted",
    "requireAuthorizationForCacheControl": "caching/requireAuthorizationForCacheControl",
    "unauthorizedCacheControlHeaderStrategy": "caching/unauthorizedCacheControlHeaderStrategy",
  ]

  /// The patch of a REST API's stage that turns `now` into these settings.
  func patch(from now: APIStageSettings) -> [JSONValue] {
    var operations: [JSONValue] = []
    func replace(_ path: String, _ value: JSONValue) {
      operations.append(["op": "replace", "path": .string(path), "value": .string(Self.word(value))])
    }
    func remove(_ path: String) { operations.append(["op": "remove", "path": .string(path)]) }
    for name in ["cacheClusterEnabled", "tracingEnabled"] where json[name] != now.json[name] {
      replace("/\(name)", json[name] ?? false)
    }
    if let size = json["cacheClusterSize"], size != now.json["cacheClusterSize"] {
      replace("/cacheClusterSize", size)
    }
    let (variables, variablesNow) = (Self.members(json["variables"]), Self.members(now.json["variables"]))
    for (name, value) in variables.sorted(by: { $0.key < $1.key }) where value != variablesNow[name] {
      replace("/variables/\(name)", value)
    }
    for name in variablesNow.keys.sorted() where variables[name] == nil { remove("/variables/\(name)") }
    let (logs, logsNow) = (
      Self.members(json["accessLogSettings"]), Self.members(now.json["accessLogSettings"])
    )
    for (name, value) in logs.sorted(by: { $0.key < $1.key }) where value != logsNow[name] {
      replace("/accessLogSettings/\(name)", value)
    }
    if logs.isEmpty, !logsNow.isEmpty { remove("/accessLogSettings") }
    let (methods, methodsNow) = (
      Self.members(json["methodSettings"]), Self.members(now.json["methodSettings"])
    )
    for (method, value) in methods.sorted(by: { $0.key < $1.key }) {
      let former = Self.members(methodsNow[method])
      for (name, value) in Self.members(value).sorted(by: { $0.key < $1.key }) where value != former[name] {
        if let place = Self.places[name] { replace("/\(method)/\(place)", value) }
      }
    }
    for method in methodsNow.keys.sorted() where methods[method] == nil { remove("/\(method)") }
    return operations
  }

  /// What an HTTP API's stage is updated with so that `now` turns into these settings.
  func update(from now: APIStageSettings) -> JSONObject {
    var body = JSONObject()
    for name in Self.members[.v2] ?? [] where json[name] != now.json[name] {
      guard name == "stageVariables" else {
        body[name] = json[name] ?? .object(JSONObject([]))
        continue
      }
      // A variable that is left out stays; an empty one goes.
      var variables = Self.members(json[name])
      for extra in Self.members(now.json[name]).keys where variables[extra] == nil { variables[extra] = "" }
      body[name] = .object(JSONObject(variables.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) }))
    }
    return body
  }

  private static func members(_ value: JSONValue?) -> [String: JSONValue] {
    Dictionary((value?.object?.members ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
  }

  /// Values of patches are texts.
  private static func word(_ value: JSONValue) -> String { value.string ?? value.serialized() }
}

extension APIGatewayClient {
  /// Sets a stage to `settings`, its deployment as it is.
  public func updateStage(
    _ version: Version, api: String, stage: String, to settings: APIStageSettings
  ) async throws {
    let now = try await getStage(version, api: api, stage: stage).settings
    var body = settings.update(from: now)
    if version == .rest { body = JSONObject([.init("patchOperations", .array(settings.patch(from: now)))]) }
    _ = try await updateStage(version, api: api, stage: stage, body)
  }
}
