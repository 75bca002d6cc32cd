import HTTPTransport
import JSONValues
import SystemInterfaces

/// `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `…_FULL_URI`: ECS, EKS Pod Identity, CodeBuild.
struct ContainerSource: CredentialsSource {
  static let name = "container"
  private static let host = "http://169.254.170.2"
  private static let allowedHosts: Set<String> = [
    "localhost", "127.0.0.1", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]",
  ]

  func find(_ context: CredentialsContext) async throws -> CredentialsOutcome {
    let environment = context.environment
    func failure(_ reason: String) -> CredentialsOutcome {
      .failed(.init(ContainerSource.name, reason, wasConfigured: true))
    }
    let url: String
    if let path = environment.nonEmpty("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
      url = ContainerSource.host + path
    } else if let full = environment.nonEmpty("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
      guard full.hasPrefix("https://") || ContainerSource.isLocal(full) else {
        return failure("AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor on this machine")
      }
      url = full
    } else {
      return .absent(.init(ContainerSource.name, "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set"))
    }
    var request = HTTPRequest("GET", url, timeout: .seconds(5))
    request.options.connectTimeout = .seconds(2)
    request.options.proxy = ""
    if let file = environment.nonEmpty("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
      do {
        let token = try context.configuration.files.readText(file)
        request.headers.append(
          HTTPField("Authorization", token.split(whereSeparator: \.isNewline).joined()))
      } catch {
        return failure(error.description)
      }
    } else if let token = environment.nonEmpty("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
      request.headers.append(HTTPField("Authorization", token))
    }
    if let token = request.headers.first("Authorization") { context.onSecret(token) }
    do {
      let response = try await MetadataRequest.send(request, context)
      guard response.status == 200 else { return failure("\(url) answered \(response.status)") }
      guard let found = CredentialsDocument.read(response.body, source: ContainerSource.name) else {
        return failure("\(url) answered without credentials")
      }
      return .found(found)
    } catch let error as TransferError {
      return failure("\(url): \(error)")
    }
  }

  private static func isLocal(_ url: String) -> Bool {
    guard url.hasPrefix("http://") else { return false }
    var host = AWSEndpoints.authority(of: url)
    if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") { host = String(host[..<colon]) }
    return allowedHosts.contains(host)
      || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
  }
}

/// The instance's role, by the second version of the metadata service.
struct InstanceSource: CredentialsSource {
  static let name = "instance metadata"

  func find(_ context: CredentialsContext) async throws -> CredentialsOutcome {
    let environment = context.environment
    if environment.nonEmpty("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" {
      return .absent(.init(InstanceSource.name, "AWS_EC2_METADATA_DISABLED is true"))
    }
    var base = environment.nonEmpty("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
    if base.hasSuffix("/") { base.removeLast() }
    let seconds = environment.nonEmpty("AWS_METADATA_SERVICE_TIMEOUT").flatMap { Double($0) } ?? 1

    func request(_ method: String, _ path: String, _ field: HTTPField) -> HTTPRequest {
      var request = HTTPRequest(method, base + path, headers: [field], timeout: .seconds(seconds))
      request.options.connectTimeout = .seconds(seconds)
      request.options.proxy = ""
      return request
    }
    do {
      let session = try await context.transport.send(
        request("PUT", "/latest/api/token", HTTPField("X-aws-ec2-metadata-token-ttl-seconds", "21600")))
      guard session.status == 200 else {
        return .absent(.init(InstanceSource.name, "\(base) answered \(session.status) to a token request"))
      }
      let token = HTTPField("X-aws-ec2-metadata-token", String(decoding: session.body, as: UTF8.self))
      context.onSecret(token.value)
      let path = "/latest/meta-data/iam/security-credentials/"
      let roles = try await MetadataRequest.send(request("GET", path, token), context)
      let role = String(decoding: roles.body, as: UTF8.self).split(whereSeparator: \.isWhitespace).first
      guard roles.status == 200, let role else {
        return .absent(.init(InstanceSource.name, "the instance has no role"))
      }
      let answer = try await MetadataRequest.send(request("GET", path + role, token), context)
      guard answer.status == 200,
        let found = CredentialsDocument.read(answer.body, source: InstanceSource.name)
      else {
        return .failed(
          .init(
            InstanceSource.name, "role \(role): answered \(answer.status) without credentials",
            wasConfigured: true))
      }
      return .found(found)
    } catch let error as TransferError {
      return .absent(.init(InstanceSource.name, "\(base): \(error)"))
    }
  }
}

enum MetadataRequest {
  /// Tries a few times: these services are near, and busy when many containers start.
  static func send(_ request: HTTPRequest, _ context: CredentialsContext) async throws -> HTTPResponse {
    var attempt = 1
    while true {
      do {
        let response = try await context.transport.send(request)
        if response.status < 500 && response.status != 429 || attempt == 3 { return response }
      } catch let error as TransferError {
        if attempt == 3 { throw error }
      }
      try await context.clock.sleep(for: .milliseconds(100 * attempt))
      attempt += 1
    }
  }
}

/// The form in which containers, instances and processes give credentials.
enum CredentialsDocument {
  static func read(_ bytes: [UInt8], source: String) -> AWSCredentials? {
    guard let json = try? JSONValue(parsing: bytes), let id = json.text("AccessKeyId"),
      let key = json.text("SecretAccessKey"), !id.isEmpty, !key.isEmpty
    else { return nil }
    return AWSCredentials(
      accessKeyId: id, secretAccessKey: key, sessionToken: json.text("Token") ?? json.text("SessionToken"),
      expiration: json.time("Expiration"), source: source)
  }
}
