import HTTPTransport
import HealthAnalysis
import SystemInterfaces

/// Asks `API_ENDPOINT` from outside, as a user would.
struct EndpointProbe: Probe {
  var endpoint: String
  /// Sent as `x-api-key`, where the configuration has one.
  var apiCredential: String?
  var timeout: Duration
  var transport: any HTTPTransport
  /// What is wrong with this machine that explains the silence; asked where the endpoint is silent.
  var machineFault: @Sendable (_ isAboutTLS: Bool) async -> String? = { _ in nil }

  /// A page that asks for a password: a gateway's or a proxy's, and no sign of life of what is behind it.
  static func isLoginPage(_ body: [UInt8]) -> Bool {
    let text = String(decoding: body.prefix(65_536), as: UTF8.self).lowercased()
    return text.contains("<input") && (text.contains("type=\"password\"") || text.contains("type='password'"))
  }

  var name: SeriesName { SeriesName(name: "\(probePrefix)GET /", kind: .errors) }

  func ask() async throws -> ProbeAnswer {
    var request = HTTPRequest("GET", endpoint, timeout: timeout)
    if let apiCredential { request.headers.append(HTTPField("x-api-key", apiCredential)) }
    do {
      let response = try await transport.send(request)
      if response.status >= 500 { return .failed(status: response.status) }
      if EndpointProbe.isLoginPage(response.body) {
        return .foreign("a login page answered with \(response.status) instead of the endpoint")
      }
      return .answered(status: response.status, milliseconds: response.timings.total.inSeconds * 1000)
    } catch let error as TransferError {
      if error.isFaultOfThisMachine { return .unasked("\(error)") }
      // This machine reaches itself without a network; all else may be silent for want of one.
      let fault = await machineFault(error.kind == .tlsFailed)
      return fault.map { .unasked("\(error); \($0)") } ?? .silent("\(error)")
    }
  }
}
