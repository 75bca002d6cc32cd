import DeploymentRecords
import Foundation
import HTTPTransport
import HealthAnalysis
import JSONValues
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces
import TestSupport
import Testing

@testable import HealthWatch
@testable import Watch30m

/// The step from its arguments to its exit code, over recorded points.
@Suite struct ReplayTests {
  private let folder = TemporaryFolder()
  private let files = LocalFileSystem()
  private let terminal = CapturingTerminal()
  private static let deployment = "2026-11-24T10:00:00Z"

  private func run(_ arguments: [String], variables: [String: String] = [:]) async -> Int32 {
    let context = StepContext(
      environment: Environment(variables), clock: ManualClock(), files: files, terminal: terminal,
      random: Randomness(),
      makeTransport: { _ in ScriptedTransport { _ in throw StepFailure(.software, "a replay sends nothing") }
      },
      openRepository: { _, _ in throw StepFailure(.data, "no repository in this test") },
      workingDirectory: folder.path, processId: 1)
    return await StepMain<WatchCommand>.run(arguments: arguments, context: context)
  }

  /// A day of minutes before, and after it what `after` gives for each minute.
  private func record(
    minutes: Int = 30, after: (Int) -> (failures: Int, latency: Double, requests: Int)
  ) throws {
    let deployment = try #require(Timestamp(Self.deployment))
    var lines = [PointsFile.header]
    for minute in -1440..<minutes {
      let time = (deployment + .seconds(60 * minute)).formatted(milliseconds: false)
      let now = minute < 0 ? (minute % 5 == 0 ? 1 : 0, 100 + Double(minute & 7), 40) : after(minute)
      lines.append("\(time),api/shop,errors,\(now.0),\(now.2)")
      lines.append("\(time),api/shop,latency,\(now.1),\(now.2)")
    }
    try files.writeAtomically(
      Array(lines.joined(separator: "\n").utf8), to: folder("points.csv"), mode: 0o644)
  }

  private let replay = ["prod", "--replay", "points.csv", "--deployed-at", deployment]

  private func written() throws -> JSONValue {
    try JSONValue(parsing: Array(terminal.output.utf8))
  }

  @Test func `a healthy recording is a go`() async throws {
    try record { _ in (0, 104, 40) }
    #expect(await run(replay) == 0)
    #expect(
      terminal.output == """
        GO  watch-30m prod: all 2 series stay where they were

        Series
          watched 30 min from 2026-11-24T10:00:00Z, periods of 1 min
          SERIES    KIND     VERDICT  BEFORE        SINCE      WHY
          api/shop  errors   healthy  288 of 57600  0 of 1200  an error rate over 10.0 % is ruled out
          api/shop  latency  healthy  103.5 ms      104 ms     p95 stays within 518 ms

        """)
  }

  @Test func `a failing recording is a stop with series, evidence and onset`() async throws {
    try record { minute in (minute >= 10 ? 30 : 0, 104, 40) }
    #expect(await run(replay + ["--format", "json"]) == 1)
    let record = try written()
    #expect(record["verdict"]?.string == "stop")
    let series = try #require(record["series"]?.array)
    #expect(series.count == 2)
    let errors = series[0]
    #expect(errors["name"]?.string == "api/shop")
    #expect(errors["kind"]?.string == "errors")
    #expect(errors["verdict"]?.string == "severe")
    #expect(errors["onset"]?.string == "2026-11-24T10:10:00.000Z")
    #expect(try #require(errors["evidence"]?.double) > 1000)
    #expect(errors["baseline"]?["rate"]?.double == 0.005)
    #expect(errors["observed"]?["failures"]?.double == 600)
    #expect(series[1]["verdict"]?.string == "healthy")
    let calls = try #require(record["calls"])
    #expect(calls["getMetricData"]?.int == 0)
    #expect(calls["metricsRequested"]?.int == 0)
    #expect(calls["estimatedUsd"]?.double == 0)
    #expect(record["findings"]?.array?.first?["code"]?.string == "watch-severe")
    #expect(record["inputs"]?.array?.first?["path"]?.string == "points.csv")
  }

  @Test func `a watch that ended before its time says how long it watched`() async throws {
    try record { _ in (30, 104, 40) }
    #expect(await run(replay + ["--records", "records"]) == 1)
    let bytes = try files.read(folder("records/watch-30m.json"))
    var record = try JSONDecoder().decode(Record<WatchPart>.self, from: Data(bytes))
    func first() -> String { WatchReport.make(record).sections.first?.lines.first ?? "" }
    #expect(first() == "watched 30 min from 2026-11-24T10:00:00Z, periods of 1 min")
    record.part.window.mode = "live"
    record.finishedAt = record.part.window.deployedAt + .seconds(960)
    #expect(first() == "watched 16 min of 30 min from 2026-11-24T10:00:00Z, periods of 1 min")
    record.finishedAt = record.part.window.deployedAt + .seconds(1920)
    #expect(first() == "watched 30 min from 2026-11-24T10:00:00Z, periods of 1 min")
  }

  @Test func `the record is written, and equals what is printed`() async throws {
    try record { _ in (0, 104, 40) }
    #expect(await run(replay + ["--format", "json", "--records", "records"]) == 0)
    let latest = try files.readText(folder("records/watch-30m.json"))
    #expect(try JSONValue(parsing: Array(latest.utf8)) == (try written()))
  }

  @Test func `vanished traffic is inconclusive, and can be mapped`() async throws {
    try record { _ in (0, 0, 0) }
    #expect(await run(replay) == 3)
    #expect(await run(replay + ["--inconclusive", "stop"]) == 1)
    #expect(await run(replay + ["--inconclusive", "go"]) == 0)
  }

  @Test func `points that end before the watch leave the question open`() async throws {
    try record(minutes: 12) { _ in (0, 104, 40) }
    #expect(await run(replay + ["--for", "12m"]) == 0)
    #expect(await run(replay + ["--for", "30m"]) == 3)
    #expect(await run(replay) == 3)
    #expect(terminal.output.contains("the points end at 2026-11-24T10:11:00Z"))
  }

  @Test func `a part of a recording can be judged`() async throws {
    try record { minute in (minute >= 20 ? 30 : 0, 104, 40) }
    #expect(await run(replay) == 1)
    #expect(await run(replay + ["--for", "15m"]) == 0)
  }

  @Test func `the other judge can be asked for, on the command line and by the environment`() async throws {
    try record { _ in (0, 250, 40) }
    #expect(await run(replay) == 0)
    #expect(await run(replay + ["--judge", "mann-whitney"]) == 1)
    #expect(await run(replay, variables: ["BACKSTOP_JUDGE": "mann-whitney"]) == 1)
  }

  @Test func `thresholds come from the policy`() async throws {
    try record { _ in (0, 350, 40) }
    #expect(await run(replay) == 0)
    try files.writeAtomically(
      Array("watch-30m:\n  latency-factor: 3\n".utf8), to: folder("policy.yml"), mode: 0o644)
    #expect(await run(replay + ["--policy", "policy.yml"]) == 1)
  }

  @Test func `a recording is recorded again as it was`() async throws {
    try record { _ in (0, 104, 40) }
    #expect(await run(replay + ["--record", "again.csv"]) == 0)
    let again = try PointsFile.parse(files.read(folder("again.csv")), path: "again.csv")
    #expect(try PointsFile.parse(files.read(folder("points.csv")), path: "points.csv") == again)
    #expect(try files.status(of: folder("again.csv"))?.mode == 0o600)
  }

  @Test func `a missing file, a malformed line and a missing time have their codes`() async throws {
    #expect(await run(replay) == 65)
    #expect(terminal.error.contains("points.csv: No such file or directory"))
    try files.writeAtomically(
      Array("\(PointsFile.header)\nyesterday,api,errors,1,2\n".utf8), to: folder("points.csv"), mode: 0o644)
    #expect(await run(replay) == 65)
    #expect(terminal.error.contains("points.csv:2: expected an RFC 3339 time"))
    #expect(await run(["prod", "--replay", "points.csv"]) == 65)
    #expect(await run(["prod", "--replay", "points.csv", "--deployed-at", "noon"]) == 64)
    #expect(await run(replay + ["--for", "-3m"]) == 64)
    #expect(terminal.output.isEmpty)
  }

  @Test func `without the time of the deployment nothing is a baseline, and that is said`() async throws {
    try record { _ in (0, 104, 40) }
    #expect(await run(["prod", "--replay", "points.csv", "--format", "json"]) == 3)
    let codes = try written()["findings"]?.array?.compactMap { $0["code"]?.string }
    #expect(codes?.contains("watch-no-deployment-time") == true)
  }

  @Test func `twenty series of a day are judged`() async throws {
    var seen = Observations()
    let deployment = try #require(Timestamp(Self.deployment))
    for series in 0..<20 {
      for minute in -1440..<30 {
        seen.insert(
          SeriesPoint(time: deployment + .seconds(60 * minute), value: 0, count: 40),
          into: SeriesName(name: "function/f\(series)", kind: .errors))
      }
    }
    try files.writeAtomically(Array(PointsFile.text(seen).utf8), to: folder("points.csv"), mode: 0o644)
    #expect(await run(replay) == 0)
  }
}
