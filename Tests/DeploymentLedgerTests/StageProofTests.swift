import DeploymentLedger
import StepResults
import Testing

@Suite struct StageProofTests {
  private func judge(_ entries: LedgerEntry..., steps: [Step] = [.smokeTest]) -> StageProof {
    StageProof.judge(commitA, entries, steps: steps)
  }

  @Test func `a passing check of the same commit`() {
    let pass = LedgerEntry.record(.smokeTest, .go)
    #expect(judge(pass) == .passed(pass))
    #expect(judge(.record(.smokeTest, .go, commit: commitB)) == .unknown)
    #expect(judge(.record(.smokeTest, .inconclusive)) == .unknown)
    #expect(judge(.record(.preflightSnapshot, .go)) == .unknown)
    #expect(judge() == .unknown)
  }

  @Test func `the last word counts`() {
    let stop = LedgerEntry.record(.smokeTest, .stop, at: 1)
    let pass = LedgerEntry.record(.smokeTest, .go, at: 2)
    #expect(judge(stop, pass) == .passed(pass))
    let later = LedgerEntry.record(.smokeTest, .stop, at: 3)
    #expect(judge(later, pass, stop) == .stopped(later))
    #expect(judge(pass, .record(.smokeTest, .inconclusive, at: 3)) == .unknown)
  }

  @Test func `a watch that stopped speaks against what smoke-test passed`() {
    let watch = LedgerEntry.record(.watch30m, .stop, at: 5)
    #expect(judge(.record(.smokeTest, .go, at: 1), watch) == .stopped(watch))
    #expect(
      judge(.record(.smokeTest, .go), .record(.watch30m, .inconclusive, at: 5))
        == .passed(.record(.smokeTest, .go)))
  }

  @Test func `every step that is asked for must have spoken`() {
    let smoke = LedgerEntry.record(.smokeTest, .go, at: 1)
    let watch = LedgerEntry.record(.watch30m, .go, at: 31)
    #expect(judge(smoke, steps: [.smokeTest, .watch30m]) == .unknown)
    #expect(judge(smoke, watch, steps: [.smokeTest, .watch30m]) == .passed(watch))
  }

  @Test func `what was taken back afterwards did not pass`() {
    let pass = LedgerEntry.record(.smokeTest, .go, at: 1)
    let back = LedgerEntry.record(.autoRevert, .go, at: 9, facts: ["outcome": "restored"])
    #expect(judge(pass, back) == .stopped(back))
    #expect(judge(pass, .record(.autoRevert, .go, at: 9, facts: ["outcome": "planned"])) == .passed(pass))
    let again = LedgerEntry.record(.smokeTest, .go, at: 20)
    #expect(judge(pass, back, again) == .passed(again))
  }
}
