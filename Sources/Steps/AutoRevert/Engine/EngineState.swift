import RollbackPlanning
import StepResults
import SystemInterfaces

/// What a run remembers between two looks: facts are gathered anew each time, and this is what they do not tell.
struct EngineState {
  /// What was tried and failed, by stack or resource.
  private(set) var failures: [String: [FailedAttempt]] = [:]
  /// When the last update of each stack had begun as this revert first saw it.
  private(set) var firstSeen: [String: Timestamp]
  /// What was done, in order.
  private(set) var results: [ActionResult] = []
  /// What is to be said, without repetitions.
  private(set) var findings: [PlanFinding] = []
  /// Actions outside the stacks that this revert has done, `kind target`.
  private(set) var done: Set<String>
  /// Policies that were lifted and not put back yet, by stack.
  private(set) var liftedPolicies: [String: String]
  /// Whether the journal has the line that a run begins with.
  private(set) var hasBegun = false
  /// How what stacks do not own stood when it was looked at last.
  var resourceFacts: [ResourceFacts] = []
  private var refusals: [String: Int] = [:]
  private var timesSet: [String: Int] = [:]

  /// How often something is tried before it counts as not to be done.
  static let tries = 4
  /// How often traffic is looked at anew before the rest is begun.
  static let rounds = 12

  /// The state at the beginning of a run of `task`.
  init(_ task: RevertTask) {
    firstSeen = task.firstSeen
    done = task.done
    liftedPolicies = task.liftedPolicies
  }

  private static func name(_ action: PlannedAction) -> String { "\(action.kind.rawValue) \(action.target)" }

  // MARK: - What was seen

  /// An update of `stack` that began at `time` was seen; the first one counts.
  mutating func saw(_ stack: String, updatedAt time: Timestamp) {
    if firstSeen[stack] == nil { firstSeen[stack] = time }
  }

  /// There is something to say.
  mutating func found(_ more: [PlanFinding]) {
    for finding in more where !findings.contains(finding) { findings.append(finding) }
  }

  // MARK: - What was done

  /// The run's first line is in the journal.
  mutating func began() { hasBegun = true }

  /// An action ended, or was tried.
  mutating func ended(_ result: ActionResult) { results.append(result) }

  /// Something is about to be set.
  /// - Returns: whether it may be: what was set often enough and is not as recorded all the same is not to be set.
  mutating func sets(_ action: PlannedAction) -> Bool {
    timesSet[Self.name(action), default: 0] += 1
    return timesSet[Self.name(action), default: 0] <= Self.tries
  }

  /// Something outside the stacks is done, and not to be done twice.
  mutating func did(_ action: PlannedAction) { done.insert(Self.name(action)) }

  /// An action failed: it is not simply repeated.
  mutating func failed(_ action: PlannedAction, _ reason: String) {
    let kind: PlannedAction.Kind =
      switch action.kind == .wait ? action.awaited : action.operation {
      case .cancel: .cancel
      case .continueRollback: .continueRollback
      case .rollback: .rollbackStack
      case .restore: .restore
      case .triggers: .restoreTriggers
      case .redeploy: .redeploy
      case .delete: .delete
      case .others, nil: action.kind
      }
    failures[action.target, default: []].append(
      FailedAttempt(kind: kind, skips: action.skips, reason: reason))
  }

  /// Facts changed under the plan, or the service sees them otherwise: look again, but not for ever.
  mutating func turnedAway(_ action: PlannedAction, _ reason: String) {
    if count(Self.name(action)) >= Self.tries { failed(action, reason) }
  }

  /// The service refused a call. A change set may be outdated, and the next one is not; any other call that is refused with
  /// the same words twice, in a status that permits it, is refused for good.
  mutating func refused(_ action: PlannedAction, _ reason: String) {
    let isForGood =
      action.operation != .restore && action.operation != .delete
      && count("\(Self.name(action)): \(reason)") >= 2
    if isForGood { failed(action, reason) } else { turnedAway(action, reason) }
  }

  /// A call outside the stacks was not taken.
  /// - Returns: whether that was the last try. A lost answer shows in the next look: these calls set a value and do no harm
  ///   twice. Scripts are not such calls.
  mutating func notTaken(_ action: PlannedAction, _ failure: OperationFailure) -> Bool {
    let isLast =
      count("\(action.kind) \(action.target)") >= Self.tries || failure.kind == .refused
      || action.kind == .rollBackSchema
    if isLast { failed(action, failure.message) }
    return isLast
  }

  private mutating func count(_ name: String) -> Int {
    refusals[name, default: 0] += 1
    return refusals[name, default: 0]
  }

  // MARK: - Policies

  /// A stack's policy is about to be lifted.
  mutating func lifts(_ policy: String?, of stack: String) { liftedPolicies[stack] = policy }

  /// A stack has its policy again.
  mutating func putBackPolicy(of stack: String) { liftedPolicies[stack] = nil }
}
