public import JSONValues

/// What an API is set to as a whole, beside its routes and stages: who may call it, where keys are read, what is compressed. As the
/// service tells it. A REST API's stages take it with their next deployment.
public struct APISettings: Hashable, Sendable {
  /// Members of the API, in a fixed order.
  public var json: JSONObject

  private static let members: [APIGatewayClient.Version: [String]] = [
    .rest: [
      "apiKeySource", "binaryMediaTypes", "disableExecuteApiEndpoint", "minimumCompressionSize", "policy",
    ],
    .v2: [
      "apiKeySelectionExpression", "corsConfiguration", "disableExecuteApiEndpoint",
      "disableSchemaValidation",
      "routeSelectionExpression",
    ],
  ]

  /// Nothing is set.
  public init() { json = JSONObject() }

  /// What an API's answer says of it; what is empty or off is not said.
  init(_ api: JSONValue, _ version: APIGatewayClient.Version) {
    json = JSONObject(
      (Self.members[version] ?? []).compactMap { name in
        guard let value = api[name].map(APIStageSettings.ordered), !Self.isNothing(value) else { return nil }
        guard name == "binaryMediaTypes", let types = value.array?.compactMap(\.string) else {
          return .init(name, value)
        }
        return .init(name, .array(types.sorted().map { .string($0) }))
      })
  }

  /// Settings as a record holds them.
  public init?(text: String) {
    guard case .object(let object)? = try? JSONValue(parsing: Array(text.utf8)) else { return nil }
    json = object
  }

  /// As a record holds it: the same settings are the same text.
  public var text: String { JSONValue.object(json).serialized() }

  private static func isNothing(_ value: JSONValue) -> Bool {
    switch value {
    case .string(let text): text.isEmpty
    case .array(let list): list.isEmpty
    default: APIStageSettings.isNothing(value)
    }
  }

  // MARK: - What puts it back

  /// The patch of a REST API that turns `now` into these settings.
  func patch(from now: APISettings) -> [JSONValue] {
    var operations: [JSONValue] = []
    func replace(_ name: String, _ value: String?) {
      var operation: JSONObject = JSONObject([.init("op", "replace"), .init("path", .string("/\(name)"))])
      // Without a value it is switched off.
      if let value { operation["value"] = .string(value) }
      operations.append(.object(operation))
    }
    func differs(_ name: String) -> Bool { json[name] != now.json[name] }
    if differs("apiKeySource") { replace("apiKeySource", json["apiKeySource"]?.string ?? "HEADER") }
    if differs("disableExecuteApiEndpoint") {
      replace("disableExecuteApiEndpoint", json["disableExecuteApiEndpoint"] == true ? "true" : "false")
    }
    if differs("minimumCompressionSize") {
      replace("minimumCompressionSize", json["minimumCompressionSize"]?.serialized())
    }
    if differs("policy") { replace("policy", json["policy"]?.string.map(Self.unescaped) ?? "") }
    let (types, typesNow) = (Self.types(json), Self.types(now.json))
    for type in typesNow where !types.contains(type) {
      operations.append(["op": "remove", "path": .string("/binaryMediaTypes/\(Self.escaped(type))")])
    }
    for type in types where !typesNow.contains(type) {
      operations.append(["op": "add", "path": .string("/binaryMediaTypes/\(Self.escaped(type))")])
    }
    return operations
  }

  /// What an HTTP or WebSocket API is updated with so that `now` turns into these settings; where cross-origin calls were not
  /// permitted, only a call of their own takes that away.
  func update(from now: APISettings) -> (body: JSONObject, removesCORS: Bool) {
    var body = JSONObject()
    for name in Self.members[.v2] ?? [] where json[name] != now.json[name] {
      if name.hasPrefix("disable") {
        body[name] = json[name] ?? false
      } else if let value = json[name] {
        body[name] = value
      }
    }
    return (body, json["corsConfiguration"] == nil && now.json["corsConfiguration"] != nil)
  }

  /// The service tells a policy with its quotation marks escaped, and takes it without that.
  private static func unescaped(_ policy: String) -> String {
    guard policy.hasPrefix("{\\\""), let text = try? JSONValue(parsing: "\"\(policy)\"") else {
      return policy
    }
    return text.string ?? policy
  }

  private static func types(_ json: JSONObject) -> [String] {
    json["binaryMediaTypes"]?.array?.compactMap(\.string) ?? []
  }

  /// As a JSON pointer holds it.
  private static func escaped(_ text: String) -> String {
    text.replacing("~", with: "~0").replacing("/", with: "~1")
  }
}

extension APIGatewayClient {
  /// Sets an API as a whole to `settings`.
  public func updateApi(_ version: Version, api: String, to settings: APISettings) async throws {
    let now = try await getApi(version, id: api).settings
    guard version == .v2 else {
      let patch = settings.patch(from: now)
      guard !patch.isEmpty else { return }
      return try await change(
        version, "UpdateRestApi", "PATCH", [api],
        JSONObject([.init("patchOperations", .array(patch))]))
    }
    let (body, removesCORS) = settings.update(from: now)
    if !body.members.isEmpty { try await change(version, "UpdateApi", "PATCH", [api], body) }
    if removesCORS { try await change(version, "DeleteCorsConfiguration", "DELETE", [api, "cors"], nil) }
  }
}
