import CryptoDigests
import JSONValues
import SystemInterfaces

/// A secret, without its value.
public struct SecretDescription: Hashable, Sendable {
  public var arn: String
  public var name: String
  public var rotates: Bool
  public var lastRotatedAt: Timestamp?, lastChangedAt: Timestamp?, deletedAt: Timestamp?
  /// The service that manages it, such as `rds`.
  public var owningService: String?
  /// The labels of each version that has any.
  public var stagesByVersion: [String: [String]]

  /// The version with that label.
  public func version(of stage: String) -> String? {
    stagesByVersion.filter { $0.value.contains(stage) }.keys.sorted().first
  }
  /// The version that readers get.
  public var currentVersion: String? { version(of: "AWSCURRENT") }
}

/// A version of a secret, without its value.
public struct SecretVersion: Hashable, Sendable {
  public var id: String
  public var stages: [String]
  public var createdAt: Timestamp?
}

/// The value of a version of a secret: hand it to the redactor before anything else.
public struct SecretValue: Hashable, Sendable {
  public var versionId: String
  public var stages: [String]
  /// The value where it is text.
  public var text: String?
  /// The value where it is bytes.
  public var bytes: [UInt8]?
}

/// Secrets Manager.
public struct SecretsManagerClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  private func call(_ name: String, _ secret: String, _ more: [(String, String?)] = []) async throws
    -> JSONValue
  {
    var body = JSONObject()
    body["SecretId"] = .string(secret)
    for (name, value) in more { body[name] = value.map { .string($0) } }
    return try await client.json(.json(.secretsManager, name, body, subject: "secret \(secret)"))
  }

  /// A secret by name or ARN.
  public func describeSecret(_ secret: String) async throws -> SecretDescription {
    let json = try await call("DescribeSecret", secret)
    let stages = (json["VersionIdsToStages"]?.object?.members ?? []).map { member in
      (member.name, (member.value.array ?? []).compactMap(\.string))
    }
    return SecretDescription(
      arn: json.text("ARN") ?? "", name: json.text("Name") ?? "",
      rotates: json.bool("RotationEnabled") ?? false, lastRotatedAt: json.time("LastRotatedDate"),
      lastChangedAt: json.time("LastChangedDate"), deletedAt: json.time("DeletedDate"),
      owningService: json.text("OwningService"),
      stagesByVersion: Dictionary(stages, uniquingKeysWith: { $1 }))
  }

  /// The value of a version; the current one unless a version or a label is named.
  public func getSecretValue(
    _ secret: String, versionId: String? = nil, stage: String? = nil
  ) async throws -> SecretValue {
    let json = try await call(
      "GetSecretValue", secret, [("VersionId", versionId), ("VersionStage", stage)])
    return SecretValue(
      versionId: json.text("VersionId") ?? "", stages: json.texts("VersionStages"),
      text: json.text("SecretString"),
      bytes: json.text("SecretBinary").flatMap { Base64.decode(Array($0.utf8)) })
  }

  /// All versions.
  /// - Parameter includesDeprecated: those without a label too, which may be deleted at any time.
  public func listSecretVersionIds(
    _ secret: String, includesDeprecated: Bool = false
  ) async throws -> [SecretVersion] {
    var versions: [SecretVersion] = []
    try await client.pages(of: .secretsManager, "ListSecretVersionIds", subject: "secret \(secret)") {
      token in
      var body = JSONObject()
      body["SecretId"] = .string(secret)
      if includesDeprecated { body["IncludeDeprecated"] = true }
      body["NextToken"] = token.map { .string($0) }
      let json = try await client.json(
        .json(.secretsManager, "ListSecretVersionIds", body, subject: "secret \(secret)"))
      versions += json.list("Versions").map { version in
        SecretVersion(
          id: version.text("VersionId") ?? "", stages: version.texts("VersionStages"),
          createdAt: version.time("CreatedDate"))
      }
      return json.text("NextToken")
    }
    return versions
  }

  /// Writes a new version, which takes the label AWSCURRENT. The caller names the version, so that a second call finds the
  /// first one's.
  public func putSecretValue(_ secret: String, text: String, versionId: String) async throws {
    _ = try await call(
      "PutSecretValue", secret, [("SecretString", text), ("ClientRequestToken", versionId)])
  }

  /// Moves a label: on to `moveTo`, away from `removeFrom`. A label that stands on another version must be taken from it.
  public func updateSecretVersionStage(
    _ secret: String, stage: String, moveTo: String? = nil, removeFrom: String? = nil
  ) async throws {
    _ = try await call(
      "UpdateSecretVersionStage", secret,
      [("VersionStage", stage), ("MoveToVersionId", moveTo), ("RemoveFromVersionId", removeFrom)])
  }
}
