import DeploymentRecords
import HTTPTransport
import SmokeChecks
import SystemInterfaces
import TestSupport
import Testing

@Suite struct `Checks of an endpoint` {
  private func run(
    _ endpoint: String = "https://app.example/prod/", apiKey: String? = nil,
    baseline: [ResponseBaseline] = [],
    _ answer: @escaping @Sendable (HTTPRequest) throws -> HTTPResponse
  ) async -> [CheckResult] {
    let report = await SmokeRun.run(
      EndpointChecks(endpoint: endpoint, apiKey: apiKey).chains, settings: SmokeSettings(),
      dependencies: SmokeDependencies(
        transport: ScriptedTransport(answer), clock: ManualClock(Timestamp("2026-11-24T10:00:00Z")!),
        random: Randomness()), baseline: baseline)
    return report.results
  }

  private static func answer(
    _ status: Int = 200, _ body: String = "{}", ends: String = "Jan 10 08:29:52 2027 GMT"
  ) -> HTTPResponse {
    var response = HTTPResponse(status: status, body: Array(body.utf8))
    var certificate = HTTPCertificate()
    certificate.expireDate = ends
    response.certificate = certificate
    return response
  }

  @Test func `a healthy endpoint passes all`() async {
    let results = await run(apiKey: "0123456789") { request in
      Self.answer(request.headers.first("x-api-key") == "0123456789" ? 200 : 403)
    }
    #expect(results.map(\.key) == ["endpoint", "certificate", "endpoint-without-key"])
    #expect(results.allSatisfy { $0.outcome == .pass })
  }

  @Test(arguments: [
    #"{"status":"DOWN"}"#, #"{"healthy":false}"#, #"{"status":"unhealthy"}"#, #"{"ok":false}"#,
    #"{"health":{"status":"critical"}}"#, #"{"status":503}"#,
    #"{"errorMessage":"no module named db","errorType":"Runtime.ImportModuleError"}"#,
  ])
  func `an answer that says it is ill fails`(body: String) async {
    let results = await run("http://app.example/") { _ in Self.answer(200, body) }
    #expect(results[0].outcome == .fail)
    #expect(results[0].failure == .unhealthy)
  }

  @Test(arguments: [
    "", "hello", "[1]", #"{"status":"ok"}"#, #"{"status":"UP"}"#, #"{"status":"active"}"#, #"{"status":200}"#,
    #"{"error":null}"#, "{broken",
  ])
  func `an answer that does not speak of illness passes`(body: String) async {
    let results = await run("http://app.example/") { _ in Self.answer(200, body) }
    #expect(results[0].outcome == .pass)
  }

  @Test func `a root that nobody knows of is told once, at once, and with the way out`() async {
    let results = await run("http://app.example/", apiKey: "0123456789") { _ in
      Self.answer(403, #"{"message":"Missing Authentication Token"}"#)
    }
    #expect(results.map(\.outcome) == [.skipped, .skipped])
    #expect(results.allSatisfy { $0.failure == .routeMissing && $0.attempts.isEmpty })
    #expect(results[0].message.contains("smoke-test.built-in.endpoint"))
  }

  @Test func `a root that answered before the deployment and is gone now fails`() async {
    let before = ResponseBaseline(name: "endpoint", outcome: "pass")
    let results = await run("http://app.example/", baseline: [before]) { _ in
      Self.answer(403, #"{"message":"Missing Authentication Token"}"#)
    }
    #expect(results[0].outcome == .fail && results[0].failure == .routeMissing)
    #expect(results[0].message == #"answered 403: "Missing Authentication Token", expected 200"#)
    #expect(results[0].attempts.count > 1)
  }

  @Test func `a certificate that ends within fifteen days fails at once`() async {
    let results = await run { _ in Self.answer(ends: "Dec  8 10:00:00 2026 GMT") }
    #expect(results[1].outcome == .fail)
    #expect(results[1].failure == .certificateExpiring)
    #expect(results[1].attempts.count == 1)
    #expect(results[1].message == "ends 2026-12-08T10:00:00Z, in 14 days; expected at least 15")
    #expect(await run { _ in Self.answer(ends: "Dec 10 10:00:00 2026 GMT") }[1].outcome == .pass)
  }

  @Test func `an endpoint that answers without the key is judged only where the key is known to be wanted`()
    async
  {
    let results = await run("http://app.example/", apiKey: "0123456789") { _ in Self.answer() }
    #expect(results.map(\.outcome) == [.pass, .skipped])
    #expect(results[1].failure == .openWithoutKey)
    let refused = ResponseBaseline(name: "endpoint-without-key", outcome: "pass")
    let after = await run("http://app.example/", apiKey: "0123456789", baseline: [refused]) { _ in
      Self.answer()
    }
    #expect(after.map(\.outcome) == [.pass, .fail])
    #expect(after[1].failure == .openWithoutKey)
  }

  @Test func `a refused connection is tried until the window ends and is a failure`() async {
    let results = await run("http://app.example/") { _ in
      throw TransferError(.connectionFailed, code: 7, message: "Connection refused")
    }
    #expect(results[0].outcome == .fail)
    #expect(results[0].failure == .connectionRefused)
    #expect(results[0].attempts.count > 3)
  }

  @Test func `the version is read from a header before the body`() async {
    let results = await run("http://app.example/") { _ in
      HTTPResponse(
        status: 200, headers: [HTTPField("X-App-Version", "2.1")], body: Array(#"{"version":"2.0"}"#.utf8))
    }
    #expect(results[0].version == "2.1")
  }
}

@Suite struct `Versions` {
  @Test(arguments: [
    ("1.2.0", "1.2.0", VersionMatch.expected), ("v1.2.0", "1.2.0", .expected), ("1.2.0", "1.3.0", .other),
    ("abc1234", "abc1234def5678", .expected), ("ABC1234DEF", "abc1234", .expected),
    ("abc1234", "fff1234", .other),
    ("1.2.0", "abc1234def", .unknown), ("abc1234def", "1.2.0", .unknown),
  ])
  func `compare as people mean them`(answered: String, expected: String, match: VersionMatch) {
    #expect(VersionMatch.of(answered, expected: expected) == match)
  }

  @Test func `without an expectation nothing is known`() {
    #expect(VersionMatch.of("1.0", expected: nil) == .unknown)
  }
}
