import DeploymentEvidence
import DeploymentLedger
import StepResults
import SystemInterfaces
import Testing

@testable import AutoRevert

/// What the ledger says is deployed, and what was good before.
@Suite struct LedgerRangeTests {
  private func entry(
    _ step: Step, _ verdict: Verdict, _ commit: String, at minute: Int, _ statement: Evidence.Statement
  ) -> LedgerEntry {
    let time = Timestamp(seconds: 1_750_000_000 + Double(60 * minute))
    var entry = LedgerEntry(
      .record, step: step, environment: "prod", run: "r\(minute)", startedAt: time, finishedAt: time)
    entry.verdict = verdict
    entry.commit = commit
    entry.evidence = Evidence(
      step, verdict, statement, startedAt: time, finishedAt: time, application: nil, deployment: nil,
      commit: commit)
    return entry
  }

  private func checked(_ verdict: Verdict, _ commit: String, at minute: Int) throws -> LedgerEntry {
    let checks = try #require(
      Checked(
        "smoke", [.init(id: "a", word: verdict == .go ? "pass" : "fail", wasBrokenBefore: false, attempts: 1)]
      ))
    return entry(.smokeTest, verdict, commit, at: minute, .checked(checks))
  }

  @Test func `is between the newest checked commit and the last that passed before it`() throws {
    let entries = [
      try checked(.go, "a", at: 1), try checked(.stop, "b", at: 2), try checked(.stop, "c", at: 3),
      entry(.smokeTest, .go, "d", at: 4, .nothing),
    ]
    #expect(LedgerRange.judge(entries.reversed()) == LedgerRange(good: "a", deployed: "c"))
    #expect(LedgerRange.judge([entries[1]]) == nil)
    #expect(LedgerRange.judge([]) == nil)
    // The last word on a commit counts.
    let later = [
      try checked(.go, "a", at: 1), try checked(.stop, "a", at: 2), try checked(.stop, "b", at: 3),
    ]
    #expect(LedgerRange.judge(later.reversed()) == nil)
  }

  @Test func `is none where a rollback came since`() throws {
    let restore = entry(
      .autoRevert, .go, "b", at: 5, .reverted(Reverted(changed: true, isPartial: false, undone: nil)))
    let entries = [try checked(.go, "a", at: 1), try checked(.stop, "b", at: 2), restore]
    #expect(LedgerRange.judge(entries.reversed()) == nil)
    #expect(
      LedgerRange.judge((entries + [try checked(.stop, "c", at: 6)]).reversed())
        == LedgerRange(good: "a", deployed: "c"))
  }
}
