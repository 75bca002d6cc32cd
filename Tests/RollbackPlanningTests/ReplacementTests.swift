import CloudFormationModel
import RollbackPlanning
import StepResults
import SystemInterfaces
import Testing

/// What a restore takes away, told so that it can be read at night.
@Suite struct `Replacements` {
  private func plan(_ changes: [RestoreChange], _ edit: (inout PlanOptions) -> Void = { _ in }) -> Plan {
    Sample.plan(
      Sample.stack("api", .updateComplete) { $0.preview = RestorePreview(changeSet: "cs", changes: changes) },
      edit)
  }

  @Test(arguments: ["AWS::ECR::Repository", "AWS::MemoryDB::Cluster", "AWS::Route53::HostedZone"])
  func `what holds data is the same for the plan as for the gate`(type: String) {
    let change = RestoreChange(logicalID: "R", type: type, effect: .replace)
    let found = plan([change]) { $0.allowReplace = true }
    #expect(found.isBlocked)
    #expect(found.findings.map(\.code) == [.wouldLoseData])
  }

  @Test func `the policy adds types that hold data`() {
    let types = StatefulTypes(adding: ["Custom::Store"])
    let own = RestoreChange(logicalID: "R", type: "Custom::Store", effect: .delete, statefulTypes: types)
    #expect(own.isStateful)
    #expect(!RestoreChange(logicalID: "R", type: "Custom::Store", effect: .delete).isStateful)
  }

  private func changes(_ count: Int, _ name: String, _ effect: RestoreChange.Effect) -> [RestoreChange] {
    (1...count).map { RestoreChange(logicalID: "\(name)\($0)", type: "AWS::IAM::Role", effect: effect) }
  }

  @Test func `one sentence a stack with counts, what holds data by name, and every change in the plan`() {
    let table = RestoreChange(logicalID: "Orders", type: "AWS::DynamoDB::Table", effect: .replace)
    let all =
      changes(40, "Role", .mayReplace) + changes(2, "Old", .delete) + [table] + changes(5, "Fn", .modify)
    let plan = plan(all)
    #expect(plan.codes == [.wouldLoseData, .wouldReplace])
    let sentence = plan.findings[1].message
    #expect(sentence.contains("delete Old1 and Old2"))
    #expect(sentence.contains("possibly replace 40: Role1, Role2, Role3, Role4, Role5 and 35 others"))
    #expect(plan.findings[0].message.contains("--allow-stateful Shop-api-prod/Orders"))
    #expect(plan.actions.first?.changes == all)
    #expect(plan.actions.first?.losses.count == 3)
    #expect(LossSummary.changes(all).count == 2)
    #expect(LossSummary.changes(all).first == "48 resources: modify 5, mayReplace 40, replace 1, delete 2")
    #expect(LossSummary.changes(all, all: true).count == 48)
  }

  @Test func `8 a custom resource counts as replaced, and the message says what decides`() {
    var kept = RestoreChange(logicalID: "Link", type: "Custom::Link", effect: .mayReplace)
    kept.keptID = true
    var replaced = RestoreChange(
      logicalID: "Other", type: "AWS::CloudFormation::CustomResource", effect: .mayReplace)
    replaced.keptID = false
    let plan = plan([kept, replaced])
    #expect(plan.stops == [.wouldReplace])
    let sentence = plan.findings.first?.message ?? ""
    #expect(sentence.contains("only where the function answers the update with another PhysicalResourceId"))
    #expect(
      sentence.contains("left the id as it was: Link.") && sentence.contains("has replaced Other since"))
    #expect(self.plan([kept]) { $0.allowReplace = true }.stops.isEmpty)
  }
}

/// Deletions that failed.
@Suite struct `Failed deletions` {
  private let stuck = [StuckResource(path: "Bucket", reason: "The bucket is not empty")]

  private func plan(
    _ status: StackStatus, _ failures: [FailedAttempt] = [], _ edit: (inout PlanOptions) -> Void = { _ in }
  ) -> Plan {
    var facts = Sample.facts([Sample.stack("api", status) { if status == .deleteFailed { $0.stuck = stuck } }]
    )
    facts.failures["Shop-api-prod"] = failures
    return Sample.plan(facts) {
      $0.method = .delete
      $0.typedWords = ["DELETE"]
      edit(&$0)
    }
  }

  @Test func `are tried again as a whole first, since what made them fail may have passed`() {
    let plan = plan(.deleteFailed)
    #expect(plan.due == ["delete Shop-api-prod"])
    #expect(plan.actions.first?.skips == [])
    #expect(plan.findings.contains { $0.message.contains("Bucket (The bucket is not empty)") })
  }

  @Test func `stop with the resources, their first causes and what to do`() {
    let plan = plan(.deleteFailed, [FailedAttempt(kind: .delete, reason: "resources could not be deleted")])
    #expect(plan.stops == [.actionFailed])
    let message = plan.findings.first { $0.severity == .error }?.message ?? ""
    #expect(message.contains("It could not delete Bucket (The bucket is not empty)"))
    #expect(message.contains("--skip Shop-api-prod/Bucket"))
  }

  @Test func `leave behind what is asked for, and nothing that did not fail`() {
    let failed = [FailedAttempt(kind: .delete, reason: "no")]
    let retained = plan(.deleteFailed, failed) { $0.skips = ["api/Bucket"] }
    #expect(retained.due == ["delete Shop-api-prod"])
    #expect(retained.actions.first?.skips == ["Bucket"])
    #expect(retained.codes.contains(.resourceRetained))
    #expect(plan(.deleteFailed) { $0.skips = ["api/Table"] }.stops == [.skipNotStuck])
    // Failed with that left out as well: no third try.
    let again = failed + [FailedAttempt(kind: .delete, skips: ["Bucket"], reason: "no")]
    #expect(plan(.deleteFailed, again) { $0.skips = ["api/Bucket"] }.stops == [.actionFailed])
    // A first deletion takes no resources to leave out.
    #expect(plan(.updateComplete) { $0.skips = ["api/Bucket"] }.actions.first?.skips == [])
  }

  @Test func `are left to a person where nobody asked for a deletion`() {
    let plan = Sample.plan(Sample.stack("api", .deleteFailed) { $0.stuck = stuck })
    #expect(plan.stops == [.needsPerson])
    #expect(plan.findings.first?.message.contains("Bucket (The bucket is not empty)") == true)
  }
}

@Suite struct `Nested stacks in the plan` {
  private static let table = RestoreChange(
    logicalID: "Child/Table", type: "AWS::DynamoDB::Table", effect: .replace)

  private func plan(_ changes: [RestoreChange], _ edit: (inout PlanOptions) -> Void = { _ in }) -> Plan {
    var live = LiveStack(
      id: "arn:aws:cloudformation:us-east-1:1:stack/S/1", statusText: "UPDATE_COMPLETE",
      updatedAt: Timestamp(seconds: 9))
    live.difference = .some(["template"])
    live.preview = RestorePreview(changeSet: "cs", changes: changes)
    live.policy =
      #"{"Statement":[{"Effect":"Deny","Action":"Update:*","Principal":"*","Resource":"LogicalResourceId/Table"},"#
      + #"{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"}]}"#
    let stack = StackFacts(
      role: "api", name: "S", live: live,
      recorded: RecordedStack(id: live.id, updatedAt: Timestamp(seconds: 1)))
    var options = PlanOptions()
    edit(&options)
    return Planner.plan(RevertFacts(stacks: [stack], restorePoint: "r"), options)
  }

  @Test func `8 a table in a nested stack wants leave by its own name`() {
    let refused = plan([Self.table]) { $0.allowReplace = true }
    #expect(refused.isBlocked)
    #expect(refused.findings.contains { $0.message.contains("--allow-stateful S/Child/Table") })
    #expect(!plan([Self.table]) { $0.allowStateful = ["S/Child/Table"] }.isBlocked)
    #expect(!plan([Self.table]) { $0.allowStateful = ["api/Child/Table"] }.isBlocked)
    // The parent's policy speaks of its own resources, whatever nested ones are called.
    #expect(!refused.findings.contains { $0.code == .stackPolicy })
  }

  @Test func `8 what is not seen is said, and wants leave like a replacement`() {
    var unseen = RestoreChange(logicalID: "Child/Fn", type: "AWS::Lambda::Function", effect: .mayReplace)
    unseen.isUnseen = true
    let refused = plan([unseen])
    #expect(refused.findings.filter { $0.severity == .error }.map(\.code) == [.wouldReplace])
    #expect(
      refused.findings.contains { $0.code == .nestedUnseen && $0.message.contains("inside Child of S") })
    #expect(!plan([unseen]) { $0.allowReplace = true }.isBlocked)
  }
}
