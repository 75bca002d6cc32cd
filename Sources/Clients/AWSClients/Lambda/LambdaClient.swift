import CryptoDigests
import JSONValues

/// Lambda.
public struct LambdaClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  private func call(
    _ name: String, _ function: String, _ segments: [String], method: String = "GET",
    query: [(name: String, value: String?)] = [], body: JSONObject? = nil,
    repeating: AWSOperation.Repeating = .safe
  ) async throws -> JSONValue {
    try await client.json(
      .rest(
        .lambda, name, method, ["2015-03-31", "functions", function] + segments, query: query, body: body,
        repeating: repeating, subject: "function \(function)"))
  }

  /// The configuration of a function by name or ARN.
  public func getFunctionConfiguration(
    _ function: String, qualifier: String? = nil
  ) async throws -> FunctionConfiguration {
    FunctionConfiguration(
      try await call(
        "GetFunctionConfiguration", function, ["configuration"], query: [("Qualifier", qualifier)]))
  }

  /// The configuration, and where the code is.
  public func getFunction(_ function: String, qualifier: String? = nil) async throws -> FunctionDetails {
    FunctionDetails(try await call("GetFunction", function, [], query: [("Qualifier", qualifier)]))
  }

  /// The package of a function, by the address that `getFunction` answered with.
  /// - Parameter maximumBytes: a larger one is an error.
  public func code(of function: FunctionDetails, maximumBytes: Int) async throws -> [UInt8] {
    let name = function.configuration.name
    let operation = AWSOperation(service: .lambda, name: "the code", subject: "function \(name)")
    guard let location = function.codeLocation, !location.isEmpty else {
      throw client.badAnswer(operation, nil, "GetFunction answered with no address of the code")
    }
    return try await client.download(location, operation, maximumBytes: maximumBytes)
  }

  private func pages(_ name: String, _ function: String, _ segment: String, list: String) async throws
    -> [JSONValue]
  {
    var elements: [JSONValue] = []
    try await client.pages(of: .lambda, name, subject: "function \(function)") { marker in
      let answer = try await call(name, function, [segment], query: [("Marker", marker)])
      elements += answer.list(list)
      return answer.text("NextMarker")
    }
    return elements
  }

  /// All aliases of a function.
  public func listAliases(_ function: String) async throws -> [FunctionAlias] {
    try await pages("ListAliases", function, "aliases", list: "Aliases").map { FunctionAlias($0) }
  }

  /// All published versions and `$LATEST`.
  public func listVersionsByFunction(_ function: String) async throws -> [FunctionConfiguration] {
    try await pages("ListVersionsByFunction", function, "versions", list: "Versions")
      .map { FunctionConfiguration($0) }
  }

  /// One alias.
  public func getAlias(_ function: String, name: String) async throws -> FunctionAlias {
    FunctionAlias(try await call("GetAlias", function, ["aliases", name]))
  }

  /// Points an alias to a version.
  /// - Parameters:
  ///   - weights: replaces the additional weights; empty takes them away, nil leaves them.
  ///   - revisionId: the call fails where the alias has changed since.
  public func updateAlias(
    _ function: String, name: String, version: String, weights: [String: Double]? = [:],
    revisionId: String? = nil
  ) async throws -> FunctionAlias {
    var body = JSONObject()
    body["FunctionVersion"] = .string(version)
    if let weights {
      let members = weights.sorted { $0.key < $1.key }
        .map { JSONObject.Member($0.key, .number(JSONNumber($0.value))) }
      body["RoutingConfig"] = ["AdditionalVersionWeights": .object(JSONObject(members))]
    }
    body["RevisionId"] = revisionId.map { .string($0) }
    return FunctionAlias(
      try await call("UpdateAlias", function, ["aliases", name], method: "PUT", body: body))
  }

  /// Publishes what `$LATEST` is under the next number, if its code has the digest `codeSha256`. Where nothing has changed
  /// since the last version, that one is the answer.
  public func publishVersion(_ function: String, codeSha256: String) async throws -> FunctionConfiguration {
    FunctionConfiguration(
      try await call(
        "PublishVersion", function, ["versions"], method: "POST",
        body: JSONObject([.init("CodeSha256", .string(codeSha256))])))
  }

  /// Changes the time limit, the memory or the variables.
  public func updateFunctionConfiguration(
    _ function: String, environment: [String: String]? = nil, timeoutSeconds: Int? = nil,
    memoryMegabytes: Int? = nil, revisionId: String? = nil
  ) async throws -> FunctionConfiguration {
    var change = FunctionChange()
    (change.environment, change.timeoutSeconds) = (environment, timeoutSeconds)
    change.memoryMegabytes = memoryMegabytes
    return try await updateFunctionConfiguration(function, change, revisionId: revisionId)
  }

  /// Changes the configuration, all of it or nothing.
  public func updateFunctionConfiguration(
    _ function: String, _ change: FunctionChange, revisionId: String? = nil
  ) async throws -> FunctionConfiguration {
    var body = JSONObject(change.further.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) })
    if let environment = change.environment {
      let members = environment.sorted { $0.key < $1.key }.map {
        JSONObject.Member($0.key, .string($0.value))
      }
      body["Environment"] = ["Variables": .object(JSONObject(members))]
    }
    body["Timeout"] = change.timeoutSeconds.map { .number(JSONNumber($0)) }
    body["MemorySize"] = change.memoryMegabytes.map { .number(JSONNumber($0)) }
    body["Handler"] = change.handler.map { .string($0) }
    body["Runtime"] = change.runtime.map { .string($0) }
    body["Role"] = change.role.map { .string($0) }
    body["Layers"] = change.layers.map { .array($0.map { .string($0) }) }
    body["RevisionId"] = revisionId.map { .string($0) }
    return FunctionConfiguration(
      try await call("UpdateFunctionConfiguration", function, ["configuration"], method: "PUT", body: body))
  }

  /// Keeps `calls` at once for a function and lets it have no more; nil takes the limit away.
  public func setReservedConcurrency(_ function: String, _ calls: Int?) async throws {
    let (name, method) =
      calls == nil ? ("DeleteFunctionConcurrency", "DELETE") : ("PutFunctionConcurrency", "PUT")
    var body: JSONObject?
    if let calls { body = JSONObject([.init("ReservedConcurrentExecutions", .number(JSONNumber(calls)))]) }
    _ = try await client.json(
      .rest(
        .lambda, name, method, ["2017-10-31", "functions", function, "concurrency"], body: body,
        repeating: .safe, subject: "function \(function)"))
  }

  /// Puts other code in place.
  /// - Parameters:
  ///   - architecture: what the code is made for; nil leaves what it was.
  ///   - publishes: makes a new version too.
  public func updateFunctionCode(
    _ function: String, _ code: FunctionCode, architecture: String? = nil, publishes: Bool = false,
    revisionId: String? = nil
  ) async throws -> FunctionConfiguration {
    var body = JSONObject()
    body["Architectures"] = architecture.map { [.string($0)] }
    switch code {
    case .s3(let bucket, let key, let version):
      body["S3Bucket"] = .string(bucket)
      body["S3Key"] = .string(key)
      body["S3ObjectVersion"] = version.map { .string($0) }
    case .image(let uri): body["ImageUri"] = .string(uri)
    case .zip(let bytes): body["ZipFile"] = .string(Base64.encode(bytes))
    }
    if publishes { body["Publish"] = true }
    body["RevisionId"] = revisionId.map { .string($0) }
    // A version of the same code is published once, so a second call does no harm.
    return FunctionConfiguration(
      try await call("UpdateFunctionCode", function, ["code"], method: "PUT", body: body))
  }
}
