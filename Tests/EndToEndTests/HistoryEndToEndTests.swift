import Foundation
import TestSupport
import Testing

/// Random histories of deployments, checks, snapshots and rollbacks, by the built steps on the local AWS: a good version is
/// never rolled back, a bad one never becomes the good one, and nobody is told what is not so.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
struct HistoryEndToEndTests {
  /// `BACKSTOP_HISTORIES=200` replays more than a run of all tests has time for, `BACKSTOP_HISTORY_SEED=7` begins elsewhere.
  private static func number(_ name: String, else other: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? other
  }

  @Test func `histories on the local AWS keep the three promises`() async throws {
    let aws = try LocalAWS.shared()
    let server = try ServerProcess(python: "marker_server.py", arguments: [aws.upstream])
    let first = Self.number("BACKSTOP_HISTORY_SEED", else: 1)
    let count = Self.number("BACKSTOP_HISTORIES", else: 5)
    var seen = Set<String>()
    var logs: [String] = []
    for seed in first..<(first + count) {
      var world = try await HistoryWorld(seed: UInt64(seed), aws, health: server.port("http"))
      for _ in 0..<18 { try await world.step() }
      for violation in world.broken { Issue.record("seed \(seed): \(violation)") }
      logs.append("seed \(seed): \(world.log)")
      seen.formUnion(
        world.log.map { $0.prefix { !$0.isNumber && $0 != "[" }.trimmingCharacters(in: .whitespaces) })
    }
    guard first == 1, count >= 5 else { return }
    #expect(
      seen.isSuperset(of: [
        "deploy", "foreign deploy", "failed deployment", "check", "snapshot made", "snapshot refused",
        "noise",
        "revert refused", "revert restored", "revert nothing-to-do", "revert of one restored",
      ]), "\(seen)\n\(logs.joined(separator: "\n"))")
  }
}
