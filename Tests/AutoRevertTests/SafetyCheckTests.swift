import DeploymentEvidence
import DeploymentLedger
import DeploymentRecords
import Foundation
import HTTPTransport
import JSONValues
import RollbackPlanning
import StepResults
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert
@testable import StepRuntime

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
      shown.map(\.severity) == [.error, .error]
        && shown.map(\.target) == ["kill-switch", "rollbacks-per-day"])
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

  private let point: RestorePoint = {
    var point = RestorePoint(
      id: "20261126T000000Z-aaaaaa", environment: "prod", commit: nil,
      createdAt: Timestamp("2026-11-26T00:00:00Z")!, region: "eu-west-1", account: nil)
    point.stacks = [
      StackState(
        role: "api", name: "Shop-Api", stackId: "arn:api", status: "UPDATE_COMPLETE",
        lastUpdatedAt: Timestamp("2026-11-25T12:00:00Z")!, templateFile: "t", templateSha256: "")
    ]
    return point
  }()

  private func deployment(_ time: String) throws -> Deployment {
    let at = try #require(Timestamp("2026-11-\(time)Z"))
    let version = StackVersion(name: "Shop-Api", id: "arn:api", updatedAt: at, status: "UPDATE_COMPLETE")
    return try #require(Deployment([version]))
  }

  private func said(
    _ step: Step, _ verdict: Verdict, _ time: String, of deployment: Deployment?, attempts: Int = 1
  )
    throws -> Evidence
  {
    let at = try #require(Timestamp("2026-11-\(time)Z"))
    let checks = try #require(
      Checked(
        "smoke",
        [
          .init(
            id: "home", word: verdict == .stop ? "fail" : "pass", wasBrokenBefore: false, attempts: attempts)
        ]))
    return Evidence(
      step, verdict, .checked(checks), startedAt: at, finishedAt: at, application: ".", deployment: deployment
    )
  }

  private func evidence(_ all: [Evidence], live: Deployment?) -> RevertEvidence {
    let history = DeploymentHistory(
      application: ".", evidence: all, points: [point.recorded].compactMap { $0 })
    return RevertEvidence(all, history, live: live, point: point)
  }

  @Test func `failures and successes are those of the two deployments, and of no other`() throws {
    let (bad, other) = (try deployment("26T01:00:00"), try deployment("20T01:00:00"))
    let good = try #require(point.held)
    let all = [
      try said(.smokeTest, .stop, "20T02:00:00", of: other, attempts: 9),
      try said(.smokeTest, .go, "25T20:00:00", of: good), try said(.watch30m, .go, "25T21:00:00", of: good),
      try said(.smokeTest, .stop, "26T02:00:00", of: bad, attempts: 3),
      try said(.watch30m, .stop, "26T02:30:00", of: bad, attempts: 2),
      try said(.smokeTest, .stop, "26T03:00:00", of: nil, attempts: 9),
    ]
    let known = evidence(all, live: bad)
    #expect(known.failures == 5 && known.successes == 3)
    #expect(known.stops.count == 2 && known.said.count == 2)
    #expect(known.refusal(hasReason: false, isAttended: false) == nil)
    #expect(evidence([], live: bad).failures == 0 && evidence([], live: bad).successes == 1)
  }

  @Test func `what nobody speaks against is not undone without a word`() throws {
    let live = try deployment("26T01:00:00")
    let known = evidence([try said(.smokeTest, .go, "26T02:00:00", of: live)], live: live)
    let refusal = try #require(known.refusal(hasReason: false, isAttended: false))
    #expect(refusal.contains("smoke-test said go of it at 2026-11-26T02:00:00Z"))
    #expect(known.refusal(hasReason: true, isAttended: false) == nil)
    #expect(known.refusal(hasReason: false, isAttended: true) == nil)
  }

  @Test func `5 what came after the deployment that was judged is not undone`() throws {
    let (judged, newer) = (try deployment("26T01:00:00"), try deployment("26T05:00:00"))
    let stop = try said(.smokeTest, .stop, "26T02:00:00", of: judged)
    #expect(evidence([stop], live: newer).judgedAt == stop.startedAt)
    #expect(evidence([stop], live: judged).judgedAt == nil)
    let both = [stop, try said(.smokeTest, .stop, "26T06:00:00", of: newer)]
    #expect(evidence(both, live: newer).judgedAt == nil)
  }

  @Test func `5 a fresh runner knows from the environment's ledger what was judged`() async throws {
    let bench = SessionBench()
    for arguments in [["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]] {
      let made = try runProgram("git", arguments, in: bench.folder.path, variables: TestRepository.variables)
      #expect(made.status == 0, "\(made.error)")
    }
    // What is from the future is no record.
    bench.clock.advance(by: try #require(Timestamp("2026-11-26T03:00:00Z")) - bench.clock.now)
    let session = try bench.start().session
    #expect(try RevertEvidence(session).all.isEmpty)
    let live = try deployment("26T01:00:00")
    let text =
      #"{"step":"smoke-test","environment":"prod","application":".","startedAt":"2026-11-26T02:00:00Z","#
      + #""finishedAt":"2026-11-26T02:00:00Z","verdict":"stop","liveStacks":\#(live.json.serialized()),"#
      + #""checks":[{"id":"home","outcome":"fail"}],"findings":[{"code":"check-failed","severity":"error","#
      + #""message":"planted words"}]}"#
    let tree = try JSONValue(parsing: Array(text.utf8))
    let entry = try LedgerEntry(record: tree, sha256: "", run: "ci-7")
    #expect(!entry.message.contains("planted words"))
    _ = try await session.ledger()?.append(entry)
    #expect(try RevertEvidence(session).about(live, point: nil).stops.count == 1)
    // What cannot be read says nothing, and stops nothing.
    try FileManager.default.createDirectory(
      atPath: "\(session.records.root)/runs/1", withIntermediateDirectories: true)
    try "{".write(toFile: "\(session.records.root)/smoke-test.json", atomically: true, encoding: .utf8)
    try "".write(toFile: "\(session.records.root)/runs/1/watch-30m.json", atomically: true, encoding: .utf8)
    #expect(try RevertEvidence(session).about(live, point: nil).stops.count == 1)
    for damaged in ["smoke-test.json", "runs/1/watch-30m.json"].map({ "\(session.records.root)/\($0)" }) {
      #expect(!FileManager.default.fileExists(atPath: damaged))
      #expect(FileManager.default.fileExists(atPath: "\(damaged).damaged"))
      #expect(
        session.remarkedFindings.contains { finding in
          finding.code == "record-set-aside" && finding.message.hasPrefix("\(damaged) cannot be used")
        })
    }
  }
}
