import HTTPTransport
import JSONValues
import SystemInterfaces

/// `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`; on GitHub the token is asked for anew, as it ends before a long watch does.
struct WebIdentitySource: CredentialsSource {
  static let name = "web identity"
  static let audience = "sts.amazonaws.com"

  /// Whether the CI system gives identity tokens on request, and the role is known.
  static func canRenew(_ environment: Environment) -> Bool {
    environment.nonEmpty("ACTIONS_ID_TOKEN_REQUEST_URL") != nil
      && environment.nonEmpty("ACTIONS_ID_TOKEN_REQUEST_TOKEN") != nil
      && environment.nonEmpty("AWS_ROLE_ARN") != nil
  }

  func find(_ context: CredentialsContext) async throws -> CredentialsOutcome {
    let environment = context.environment
    guard let role = environment.nonEmpty("AWS_ROLE_ARN") else {
      let file = environment.nonEmpty("AWS_WEB_IDENTITY_TOKEN_FILE")
      return file == nil
        ? .absent(.init(WebIdentitySource.name, "AWS_ROLE_ARN is not set"))
        : .failed(
          .init(
            WebIdentitySource.name, "AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not",
            wasConfigured: true))
    }
    guard
      environment.nonEmpty("AWS_WEB_IDENTITY_TOKEN_FILE") != nil || WebIdentitySource.canRenew(environment)
    else {
      return .absent(.init(WebIdentitySource.name, "AWS_WEB_IDENTITY_TOKEN_FILE is not set"))
    }
    let session = environment.nonEmpty("AWS_ROLE_SESSION_NAME") ?? context.sessionName
    return try await WebIdentitySource.assume(
      role, sessionName: session, tokenFile: environment.nonEmpty("AWS_WEB_IDENTITY_TOKEN_FILE"),
      source: "\(WebIdentitySource.name) as \(role)", context)
  }

  /// The role's credentials, by the token in `tokenFile`, else by one of the CI system's.
  static func assume(
    _ role: String, sessionName: String, tokenFile: String?, source: String, _ context: CredentialsContext
  ) async throws -> CredentialsOutcome {
    func failure(_ reason: String) -> CredentialsOutcome {
      .failed(.init(source, reason, wasConfigured: true))
    }
    let anybody = context.sts(AWSCredentials(accessKeyId: "", secretAccessKey: ""))
    var reason = ""
    if let tokenFile {
      do {
        let token = try context.configuration.files.readText(tokenFile)
          .split(whereSeparator: \.isWhitespace).joined()
        context.onSecret(token)
        return .found(
          try await anybody.assumeRoleWithWebIdentity(
            role, sessionName: sessionName, token: token, source: source))
      } catch let error as FileError {
        reason = error.description
      } catch let error as AWSError {
        reason = error.description
        let isAboutToken = ["ExpiredTokenException", "InvalidIdentityToken", "ExpiredToken"]
          .contains(error.code)
        if !isAboutToken { return failure(reason) }
      }
    }
    guard canRenew(context.environment) else { return failure(reason) }
    do {
      let token = try await requestToken(context)
      context.onSecret(token)
      return .found(
        try await anybody.assumeRoleWithWebIdentity(
          role, sessionName: sessionName, token: token, source: source))
    } catch let error as AWSError {
      return failure(error.description)
    } catch let error as TransferError {
      return failure("ACTIONS_ID_TOKEN_REQUEST_URL: \(error)")
    } catch let error as WebIdentityError {
      return failure(error.message)
    }
  }

  private static func requestToken(_ context: CredentialsContext) async throws -> String {
    let environment = context.environment
    let url = environment["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? ""
    let bearer = environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? ""
    context.onSecret(bearer)
    var request = HTTPRequest("GET", url + (url.contains("?") ? "&" : "?") + "audience=\(audience)")
    request.headers = [
      HTTPField("Authorization", "bearer \(bearer)"), HTTPField("Accept", "application/json"),
    ]
    request.options.maximumBodyBytes = 1 << 20
    let response = try await context.transport.send(request)
    guard response.status == 200, let json = try? JSONValue(parsing: response.body),
      let token = json.text("value"), !token.isEmpty
    else {
      throw WebIdentityError(
        message: "ACTIONS_ID_TOKEN_REQUEST_URL answered \(response.status) without a token: "
          + "does the job have `permissions: id-token: write`?")
    }
    return token
  }
}

private struct WebIdentityError: Error {
  var message: String
}
