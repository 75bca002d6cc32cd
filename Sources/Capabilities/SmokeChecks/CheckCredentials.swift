import CryptoDigests
import DeploymentConfig
import HTTPTransport
import JSONValues
import Synchronization
import SystemInterfaces

/// What the checks that need no Hurl file have to prove who asks.
public struct CheckCredentials: Sendable {
  /// `API_KEY` of the configuration.
  public var apiKey: String?
  /// Fields that every request carries.
  public var headers: [HTTPField] = []
  /// Where tokens come from.
  public var tokens: ClientCredentials?

  /// An API key at most.
  public init(apiKey: String? = nil) { self.apiKey = apiKey }
}

/// Tokens by OAuth's client credentials grant (RFC 6749, section 4.4): one for the whole run.
public final class ClientCredentials: Sendable {
  /// What is asked, and who asks.
  public struct Grant: Hashable, Sendable {
    /// Where tokens are given.
    public var url: String
    /// The client and what proves it.
    public var id: String, secret: String
    /// What the token is for; empty fields are not sent.
    public var scope = "", audience = ""
    /// Whether the client's name and secret stand in the body in place of `Authorization`.
    public var isInBody = false

    /// A grant for everything that the client may do.
    public init(url: String, id: String, secret: String) {
      self.url = url
      self.id = id
      self.secret = secret
    }

    /// The request for a token (RFC 6749, sections 2.3.1 and 4.4.2).
    var request: HTTPRequest {
      func encoded(_ text: String) -> String { PercentEncoding.encode(text) }
      var fields = [("grant_type", "client_credentials"), ("scope", scope), ("audience", audience)]
      var headers = [
        HTTPField("Content-Type", "application/x-www-form-urlencoded"),
        HTTPField("Accept", "application/json"),
      ]
      if isInBody {
        fields += [("client_id", id), ("client_secret", secret)]
      } else {
        let pair = "\(encoded(id)):\(encoded(secret))"
        headers.append(HTTPField("Authorization", "Basic \(Base64.encode(Array(pair.utf8)))"))
      }
      let body = fields.filter { !$0.1.isEmpty }.map { "\($0.0)=\(encoded($0.1))" }.joined(separator: "&")
      return HTTPRequest("POST", url, headers: headers, body: Array(body.utf8))
    }
  }

  private let grant: Grant
  private let learnSecret: @Sendable (String) -> Void
  private let faults: ControlPlaneFaults
  private let asking = Mutex<Task<Result<String, ControlPlaneError>, Never>?>(nil)

  /// Tokens of `grant`.
  /// - Parameters:
  ///   - learnSecret: told of the token before anything is written.
  ///   - faults: told where no token was given, which says nothing about the deployment.
  public init(
    _ grant: Grant, faults: ControlPlaneFaults, learnSecret: @escaping @Sendable (String) -> Void
  ) {
    self.grant = grant
    self.faults = faults
    self.learnSecret = learnSecret
  }

  /// The run's token: asked for once, whoever comes first.
  func token(_ context: AttemptContext) async -> Result<String, ControlPlaneError> {
    let task = asking.withLock { asking in
      if let asking { return asking }
      let task = Task { await ask(context) }
      asking = task
      return task
    }
    return await task.value
  }

  private func ask(_ context: AttemptContext) async -> Result<String, ControlPlaneError> {
    var request = grant.request
    request.timeout = context.timeout(for: grant.url)
    Exchange.introduce(&request)
    request.options.maximumBodyBytes = 1 << 20
    let error: ControlPlaneError
    switch await Exchange.send(request, context) {
    case .failure(let failure): error = refusal(.unavailable, failure.diagnosis.message)
    case .success(let response):
      let json = Exchange.json(response)
      if response.status == 200, let token = json?["access_token"]?.string, !token.isEmpty {
        learnSecret(token)
        return .success(token)
      }
      let said = json?["error_description"]?.string ?? json?["error"]?.string
      let what = said.map { ": " + String(context.redact($0).prefix(200)) } ?? ""
      error = refusal(
        (500...599).contains(response.status) ? .unavailable : .refused,
        response.status == 200 ? "the answer has no access_token" : "answered \(response.status)\(what)")
    }
    faults.note(error)
    return .failure(error)
  }

  private func refusal(_ kind: ControlPlaneError.Kind, _ reason: String) -> ControlPlaneError {
    ControlPlaneError(
      kind, "no token was given by \(grant.url): \(reason)",
      advice: "check smoke-test.oauth in the policy, and the client's secret")
  }
}

extension OAuthPolicy {
  /// The grant that this asks for, with what `environment` holds.
  func grant(_ environment: Environment) throws(CheckSourceError) -> ClientCredentials.Grant {
    func value(_ name: String, _ key: String) throws(CheckSourceError) -> String {
      if let value = environment[name], !value.isEmpty { return value }
      throw CheckSourceError(
        problems: ["smoke-test.oauth.\(key): the environment has no \(name)"],
        advice: "set \(name); nothing was sent")
    }
    let id = if let clientIdVariable { try value(clientIdVariable, "client-id-from") } else { clientId ?? "" }
    var grant = ClientCredentials.Grant(
      url: tokenURL, id: id, secret: try value(secretVariable, "client-secret-from"))
    grant.scope = scope
    grant.audience = audience
    grant.isInBody = isInBody
    return grant
  }
}
