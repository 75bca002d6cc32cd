import DeploymentRecords
import StepResults
import SystemInterfaces
import TestSupport
import Testing

@testable import PreflightSnapshot

@Suite struct EarlierVerdictsTests {
  private func entry(_ step: Step, _ verdict: Verdict, at seconds: Double, commit: String? = "new")
    -> EarlierVerdicts.Entry
  {
    .init(step: step, verdict: verdict, finishedAt: Timestamp(seconds: seconds), commit: commit)
  }

  @Test func `a stop that nothing answered is one`() {
    for step in [Step.smokeTest, .watch30m, .autoRevert] {
      #expect(EarlierVerdicts([entry(step, .stop, at: 1)]).findings.map(\.code) == ["unrestored-stop"])
    }
  }

  @Test func `a gate or snapshot that stopped says nothing of what is deployed`() {
    #expect(
      EarlierVerdicts([entry(.diffGate, .stop, at: 1), entry(.preflightSnapshot, .stop, at: 2)]).findings
        .isEmpty)
  }

  @Test func `a later restore answers, an earlier one does not`() {
    #expect(
      EarlierVerdicts([entry(.watch30m, .stop, at: 1), entry(.autoRevert, .go, at: 2)]).findings.isEmpty)
    #expect(
      EarlierVerdicts([entry(.watch30m, .stop, at: 3), entry(.autoRevert, .go, at: 2)]).findings.count == 1)
  }

  @Test func `a passing smoke test answers for another commit alone`() {
    #expect(
      EarlierVerdicts([entry(.watch30m, .stop, at: 1), entry(.smokeTest, .go, at: 2, commit: "fix")]).findings
        .isEmpty)
    #expect(
      EarlierVerdicts([entry(.watch30m, .stop, at: 1), entry(.smokeTest, .go, at: 2)]).findings.count == 1)
    #expect(
      EarlierVerdicts([entry(.watch30m, .stop, at: 3), entry(.smokeTest, .go, at: 2, commit: "fix")]).findings
        .count
        == 1)
  }

  @Test func `the deployed commit is that of the last passing check`() {
    let verdicts = EarlierVerdicts([
      entry(.smokeTest, .go, at: 1, commit: "a"), entry(.watch30m, .go, at: 2, commit: "b"),
      entry(.preflightSnapshot, .go, at: 3, commit: "c"),
    ])
    #expect(verdicts.deployedCommit == "b")
    #expect(EarlierVerdicts([entry(.smokeTest, .stop, at: 1)]).deployedCommit == nil)
  }
}
