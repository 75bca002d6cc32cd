import DeploymentRecords
import HTTPTransport
import JSONValues
import SmokeChecks
import SystemInterfaces
import TestSupport
import Testing

@Suite struct `Compared with before` {
  private func shape(_ text: String) throws -> JSONShape { JSONShape(of: try JSONValue(parsing: text)) }

  @Test func `a shape holds paths and types, no values`() throws {
    let found = try shape(#"{"id":1,"items":[{"a":null},{"a":"x","b":true}]}"#)
    #expect(
      found.paths == [
        "$": ["object"], "$.id": ["number"], "$.items": ["array"], "$.items[]": ["object"],
        "$.items[].a": ["null", "string"], "$.items[].b": ["bool"],
      ])
  }

  @Test func `fields gone and types changed are losses, new ones are not`() throws {
    let before = try shape(#"{"id":1,"name":"x","address":{"city":"y"},"items":[{"a":1}]}"#)
    let losses = before.losses(in: try shape(#"{"id":"1","address":null,"items":[],"more":1}"#))
    #expect(losses == ["$.id was number, is string", "$.name is gone"])
  }

  private func run(_ answer: HTTPResponse, before: ResponseBaseline?, latencyMs: Int = 10) async
    -> CheckResult
  {
    var answer = answer
    answer.timings.total = .milliseconds(latencyMs)
    let reply = answer
    var settings = SmokeSettings()
    settings.settling = Settling(window: .zero)
    let report = await SmokeRun.run(
      EndpointChecks(endpoint: "http://app.example/").chains, settings: settings,
      dependencies: SmokeDependencies(
        transport: ScriptedTransport { _ in reply }, clock: ManualClock(), random: Randomness()),
      baseline: before.map { [$0] } ?? [])
    return report.results[0]
  }

  private func good(_ body: String = #"{"status":"ok"}"#) -> HTTPResponse {
    HTTPResponse(status: 200, headers: [HTTPField("Content-Type", "json")], body: Array(body.utf8))
  }

  private func before(
    _ outcome: String = "pass", latencies: [Double] = [20, 22, 24], shape: [String: String]? = nil
  ) -> ResponseBaseline {
    var made = ResponseBaseline(name: "endpoint", outcome: outcome, status: 200, latencies: latencies)
    made.shape = shape
    made.headerNames = ["content-type", "x-frame-options", "date"]
    return made
  }

  @Test func `the four ways a result can stand to before`() async {
    let bad = HTTPResponse(status: 500)
    #expect(await run(good(), before: before()).comparison == .unchanged)
    #expect(await run(bad, before: before()).comparison == .regressed)
    #expect(await run(bad, before: before("fail")).comparison == .brokenBefore)
    #expect(await run(good(), before: before("fail")).comparison == .fixed)
    #expect(await run(good(), before: nil).comparison == nil)
  }

  @Test func `five times slower by the median of warm samples is a failure`() async {
    let slow = await run(good(), before: before(), latencyMs: 111)
    #expect(slow.outcome == .fail)
    #expect(slow.failure == .latency)
    #expect(slow.latencyMs.count == 5)
    #expect(slow.message == "median of 5 warm samples 111 ms, 22 ms before")
    #expect(await run(good(), before: before(), latencyMs: 109).outcome == .pass)
  }

  @Test func `five times next to nothing is no regression`() async {
    #expect(await run(good(), before: before(latencies: [1, 1, 1]), latencyMs: 49).outcome == .pass)
  }

  @Test func `a field that is gone fails a check that would have passed`() async {
    let result = await run(
      good(), before: before(shape: ["$": "object", "$.status": "string", "$.region": "string"]))
    #expect(result.outcome == .fail)
    #expect(result.failure == .regressed)
    #expect(result.message == "$.region is gone")
  }

  @Test func `a header that is gone is said, but does not fail`() async {
    let result = await run(good(), before: before())
    #expect(result.outcome == .pass)
    #expect(result.differences == ["header x-frame-options is gone"])
  }

  @Test func `what a run records compares as unchanged with itself`() async throws {
    var settings = SmokeSettings()
    settings.recordsBaseline = true
    let reply = good(#"{"status":"ok","version":"1.4","list":[1,"a",null]}"#)
    let dependencies = SmokeDependencies(
      transport: ScriptedTransport { _ in reply }, clock: ManualClock(), random: Randomness())
    let chains = EndpointChecks(endpoint: "http://app.example/").chains
    let first = await SmokeRun.run(chains, settings: settings, dependencies: dependencies)
    let recorded = try #require(first.baseline.first)
    #expect(recorded.name == "endpoint")
    #expect(recorded.answeredVersion == "1.4")
    #expect(recorded.latencies.count == 5)
    #expect(recorded.shape?["$.list[]"] == "null|number|string")
    let tree = try RecordJSON.tree(recorded)
    let restored = try RecordJSON.value(ResponseBaseline.self, from: tree)
    let second = await SmokeRun.run(
      chains, settings: SmokeSettings(), dependencies: dependencies, baseline: [restored])
    #expect(second.results[0].outcome == .pass)
    #expect(second.results[0].comparison == .unchanged)
    #expect(second.results[0].differences == [])
  }
}
