import SystemInterfaces

/// Who the credentials belong to.
public struct CallerIdentity: Hashable, Sendable {
  public var account: String
  public var arn: String
  public var userId: String

  /// An identity.
  public init(account: String, arn: String, userId: String) {
    self.account = account
    self.arn = arn
    self.userId = userId
  }
}

/// Security Token Service.
public struct STSClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  /// Who the credentials belong to; needs no permission.
  public func getCallerIdentity() async throws -> CallerIdentity {
    let answer = try await client.query(.query(.sts, "GetCallerIdentity", [:]))
    return CallerIdentity(
      account: answer.text("Account") ?? "", arn: answer.text("Arn") ?? "",
      userId: answer.text("UserId") ?? "")
  }

  /// Credentials of another role.
  public func assumeRole(
    _ role: String, sessionName: String, externalId: String? = nil, durationSeconds: Int? = nil,
    source: String = "assumed role"
  ) async throws -> AWSCredentials {
    var parameters: QueryParameters = [
      "RoleArn": role, "RoleSessionName": sessionName, "ExternalId": externalId,
    ]
    parameters.set("DurationSeconds", durationSeconds)
    return try await assume(.query(.sts, "AssumeRole", parameters, subject: "role \(role)"), source)
  }

  /// Credentials of a role for an identity token of somebody else's; the call is not signed.
  public func assumeRoleWithWebIdentity(
    _ role: String, sessionName: String, token: String, durationSeconds: Int? = nil,
    source: String = "web identity"
  ) async throws -> AWSCredentials {
    var parameters: QueryParameters = [
      "RoleArn": role, "RoleSessionName": sessionName, "WebIdentityToken": token,
    ]
    parameters.set("DurationSeconds", durationSeconds)
    var operation = AWSOperation.query(
      .sts, "AssumeRoleWithWebIdentity", parameters, subject: "role \(role)")
    operation.isSigned = false
    return try await assume(operation, source)
  }

  private func assume(_ operation: AWSOperation, _ source: String) async throws -> AWSCredentials {
    let answer = try await client.query(operation)
    guard let found = answer["Credentials"], let id = found.nonEmpty("AccessKeyId"),
      let key = found.nonEmpty("SecretAccessKey")
    else { throw client.badAnswer(operation, nil, "the answer has no credentials") }
    return AWSCredentials(
      accessKeyId: id, secretAccessKey: key, sessionToken: found.nonEmpty("SessionToken"),
      expiration: found.time("Expiration"), source: source)
  }
}
