import DeploymentConfig
import DeploymentRecords
import HTTPTransport
import JSONValues
import SystemInterfaces

/// The checks of an API endpoint that need no file.
public struct EndpointChecks: Sendable {
  /// Absolute, with a slash at its end.
  public var endpoint: String
  /// Sent as `x-api-key`.
  public var apiKey: String?
  /// Fields that every request carries.
  public var headers: [HTTPField] = []
  /// A certificate that ends sooner fails.
  public var certificateDays = 15
  /// Where answers name their version.
  public var versionSource = VersionSource.usual
  /// Which checks are made, and at which paths.
  public var choice = BuiltInPolicy()
  /// The routes of the API, where they are known.
  var routes: APIRoutes?

  /// Checks of `endpoint`.
  public init(endpoint: String, apiKey: String? = nil) {
    self.endpoint = endpoint
    self.apiKey = apiKey
  }

  /// What is asked, and what is to be said where something is not.
  struct Plan {
    var checks: [Check] = []
    var notes: [String] = []
  }

  /// Each as a chain of its own.
  public var chains: [CheckChain] { plan.checks.map { CheckChain([$0]) } }

  /// The checks, and what is not checked.
  var plan: Plan {
    var plan = Plan()
    if choice.endpoint != .off {
      if let path = choice.endpoint.path ?? (routes.map(\.healthPath) ?? "/") {
        plan.checks.append(answers(at: path))
        if path != "/", choice.endpoint.path == nil {
          plan.notes.append(
            "GET / is no route that the API key opens; GET \(path) is asked instead. "
              + EndpointChecks.wayOut("endpoint"))
        }
      } else {
        plan.checks.append(notAsked)
      }
    }
    if choice.certificate != .off, endpoint.hasPrefix("https:") {
      plan.checks.append(certificate(at: choice.certificate.path ?? choice.endpoint.path ?? "/"))
    }
    guard apiKey != nil, choice.withoutKey != .off else { return plan }
    if let path = choice.withoutKey.path {
      plan.checks.append(refusesWithoutKey(at: path, isKnown: true))
    } else if let routes {
      // What is public by design is no finding.
      if let path = routes.guardedPath {
        plan.checks.append(refusesWithoutKey(at: path, isKnown: true))
      } else {
        plan.notes.append(
          routes.wantsKeyAnywhere
            ? "no request is sent without the API key: no GET of the API wants it"
            : "no request is sent without the API key: no method of the API wants it (ApiKeyRequired)")
      }
    } else {
      plan.checks.append(refusesWithoutKey(at: "/", isKnown: false))
    }
    return plan
  }

  /// How a person says where else to look.
  static func wayOut(_ name: String) -> String {
    "Name a path under smoke-test.built-in.\(name) in the policy, such as /health, or off"
  }

  /// GET answers 200, and a JSON body that speaks of health says it is healthy.
  private func answers(at path: String) -> Check {
    let isChosen = choice.endpoint.path != nil || routes != nil
    let mayKeepOut = routes?.mayKeepOut ?? false
    return check("endpoint answers", key: "endpoint", path: path, apiKey: apiKey) {
      response, context, result in
      guard response.status == 200 else {
        let diagnosis = AnswerClassifier.diagnosis(
          status: response.status, headers: response.headers, body: response.body, redact: context.redact)
        // Nobody said that there is such a route, and nobody has seen it: its absence is not the deployment's fault.
        if diagnosis.failure == .routeMissing, !isChosen, context.before?.outcome != "pass" {
          result.verdict = .skipped(
            .routeMissing,
            "\(diagnosis.message): GET \(path) is no route of the API, and no other is known. "
              + EndpointChecks.wayOut("endpoint"))
          return
        }
        if mayKeepOut, EndpointChecks.isOfPolicy(response), context.before?.outcome != "pass" {
          result.verdict = .skipped(
            .forbidden,
            "\(diagnosis.message): the API's resource policy does not let this machine in. "
              + EndpointChecks.wayOut("endpoint"))
          return
        }
        result.verdict = .failed(
          diagnosis.failure, "\(diagnosis.message), expected 200", settles: diagnosis.failure.settles)
        return
      }
      if let complaint = Exchange.json(response).flatMap(Health.complaint) {
        result.verdict = .failed(.unhealthy, "answered 200, but says \(complaint)", settles: true)
      }
    }
  }

  /// Whether a resource policy, and not a missing key, is why a request is refused.
  private static func isOfPolicy(_ response: HTTPResponse) -> Bool {
    response.status == 403
      && AnswerClassifier.serverMessage(response.body)?.contains("not authorized to perform: execute-api")
        == true
  }

  /// Where the API has no route that could be asked.
  private var notAsked: Check {
    Check(name: "endpoint answers", key: "endpoint", method: "GET", url: endpoint) { _ in
      AttemptResult(
        .skipped(
          .routeMissing,
          "GET / is no route that the API key opens, and no other is called like a health check. "
            + EndpointChecks.wayOut("endpoint")))
    }
  }

  /// A request without the key is refused.
  /// - Parameter isKnown: whether the path is known to want the key.
  private func refusesWithoutKey(at path: String, isKnown: Bool) -> Check {
    check(
      "endpoint refuses a request without the API key", key: "endpoint-without-key", path: path, apiKey: nil
    ) { response, context, result in
      let diagnosis = AnswerClassifier.diagnosis(
        status: response.status, headers: response.headers, body: response.body, redact: context.redact)
      switch response.status {
      case _ where diagnosis.failure == .routeMissing && context.before?.outcome != "pass":
        // Whoever asks for a route that is not there is refused with a key too.
        result.verdict = .skipped(.routeMissing, "\(diagnosis.message): GET \(path) is no route of the API")
      case 403 where EndpointChecks.isOfPolicy(response) && context.before?.outcome != "pass":
        result.verdict = .skipped(
          .openWithoutKey, "\(diagnosis.message): that is the resource policy's answer, with a key too")
      case 401, 403: return
      case 200..<400 where isKnown || context.before?.outcome == "pass":
        result.verdict = .failed(
          .openWithoutKey, "answered \(response.status) without the API key, expected 401 or 403",
          settles: false)
      case 200..<400:
        result.verdict = .skipped(
          .openWithoutKey,
          "GET \(path) answered \(response.status) without the API key, and nothing tells whether it should. "
            + EndpointChecks.wayOut("without-key"))
      default:
        result.verdict = .failed(
          diagnosis.failure, "\(diagnosis.message), expected 401 or 403", settles: diagnosis.failure.settles)
      }
    }
  }

  /// The certificate is trusted and does not end soon.
  private func certificate(at path: String) -> Check {
    let days = certificateDays
    return check("certificate is valid", key: "certificate", path: path, apiKey: apiKey) {
      response, _, result in
      guard let text = response.certificate?.expireDate, let expires = HTTPDate.parse(text) else {
        result.verdict = .failed(.tlsFailed, "the server's certificate shows no end date", settles: false)
        return
      }
      let now = result.ended ?? expires
      let left = (expires - now).inSeconds / 86_400
      if left < Double(days) {
        result.verdict = .failed(
          .certificateExpiring,
          "ends \(expires.formatted(milliseconds: false)), in \(rounded(left)) days; expected at least \(days)",
          settles: false)
      }
    }
  }

  private func check(
    _ name: String, key: String, path: String, apiKey: String?,
    judge: @escaping @Sendable (HTTPResponse, AttemptContext, inout AttemptResult) -> Void
  ) -> Check {
    let given = apiKey == nil ? headers.filter { !$0.isNamed("x-api-key") } : headers
    let headers =
      given + (apiKey.map { given.first("x-api-key") == nil ? [HTTPField("x-api-key", $0)] : [] } ?? [])
    let versionSource = versionSource
    let endpoint = endpoint + path.drop { $0 == "/" }
    return Check(name: name, key: key, method: "GET", url: endpoint) { context in
      var request = HTTPRequest("GET", endpoint, headers: headers, timeout: context.timeout(for: endpoint))
      Exchange.introduce(&request)
      request.options.connectTimeout = min(request.options.connectTimeout, request.timeout)
      request.options.maximumBodyBytes = Exchange.maximumBodyBytes
      request.options.wantsCertificate = endpoint.hasPrefix("https:")
      request.options.acceptsCompression = true
      switch await Exchange.send(request, context) {
      case .failure(let failure): return failure.result(of: request, redact: context.redact)
      case .success(let response):
        var result = AttemptResult.passed
        Exchange.describe(response, of: request, in: &result)
        result.ended = context.clock.now
        let json = Exchange.json(response)
        result.version = versionSource.version(headers: response.headers, json: json)
        if context.wantsObservation {
          result.observation = Exchange.observation(response, json: json, version: result.version)
          if key == "endpoint" { result.repeatable = request }
        }
        judge(response, context, &result)
        Exchange.explain(response, of: request, in: &result, redact: context.redact)
        return result
      }
    }
  }
}
