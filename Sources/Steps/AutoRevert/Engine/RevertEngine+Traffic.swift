import CloudFormationModel
import DeploymentRecords
import RollbackPlanning
import StepResults
import SystemInterfaces

// What is quickest for users is done before the stacks are looked into: no change set is made and nothing is compared until
// the calls are back at the version that still runs.
extension RevertEngine {
  /// How the beginning came out.
  enum TrafficOutcome {
    /// What was planned is done, or there was nothing to do.
    case done(Plan)
    /// Nobody agreed to it.
    case declined(Plan)
    /// It stopped there, and why.
    case stopped(Plan, PlanFinding)
  }

  /// Sends shared traffic back, and waits for what CodeDeploy takes back.
  func moveTrafficBack(dryRun: Bool, approve: (Plan) async throws -> Bool) async throws -> TrafficOutcome {
    guard let resources, [.automatic, .cancel, .continue, .restore].contains(task.options.method)
    else { return .done(Plan()) }
    var shown: Plan?
    for _ in 1...EngineState.rounds {
      let found = try await resources.traffic()
      var plan = TrafficPlan.plan(
        TrafficSituation(shifts: try await due(found.shifts), unread: found.unread), failures: state.failures)
      if let refusal = task.refusal, plan.open.contains(where: \.undoesFinished) {
        plan.findings.append(
          PlanFinding(.noEvidence, .error, remedy: .options(["--reason", "TEXT"]), refusal))
      }
      if shown == nil {
        shown = plan
        if dryRun { return .done(plan) }
        if plan.changesSomething {
          guard try await approve(plan) else { return .declined(plan) }
          if let stop = plan.findings.first(where: { $0.severity == .error }) { return .stopped(plan, stop) }
          if !state.hasBegun { try begin() }
        }
      }
      state.found(plan.findings)
      guard plan.changesSomething else { break }
      for action in plan.open {
        if let late = try await performOutside(action, RevertFacts(stacks: [], restorePoint: nil)) {
          return .stopped(shown ?? plan, late)
        }
      }
    }
    return .done(shown ?? Plan())
  }

  /// What belongs to the stacks that are asked for, and not to a deployment that came after what was judged, nor to a restore
  /// of an earlier run: that is on its way to the old version, whatever it is called now.
  private func due(_ facts: [TrafficFacts]) async throws -> [TrafficFacts] {
    guard !facts.isEmpty else { return [] }
    let restoring = try journal.openRestores()
    let only = task.options.only
    var open = Set<String>()
    for target in task.targets where only.isEmpty || only.contains(target.role) {
      guard facts.contains(where: { $0.root == target.name }), restoring[target.name] == nil,
        let live = try await cloudFormation.describe(target.name),
        live.id == task.restorePoint?.stack(target.name)?.stackId
      else { continue }
      let began = try await updateBegan(live)
      if let limit = state.firstSeen[target.name] ?? task.judgedAt, began > limit { continue }
      // What the next run must know of it, should this one be killed before it looks into the stacks.
      state.saw(target.name, updatedAt: min(began, task.judgedAt ?? began))
      open.insert(target.name)
    }
    return facts.filter { open.contains($0.root) }
  }

  /// When the last update of a stack began, by the same events that the look into the stacks goes by.
  private func updateBegan(_ stack: DescribedStack) async throws -> Timestamp {
    var live = LiveStack(id: stack.id, statusText: stack.status, updatedAt: stack.updatedAt)
    let since = task.restorePoint?.point.createdAt ?? (stack.updatedAt - .seconds(86_400))
    live.events = try await cloudFormation.events(stack.id, since: since).filter(\.isOfStack).map {
      StackEventFact(at: $0.at, status: StackStatus(known: $0.status), token: $0.token)
    }
    return live.updateBeganAt
  }
}
