import RollbackPlanning
import SystemInterfaces
import Testing

@Suite struct `Safety rules` {
  private let now = Timestamp("2026-11-26T12:00:00Z")!

  private func rules(_ change: (inout SafetyFacts, inout SafetyLimits) -> Void) -> [String] {
    var (facts, limits) = (SafetyFacts(), SafetyLimits())
    change(&facts, &limits)
    return SafetyRules.refusals(facts, limits, now: now).map(\.rule)
  }

  private func commit(_ id: String, _ message: String) -> UndoneCommit {
    UndoneCommit(
      id: id, summary: String(message.split(separator: "\n").first ?? ""), message: message)
  }

  @Test func `nothing known forbids nothing`() { #expect(rules { _, _ in }.isEmpty) }

  @Test func `the kill switch forbids`() {
    #expect(rules { facts, _ in facts.killSwitch = "it is set" } == ["kill-switch"])
  }

  @Test(arguments: [(0, 4, false), (3, 4, false), (4, 4, true), (5, 4, true), (0, 0, true)])
  func `so many rollbacks a day and no more`(_ count: Int, _ limit: Int, _ isRefused: Bool) {
    let refused = rules { facts, limits in
      facts.rollbacksToday = count
      limits.rollbacksPerDay = limit
    }
    #expect(refused == (isRefused ? ["rollbacks-per-day"] : []))
  }

  @Test func `after six hours a person decides`() {
    #expect(rules { facts, _ in facts.deployedAt = now - .seconds(6 * 3600) }.isEmpty)
    #expect(rules { facts, _ in facts.deployedAt = now - .seconds(6 * 3600 + 1) } == ["age"])
    #expect(
      rules { facts, limits in
        facts.deployedAt = now - .seconds(601)
        limits.maximumAge = .seconds(600)
      } == ["age"])
  }

  @Test func `NOAUTOREVERT=true in any commit is obeyed`() {
    let commits = [commit("bbbbbbb", "Two"), commit("aaaaaaa", "One\n\nNOAUTOREVERT=true\n")]
    #expect(rules { facts, _ in facts.commits = commits } == ["opt-out"])
    #expect(rules { facts, _ in facts.commits = [commit("a", "NOAUTOREVERT=false")] }.isEmpty)
  }

  @Test func `a revert is not reverted, unless what it took away goes with it`() {
    let culprit = commit("1111111aaa", "Add a feature")
    let revert = commit("2222222bbb", "Revert \"Add a feature\"\n\nThis reverts commit 1111111aaa.\n")
    let squashed = commit("3333333ccc", "Revert \"Add a feature\" (#12)")
    let other = commit("4444444ddd", "Something else")
    #expect(rules { facts, _ in facts.commits = [revert] } == ["revert-of-revert"])
    #expect(rules { facts, _ in facts.commits = [squashed] } == ["revert-of-revert"])
    #expect(rules { facts, _ in facts.commits = [other, revert] } == ["revert-of-revert"])
    #expect(rules { facts, _ in facts.commits = [other, revert, culprit] }.isEmpty)
    #expect(rules { facts, _ in facts.commits = [other] }.isEmpty)
  }

  @Test func `what a revert put back is not undone by a newer restore point`() {
    func forbidden(_ last: String?, _ next: String?) -> Bool {
      !rules { facts, _ in
        facts.lastPutBack = last
        facts.restorePoint = next
      }.isEmpty
    }
    #expect(forbidden("20261101T000000Z-aaaaaa", "20261102T000000Z-aaaaaa"))
    // Further back, or the same again, brings nothing bad back.
    #expect(!forbidden("20261102T000000Z-aaaaaa", "20261101T000000Z-aaaaaa"))
    #expect(!forbidden("20261102T000000Z-aaaaaa", "20261102T000000Z-aaaaaa"))
    #expect(!forbidden(nil, "20261102T000000Z-aaaaaa"))
  }

  @Test(arguments: [(2, 2, true), (1, 2, false), (2, 1, false), (9, 9, true), (0, 0, false)])
  func `where the policy wants it, two failures and two successes are on record`(
    _ failures: Int, _ successes: Int, _ isEnough: Bool
  ) {
    let refused = rules { facts, limits in
      facts.failures = failures
      facts.successes = successes
      limits.requiresEvidence = true
    }
    #expect(refused == (isEnough ? [] : ["evidence"]))
    #expect(
      rules { facts, _ in
        facts.failures = failures
        facts.successes = successes
      }.isEmpty)
  }

  @Test func `all that forbids is said at once`() {
    let refused = rules { facts, _ in
      facts.killSwitch = "it is set"
      facts.rollbacksToday = 9
      facts.deployedAt = now - .seconds(86_400)
      facts.commits = [commit("a", "x\n\nNOAUTOREVERT=true")]
    }
    #expect(refused == ["kill-switch", "rollbacks-per-day", "age", "opt-out"])
  }
}
