import AWSClients
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `watch-30m --promote` against a local AWS.
@Suite(.blockingFirst, .serialized, .enabled(if: LocalAWS.isInstalled))
struct PromotionEndToEndTests {
  private let folder = TemporaryFolder()

  private func step(_ world: RolloutWorld) -> BuiltStep {
    BuiltStep("watch-30m", in: folder.path, variables: world.cloud.environment.variables)
  }

  /// Points of every second from a minute before to five minutes ahead.
  private func prepared(_ name: String, newRate: Double) async throws -> RolloutWorld {
    let world = try await RolloutWorld(LocalAWS.shared(), name)
    try world.writeConfig("prod", in: folder)
    try world.putMetrics(
      start: SystemClock().now, step: 1, from: -60, to: 300, requests: 200,
      versions: ["1": RolloutWorld.version(0.8, 0.01), "2": RolloutWorld.version(0.2, newRate)])
    return world
  }

  private let promote = [
    "prod", "--promote", "20,100", "--each", "5s", "--every", "1s", "--confirm", "promote-production",
    "--format", "json",
  ]

  @Test func `a good version gets all calls`() async throws {
    let world = try await prepared("EndPromoted", newRate: 0)
    let outcome = try step(world).run(promote)
    #expect(outcome.status == 0, "\(outcome.output.suffix(3000)) \(outcome.error)")
    let alias = try await world.alias()
    #expect(alias.functionVersion == "2" && alias.additionalVersionWeights.isEmpty)
    let record = try JSONValue(parsing: Array(outcome.output.utf8))
    #expect(record["promotion"]?["outcome"]?.string == "promoted")
    #expect(try Schema.problems(of: folder(".backstop/prod/watch-30m.json"), "watch-30m") == "")
    let journal = try LocalFileSystem().readText(folder(".backstop/prod/promotion.jsonl"))
    #expect(journal.split(separator: "\n").last?.contains("\"promoted\"") == true)
  }

  @Test func `a bad version is taken back`() async throws {
    let world = try await prepared("EndTakenBack", newRate: 0.8)
    let outcome = try step(world).run(promote)
    #expect(outcome.status == 1, "\(outcome.output.suffix(3000)) \(outcome.error)")
    let alias = try await world.alias()
    #expect(alias.functionVersion == "1" && alias.additionalVersionWeights.isEmpty)
    #expect(outcome.output.contains("promotion-taken-back"))
  }

  @Test(arguments: [SIGTERM, SIGKILL])
  func `a run that is ended leaves the weights, and the same command goes on`(signal: Int32) async throws {
    let world = try await prepared("EndSignal\(signal)", newRate: 0)
    var long = promote
    long[4] = "10m"
    let outcome = try step(world).run(long) { id in
      try waitUntil("the first look") {
        FileManager.default.fileExists(atPath: folder(".backstop/prod/watch-30m-state.json"))
      }
      kill(id, signal)
    }
    #expect(outcome.status == (signal == SIGTERM ? 143 : -SIGKILL), "\(outcome.error)")
    #expect(try await world.alias().additionalVersionWeights == ["2": 0.2])
    if signal == SIGTERM {
      #expect(outcome.error.contains("the same command goes on"))
      #expect(outcome.error.contains("aws lambda update-alias --function-name \(world.function) --name live"))
      #expect(try Schema.problems(of: folder(".backstop/prod/watch-30m.json"), "watch-30m") == "")
    }
    // The word was given once: going on does not want it again.
    let again = try step(world).run([
      "prod", "--promote", "20,100", "--each", "10m", "--once", "--format", "json",
    ])
    #expect(again.status == 3, "\(again.output.suffix(2000)) \(again.error)")
    #expect(again.error.contains("going on with what an earlier run began"))
    let record = try JSONValue(parsing: Array(again.output.utf8))
    #expect(record["finished"]?.bool == false && record["promotion"]?["outcome"]?.string == "watching")
    #expect(try await world.alias().additionalVersionWeights == ["2": 0.2])
  }

  @Test func `production wants the word`() async throws {
    let world = try await prepared("EndWord", newRate: 0)
    let outcome = try step(world).run(["prod", "--promote", "20,100"])
    #expect(outcome.status == 77)
    #expect(outcome.error.contains("--confirm promote-production"))
    #expect(try await world.alias().additionalVersionWeights.isEmpty)
  }
}
