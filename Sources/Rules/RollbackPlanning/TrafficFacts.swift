public import CloudFormationModel
import StepResults

/// Where two versions share the calls of users, and where they went when the restore point was made.
public struct TrafficFacts: Hashable, Sendable {
  /// How it stands now.
  public var live: TrafficShift
  /// How it stood; nil where the restore point does not say.
  public var recorded: TrafficShift?
  /// What an action on it is aimed at: `function:alias`, a deployment's id, `api/stage`, the ARN of a listener or rule.
  public var target: String
  /// The stack that owns it, and the stack of the configuration that it is nested in, or is.
  public var stack: String, root: String
  /// The deployment of CodeDeploy that moves it now; nil where none does.
  public var mover: String?

  /// A shift.
  public init(
    live: TrafficShift, recorded: TrafficShift?, target: String, stack: String, root: String? = nil,
    mover: String? = nil
  ) {
    self.live = live
    self.recorded = recorded
    self.target = target
    self.stack = stack
    self.root = root ?? stack
    self.mover = mover
  }
}

/// All that two versions share, and what of it could not be looked at.
public struct TrafficSituation: Hashable, Sendable {
  /// What is shared.
  public var shifts: [TrafficFacts]
  /// What could not be looked at, in words.
  public var unread: [String]

  /// A situation; nothing is shared unless it is said.
  public init(shifts: [TrafficFacts] = [], unread: [String] = []) {
    self.shifts = shifts
    self.unread = unread
  }
}

/// What is quickest for users: calls go back to the version that still runs, before anything else is looked at.
///
/// Only what two versions share now is moved here: then the old one answers calls already, and a call sends it the rest.
/// Where the new one has all of them, the old one may not run any more, and the stacks' own restore brings it back.
public enum TrafficPlan {
  /// The plan for `situation`, one stage: nothing in it waits for anything else.
  public static func plan(_ situation: TrafficSituation, failures: [String: [FailedAttempt]] = [:]) -> Plan {
    var plan = Plan()
    plan.findings = situation.unread.map {
      PlanFinding(.trafficLeft, .warning, "whether two versions share traffic could not be looked at: \($0)")
    }
    for fact in situation.shifts.sorted(by: { ($0.rank, $0.target) < ($1.rank, $1.target) }) {
      guard let wanted = action(fact, &plan.findings) else { continue }
      if let failure = failures[fact.target]?.last {
        plan.findings.append(left(fact, "\(failure.reason). What comes after it may still put it back"))
        continue
      }
      var action = wanted
      action.stage = 1
      action.stack = fact.stack
      action.order = plan.actions.count + 1
      plan.actions.append(action)
    }
    return plan
  }

  private static func left(_ fact: TrafficFacts, _ why: String) -> PlanFinding {
    PlanFinding(
      .trafficLeft, .warning, target: fact.target,
      "the traffic of the \(fact.live.subject) was not moved back first: \(why).")
  }

  private static func action(_ fact: TrafficFacts, _ findings: inout [PlanFinding]) -> PlannedAction? {
    switch fact.live {
    case .deployment(let deployment): return stop(deployment, fact, &findings)
    // What CodeDeploy moves it also moves back.
    case _ where fact.mover != nil: return nil
    case .alias(let alias): return back(alias, fact, &findings)
    case .canary(let canary): return remove(canary, fact, &findings)
    case .targetGroups(let listener): return back(listener, fact)
    }
  }

  private static func stop(
    _ deployment: CodeDeployDeployment, _ fact: TrafficFacts, _ findings: inout [PlanFinding]
  ) -> PlannedAction? {
    guard !deployment.status.isEnded else { return nil }
    if case .deployment(let recorded)? = fact.recorded, recorded.id == deployment.id {
      findings.append(
        left(fact, "it was under way when the restore point was made, so it belongs to what is put back"))
      return nil
    }
    if deployment.isRollback {
      return PlannedAction(
        .awaitDeployment, target: fact.target,
        reason: "CodeDeploy is taking \(deployment.rollback?.triggeredBy ?? "a deployment") back by itself")
    }
    let moved =
      deployment.aliases.map { alias in
        "\(alias.function):\(alias.alias) to version \(alias.newVersion ?? "unknown") (\(percent(alias.weight)))"
      } + deployment.services.map { "service \($0.service)" }
    return PlannedAction(
      .stopDeployment, target: fact.target,
      reason:
        "it is \(deployment.status.rawValue) and moves \(moved.isEmpty ? "traffic" : moved.joined(separator: ", "))"
        + "; CodeDeploy takes it back")
  }

  private static func back(
    _ alias: LambdaAliasShift, _ fact: TrafficFacts, _ findings: inout [PlanFinding]
  ) -> PlannedAction? {
    guard alias.isShared, case .alias(let recorded)? = fact.recorded, let other = alias.newVersion,
      !recorded.isShared
    else { return nil }
    guard [alias.stableVersion, other].contains(recorded.stableVersion) else { return nil }
    var action = PlannedAction(
      .shiftTrafficBack, target: fact.target,
      reason:
        "version \(other) has \(percent(alias.weight)) of the calls beside version \(alias.stableVersion); all go to "
        + "the recorded version \(recorded.stableVersion)")
    action.payload = .version(recorded.stableVersion)
    return action
  }

  private static func remove(
    _ canary: APICanary, _ fact: TrafficFacts, _ findings: inout [PlanFinding]
  ) -> PlannedAction? {
    guard case .canary(let recorded)? = fact.recorded, !recorded.isShared, canary.isShared,
      canary.stageDeployment == recorded.stageDeployment, let other = canary.canaryDeployment
    else { return nil }
    return PlannedAction(
      .removeCanary, target: fact.target,
      reason:
        "its canary \(other) has \(number(canary.percentTraffic)) % of the calls; all go to the recorded deployment "
        + "\(recorded.stageDeployment ?? "unknown")")
  }

  private static func back(_ listener: ListenerShift, _ fact: TrafficFacts) -> PlannedAction? {
    guard case .targetGroups(let recorded)? = fact.recorded, listener.isShared,
      Set(recorded.targets) != Set(listener.targets)
    else { return nil }
    let getting = Set(listener.targets.filter { $0.weight > 0 }.map(\.arn))
    let wanted = recorded.targets.filter { $0.weight > 0 }.map(\.arn)
    guard !wanted.isEmpty, wanted.allSatisfy(getting.contains) else { return nil }
    var action = PlannedAction(
      .restoreTargetWeights, target: fact.target,
      reason: "forwards \(words(listener)); recorded was \(words(recorded))")
    action.payload = .weights(recorded.targets)
    return action
  }

  /// `10 %`.
  static func percent(_ share: Double) -> String { "\(number(share * 100)) %" }

  private static func number(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }

  /// `90 to blue and 10 to green`.
  private static func words(_ listener: ListenerShift) -> String {
    listener.targets.map { target in
      let parts = target.arn.split(separator: "/")
      return "\(target.weight) to \(parts.count > 1 ? String(parts[1]) : target.arn)"
    }.joined(separator: " and ")
  }
}

extension TrafficFacts {
  /// What one call settles comes before what is waited for.
  fileprivate var rank: Int {
    switch live {
    case .alias: 0
    case .canary: 1
    case .targetGroups: 2
    case .deployment: 3
    }
  }
}

extension PlannedAction.Kind {
  /// What is done before all else: calls of users go back to the version that still runs.
  public static let traffic: Set<PlannedAction.Kind> = [
    .shiftTrafficBack, .removeCanary, .restoreTargetWeights, .stopDeployment, .awaitDeployment,
  ]
}

extension Plan {
  /// This plan after what is done first.
  public func following(_ first: Plan) -> Plan {
    guard !first.actions.isEmpty || !first.findings.isEmpty else { return self }
    var plan = self
    let moved = Set(first.actions.filter { $0.kind == .shiftTrafficBack }.map(\.target))
    // An alias that is moved back first needs nothing more.
    let rest = actions.filter { $0.kind != .restoreAlias || !moved.contains($0.target) }
    let last = first.actions.map(\.stage).max() ?? 0
    plan.actions = first.actions
    for action in rest {
      var action = action
      action.stage += last
      plan.actions.append(action)
    }
    for index in plan.actions.indices { plan.actions[index].order = index + 1 }
    plan.findings = first.findings + findings
    return plan
  }
}
