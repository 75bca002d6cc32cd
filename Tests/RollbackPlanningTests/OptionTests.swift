import CloudFormationModel
import RollbackPlanning
import SystemInterfaces
import Testing

@Suite struct `Options` {
  static let stuck = Sample.stack("api", .updateRollbackFailed) {
    $0.stuck = [
      StuckResource(path: "Fn", reason: "code not found"),
      StuckResource(path: "Child.Queue", reason: "no access"),
    ]
  }

  @Test func `continues without a skip and names what is stuck`() {
    let plan = Sample.plan(Self.stuck)
    #expect(plan.due == ["continueRollback Shop-api-prod"])
    #expect(plan.next.first?.skips == [])
    #expect(plan.findings.first?.message.contains("Fn (code not found) and Child.Queue (no access)") == true)
  }

  @Test func `skips what was asked for, by the stack's name or role`() {
    for name in ["Shop-api-prod", "api"] {
      let plan = Sample.plan(Self.stuck) { $0.skips = ["\(name)/Child.Queue", "workflow/Other"] }
      #expect(plan.next.first?.skips == ["Child.Queue"])
      #expect(plan.codes.contains(.resourcesSkipped))
    }
  }

  @Test func `refuses to skip what is not stuck`() {
    let plan = Sample.plan(Self.stuck) { $0.skips = ["api/Table"] }
    #expect(plan.stops == [.skipNotStuck])
    #expect(plan.open.isEmpty)
  }

  @Test func `skips all that is stuck only after continuing without has failed`() {
    #expect(Sample.plan(Self.stuck) { $0.skipStuck = true }.next.first?.skips == [])
    var facts = Sample.facts([Self.stuck])
    facts.failures["Shop-api-prod"] = [FailedAttempt(kind: .continueRollback, reason: "code not found")]
    #expect(Sample.plan(facts) { $0.skipStuck = true }.next.first?.skips == ["Fn", "Child.Queue"])
    #expect(Sample.plan(facts).stops == [.stuckResources])
    facts.failures["Shop-api-prod"]?.append(
      FailedAttempt(kind: .continueRollback, skips: ["Child.Queue", "Fn"], reason: "no"))
    #expect(Sample.plan(facts) { $0.skipStuck = true }.stops == [.stuckResources])
  }

  @Test func `tries RollbackStack once`() {
    var facts = Sample.facts([Sample.stack("api", .updateFailed, isRecorded: false)])
    #expect(Sample.plan(facts).due == ["rollbackStack Shop-api-prod"])
    facts.failures["Shop-api-prod"] = [FailedAttempt(kind: .rollbackStack, reason: "no")]
    #expect(Sample.plan(facts).stops == [.actionFailed])
  }

  @Test func `a method does what it says or says why not`() {
    let rows: [(PlanOptions.Method, StackStatus, PlannedAction.Kind?)] = [
      (.cancel, .updateInProgress, .cancel), (.cancel, .updateComplete, nil),
      (.cancel, .updateRollbackFailed, nil),
      (.restore, .updateComplete, .restore), (.restore, .updateInProgress, nil),
      (.continue, .updateRollbackFailed, .continueRollback), (.continue, .updateFailed, nil),
      (.continue, .updateComplete, nil), (.restore, .updateRollbackInProgress, .wait),
    ]
    for (method, status, expected) in rows {
      let plan = Sample.plan(Sample.stack("api", status)) { $0.method = method }
      #expect(plan.open.first?.kind == expected)
      #expect(plan.stops == (expected == nil ? [.methodNotPossible] : []))
    }
  }

  @Test func `deletes only what the typed words name, importers first`() {
    let facts = Sample.facts([
      Sample.stack("database", .updateComplete) { $0.exports = ["db": ["Shop-api-prod"]] },
      Sample.stack("api", .updateComplete) { $0.exports = ["fn": ["Shop-monitoring-prod"]] },
      Sample.stack("monitoring", .updateComplete),
    ])
    func plan(_ words: Set<String>, _ edit: (inout PlanOptions) -> Void = { _ in }) -> Plan {
      Sample.plan(facts) {
        $0.method = .delete
        $0.typedWords = words
        edit(&$0)
      }
    }
    #expect(plan([]).isBlocked && plan([]).open.isEmpty)
    #expect(plan(["DELETE"]).stops == [.methodNotPossible])
    #expect(plan(["DELETE"]) { $0.only = ["monitoring"] }.due == ["delete Shop-monitoring-prod"])
    let all = plan(["DELETE", "DELETE-DATABASE"])
    #expect(all.stops.isEmpty)
    #expect(all.due == ["monitoring", "api", "database"].map { "delete Shop-\($0)-prod" })
    #expect(all.next.count == 1)
  }

  @Test func `deletes nothing that is protected or imported from outside`() {
    let protected = Sample.stack("api", .updateComplete) { $0.isTerminationProtected = true }
    let imported = Sample.stack("workflow", .updateComplete) { $0.exports = ["w": ["Elsewhere"]] }
    for (stack, code) in [(protected, PlanFindingCode.methodNotPossible), (imported, .exportInUse)] {
      let plan = Sample.plan(stack) {
        $0.method = .delete
        $0.typedWords = ["DELETE"]
      }
      #expect(plan.stops == [code])
    }
  }

  @Test func `production wants the word, elsewhere force`() {
    func judge(
      _ production: Bool, _ words: Set<String> = [], force: Bool = false, continued: Bool = false,
      ask: Bool = false
    )
      -> RollbackConfirmation
    {
      RollbackConfirmation.judge(
        environment: "prod", isProduction: production, words: words, isForced: force, isContinued: continued,
        canAsk: ask)
    }
    #expect(judge(true, ["rollback-production"]) == .given)
    #expect(judge(true, ask: true) == .ask(word: "rollback-production"))
    #expect(judge(true, continued: true) == .given)
    #expect(judge(false, force: true) == .given)
    for refused in [
      judge(true), judge(true, force: true), judge(true, ["yes"]), judge(false),
      judge(false, ["rollback-production"], ask: true),
    ] {
      guard case .refused = refused else {
        Issue.record("\(refused)")
        continue
      }
    }
  }

  @Test func `estimates start at the runbook's and learn`() {
    var estimates = Estimates.runbook
    #expect(estimates.seconds(.cancel) == 450)
    // One run of many stacks is one run.
    estimates.learn([(.cancel, 10), (.cancel, 10), (.cancel, 10), (.cancel, 10)])
    #expect(estimates.seconds(.cancel) == 450)
    estimates.learn([(.cancel, 30)])
    #expect(estimates.seconds(.cancel) == 450)
    estimates.learn([(.cancel, 40)])
    #expect(estimates.seconds(.cancel) == 10)
    estimates.learn([(.cancel, 50), (.cancel, 60), (.cancel, 70)])
    #expect(estimates.seconds(.cancel) == 30)
    let facts = Sample.facts(["api", "workflow"].map { Sample.stack($0, .updateComplete) })
    // Side by side: as long as the slowest.
    #expect(Planner.plan(facts, PlanOptions()).estimate == 750)
  }
}
