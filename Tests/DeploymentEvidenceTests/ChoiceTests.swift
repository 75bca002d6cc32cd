import DeploymentEvidence
import StepResults
import Testing

@Suite struct `Which restore point, and may it be put back` {
  private let names = ["api", "workflow"]
  private let v1 = live(1, 1)
  private let v2 = live(2, 2)
  private let v3 = live(3, 3)
  private func newest(_ history: DeploymentHistory, _ live: Deployment?, damaged: [String] = [])
    -> RestorePointChoice
  {
    RestorePointChoice.newest(in: history, damaged: damaged, live: live) { _ in names }
  }

  @Test func `the newest good one before what is live`() {
    let points = [point("a", of: v1, at: 1.5), point("b", of: v2, at: 2.5)]
    #expect(newest(history([], points), v3) == .chosen("b", isLive: false))
  }

  @Test func `4 a deployment that never reached a stack costs no good version`() {
    let points = [point("a", of: v1, at: 1.5), point("b", of: v2, at: 2.5)]
    #expect(newest(history([], points), v2) == .chosen("b", isLive: true))
    // A stop about this very deployment is another matter.
    #expect(newest(history([smoke(.stop, of: v2, at: 4)], points), v2) == .chosen("a", isLive: false))
  }

  @Test func `4 a bad version is never the good one, whenever it was recorded`() {
    for at in [2.5, 4.5] {
      let points = [point("a", of: v1, at: 1.5), point("b", of: v2, at: at)]
      let all = history(
        [smoke(.stop, of: v2, at: 3), reverted(.go, to: live(5, 5), from: v2, at: 6)], points)
      #expect(newest(all, live(7, 7)) == .chosen("a", isLive: false))
    }
    #expect(
      newest(history([smoke(.stop, of: v1, at: 2)], [point("a", of: v1, at: 1.5)]), v1) == .noneGood(["a"]))
  }

  @Test func `only this application's, with all the stacks that are wanted`() {
    let other = point("b", of: v2, at: 2.5, application: "blog")
    #expect(newest(history([], [point("a", of: v1, at: 1.5), other]), v3) == .chosen("a", isLive: false))
    #expect(newest(history([], [other]), v3) == .none)
    #expect(newest(history([], [point("a", of: live(1), at: 1.5)]), v3) == .none)
    // An older one does not say whose it is: its stacks do.
    #expect(
      newest(history([], [point("a", of: v1, at: 1.5, application: nil)]), v3) == .chosen("a", isLive: false))
  }

  @Test func `a damaged one stops only where it could be the one, and the next is named`() {
    let all = history([], [point("b", of: v1, at: 1.5)])
    #expect(newest(all, v3, damaged: ["a"]) == .chosen("b", isLive: false))
    #expect(newest(all, v3, damaged: ["c"]) == .damaged("c", older: "b"))
    #expect(newest(history(), v3, damaged: ["c"]) == .damaged("c", older: nil))
    #expect(newest(history(), v3) == .none)
  }

  @Test func `a person names one by id or by commit`() {
    let points = [
      point("a", of: v1, at: 1, commit: "abcdef12"), point("b", of: v2, at: 2, commit: "abcdef12"),
    ]
    func named(_ name: String) -> RestorePointChoice {
      RestorePointChoice.named(name, among: points, damaged: ["c"], live: v2)
    }
    #expect(named("a") == .chosen("a", isLive: false) && named("b") == .chosen("b", isLive: true))
    #expect(named("ABCDEF") == .chosen("b", isLive: true))
    #expect(named("abc") == .unknown && named("nobody") == .unknown)
    #expect(named("c") == .damaged("c", older: nil))
  }

  @Test func `a program rolls back what a stop stands about, and nothing else`() {
    func judge(
      _ history: DeploymentHistory, _ live: Deployment?, _ reason: Bool = false, _ person: Bool = false
    )
      -> RollbackPermission
    {
      RollbackPermission.judge(history, live: live, hasReason: reason, isAttended: person)
    }
    let stop = smoke(.stop, of: v2, at: 3)
    #expect(judge(history([stop]), v2) == .byEvidence([stop]))
    #expect(judge(history(), v2) == .missing)
    #expect(judge(history([stop]), v3) == .missing)
    #expect(judge(history([stop]), nil) == .missing)
    #expect(judge(history([smoke(.go, of: v2, at: 3)]), v2) == .missing)
    #expect(judge(history([stop, smoke(.go, of: v2, at: 4)]), v2) == .missing)
    #expect(judge(history(), v2, true) == .byPerson && judge(history(), v2, false, true) == .byPerson)
  }
}

@Suite struct `Staging first` {
  private func judge(_ evidence: Evidence..., steps: [Step] = [.smokeTest]) -> StageProof {
    StageProof.judge("c", evidence, application: ".", steps: steps)
  }
  private let v = live(1)
  private func watch(_ verdict: Verdict, at: Double) -> Evidence {
    var evidence = smoke(verdict, of: v, at: at, commit: "c")
    evidence.step = .watch30m
    return evidence
  }

  @Test func `a passing check of the same commit`() {
    let pass = smoke(.go, of: v, at: 1, commit: "c")
    #expect(judge(pass) == .passed(pass))
    #expect(judge(smoke(.go, of: v, at: 1, commit: "d")) == .unknown)
    #expect(judge(smoke(.inconclusive, of: v, at: 1, commit: "c")) == .unknown)
    #expect(judge(smoke(.go, of: v, at: 1, commit: "c", application: "shop")) == .unknown)
    var read = nothing(.smokeTest, .go, of: v, at: 1)
    read.commit = "c"
    #expect(judge(read) == .unknown && judge() == .unknown)
  }

  @Test func `the last word counts, and a watch that stopped speaks against what passed`() {
    let (stop, pass) = (smoke(.stop, of: v, at: 1, commit: "c"), smoke(.go, of: v, at: 2, commit: "c"))
    #expect(judge(stop, pass) == .passed(pass))
    let later = smoke(.stop, of: v, at: 3, commit: "c")
    #expect(judge(later, pass, stop) == .stopped(later))
    #expect(judge(pass, watch(.stop, at: 5)) == .stopped(watch(.stop, at: 5)))
    #expect(judge(pass, watch(.inconclusive, at: 5)) == .passed(pass))
  }

  @Test func `every step that is asked for must have spoken`() {
    let pass = smoke(.go, of: v, at: 1, commit: "c")
    #expect(judge(pass, steps: [.smokeTest, .watch30m]) == .unknown)
    #expect(
      judge(pass, watch(.go, at: 31), steps: [.smokeTest, .watch30m]) == .passed(watch(.go, at: 31)))
  }

  @Test func `what was taken back afterwards did not pass, and a dry run takes nothing back`() {
    let pass = smoke(.go, of: v, at: 1, commit: "c")
    let back = reverted(.go, to: live(5), from: v, at: 6)
    #expect(judge(pass, back) == .stopped(back))
    #expect(judge(pass, nothing(.autoRevert, .go, of: v, at: 6)) == .passed(pass))
    let again = smoke(.go, of: live(7), at: 8, commit: "c")
    #expect(judge(pass, back, again) == .passed(again))
  }
}
