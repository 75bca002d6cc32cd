import DeploymentRecords
import JSONValues
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// Observes, plans, does, and looks again until everything is as recorded or something stops it.
///
/// Each round gathers the facts anew and plans from them alone, so a run that follows a killed one goes on where the
/// stacks are and not where a file says they should be.
public final class RevertEngine {
  let cloudFormation: any CloudFormationOperations
  let resources: (any ResourceOperations)?
  let clock: any WallClock
  let journal: RevertJournal
  let polling: Polling
  let reporter: ProgressReporter
  let task: RevertTask
  private let observer: Observer
  let calls: CallRunner
  private let previewer: Previewer

  var state: EngineState

  /// An engine for one run of `task`.
  /// - Parameter keepExports: writes outputs into a template that keep exports during a first phase; nil where that
  ///   is not possible.
  public init(
    _ task: RevertTask, cloudFormation: any CloudFormationOperations,
    resources: (any ResourceOperations)? = nil,
    clock: any WallClock, journal: RevertJournal, polling: Polling = Polling(),
    reporter: ProgressReporter = .silent,
    keepExports: (@Sendable (_ template: String, _ exports: [DescribedExport]) throws -> String)? = nil
  ) {
    let retrying = Retrying(
      clock: clock, outage: polling.outage, reporter: reporter, deadline: task.deadline)
    let cloudFormation = RetryingReads(base: cloudFormation, retrying: retrying)
    self.task = task
    self.cloudFormation = cloudFormation
    self.resources = resources.map {
      RetryingResources(base: $0, retrying: retrying)
    }
    self.clock = clock
    self.journal = journal
    self.polling = polling
    self.reporter = reporter
    state = EngineState(task)
    observer = Observer(
      cloudFormation: cloudFormation, restorePoint: task.restorePoint, targets: task.targets)
    calls = CallRunner(
      cloudFormation: cloudFormation, clock: clock, journal: journal,
      restorePoint: task.restorePoint?.point.id, deadline: task.deadline)
    previewer = Previewer(
      cloudFormation: cloudFormation, restorePoint: task.restorePoint, calls: calls, clock: clock,
      statefulTypes: task.options.statefulTypes, keepExports: keepExports, mark: task.mark)
  }

  /// Runs until the end.
  /// - Parameters:
  ///   - dryRun: ends after the plan, and removes the change sets made for it.
  ///   - approve: shown the plan before the first call; false ends the run with nothing changed.
  ///   - approveTraffic: shown what is done before all else; false ends the run with nothing changed.
  public func run(
    dryRun: Bool, approveTraffic: (Plan) async throws -> Bool = { _ in true },
    approve: (Plan, RevertFacts) async throws -> Bool
  ) async throws -> EngineResult {
    var shown: Plan?
    var facts = RevertFacts(stacks: [], restorePoint: nil)
    var first = Plan()
    do {
      switch try await moveTrafficBack(dryRun: dryRun, approve: approveTraffic) {
      case .declined(let plan): return end(.declined, plan, plan.findings, facts)
      case .stopped(let plan, let finding): return try await result(.stopped, plan, [finding], facts)
      case .done(let plan): first = plan
      }
      for _ in 1...60 {
        facts = try await observe()
        let plan = try await reviewedPlan(&facts)
        if shown == nil {
          let whole = plan.following(first)
          shown = whole
          let mayRun = dryRun ? false : try await approve(plan, facts)
          if !mayRun {
            try await previewer.removeAll()
            guard !dryRun, !state.results.isEmpty else {
              return end(dryRun ? .planned : .declined, whole, whole.findings, facts)
            }
            // What was done first stays done.
            return try await result(.stopped, whole, plan.findings, facts)
          }
          // What changes nothing is no rollback, and counts as none.
          if !plan.isBlocked, plan.changesSomething, !state.hasBegun { try begin() }
        }
        state.found(plan.findings.filter { $0.severity != .error })
        if plan.isBlocked {
          try await previewer.removeAll()
          return try await result(.stopped, shown ?? plan, plan.findings, facts)
        }
        if !plan.changesSomething {
          let good: EngineResult.Ending = state.results.isEmpty ? .nothingToDo : .restored
          return try await result(
            plan.asides.isEmpty ? good : .stopped, shown ?? plan, plan.findings, facts)
        }
        if let late = try await perform(plan.next, facts) {
          return try await result(.stopped, shown ?? plan, [late], facts)
        }
      }
      return try await result(
        .stopped, shown ?? Plan(),
        [
          PlanFinding(
            .actionFailed, .error, "after 60 rounds the stacks are still not as recorded; look at the journal"
          )
        ],
        facts)
    } catch  where error is CancellationError || Task.isCancelled {
      return end(.interrupted, shown ?? Plan(), [], facts)
    }
  }

  /// The end of a run that did something, or could have: no policy stays lifted.
  func result(
    _ ending: EngineResult.Ending, _ plan: Plan, _ more: [PlanFinding], _ facts: RevertFacts
  ) async throws -> EngineResult {
    // The first line of a run is its `begin`: what a kill cut off before it is told by that.
    if !state.liftedPolicies.isEmpty, !state.hasBegun { try begin() }
    for (stack, policy) in state.liftedPolicies.sorted(by: { $0.key < $1.key }) {
      // Put back now, it would deny the very restore that runs. At a good end a stack only removes what it no longer needs.
      if ending == .stopped, let why = try await mayStillRestore(stack) {
        state.found([
          PlanFinding(
            .stackPolicy, .error, target: stack,
            "the policy of \(stack) stays lifted while its restore runs: \(why). auto-revert --continue puts it back; "
              + "by hand: the journal holds it.")
        ])
        continue
      }
      var action = PlannedAction(
        .restoreStackPolicy, target: stack, reason: "it was lifted for a restore that did not come to its end"
      )
      action.payload = .policy(policy)
      action.stack = stack
      if let failure = try await setPolicy(action) {
        state.found([
          PlanFinding(
            .stackPolicy, .error, target: stack, remedy: .options([]),
            "the policy of \(stack) was lifted and could not be put back: \(failure). Set it by hand: the journal "
              + "holds it.")
        ])
      }
    }
    return end(ending, plan, more, facts)
  }

  func end(
    _ ending: EngineResult.Ending, _ plan: Plan, _ more: [PlanFinding], _ facts: RevertFacts
  ) -> EngineResult {
    state.found(more)
    return EngineResult(
      ending: ending, plan: plan, actions: state.results, findings: state.findings, facts: facts)
  }

  /// The line that a later run needs to go on.
  func begin() throws {
    state.began()
    let seen = state.firstSeen.sorted { $0.key < $1.key }.map {
      JSONObject.Member($0.key, .string($0.value.description))
    }
    try journal.write(
      .begin,
      [
        ("firstSeen", .object(JSONObject(seen))),
        ("only", .array(task.options.only.sorted().map { .string($0) })),
        ("method", .string(task.options.method.rawValue)),
      ] + task.about.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
  }

  // MARK: - Facts and plan

  private func observe() async throws -> RevertFacts {
    var facts = try await observer.facts()
    for stack in facts.stacks {
      guard let live = stack.live else { continue }
      // Judged earlier than seen: what came between is newer than what was judged.
      state.saw(stack.name, updatedAt: min(live.updateBeganAt, task.judgedAt ?? live.updateBeganAt))
    }
    facts.judgedAt = task.judgedAt
    facts.firstSeen = state.firstSeen
    facts.accepted = task.accepted
    facts.failures = state.failures
    facts.breakingMigrations = task.breakingMigrations
    facts.unknownMigrations = task.unknownMigrations
    facts.refusal = task.refusal
    facts.resources = state.resourceFacts
    facts.schema = task.schema
    facts.lostPackages = (task.restorePoint?.lostPackages ?? []).map {
      PackageFacts(place: $0.target, stack: $0.stack, function: $0.function)
    }
    facts.done = state.done
    facts.unknown = task.unknown.subtracting(state.done)
    if let resources {
      facts.reliefs = try await resources.reliefs()
      if task.options.restoreDatabase { facts.database = try await resources.database() }
    }
    for index in facts.stacks.indices {
      let (name, live) = (facts.stacks[index].name, facts.stacks[index].live)
      facts.stacks[index].live?.preview = live.flatMap { previewer.preview(name, $0) }
    }
    return facts
  }

  /// The plan with a reviewed change set for each restore that is due.
  private func reviewedPlan(_ facts: inout RevertFacts) async throws -> Plan {
    while true {
      var plan = Planner.plan(facts, task.options, estimates: task.estimates)
      if let resources, !plan.open.contains(where: RevertEngine.movesStack) {
        state.resourceFacts = try await resources.facts()
        facts.resources = state.resourceFacts
        plan = Planner.plan(facts, task.options, estimates: task.estimates)
      }
      let next = Set(plan.next.map(\.order))
      var changed = false
      if !plan.isBlocked {
        for action in plan.open where action.kind == .restore || action.kind == .restoreKeepingExports {
          let isNext = next.contains(action.order)
          guard let index = facts.stacks.firstIndex(where: { $0.name == action.target }),
            let live = facts.stacks[index].live
          else { continue }
          if let preview = live.preview, preview.changeSet != nil || !isNext { continue }
          changed = true
          let outcome = try await previewer.make(action, live, isNext: isNext)
          if let kept = previewer.keptTemplates[action.target] { observer.noteKept(action.target, kept) }
          switch outcome {
          case .ready, .deferred:
            facts.stacks[index].live?.preview = previewer.preview(action.target, live)
          case .empty where action.kind == .restoreKeepingExports:
            state.failed(
              action, "its first phase would change nothing, so the stacks go on waiting for one another")
            facts.failures = state.failures
          case .empty where action.disablesRollback:
            state.failed(action, "CloudFormation finds nothing to change, and leaves it \(live.statusText)")
            facts.failures = state.failures
          case .empty where live.differsOnlyInside:
            state.failed(
              action, "CloudFormation finds nothing to change, though a nested stack is not as recorded")
            facts.failures = state.failures
          case .empty:
            observer.noteNoDifference(action.target, live)
            facts.stacks[index].live?.difference = .none
          case .failed(let why):
            state.failed(action, "its change set could not be made: \(why)")
            facts.failures = state.failures
          }
        }
      }
      if !changed { return plan }
    }
  }

  /// Whether a stack moves by `action`, so that what it owns is not looked at beside it. An update for the triggers is
  /// the last of all.
  private static func movesStack(_ action: PlannedAction) -> Bool {
    (action.operation != nil && action.kind != .restoreTriggers) || action.kind == .wait
  }

  // MARK: - Doing

  private struct Started {
    var action: PlannedAction
    var live: LiveStack
    var at: Timestamp
    var baseline: CallRunner.Baseline?
  }

  /// Makes the calls of one stage in order, then waits for all of them side by side.
  private func perform(_ actions: [PlannedAction], _ facts: RevertFacts) async throws -> PlanFinding? {
    var started: [Started] = []
    for action in actions {
      let at = clock.now
      guard let live = facts.stacks.first(where: { $0.name == action.target })?.live,
        action.call != nil || action.kind == .wait
      else {
        if let late = try await performOutside(action, facts) { return late }
        continue
      }
      guard action.kind != .wait else {
        reporter.say("wait for \(action.target): \(action.reason)")
        started.append(Started(action: action, live: live, at: at, baseline: nil))
        continue
      }
      reporter.say("\(action.kind.rawValue) \(action.target): \(action.reason)")
      let recorded = facts.stacks.first { $0.name == action.target }?.recorded
      switch try await calls.call(
        action, live, changeSet: live.preview?.changeSet, triggers: recorded?.triggers)
      {
      case .accepted(let baseline):
        if action.operation == .restore { previewer.forget(action.target) }
        started.append(Started(action: action, live: live, at: at, baseline: baseline))
      case .replan(let why):
        // Its change set may be what is outdated or gone: the next look makes a new one.
        if action.operation == .restore { previewer.forget(action.target) }
        state.turnedAway(action, why)
        finish(action, at, .replanned(why))
      case .refused(let why):
        if action.operation == .restore { previewer.forget(action.target) }
        state.refused(action, why)
        finish(action, at, .replanned(why))
      case .failed(let why):
        state.failed(action, why)
        finish(action, at, .failed(why))
      }
    }
    return try await waitForAll(started)
  }

  private func waitForAll(_ started: [Started]) async throws -> PlanFinding? {
    let waiter = Waiter(
      cloudFormation: cloudFormation, clock: clock, calls: calls, polling: polling, reporter: reporter,
      deadline: task.deadline)
    let endings = try await withThrowingTaskGroup(of: (Int, ActionResult.Ending, Timestamp).self) { group in
      for (index, one) in started.enumerated() {
        let operation = one.action.kind == .wait ? one.action.awaited : one.action.operation ?? .others
        let (id, name, at, baseline) = (one.live.id, one.action.target, one.at, one.baseline)
        let clock = clock
        group.addTask {
          let ending = try await waiter.wait(
            for: operation, on: id, name: name, since: at, baseline: baseline)
          return (index, ending, clock.now)
        }
      }
      var all: [(Int, ActionResult.Ending, Timestamp)] = []
      for try await ending in group { all.append(ending) }
      return all.sorted { $0.0 < $1.0 }
    }
    var late: [String] = []
    for (index, ending, at) in endings {
      let one = started[index]
      switch ending {
      case .failed(let why): state.failed(one.action, why)
      case .deadline(let what): late.append(what)
      case .done where one.action.kind == .continueRollback && !one.action.skips.isEmpty:
        try await lookForDrift(one)
      case .replanned(let why) where one.baseline != nil: state.turnedAway(one.action, why)
      case .done, .replanned: break
      }
      finish(one.action, one.at, ending, at)
    }
    guard !late.isEmpty else { return nil }
    return PlanFinding(
      .deadline, .error,
      "the time for everything ran out: \(late.joined(separator: ", ")). It goes on by itself in AWS. Run "
        + "auto-revert with --continue to wait for it and do the rest.")
  }

  private func lookForDrift(_ one: Started) async throws {
    do {
      let answer = try await cloudFormation.drift(one.live.id)
      state.found(DriftAfterSkip(stack: one.action.target, skips: one.action.skips, answer: answer).findings)
    } catch {
      state.found([
        PlanFinding(
          .driftAfterSkip, .warning, target: one.action.target,
          "\(one.action.target): whether the skipped resources drifted could not be found out: \(error.message)"
        )
      ])
    }
  }

  func finish(
    _ action: PlannedAction, _ startedAt: Timestamp, _ ending: ActionResult.Ending,
    _ finishedAt: Timestamp? = nil
  ) {
    state.ended(
      ActionResult(action: action, startedAt: startedAt, finishedAt: finishedAt ?? clock.now, ending: ending))
    switch ending {
    case .done: reporter.say("done: \(action.kind.rawValue) \(action.target)")
    case .replanned(let why): reporter.say("\(action.kind.rawValue) \(action.target): \(why); looking again")
    case .failed(let why): reporter.say("FAILED: \(action.kind.rawValue) \(action.target): \(why)")
    case .deadline(let what): reporter.say("out of time: \(what)")
    }
  }
}
