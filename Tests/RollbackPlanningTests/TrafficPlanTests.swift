import CloudFormationModel
import RollbackPlanning
import StepResults
import Testing

/// What is sent back before anything else, as a table: live, recorded, and what is done.
@Suite struct TrafficPlanTests {
  private static func alias(_ stable: String, _ new: String? = nil, _ weight: Double = 0) -> TrafficShift {
    .alias(
      LambdaAliasShift(function: "fn", alias: "live", stableVersion: stable, newVersion: new, weight: weight))
  }

  private static func canary(_ stage: String, _ canary: String?, _ percent: Double = 10) -> TrafficShift {
    .canary(
      APICanary(
        api: "a", stage: "live", percentTraffic: percent, stageDeployment: stage, canaryDeployment: canary))
  }

  private static func listener(_ blue: Int, _ green: Int) -> TrafficShift {
    .targetGroups(
      ListenerShift(
        arn: "arn:aws:elasticloadbalancing:r:1:listener-rule/app/a/1/2/3",
        targets: [
          TargetGroupWeight(arn: "arn:tg/blue/1", weight: blue),
          TargetGroupWeight(arn: "arn:tg/green/2", weight: green),
        ]))
  }

  private static func deployment(
    _ status: CodeDeployDeployment.Status, id: String = "d-1", takesBack: String? = nil
  ) -> TrafficShift {
    var found = CodeDeployDeployment(
      id: id, application: "app", group: "group", platform: .lambda, status: status)
    found.aliases = [
      LambdaAliasShift(function: "fn", alias: "live", stableVersion: "1", newVersion: "2", weight: 0.1)
    ]
    if let takesBack { found.rollback = .init(triggeredBy: takesBack) }
    return .deployment(found)
  }

  private func plan(
    _ live: TrafficShift, _ recorded: TrafficShift?, mover: String? = nil,
    failures: [String: [FailedAttempt]] = [:]
  ) -> Plan {
    let fact = TrafficFacts(live: live, recorded: recorded, target: "t", stack: "s", mover: mover)
    return TrafficPlan.plan(TrafficSituation(shifts: [fact]), failures: failures)
  }

  static let rows: [(live: TrafficShift, recorded: TrafficShift?, done: PlannedAction.Kind?)] = [
    // A tenth has the new version: all go back.
    (alias("1", "2", 0.1), alias("1"), .shiftTrafficBack),
    // Raised to nothing: two versions are named all the same.
    (alias("1", "2", 0), alias("1"), .shiftTrafficBack),
    // The other way round: the new one is the alias's own, and the old one still has a tenth.
    (alias("2", "1", 0.1), alias("1"), .shiftTrafficBack),
    // The recorded version answers no calls: the stack's restore brings it back.
    (alias("2"), alias("1"), nil), (alias("2", "3", 0.1), alias("1"), nil),
    // As recorded, or recorded in between, or not recorded at all.
    (alias("1"), alias("1"), nil), (alias("1", "2", 0.1), alias("1", "2", 0.1), nil),
    (alias("1", "2", 0.1), nil, nil),
    (canary("d1", "d2"), canary("d1", nil, 0), .removeCanary),
    // A canary that was promoted serves what the stage does.
    (canary("d2", "d2"), canary("d1", nil, 0), nil),
    // The stage itself serves another one by now.
    (canary("d3", "d2"), canary("d1", nil, 0), nil), (canary("d1", "d2"), nil, nil),
    (canary("d1", "d2"), canary("d1", "d2"), nil),
    (listener(90, 10), listener(100, 0), .restoreTargetWeights),
    // The recorded group gets nothing: it may not run any more.
    (listener(0, 100), listener(100, 0), nil),
    (listener(50, 50), listener(50, 50), nil), (listener(90, 10), nil, nil),
    (deployment(.inProgress), nil, .stopDeployment), (deployment(.baking), nil, .stopDeployment),
    (deployment(.ready), nil, .stopDeployment), (deployment(.created), nil, .stopDeployment),
    // A status that is not known has not ended.
    (deployment(.init(rawValue: "Pondering")), nil, .stopDeployment),
    (deployment(.succeeded), nil, nil), (deployment(.failed), nil, nil), (deployment(.stopped), nil, nil),
    // Nobody fights a rollback that runs.
    (deployment(.inProgress, takesBack: "d-0"), nil, .awaitDeployment),
    // What was under way at the snapshot belongs to what is put back.
    (deployment(.inProgress), deployment(.inProgress), nil),
    (deployment(.inProgress), deployment(.inProgress, id: "d-0"), .stopDeployment),
  ]

  @Test(arguments: rows.indices)
  func `what is sent back`(index: Int) {
    let row = Self.rows[index]
    #expect(plan(row.live, row.recorded).actions.map(\.kind) == [row.done].compactMap { $0 }, "row \(index)")
  }

  @Test func `what CodeDeploy moves is left to it`() {
    #expect(plan(Self.alias("1", "2", 0.1), Self.alias("1"), mover: "d-1").actions == [])
    #expect(plan(Self.listener(90, 10), Self.listener(100, 0), mover: "d-1").actions == [])
  }

  @Test func `what one call settles comes before what is waited for`() {
    let facts = [
      TrafficFacts(live: Self.deployment(.inProgress), recorded: nil, target: "d-1", stack: "s"),
      TrafficFacts(
        live: Self.canary("d1", "d2"), recorded: Self.canary("d1", nil, 0), target: "a/live", stack: "s"),
      TrafficFacts(
        live: Self.alias("1", "2", 0.1), recorded: Self.alias("1"), target: "z:live", stack: "s"),
    ]
    let plan = TrafficPlan.plan(TrafficSituation(shifts: facts))
    #expect(plan.actions.map(\.kind) == [.shiftTrafficBack, .removeCanary, .stopDeployment])
    #expect(plan.actions.map(\.order) == [1, 2, 3] && Set(plan.actions.map(\.stage)) == [1])
    #expect(plan.actions[0].payload == .version("1"))
    #expect(plan.actions[0].reason.contains("version 2 has 10 % of the calls beside version 1"))
    #expect(plan.actions[2].reason.contains("fn:live to version 2 (10 %)"))
  }

  @Test func `what failed is said, and tried no more`() {
    let failed = plan(
      Self.alias("1", "2", 0.1), Self.alias("1"),
      failures: ["t": [FailedAttempt(kind: .shiftTrafficBack, reason: "it was denied")]])
    #expect(failed.actions == [])
    #expect(failed.findings.map(\.code) == [.trafficLeft] && !failed.isBlocked)
    #expect(failed.findings[0].message.contains("alias live of function fn") == true)
    #expect(failed.findings[0].message.contains("it was denied"))
  }

  @Test func `what could not be looked at is said`() {
    let plan = TrafficPlan.plan(TrafficSituation(unread: ["the group g of s: not permitted"]))
    #expect(plan.findings.map(\.code) == [.trafficLeft])
    #expect(PlanFindingCode.trafficLeft.leavesOpen)
  }

  @Test func `the rest of a plan follows, without the alias that is moved already`() {
    var rest = Plan()
    var restore = PlannedAction(.restore, target: "s", reason: "")
    restore.stage = 1
    var alias = PlannedAction(.restoreAlias, target: "t", reason: "")
    alias.stage = 2
    rest.actions = [restore, alias]
    let whole = rest.following(plan(Self.alias("1", "2", 0.1), Self.alias("1")))
    #expect(whole.actions.map(\.kind) == [.shiftTrafficBack, .restore])
    #expect(whole.actions.map(\.stage) == [1, 2] && whole.actions.map(\.order) == [1, 2])
    #expect(rest.following(Plan()) == rest)
  }
}
