import DeploymentEvidence
import JSONValues
import StepResults
import SystemInterfaces
import Testing

/// What of a record is evidence, and that the ledger keeps all of it.
@Suite struct `Evidence in records` {
  private func record(_ step: String, _ verdict: String, _ more: String) throws -> Evidence {
    let stacks =
      #"[{"name":"api","stack":"0123456789abcdef","updatedAt":"2026-11-30T00:00:00.000Z"}]"#
    let text =
      #"{"step":"\#(step)","verdict":"\#(verdict)","startedAt":"2026-11-30T01:00:00Z","#
      + #""finishedAt":"2026-11-30T01:01:00Z","commit":"c0ffee","application":"shop","liveStacks":\#(stacks),\#(more)}"#
    return try #require(Evidence(record: JSONValue(parsing: Array(text.utf8))))
  }

  private func kept(_ evidence: Evidence) -> Evidence {
    var read = Evidence(
      json: evidence.json, evidence.step, evidence.verdict, startedAt: evidence.startedAt,
      finishedAt: evidence.finishedAt)
    read.messages = evidence.messages
    return read
  }

  @Test func `checks count with what was asked, and how often it failed`() throws {
    let checks =
      #""checks":[{"id":"a","outcome":"fail","attempts":[{},{},{}]},{"id":"b","outcome":"pass","attempts":[{}]}]"#
    let stop = try record(
      "smoke-test", "stop", checks + #","findings":[{"severity":"error","message":"a is down"}],"summary":{}"#
    )
    guard case .checked(let checked) = stop.statement else { return #expect(Bool(false), "\(stop)") }
    #expect(checked.observations == 3 && checked.passed?.count == 1 && checked.failed?.count == 1)
    #expect(stop.isStop && stop.messages == ["a is down"] && stop.commit == "c0ffee")
    #expect(stop.application == "shop" && stop.deployment?.stacks.map(\.name) == ["api"])
    #expect(kept(stop) == stop)
  }

  @Test func `what failed before as well is not the deployment's doing`() throws {
    let go = try record(
      "smoke-test", "go", #""checks":[{"id":"a","outcome":"fail","comparison":"brokenBefore"}],"summary":{}"#)
    guard case .checked(let checked) = go.statement else { return #expect(Bool(false), "\(go)") }
    #expect(checked.failed == [])
  }

  @Test(arguments: [
    (
      "smoke-test",
      #""checks":[{"id":"a","outcome":"skipped"}],"summary":{"parseOnly":true}"#
    ),
    ("smoke-test", #""checks":[],"summary":{}"#),
    (
      "watch-30m",
      #""window":{"mode":"replay"},"series":[{"name":"a","kind":"errors","verdict":"severe"}],"summary":{}"#
    ),
    ("auto-revert", #""summary":{"outcome":"planned"},"health":null"#),
    ("auto-revert", #""summary":{"outcome":"stopped"},"health":null"#),
    ("auto-revert", #""summary":{"outcome":"interrupted"},"health":null"#),
    ("auto-revert", #""summary":{"outcome":"deleted"},"health":null"#),
    ("auto-revert", #""summary":{"outcome":"relieved"},"health":null"#),
    ("diff-gate", #""summary":{"base":"old.yaml","head":"new.yaml"},"migrations":[]"#),
    ("preflight-snapshot", #""summary":{}"#),
  ]) func `states nothing`(step: String, more: String) throws {
    for verdict in ["go", "stop"] {
      let evidence = try record(step, verdict, more)
      #expect(evidence.statement == .nothing && !evidence.isGo && !evidence.isStop, "\(more)")
      #expect(kept(evidence) == evidence)
    }
  }

  @Test func `a live watch, a rollback with its health, a gate and a snapshot`() throws {
    let watch = try record(
      "watch-30m", "stop",
      #""window":{"mode":"live"},"series":[{"name":"a","kind":"errors","verdict":"severe"}],"summary":{}"#)
    #expect(watch.isStop)
    let revert = try record(
      "auto-revert", "go",
      #""summary":{"outcome":"restored","partial":true,"restorePoint":"p","restoredCommit":"v1"},"#
        + #""undoneStacks":[{"name":"api","stack":"0123456789abcdef","updatedAt":"2026-11-29T00:00:00.000Z"}],"#
        + #""health":{"verdict":"go","checked":{"scope":"s","observations":1,"passed":["x"],"failed":[]}}"#)
    guard case .reverted(let reverted) = revert.statement else { return #expect(Bool(false), "\(revert)") }
    #expect(reverted.changed && reverted.isPartial && reverted.undoneCommit == "c0ffee")
    #expect(reverted.health?.passed == ["x"] && revert.isGo && revert.commit == "v1")
    // One that stopped put no commit back.
    let stopped = try record(
      "auto-revert", "stop", #""summary":{"outcome":"stopped","restorePoint":"p","restoredCommit":"v1"}"#)
    #expect(stopped.statement == .nothing && stopped.commit == nil)
    let commits = ["a", "b"].map { String(repeating: $0, count: 40) }
    let gate = try record(
      "diff-gate", "stop",
      #""summary":{"base":"\#(commits[0])","head":"\#(commits[1])"},"migrations":[{"path":"v2.sql"},{"path":"v3.sql"}],"#
        + #""findings":[{"path":"v2.sql","code":"ban-drop-column"},{"path":"v3.sql","code":"prefer-text"}]"#)
    #expect(
      gate.statement
        == .judged(Judged(base: commits[0], head: commits[1], breaking: ["v2.sql (ban-drop-column)"])))
    let snapshot = try record(
      "preflight-snapshot", "go", #""summary":{"restorePoint":"p","deployedCommit":"v1"}"#)
    #expect(snapshot.statement == .recorded && snapshot.commit == "v1")
    for evidence in [watch, revert, gate, snapshot] { #expect(kept(evidence) == evidence) }
  }

  @Test func `an older record names nothing, and what is no record is none`() throws {
    let old =
      #"{"step":"smoke-test","verdict":"stop","startedAt":"2026-11-30T01:00:00Z","#
      + #""finishedAt":"2026-11-30T01:01:00Z","checks":[{"id":"a","outcome":"fail"}]}"#
    let evidence = try #require(Evidence(record: JSONValue(parsing: Array(old.utf8))))
    #expect(evidence.deployment == nil && evidence.application == nil)
    for text in ["{}", "[]", #"{"step":"smoke-test","verdict":"maybe"}"#] {
      let tree = try JSONValue(parsing: Array(text.utf8))
      #expect(Evidence(record: tree) == nil)
    }
  }

  @Test func `a deployment's id changes with each of its stacks, and with nothing else`() throws {
    let one = live(1, 2)
    #expect(one.id == live(1, 2).id && one.id.count == 16)
    #expect(Set([one, live(1, 3), live(2, 2), live(1), live(1, -2)].map(\.id)).count == 5)
    #expect(Deployment(json: one.json) == one && Deployment(json: []) == nil)
    #expect(Deployment(json: [["name": "api"]]) == nil)
  }
}
