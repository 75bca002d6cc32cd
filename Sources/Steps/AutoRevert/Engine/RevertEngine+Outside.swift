import CloudFormationModel
import DeploymentRecords
import JSONValues
import Redaction
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

// What is done outside the stacks' own operations: what stacks do not own, and their policies.
extension RevertEngine {
  /// Does `action` and waits for its end.
  /// - Returns: what to say where the total time ran out before.
  func performOutside(_ action: PlannedAction, _ facts: RevertFacts) async throws -> PlanFinding? {
    let at = clock.now
    reporter.say("\(action.kind.rawValue) \(action.target): \(action.reason)")
    if action.kind == .liftStackPolicy || action.kind == .restoreStackPolicy {
      if action.kind == .liftStackPolicy {
        state.lifts(facts.stacks.first { $0.name == action.target }?.live?.policy, of: action.target)
      }
      let failure = try await setPolicy(action)
      if let failure { state.failed(action, failure) }
      finish(action, at, failure.map { .failed($0) } ?? .done)
      return nil
    }
    guard let resources else {
      state.failed(action, "nothing here can do it")
      finish(action, at, .failed("nothing here can do it"))
      return nil
    }
    guard state.sets(action) else {
      state.failed(action, "it was done \(EngineState.tries) times and is not as recorded all the same")
      return nil
    }
    try calls.note(.before, action, nil, [])
    var failure: OperationFailure?
    do throws(OperationFailure) {
      try await resources.perform(action)
    } catch {
      failure = error
    }
    if let failure {
      try calls.note(.after, action, nil, [("result", .string("\(failure.kind)"))])
      try refused(action, failure, at)
      return nil
    }
    switch try await waitFor(action, resources) {
    case .done:
      try calls.note(.after, action, nil, [("result", "accepted")])
      state.did(action)
      finish(action, at, .done)
    case .failed(let why):
      try calls.note(.after, action, nil, [("result", "failed"), ("answer", .string(why))])
      state.failed(action, why)
      finish(action, at, .failed(why))
    case .running(let how):
      finish(action, at, .deadline("\(action.target) is still \(how)"))
      return PlanFinding(
        .deadline, .error, target: action.target,
        "the time for everything ran out: \(action.target) is still \(how). It goes on by itself in AWS. Run "
          + "auto-revert with --continue and the same options to wait for it and do the rest.")
    }
    return nil
  }

  private func refused(_ action: PlannedAction, _ failure: OperationFailure, _ at: Timestamp) throws {
    if failure.kind == .credentials { throw failure }
    let isLast = state.notTaken(action, failure)
    finish(action, at, isLast ? .failed(failure.message) : .replanned(failure.message))
  }

  /// Until it has ended or the total time has; how it stood then.
  private func waitFor(
    _ action: PlannedAction, _ resources: any ResourceOperations
  ) async throws -> ResourceProgress {
    let start = clock.now
    var pause = polling.first
    while true {
      let progress = try await resources.progress(of: action)
      guard case .running(let how) = progress else { return progress }
      reporter.update("\(action.target): \(how) (\(Int((clock.now - start).inSeconds)) s)")
      if clock.now >= task.deadline { return progress }
      try await clock.sleep(for: pause)
      pause = min(pause * polling.factor, polling.longest)
    }
  }

  /// Why a restore of `stack` may be under way; nil where none is. Looked at anew: the facts may be older than the last
  /// call, and a call whose answer never came, in this run or a killed one, may show only after a while.
  func mayStillRestore(_ stack: String) async throws -> String? {
    let id = task.restorePoint?.stack(stack)?.stackId ?? stack
    let asked = try journal.openRestores()[stack]
    var pause = polling.first
    do {
      while true {
        var isSeen = asked == nil
        if let asked {
          let events = try await cloudFormation.events(
            id, since: task.restorePoint?.point.createdAt ?? asked.at - .seconds(3600))
          isSeen = events.contains { $0.token == asked.token }
        }
        // After its events: what they show, the status shows too.
        guard let described = try await cloudFormation.describe(id) else { return nil }
        if StackStatus(known: described.status)?.rule.condition == .moving {
          return "it is \(described.status)"
        }
        guard !isSeen, let asked, clock.now - asked.at <= polling.startTimeout else { return nil }
        reporter.update("\(stack): looking whether the restore has begun whose answer did not come")
        try await clock.sleep(for: pause)
        pause = min(pause * polling.factor, polling.longest)
      }
    } catch let failure as OperationFailure where failure.kind != .credentials {
      return "how it stands could not be looked at (\(failure.message))"
    }
  }

  /// Sets a stack's policy, with a line before that holds the one to go back to.
  /// - Returns: why it could not be set.
  func setPolicy(_ action: PlannedAction) async throws -> String? {
    guard case .policy(let policy) = action.payload else { return "there is no policy to set" }
    let former = state.liftedPolicies[action.target]
    try calls.note(.before, action, nil, former.map { [("policy", .string($0))] } ?? [])
    // By its id: meanwhile another stack may have taken the name.
    let stack = task.restorePoint?.stack(action.target)?.stackId ?? action.target
    do throws(OperationFailure) {
      try await cloudFormation.setStackPolicy(stack, policy)
    } catch {
      try calls.note(.after, action, nil, [("result", .string("\(error.kind)"))])
      if error.kind == .credentials { throw error }
      return error.message
    }
    try calls.note(.after, action, nil, [("result", "accepted")])
    if action.kind == .restoreStackPolicy { state.putBackPolicy(of: action.target) }
    return nil
  }
}
