import DeploymentLedger
import DeploymentRecords
import Foundation
import HTTPTransport
import JSONValues
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert

@Suite struct `Safety` {
  private func state(_ killSwitch: String, _ bench: SessionBench = SessionBench()) async throws -> String? {
    var bench = bench
    bench.policy = "auto-revert:\n  kill-switch: \(killSwitch)\n"
    return await KillSwitch(session: try bench.start().session).state()
  }

  private func page(_ status: Int, _ text: String) -> SessionBench {
    var bench = SessionBench()
    bench.transport = ScriptedTransport { _ in HTTPResponse(status: status, body: Array(text.utf8)) }
    return bench
  }

  @Test func `a page permits by one word alone, and everything else forbids`() async throws {
    let place = "https://example.com/switch"
    #expect(try await state(place, page(200, "allow\n")) == nil)
    #expect(try await state(place, page(200, "  Allow: since monday")) == nil)
    for (status, text) in [
      (200, "stop"), (200, ""), (200, "disallow"), (404, "allow"), (500, "allow"), (302, "allow"),
    ] {
      #expect(try await state(place, page(status, text)) != nil, "\(status) \(text)")
    }
    // Nobody answers: closed.
    #expect(try await state(place)?.contains("cannot be asked") == true)
  }

  @Test func `a file that is there forbids, and so does one that cannot be looked at`() async throws {
    let bench = SessionBench()
    #expect(try await state("STOP", bench) == nil)
    try "".write(toFile: bench.folder("STOP"), atomically: true, encoding: .utf8)
    #expect(try await state("STOP", bench)?.contains("STOP") == true)
    // A name that no file system takes cannot be looked at.
    let long = String(repeating: "x", count: 300)
    #expect(try await state(long, bench)?.contains("cannot be looked at") == true)
  }

  @Test func `a reference that is there forbids, and so does a repository that is not`() async throws {
    let bench = SessionBench()
    #expect(try await state("refs/backstop/stop", bench)?.contains("cannot be looked at") == true)
    func git(_ arguments: String...) throws {
      let result = try runProgram(
        "git", arguments, in: bench.folder.path, variables: TestRepository.variables)
      #expect(result.status == 0, "\(result.error)")
    }
    try git("init", "-q", "-b", "main")
    try git("commit", "-q", "--allow-empty", "-m", "One")
    #expect(try await state("refs/backstop/stop", bench) == nil)
    try git("update-ref", "refs/backstop/stop", "HEAD")
    #expect(try await state("refs/backstop/stop", bench)?.contains("refs/backstop/stop") == true)
  }

  @Test func `no kill switch forbids nothing`() async throws {
    #expect(await KillSwitch(session: try SessionBench().start().session).state() == nil)
  }

  @Test func `a refusal names the command for a person, with what was asked for`() throws {
    let (command, session) = try SessionBench().start(
      "--confirm", "rollback-production", "--reason", "it's 5 o'clock", "--only", "api", "--skip", "S/R",
      "--allow-replace", "--relief", "f:timeout=30", "--restore-database")
    let check = SafetyCheck(command: command, session: session, isContinued: false)
    var facts = SafetyFacts()
    facts.killSwitch = "the switch is set"
    let refusal = #expect(throws: SafetyRefusal.self) { try check.enforce(facts) }
    #expect(refusal?.failure.status == .refused && refusal?.failure.message == "the switch is set")
    let line = refusal?.failure.advice.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? ""
    // As a shell reads it, it is the same call and the operator.
    let words = try runProgram("sh", ["-c", "printf '%s\\n' \(line)"]).lines
    #expect(
      words == [
        "auto-revert", "prod", "--only", "api", "--reason", "it's 5 o'clock", "--confirm",
        "rollback-production",
        "--skip", "S/R", "--relief", "f:timeout=30", "--restore-database", "--allow-replace", "--operator",
        "NAME",
      ])
  }

  @Test func `an operator overrides and is recorded, a dry run shows`() throws {
    var facts = SafetyFacts()
    facts.killSwitch = "the switch is set"
    facts.rollbacksToday = 99
    let (byPerson, session) = try SessionBench().start("--operator", "sam")
    let overridden = try SafetyCheck(command: byPerson, session: session, isContinued: false).enforce(facts)
    #expect(overridden.map(\.code) == [.safetyRuleOverridden, .safetyRuleOverridden])
    #expect(
      overridden.allSatisfy { $0.message.hasPrefix("sam takes responsibility") && $0.severity == .warning })
    let (dry, other) = try SessionBench().start("--dry-run")
    let shown = try SafetyCheck(command: dry, session: other, isContinued: false).enforce(facts)
    #expect(
      shown.map(\.severity) == [.stop, .stop] && shown.map(\.target) == ["kill-switch", "rollbacks-per-day"])
  }

  @Test func `what was begun under the rules is ended`() async throws {
    let (command, session) = try SessionBench().start("--continue")
    let check = SafetyCheck(command: command, session: session, isContinued: true)
    var facts = try await check.firstFacts()
    #expect(facts == SafetyFacts())
    facts.killSwitch = "set since"
    #expect(try check.enforce(facts).isEmpty)
  }

  // MARK: - Evidence

  private let point = RestorePoint(
    id: "20261126T000000Z-aaaaaa", environment: "prod", commit: nil,
    createdAt: Timestamp("2026-11-26T00:00:00Z")!,
    region: "eu-west-1", account: nil)

  private func entry(_ step: Step, _ verdict: String, _ time: String, _ more: String = "") throws
    -> EarlierEvidence.Entry
  {
    let text = #"{"verdict":"\#(verdict)","startedAt":"2026-11-\#(time)Z","findings":[]\#(more)}"#
    return try #require(EarlierEvidence.Entry(step, JSONValue(parsing: Array(text.utf8))))
  }

  @Test func `failures are counted by what was tried, after the restore point alone`() throws {
    let checks = #","checks":[{"outcome":"fail","attempts":[{},{},{}]},{"outcome":"pass","attempts":[{}]}]"#
    let old = EarlierEvidence([try entry(.smokeTest, "stop", "25T23:00:00", checks)])
    #expect(old.failures(since: point) == 0 && old.judgedAt(since: point) == nil)
    let new = EarlierEvidence([
      try entry(.smokeTest, "stop", "26T01:00:00", checks),
      try entry(.watch30m, "inconclusive", "26T02:00:00"),
    ])
    #expect(new.failures(since: point) == 3)
    #expect(new.judgedAt(since: point) == Timestamp("2026-11-26T02:00:00Z"))
    #expect(EarlierEvidence([try entry(.watch30m, "stop", "26T01:00:00")]).failures(since: point) == 2)
    #expect(EarlierEvidence([try entry(.smokeTest, "go", "26T01:00:00")]).failures(since: point) == 0)
  }

  @Test func `5 a fresh runner knows from the environment's trail what was judged, and when`() async throws {
    let bench = SessionBench()
    for arguments in [["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]] {
      let made = try runProgram("git", arguments, in: bench.folder.path, variables: TestRepository.variables)
      #expect(made.status == 0, "\(made.error)")
    }
    // What is from the future is no record.
    bench.clock.advance(by: try #require(Timestamp("2026-11-26T03:00:00Z")) - bench.clock.now)
    let session = try bench.start().session
    #expect(try EarlierEvidence(session).entries.isEmpty)
    func at(_ time: String) throws -> Timestamp { try #require(Timestamp("2026-11-26T\(time)Z")) }
    func record(_ step: Step, _ verdict: String, _ time: String, _ codes: String...) async throws {
      let findings = codes.map { #"{"code":"\#($0)","severity":"error","message":"planted words"}"# }
      let text =
        #"{"step":"\#(step.rawValue)","environment":"prod","startedAt":"2026-11-26T\#(time)Z","#
        + #""finishedAt":"2026-11-26T\#(time)Z","verdict":"\#(verdict)","findings":[\#(findings.joined(separator: ","))]}"#
      let tree = try JSONValue(parsing: Array(text.utf8))
      _ = try await session.ledger()?.append(LedgerEntry(record: tree, sha256: "", run: "ci-7"))
    }
    try await record(.smokeTest, "go", "00:30:00")
    try await record(.smokeTest, "stop", "01:00:00", "endpoint-down", "endpoint-down")
    try await record(.watch30m, "go", "00:40:00")
    try await record(.autoRevert, "stop", "01:10:00")
    let evidence = try EarlierEvidence(session)
    #expect(evidence.judgedAt(since: point) == (try at("01:00:00")))
    #expect(evidence.failures(since: point) == 2)
    #expect(
      evidence.entries.first { $0.step == .smokeTest }?.messages.first?.contains("endpoint-down (2 times)")
        == true)
    #expect(
      evidence.history(session).map(\.finishedAt) == (try ["00:30:00", "00:40:00", "01:00:00"].map(at)))
    // What this machine saw later counts.
    try FileManager.default.createDirectory(atPath: session.records.root, withIntermediateDirectories: true)
    let seen = #""startedAt":"2026-11-26T02:00:00Z","finishedAt":"2026-11-26T02:00:00Z""#
    try #"{"step":"smoke-test","verdict":"go",\#(seen),"findings":[]}"#
      .write(toFile: "\(session.records.root)/smoke-test.json", atomically: true, encoding: .utf8)
    #expect(try EarlierEvidence(session).judgedAt(since: point) == nil)
  }

  @Test func `successes are the restore point's own and what passed before it`() throws {
    let passed = EarlierEvidence([
      try entry(.smokeTest, "go", "25T20:00:00"), try entry(.watch30m, "go", "25T21:00:00"),
    ])
    #expect(passed.successes(of: nil) == 0)
    #expect(passed.successes(of: point) == 3)
    #expect(EarlierEvidence([]).successes(of: point) == 1)
    var measured = point
    measured.baseline = Baseline(responses: [ResponseBaseline(name: "home", outcome: "pass")])
    #expect(EarlierEvidence([]).successes(of: measured) == 2)
    // What passed afterwards speaks of the bad version.
    #expect(EarlierEvidence([try entry(.smokeTest, "go", "26T01:00:00")]).successes(of: point) == 1)
  }

  @Test func `a record that is none is set aside, and stops nothing`() throws {
    let bench = SessionBench()
    let session = try bench.start().session
    try FileManager.default.createDirectory(
      atPath: bench.folder(".backstop/prod"), withIntermediateDirectories: true)
    try "{\"verdict\":\"go\"}".write(
      toFile: bench.folder(".backstop/prod/smoke-test.json"), atomically: true, encoding: .utf8)
    #expect(try EarlierEvidence(session).entries.isEmpty)
    #expect(FileManager.default.fileExists(atPath: bench.folder(".backstop/prod/smoke-test.json.damaged")))
  }
}
