import CloudFormationModel
import RollbackPlanning
import Testing

/// A stack's policy and its rollback triggers around a restore.
@Suite struct `Around a restore` {
  static let alarm = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors"
  static let triggers = RollbackTriggers(types: [alarm: "AWS::CloudWatch::Alarm"], monitoringMinutes: 10)
  static let deny =
    #"{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"},"#
    + #"{"Effect":"Deny","Action":"Update:Modify","Principal":"*","Resource":"LogicalResourceId/Fn"}]}"#

  static func stack(
    _ difference: StackDifference, triggers: RollbackTriggers? = nil, policy: String? = nil,
    edit: (inout LiveStack) -> Void = { _ in }
  ) -> StackFacts {
    Sample.stack(
      "api", .updateComplete, difference: difference,
      edit: { live in
        live.policy = policy
        edit(&live)
      },
      record: { recorded in
        recorded.triggers = triggers ?? RollbackTriggers()
        recorded.policy = policy
      })
  }

  // MARK: - Danger 3

  @Test func `3 puts the recorded triggers back once everything else is done`() {
    var facts = Sample.facts([Self.stack(.none, triggers: Self.triggers)])
    facts.resources = [
      ResourceFacts(
        kind: .functionSettings, target: "fn", stack: "Shop-api-prod", recorded: "timeout=3,memory=128",
        live: "timeout=30,memory=128")
    ]
    let plan = Sample.plan(facts)
    #expect(plan.due == ["restoreFunctionSettings fn"])
    #expect(plan.actions.last?.kind == .restoreTriggers)
    facts.resources = []
    #expect(Sample.plan(facts).due == ["restoreTriggers Shop-api-prod"])
    #expect(Sample.plan(facts).next.first?.call == .update)
    // A restore shows that they will follow.
    let restore = Sample.plan(Self.stack(.some(["template"]), triggers: Self.triggers))
    #expect(restore.due == ["restore Shop-api-prod"])
    #expect(restore.actions.last?.kind == .restoreTriggers && restore.actions.last?.isConditional == true)
  }

  @Test func `3 leaves triggers that are as recorded, and stacks that had none`() {
    #expect(
      Sample.plan(Self.stack(.none, triggers: Self.triggers) { $0.triggers = Self.triggers }).actions.isEmpty)
    #expect(Sample.plan(Self.stack(.none) { $0.triggers = Self.triggers }).actions.isEmpty)
  }

  @Test func `3 puts no trigger back that is in alarm, since it would undo the very call`() {
    let plan = Sample.plan(Self.stack(.none, triggers: Self.triggers) { $0.alarms = [Self.alarm] })
    #expect(plan.actions.isEmpty && !plan.isBlocked)
    #expect(plan.codes == [.rollbackConfigurationLeft])
    #expect(plan.findings.first?.message.contains("is in alarm") == true)
  }

  @Test func `3 says where the service does not take triggers by themselves`() {
    var facts = Sample.facts([Self.stack(.none, triggers: Self.triggers)])
    facts.failures["Shop-api-prod"] = [FailedAttempt(kind: .restoreTriggers, reason: "no updates")]
    let plan = Sample.plan(facts)
    #expect(plan.actions.isEmpty && !plan.isBlocked)
    #expect(plan.codes == [.rollbackConfigurationLeft])
  }

  @Test func `3 does not wait for its own update that only watches`() {
    let stack = Sample.stack(
      "api", .updateInProgress,
      edit: {
        $0.events = [
          StackEventFact(at: Sample.deployedAt, status: .updateInProgress, token: Sample.token(.triggers))
        ]
      }, record: { $0.triggers = Self.triggers })
    let plan = Sample.plan(stack)
    #expect(plan.actions.isEmpty && !plan.isBlocked)
    #expect(plan.findings.first?.message.contains("10 minutes of monitoring") == true)
  }

  // MARK: - Policies

  static func previewed(_ policy: String?) -> StackFacts {
    stack(.some(["template"]), policy: policy) {
      $0.preview = RestorePreview(
        changeSet: "cs",
        changes: [RestoreChange(logicalID: "Fn", type: "AWS::Lambda::Function", effect: .modify)])
    }
  }

  @Test func `a policy that denies the restore stops it, and says how`() {
    let plan = Sample.plan(Self.previewed(Self.deny))
    #expect(plan.stops == [.stackPolicy])
    #expect(plan.findings.contains { $0.message.contains("--override-stack-policy") })
    #expect(Sample.plan(Self.previewed(StackPolicy.permissive)).stops.isEmpty)
    #expect(Sample.plan(Self.previewed(nil)).stops.isEmpty)
  }

  @Test func `a policy is lifted only when asked, before the restore, and put back after it`() {
    let plan = Sample.plan(Self.previewed(Self.deny)) { $0.overrideStackPolicy = true }
    #expect(plan.stops.isEmpty)
    #expect(plan.next.map(\.kind) == [.liftStackPolicy])
    #expect(plan.actions.map(\.kind) == [.liftStackPolicy, .restore, .restoreStackPolicy])
    #expect(plan.actions.map(\.stage) == [1, 2, 3])
    // Lifted, and the restore done.
    var done = Self.stack(.none, policy: Self.deny)
    done.live?.policy = StackPolicy.permissive
    let last = Sample.plan(done)
    #expect(last.due == ["restoreStackPolicy Shop-api-prod"])
    #expect(last.next.first?.payload == .policy(Self.deny))
  }

  @Test func `a policy that somebody tightened is left`() {
    var stack = Self.stack(.none, policy: StackPolicy.permissive)
    stack.live?.policy = Self.deny
    let plan = Sample.plan(stack)
    #expect(plan.actions.isEmpty)
    #expect(plan.codes == [.stackPolicy])
    // The same policy in another layout is the same.
    stack.recorded?.policy = Self.deny.replacing(",", with: ", ")
    #expect(Sample.plan(stack).codes == [])
  }

  @Test(arguments: [
    // Where a policy stands, what nothing allows is denied.
    (#"{"Statement":[]}"#, RestoreChange.Effect.modify, true),
    (
      #"{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"}]}"#, .replace,
      false
    ),
    (
      #"{"Statement":{"Effect":"Allow","Action":["Update:Modify"],"Principal":"*","Resource":"*"}}"#, .modify,
      false
    ),
    (
      #"{"Statement":{"Effect":"Allow","Action":["Update:Modify"],"Principal":"*","Resource":"*"}}"#,
      .mayReplace,
      true
    ),
    (
      #"{"Statement":{"Effect":"Allow","NotAction":"Update:Delete","Principal":"*","Resource":"*"}}"#,
      .delete,
      true
    ),
    (
      #"{"Statement":{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"LogicalResourceId/F*"}}"#,
      .modify, false
    ),
    (
      #"{"Statement":{"Effect":"Allow","Action":"Update:*","Principal":"*","NotResource":"LogicalResourceId/Fn"}}"#,
      .modify, true
    ),
    (
      #"{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"},{"Effect":"Deny","Action":"Update:Replace","Principal":"*","Resource":"*","Condition":{"StringEquals":{"ResourceType":["AWS::RDS::DBInstance"]}}}]}"#,
      .replace, false
    ),
    (
      #"{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"},{"Effect":"Deny","Action":"Update:Replace","Principal":"*","Resource":"*","Condition":{"StringLike":{"ResourceType":["AWS::Lambda::*"]}}}]}"#,
      .replace, true
    ),
    (#"{"Statement":[]}"#, .add, false),
  ]) func `reads policies as the service does`(
    _ text: String, _ effect: RestoreChange.Effect, _ isDenied: Bool
  ) throws {
    let policy = try #require(StackPolicy(text))
    let change = RestoreChange(logicalID: "Fn", type: "AWS::Lambda::Function", effect: effect)
    #expect(policy.denied([change]).isEmpty == !isDenied)
  }
}
