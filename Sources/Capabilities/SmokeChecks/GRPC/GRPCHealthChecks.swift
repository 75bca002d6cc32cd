import DeploymentConfig
import HTTPTransport

/// Checks of services by gRPC's health checking protocol, over HTTP/2.
enum GRPCHealthChecks {
  /// The method that every server with health checks has.
  static let path = "/grpc.health.v1.Health/Check"

  /// One chain a service.
  /// - Parameters:
  ///   - file: the policy file as reports name it.
  ///   - endpoint: where services are that name no place of their own.
  static func chains(
    _ services: [GRPCHealthPolicy], file: String?, endpoint: String?, credentials: CheckCredentials
  ) throws(CheckSourceError) -> [CheckChain] {
    var chains: [CheckChain] = []
    for service in services {
      guard let base = service.url ?? endpoint else {
        throw CheckSourceError(
          problems: ["\(file ?? ""):\(service.line): smoke-test.grpc: nothing says where the service is"],
          advice: "give it a url, or set API_ENDPOINT")
      }
      var url = base
      while url.hasSuffix("/") { url.removeLast() }
      chains.append(CheckChain([check(service, url + path, file, credentials)]))
    }
    return chains
  }

  /// The message that asks for the health of `service` (empty: of the server), in the frame of gRPC.
  static func message(_ service: String) -> [UInt8] {
    var message: [UInt8] = []
    if !service.isEmpty {
      message.append(0x0A)
      var length = service.utf8.count
      while length > 0x7F {
        message.append(UInt8(length & 0x7F) | 0x80)
        length >>= 7
      }
      message.append(UInt8(length))
      message += service.utf8
    }
    let count = UInt32(message.count)
    return [0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + message
  }

  private static func check(
    _ service: GRPCHealthPolicy, _ url: String, _ file: String?, _ credentials: CheckCredentials
  ) -> Check {
    let name = service.service.isEmpty ? "the server" : service.service
    var check = Check(
      name: "gRPC health of \(name)", key: "grpc \(url) \(service.service)", file: file,
      line: service.line, method: "POST", url: url
    ) { context in
      var request = HTTPRequest(
        "POST", url,
        headers: [HTTPField("Content-Type", "application/grpc"), HTTPField("TE", "trailers")]
          + credentials.headers, body: message(service.service), timeout: context.timeout(for: url))
      Exchange.introduce(&request)
      request.options.version = .http2Direct
      request.options.maximumBodyBytes = Exchange.maximumBodyBytes
      switch await Exchange.send(request, context) {
      case .failure(let failure): return failure.result(of: request, redact: context.redact)
      case .success(let response):
        var result = AttemptResult.passed
        Exchange.describe(response, of: request, in: &result)
        if let problem = problem(response, context.redact) {
          // A service may say so until it has started.
          let settles = problem.failure.settles || problem.failure == .unhealthy
          result.verdict = .failed(problem.failure, problem.message, settles: settles)
        }
        Exchange.explain(response, of: request, in: &result, redact: context.redact)
        return result
      }
    }
    check.isCritical = service.isCritical
    return check
  }

  private static func problem(_ response: HTTPResponse, _ redact: (String) -> String) -> Diagnosis? {
    guard response.status == 200 else {
      return AnswerClassifier.diagnosis(
        status: response.status, headers: response.headers, body: response.body, redact: redact)
    }
    guard let answer = GRPCAnswer(response) else {
      let type = response.headers.first("content-type").map(redact) ?? "nothing"
      return Diagnosis(failure: .malformedAnswer, message: "the answer is \(type), not application/grpc")
    }
    return answer.failure(redact: redact) ?? answer.complaint()
  }
}
