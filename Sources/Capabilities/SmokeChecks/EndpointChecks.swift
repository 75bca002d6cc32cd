import HTTPTransport
import JSONValues
import SystemInterfaces

/// The checks of an API endpoint that need no file.
public struct EndpointChecks: Sendable {
  /// Absolute, with a slash at its end.
  public var endpoint: String
  /// Sent as `x-api-key`.
  public var apiKey: String?
  /// A certificate that ends sooner fails.
  public var certificateDays = 15
  /// Where answers name their version.
  public var versionSource = VersionSource.usual

  /// Checks of `endpoint`.
  public init(endpoint: String, apiKey: String? = nil) {
    self.endpoint = endpoint
    self.apiKey = apiKey
  }

  /// Each as a chain of its own.
  public var chains: [CheckChain] {
    var checks = [answers]
    if endpoint.hasPrefix("https:") { checks.append(certificate) }
    if apiKey != nil { checks.append(refusesWithoutKey) }
    return checks.map { CheckChain([$0]) }
  }

  /// GET answers 200, and a JSON body that speaks of health says it is healthy.
  private var answers: Check {
    check("endpoint answers", key: "endpoint", apiKey: apiKey) { response, context, result in
      guard response.status == 200 else {
        let diagnosis = AnswerClassifier.diagnosis(
          status: response.status, headers: response.headers, body: response.body, redact: context.redact)
        result.verdict = .failed(
          diagnosis.failure, "\(diagnosis.message), expected 200", settles: diagnosis.failure.settles)
        return
      }
      if let complaint = Exchange.json(response).flatMap(Health.complaint) {
        result.verdict = .failed(.unhealthy, "answered 200, but says \(complaint)", settles: true)
      }
    }
  }

  /// A request without the key is refused.
  private var refusesWithoutKey: Check {
    check("endpoint refuses a request without the API key", key: "endpoint-without-key", apiKey: nil) {
      response, context, result in
      switch response.status {
      case 401, 403: return
      case 200..<400:
        result.verdict = .failed(
          .openWithoutKey, "answered \(response.status) without the API key, expected 401 or 403",
          settles: false)
      default:
        let diagnosis = AnswerClassifier.diagnosis(
          status: response.status, headers: response.headers, body: response.body, redact: context.redact)
        result.verdict = .failed(
          diagnosis.failure, "\(diagnosis.message), expected 401 or 403", settles: diagnosis.failure.settles)
      }
    }
  }

  /// The certificate is trusted and does not end soon.
  private var certificate: Check {
    let days = certificateDays
    return check("certificate is valid", key: "certificate", apiKey: apiKey) { response, _, result in
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
    _ name: String, key: String, apiKey: String?,
    judge: @escaping @Sendable (HTTPResponse, AttemptContext, inout AttemptResult) -> Void
  ) -> Check {
    let headers = apiKey.map { [HTTPField("x-api-key", $0)] } ?? []
    let versionSource = versionSource
    let endpoint = endpoint
    return Check(name: name, key: key, method: "GET", url: endpoint) { context in
      var request = HTTPRequest("GET", endpoint, headers: headers, timeout: context.timeout)
      Exchange.introduce(&request)
      request.options.connectTimeout = min(request.options.connectTimeout, context.timeout)
      request.options.maximumBodyBytes = Exchange.maximumBodyBytes
      request.options.wantsCertificate = endpoint.hasPrefix("https:")
      request.options.acceptsCompression = true
      switch await Exchange.send(request, context) {
      case .failure(let failure): return failure.result(of: request)
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
        return result
      }
    }
  }
}

/// What a service says of its own health.
enum Health {
  /// What it complains of, nil where it says it is well or says nothing. The words are those of the usual health
  /// libraries and of the health+json draft.
  static func complaint(_ body: JSONValue) -> String? {
    guard let object = body.object else { return nil }
    // A function that broke behind an integration without a mapping for errors: 200, and this.
    if let error = object["errorType"]?.string, let message = object["errorMessage"]?.string {
      return "\(error): \(message)"
    }
    for name in ["status", "health", "healthy", "ok", "state", "success"] {
      guard let value = object[name] else { continue }
      switch value {
      case .bool(false): return "\(name): false"
      case .string(let word) where ill.contains(word.lowercased()): return "\(name): \(word)"
      case .number(let number) where name == "status" && (500...599).contains(number.int ?? 0):
        return "\(name): \(number)"
      case .object: if let inner = complaint(value) { return inner }
      default: continue
      }
    }
    return nil
  }

  private static let ill: Set<String> = [
    "unhealthy", "down", "error", "fail", "failed", "failing", "failure", "critical", "unavailable",
    "outofservice",
    "out_of_service", "not ok", "not_ok", "nok", "ko", "red", "broken", "dead", "fatal", "false", "bad",
    "offline",
  ]
}
