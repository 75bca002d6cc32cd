import HTTPTransport
import HurlFile
import SystemInterfaces
import TestSupport
import Testing

@testable import SmokeChecks

/// A file's own waits and repetitions, against the time that the run has.
@Suite struct `The time of Hurl entries` {
  private func run(_ option: String) async throws -> (result: CheckResult, requests: Int) {
    let document = try HurlDocument(
      parsing: "GET https://app.example/\n[Options]\n\(option)\nHTTP 200\n", file: "a.hurl")
    let environment = HurlEnvironment(root: "/", files: LocalFileSystem(), random: Randomness())
    let session = HurlSession(path: "/a.hurl", variables: HurlVariables(), environment: environment)
    let clock = ManualClock()
    let transport = ScriptedTransport { _ in
      clock.advance(by: .seconds(1))
      return HTTPResponse(status: 200)
    }
    var settings = SmokeSettings()
    settings.settling = Settling(window: .zero, deadline: .seconds(10))
    let report = await SmokeRun.run(
      [HurlChecks.chain(document, session: session)], settings: settings,
      dependencies: SmokeDependencies(transport: transport, clock: clock, random: Randomness()))
    return (report.results[0], transport.requests.count)
  }

  @Test func `repetitions end with it, and are no success`() async throws {
    let (result, requests) = try await run("repeat: 1000000000")
    #expect(result.outcome == .error && result.failure == .deadline && requests == 10)
    #expect(result.message.contains("after 10 of 1000000000 repetitions"), "\(result.message)")
    let endless = try await run("repeat: -1")
    #expect(endless.result.outcome == .error && endless.result.failure == .deadline && endless.requests == 0)
    #expect(try await run("repeat: 5").result.outcome == .pass)
  }

  @Test func `a longer delay is not waited for`() async throws {
    let (result, requests) = try await run("delay: 1h")
    #expect(result.outcome == .error && result.failure == .deadline && requests == 0)
    #expect(try await run("delay: 5s").result.outcome == .pass)
  }
}
