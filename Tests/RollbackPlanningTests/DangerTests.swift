import CloudFormationModel
import RollbackPlanning
import SystemInterfaces
import Testing

/// What makes a rollback worse than the fault: one test a danger, as far as the plan decides it.
@Suite struct `Dangers` {
  @Test func `1 never cancels its own restore`() {
    let stack = Sample.stack("api", .updateInProgress) {
      $0.events = [
        StackEventFact(at: Sample.deployedAt, status: .updateInProgress, token: Sample.token(.restore))
      ]
    }
    let plan = Sample.plan(stack)
    #expect(plan.due == ["wait Shop-api-prod"])
    #expect(plan.next.first?.awaited == .restore)
    // By the change set's name as well, where events keep no tokens.
    let untold = Sample.stack("api", .updateInProgress) {
      $0.events = [StackEventFact(at: Sample.deployedAt, status: .updateInProgress, token: nil)]
      $0.executedChangeSet = Sample.token(.restore)
    }
    #expect(Sample.plan(untold).due == ["wait Shop-api-prod"])
    // The deployment's own update is cancelled all the same.
    #expect(Sample.plan(Sample.stack("api", .updateInProgress)).due == ["cancel Shop-api-prod"])
  }

  @Test func `1 does not cancel again what an earlier run has cancelled`() {
    var facts = Sample.facts([Sample.stack("api", .updateInProgress)])
    facts.accepted = [Sample.token(.cancel)]
    #expect(Sample.plan(facts).due == ["wait Shop-api-prod"])
    #expect(Sample.plan(facts).next.first?.awaited == .cancel)
    // Another try is another call.
    facts.accepted = [Sample.token(.cancel, attempt: 2)]
    #expect(Sample.plan(facts).due == ["cancel Shop-api-prod"])
  }

  @Test func `1 leaves another run's revert alone`() {
    let stack = Sample.stack("api", .updateInProgress) {
      $0.events = [
        StackEventFact(
          at: Sample.deployedAt, status: .updateInProgress,
          token: Sample.token(.restore, of: "20261123T000000Z-000000"))
      ]
    }
    #expect(Sample.plan(stack).stops == [.otherRevert])
    #expect(Sample.plan(stack).open.isEmpty)
  }

  @Test func `2 takes UPDATE_ROLLBACK_COMPLETE for success or failure by the operation`() {
    #expect(StackOperation.cancel.judge(.updateRollbackComplete) == .done)
    guard case .failed = StackOperation.restore.judge(.updateRollbackComplete) else {
      Issue.record("a restore that was undone counted as success")
      return
    }
    // And a later run does not believe it either: what differs is put back by another try.
    let stack = Sample.stack("api", .updateRollbackComplete) {
      $0.events = [
        StackEventFact(at: Sample.deployedAt, status: .updateInProgress, token: Sample.token(.restore))
      ]
    }
    let plan = Sample.plan(stack)
    #expect(plan.due == ["restore Shop-api-prod"])
    #expect(plan.next.first?.attempt == 2)
  }

  @Test func `2 does not repeat within a run what has failed in it`() {
    var facts = Sample.facts([Sample.stack("api", .updateRollbackComplete)])
    facts.failures["Shop-api-prod"] = [FailedAttempt(kind: .restore, reason: "Fn: code not found")]
    let plan = Sample.plan(facts)
    #expect(plan.stops == [.actionFailed])
    #expect(plan.open.isEmpty)
  }

  @Test func `5 never undoes a newer deployment than the judged one`() {
    for status in [StackStatus.updateComplete, .updateInProgress, .updateRollbackComplete, .updateFailed] {
      var facts = Sample.facts([Sample.stack("api", status)])
      facts.judgedAt = Sample.deployedAt - .seconds(1)
      #expect(Sample.plan(facts).stops == [.newerDeployment])
      #expect(Sample.plan(facts).open.isEmpty)
      facts.judgedAt = Sample.deployedAt
      #expect(Sample.plan(facts).stops.isEmpty)
    }
  }

  @Test func `5 does not take its own work for a newer deployment`() {
    let stack = Sample.stack("api", .updateRollbackInProgress) {
      $0.events = [
        StackEventFact(
          at: Sample.deployedAt, status: .updateRollbackInProgress, token: Sample.token(.cancel)),
        StackEventFact(at: Sample.recordedAt, status: .updateInProgress, token: "deploy-1"),
      ]
    }
    var facts = Sample.facts([stack])
    facts.judgedAt = Sample.deployedAt - .seconds(60)
    #expect(Sample.plan(facts).due == ["wait Shop-api-prod"])
    #expect(Sample.plan(facts).next.first?.awaited == .cancel)
  }

  @Test func `5 refuses a stack that was deleted and made anew`() {
    let stack = Sample.stack("api", .createComplete) { $0.id = Sample.id("api") + "-another" }
    #expect(Sample.plan(stack).stops == [.stackRecreated])
    #expect(Sample.plan(stack).open.isEmpty)
  }

  @Test func `8 shows replacements, and wants leave for each kind`() {
    func stack(_ changes: [RestoreChange]) -> StackFacts {
      Sample.stack("api", .updateComplete) { $0.preview = RestorePreview(changeSet: "cs", changes: changes) }
    }
    let plain = stack([RestoreChange(logicalID: "Fn", type: "AWS::Lambda::Function", effect: .modify)])
    #expect(Sample.plan(plain).stops.isEmpty)
    for effect in [RestoreChange.Effect.replace, .mayReplace, .delete] {
      let role = stack([RestoreChange(logicalID: "Role", type: "AWS::IAM::Role", effect: effect)])
      #expect(Sample.plan(role).stops == [.wouldReplace])
      #expect(Sample.plan(role).actions.first?.losses.count == 1)
      #expect(Sample.plan(role) { $0.allowReplace = true }.stops.isEmpty)
      let table = stack([RestoreChange(logicalID: "Table", type: "AWS::DynamoDB::Table", effect: effect)])
      #expect(Sample.plan(table) { $0.allowReplace = true }.stops == [.wouldLoseData])
      let allowed = Sample.plan(table) { $0.allowStateful = ["api/Table"] }
      #expect(allowed.stops.isEmpty)
      #expect(allowed.codes == [.wouldLoseData])
    }
  }

  @Test func `9 touches what stacks do not own only when the stacks stand still`() {
    var facts = Sample.facts([Sample.stack("api", .updateInProgress)])
    facts.resources = [
      ResourceFacts(
        kind: .alias(AliasGuard()), target: "fn:live", stack: "Shop-api-prod", recorded: "3", live: "4")
    ]
    #expect(Sample.plan(facts).due == ["cancel Shop-api-prod"])
    #expect(Sample.plan(facts).actions.last?.isConditional == true)
    facts.stacks = [Sample.stack("api", .updateRollbackComplete, difference: .none)]
    #expect(Sample.plan(facts).due == ["restoreAlias fn:live"])
    #expect(Sample.plan(facts).next.first?.payload == .version("3"))
  }

  @Test func `10 moves a secret back only where nothing speaks against it`() {
    func plan(_ edit: (inout SecretGuard) -> Void) -> Plan {
      var facts = Sample.facts([Sample.stack("database", .updateComplete, difference: .none)])
      var guarded = SecretGuard()
      edit(&guarded)
      facts.resources = [
        ResourceFacts(
          kind: .secret(guarded), target: "shop/db", stack: "Shop-database-prod", recorded: "v1", live: "v2")
      ]
      return Sample.plan(facts)
    }
    #expect(plan { _ in }.due == ["restoreSecretStage shop/db"])
    let edits: [@Sendable (inout SecretGuard) -> Void] = [
      { $0.rotates = true }, { $0.owningService = "rds" }, { $0.rotatedSince = true },
      { $0.recordedVersionExists = false }, { $0.changedSince = false },
    ]
    for edit in edits {
      #expect(plan(edit).due.isEmpty)
      #expect(plan(edit).codes == [.secretLeft])
    }
  }

  @Test func `11 says that NoEcho parameters are unverified, and SSM ones moved`() {
    let stack = Sample.stack(
      "database", .updateComplete,
      record: {
        $0.maskedParameters = ["DbPassword"]
        $0.movedParameters = ["Image"]
      })
    #expect(Sample.plan(stack).codes == [.parameterUnverified, .parameterMoved])
    #expect(Sample.plan(stack).due == ["restore Shop-database-prod"])
  }

  @Test func `11 says nothing of parameters where nothing was deployed since`() {
    func codes(_ updatedAt: Timestamp) -> [PlanFindingCode] {
      let stack = Sample.stack(
        "database", .updateComplete, difference: .none, edit: { $0.updatedAt = updatedAt },
        record: { $0.maskedParameters = ["DbPassword"] })
      return Sample.plan(stack).codes
    }
    #expect(codes(Sample.recordedAt) == [])
    #expect(codes(Sample.deployedAt) == [.parameterUnverified])
  }

  @Test func `12 refuses old code on a new schema`() {
    var facts = Sample.facts([Sample.stack("api", .updateComplete)])
    facts.breakingMigrations = ["migrations/7.sql"]
    #expect(Sample.plan(facts).stops == [.schemaAhead])
    #expect(Sample.plan(facts) { $0.acceptSchema = true }.stops.isEmpty)
    facts.stacks = [Sample.stack("api", .updateRollbackComplete, difference: .none)]
    #expect(Sample.plan(facts).stops.isEmpty)
  }

  @Test func `puts nothing back that the restore point says it cannot`() {
    let stack = Sample.stack("api", .updateComplete, record: { $0.obstacles = ["the asset is gone"] })
    #expect(Sample.plan(stack).stops == [.notRestorable])
    #expect(Sample.plan(stack).findings.first?.message.contains("the asset is gone") == true)
  }

  @Test func `stops where it could not compare`() {
    #expect(
      Sample.plan(Sample.stack("api", .updateComplete, difference: .unknown("timeout"))).stops == [
        .notCompared
      ])
  }
}
