import DatabaseAccess
import DeploymentConfig
import DeploymentRecords
import HTTPTransport
import SystemInterfaces
import TestSupport
import Testing

@testable import SmokeChecks

/// Answers each query by a table; a query that is not in it fails.
private struct TableDatabase: SQLQuerying {
  var answers: [String: Result<ResultRows, PsqlError>]

  func query(_ sql: String, timeout: Duration) async throws(PsqlError) -> ResultRows {
    try (answers[sql] ?? .failure(PsqlError(.failed, "relation does not exist", sqlState: "42P01"))).get()
  }
}

@Suite struct SQLProbeTests {
  private func one(_ value: String?) -> ResultRows { ResultRows(columns: ["v"], rows: [[value]]) }

  private func probe(_ change: (inout SQLProbePolicy) -> Void) -> SQLProbePolicy {
    var probe = SQLProbePolicy(name: "p", sql: "q")
    probe.line = 7
    change(&probe)
    return probe
  }

  private func run(
    _ probe: SQLProbePolicy, _ answer: Result<ResultRows, PsqlError>, before: String? = nil,
    faults: ControlPlaneFaults = ControlPlaneFaults(), window: Duration = .zero
  ) async -> CheckResult {
    var settings = SmokeSettings()
    settings.settling = Settling(window: window)
    var recorded: [ResponseBaseline] = []
    if let before {
      recorded = [ResponseBaseline(name: "sql:p", outcome: "pass")]
      recorded[0].value = before
    }
    let report = await SmokeRun.run(
      SQLProbes.chains(
        [probe], file: "backstop.yml", database: .known(TableDatabase(answers: ["q": answer])), faults: faults
      ),
      settings: settings,
      dependencies: SmokeDependencies(
        transport: ScriptedTransport { _ in HTTPResponse(status: 500) }, clock: ManualClock(),
        random: Randomness()),
      baseline: recorded)
    return report.results[0]
  }

  @Test(arguments: [
    ("0", "0", true), ("0", "0.00", true), ("3", "0", false), ("t", "true", true), ("f", "true", false),
    ("abc", "abc", true), ("abc", "abd", false), (nil, "0", false),
  ]) func `a value is compared as text, number or truth`(cell: String?, expected: String, holds: Bool) async {
    let result = await run(probe { $0.equals = expected }, .success(one(cell)))
    #expect(result.outcome == (holds ? .pass : .fail))
    if !holds { #expect(result.failure == .integrity) }
  }

  @Test func `a failure says what came, what was expected, and where the probe stands`() async {
    let result = await run(probe { $0.equals = "0" }, .success(one("3")))
    #expect(result.message == "gave 3, expected 0")
    #expect(result.file == "backstop.yml" && result.line == 7)
    #expect(result.attempts.count == 1)
  }

  @Test func `bounds`() async {
    let bounded = probe {
      $0.atLeast = 10
      $0.atMost = 20
    }
    #expect(await run(bounded, .success(one("10"))).outcome == .pass)
    #expect(await run(bounded, .success(one("9"))).message == "gave 9, expected at least 10")
    #expect(await run(bounded, .success(one("20.5"))).message == "gave 20.5, expected at most 20")
    let text = await run(bounded, .success(one("many")))
    #expect(text.outcome == .error && text.message.contains("need one number"))
  }

  @Test(arguments: [
    ("100", "95%", "95", true), ("100", "95%", "94", false), ("100", "same", "100", true),
    ("100", "same", "101", false), ("100", "95%", "200", true), ("0", "95%", "0", true),
  ]) func `a recorded number`(before: String, wanted: String, now: String, holds: Bool) async {
    let result = await run(
      probe { $0.before = wanted == "same" ? .same : .atLeast(percent: 95) }, .success(one(now)),
      before: before)
    #expect(result.outcome == (holds ? .pass : .fail), "\(result.message)")
    #expect(result.comparison == (holds ? .unchanged : .regressed))
  }

  @Test func `rows are recorded as their number and digest, and no value of theirs`() async {
    let rows = ResultRows(columns: ["email"], rows: [["a@example.com"], ["b@example.com"]])
    let recorded = SQLProbeRules.recorded(rows)
    #expect(recorded.hasPrefix("2 rows with digest ") && !recorded.contains("example.com"))
    let same = probe { $0.before = .same }
    #expect(await run(same, .success(rows), before: recorded).outcome == .pass)
    let other = ResultRows(columns: ["email"], rows: [["a@example.com"], ["c@example.com"]])
    let result = await run(same, .success(other), before: recorded)
    #expect(result.outcome == .fail && !result.message.contains("example.com"))
    // Where one cell ends and the next begins counts too.
    #expect(
      SQLProbeRules.recorded(ResultRows(columns: ["a", "b"], rows: [["x", "yz"]]))
        != SQLProbeRules.recorded(ResultRows(columns: ["a", "b"], rows: [["xy", "z"]])))
  }

  @Test func `without a recorded value the comparison is not made, and that is said`() async {
    let result = await run(probe { $0.before = .same }, .success(one("5")))
    #expect(result.outcome == .skipped && result.failure == .noBaseline)
    #expect(result.message.contains("run preflight-snapshot"))
    let other = probe {
      $0.before = .same
      $0.atLeast = 1
    }
    #expect(await run(other, .success(one("5"))).outcome == .pass)
  }

  @Test func `a run that records keeps the value for later`() async {
    var settings = SmokeSettings()
    settings.recordsBaseline = true
    let report = await SmokeRun.run(
      SQLProbes.chains(
        [probe { $0.before = .same }], file: nil,
        database: .known(TableDatabase(answers: ["q": .success(one("41"))])), faults: ControlPlaneFaults()),
      settings: settings,
      dependencies: SmokeDependencies(
        transport: ScriptedTransport { _ in HTTPResponse(status: 500) }, clock: ManualClock(),
        random: Randomness()))
    #expect(report.results[0].outcome == .pass)
    #expect(report.baseline.map(\.value) == ["41"])
  }

  @Test func `a table that is gone is a failure, a query that cannot be read is the policy's fault`() async {
    let gone = await run(
      probe { $0.equals = "0" }, .failure(PsqlError(.failed, "relation gone", sqlState: "42P01")))
    #expect(gone.outcome == .fail && gone.failure == .sql)
    let bad = await run(probe { $0.equals = "0" }, .failure(PsqlError(.badSQL, "a second statement")))
    #expect(bad.outcome == .error)
  }

  @Test func `a database that does not answer is tried again, then a failure`() async {
    let result = await run(
      probe { $0.equals = "0" }, .failure(PsqlError(.unreachable, "refused", advice: "look")),
      window: .seconds(5))
    #expect(result.outcome == .fail && result.failure == .connectionFailed)
    #expect(result.attempts.count > 1)
    #expect(result.message == "refused: look")
  }

  @Test func `a missing psql says nothing about the data`() async {
    let faults = ControlPlaneFaults()
    let result = await run(
      probe { $0.equals = "0" }, .failure(PsqlError(.missing, "no psql", advice: "install it")),
      faults: faults)
    #expect(result.outcome == .error)
    #expect(faults.first?.kind == .missingProgram && faults.first?.advice == "install it")
  }
}
