import CloudFormationModel
import DeploymentRecords
import JSONValues
import RollbackPlanning
import StepRuntime
import SystemInterfaces

/// Makes the one call of an action: after a last look at the stack, with a journal line before and after, and with a
/// look for its traces where the answer never came.
struct CallRunner {
  let cloudFormation: any CloudFormationOperations
  let clock: any WallClock
  let journal: RevertJournal
  let restorePoint: String?
  /// When the time for everything runs out.
  let deadline: Timestamp

  enum Outcome: Hashable {
    /// It was accepted; `Baseline` is how the stack stood right before.
    case accepted(Baseline)
    /// It was not made, or refused: facts are to be gathered anew.
    case replan(String)
    /// The service did not take it although the stack's status permits it.
    case refused(String)
    /// It cannot be made.
    case failed(String)
  }

  /// How a stack stood before a call: what is no different has not begun.
  struct Baseline: Hashable {
    var status: String
    var updatedAt: Timestamp
    var newestEvent: Timestamp?
    var at: Timestamp
  }

  /// The token of `action`.
  func token(_ action: PlannedAction) -> OperationToken? {
    action.operation.map {
      OperationToken(restorePoint: restorePoint, operation: $0, stack: action.target, attempt: action.attempt)
    }
  }

  /// Makes the call of `action` on a stack that was observed as `live`.
  func call(
    _ action: PlannedAction, _ live: LiveStack, changeSet: String?, triggers: RollbackTriggers? = nil
  ) async throws -> Outcome {
    guard let token = token(action)?.description, let call = action.call else {
      return .failed("\(action.kind.rawValue) makes no call on a stack")
    }
    var pause = Duration.seconds(1)
    for _ in 1...6 {
      let baseline: Baseline
      switch try await check(action, live, call) {
      case .success(let found): baseline = found
      case .failure(let outcome): return outcome.outcome
      }
      try note(.before, action, token, [])
      var failure: OperationFailure?
      do throws(OperationFailure) {
        try await make(action, live.id, token, changeSet, triggers)
      } catch {
        failure = error
      }
      guard let failure else {
        try note(.after, action, token, [("result", "accepted")])
        return .accepted(baseline)
      }
      try note(
        .after, action, token, [("result", .string("\(failure.kind)")), ("answer", .string(failure.message))])
      switch failure.kind {
      case .refused: return .refused(failure.message)
      case .pointless: return .failed(failure.message)
      case .alreadyAccepted: return .accepted(baseline)
      case .credentials: throw failure
      case .throttled: break
      case .uncertain, .unintelligible, .unreachable:
        try await clock.sleep(for: pause)
        if try await leftTraces(token, live.id, baseline) {
          try note(.after, action, token, [("result", "found in the stack's events")])
          return .accepted(baseline)
        }
      }
      guard clock.now + pause < deadline else {
        let what =
          failure.kind == .throttled
          ? "before the call was accepted"
          : "before it was known whether the call was accepted, so that it may take effect yet (--continue looks)"
        return .failed("the time for everything ran out \(what): \(failure.message)")
      }
      try await clock.sleep(for: pause)
      pause = pause * 2
    }
    return .failed("the call was tried 6 times without an answer that says whether it was accepted")
  }

  /// The last look before a call: the same stack, nobody else's work since, and a status that permits the call.
  private func check(
    _ action: PlannedAction, _ live: LiveStack, _ call: StackCall
  ) async throws -> Result<Baseline, NotNow> {
    guard let now = try await cloudFormation.describe(live.id)
    else { return .failure(NotNow(outcome: .replan("the stack is not there any more"))) }
    guard now.id == live.id, now.updatedAt == live.updatedAt else {
      return .failure(NotNow(outcome: .replan("it was updated meanwhile, at \(now.updatedAt)")))
    }
    guard let status = StackStatus(known: now.status), status.permits(call) else {
      return .failure(NotNow(outcome: .replan("it is \(now.status) now")))
    }
    return .success(
      Baseline(
        status: now.status, updatedAt: now.updatedAt, newestEvent: live.events.first?.at, at: clock.now))
  }

  private struct NotNow: Error { var outcome: Outcome }

  private func make(
    _ action: PlannedAction, _ stack: String, _ token: String, _ changeSet: String?,
    _ triggers: RollbackTriggers?
  ) async throws(OperationFailure) {
    switch action.kind {
    case .cancel: try await cloudFormation.cancelUpdate(stack, token: token)
    case .continueRollback:
      try await cloudFormation.continueRollback(stack, skipping: action.skips, token: token)
    case .rollbackStack: try await cloudFormation.rollbackStack(stack, token: token)
    case .restore, .restoreKeepingExports:
      guard let changeSet else {
        throw OperationFailure(.refused, "there is no reviewed change set to execute")
      }
      try await cloudFormation.executeChangeSet(
        changeSet, of: stack, disablesRollback: action.disablesRollback, token: token)
    case .restoreTriggers:
      guard let triggers else { throw OperationFailure(.refused, "the restore point holds no triggers") }
      try await cloudFormation.updateTriggers(stack, to: triggers, token: token)
    case .delete: try await cloudFormation.deleteStack(stack, retaining: action.skips, token: token)
    default: throw OperationFailure(.refused, "\(action.kind.rawValue) makes no call on a stack")
    }
  }

  /// Whether a call without an answer was accepted: events carry its token, or the stack was touched since.
  private func leftTraces(_ token: String, _ stack: String, _ baseline: Baseline) async throws -> Bool {
    let events = try await cloudFormation.events(stack, since: baseline.updatedAt - .seconds(60))
    return events.contains { $0.token == token }
  }

  func note(
    _ event: RevertJournal.Event, _ action: PlannedAction, _ token: String?, _ more: [(String, JSONValue)]
  ) throws {
    var members: [(String, JSONValue)] = [
      ("action", .string(action.kind.rawValue)), ("target", .string(action.target)),
    ]
    if let token { members.append(("requestId", .string(token))) }
    if !action.skips.isEmpty { members.append(("skips", .array(action.skips.map { .string($0) }))) }
    try journal.write(event, members + more)
  }
}
