import DeploymentRecords
import Redaction
import RollbackPlanning
import StepResults
import SystemInterfaces

extension LiveStack {
  /// Whether it is as recorded but for stacks nested in it.
  var differsOnlyInside: Bool {
    guard case .some(let parts) = difference else { return false }
    return parts.allSatisfy { $0.hasPrefix(StackDifference.nestedPrefix) }
  }
}

/// What the engine puts back besides stacks.
public protocol ResourceOperations: Sendable {
  /// How what stacks do not own stands to the restore point.
  func facts() async throws(OperationFailure) -> [ResourceFacts]
  /// Where the calls of users go, of what two versions share.
  func traffic() async throws(OperationFailure) -> TrafficSituation
  /// The functions that get a quick setting, as they are now.
  func reliefs() async throws(OperationFailure) -> [ReliefFacts]
  /// The database of the restore point and the one that is made of its snapshot; nil where it holds none.
  func database() async throws(OperationFailure) -> DatabaseFacts?
  /// Begins one of the actions that the facts led to. Whether it is made twice is decided by the facts.
  func perform(_ action: PlannedAction) async throws(OperationFailure)
  /// How far an action that was begun has come.
  func progress(of action: PlannedAction) async throws(OperationFailure) -> ResourceProgress
}

/// How far something that the service does by itself has come.
public enum ResourceProgress: Sendable, Hashable {
  /// It reached what it is for.
  case done
  /// It still runs, and how it stands.
  case running(String)
  /// It failed, and why.
  case failed(String)
}

/// What to go back to, and how.
public struct RevertTask: Sendable {
  /// The stacks of the configuration.
  public var targets: [TargetStack]
  /// The restore point; nil where there is none.
  public var restorePoint: LoadedRestorePoint?
  /// What a person asked for.
  public var options: PlanOptions
  /// When the deployment was judged, where it was.
  public var judgedAt: Timestamp?
  /// What an earlier run of this revert saw first.
  public var firstSeen: [String: Timestamp] = [:]
  /// Tokens of the calls of an earlier run of this revert that were accepted.
  public var accepted: Set<String> = []
  /// Migrations that the recorded version does not fit.
  public var breakingMigrations: [String] = []
  /// Why it is not known whether there are some.
  public var unknownMigrations: UnknownMigrations?
  /// Why a finished deployment may not be undone.
  public var refusal: String?
  /// What the journal's first line says of the revert: the application, and the deployment that is undone.
  public var about: [String: String] = [:]
  /// The rollback scripts of the reverted migrations, where a person asked for them.
  public var schema: SchemaFacts?
  /// What an earlier run of this revert did outside the stacks, and what it began without seeing the end.
  public var done: Set<String> = [], unknown: Set<String> = []
  /// Policies that an earlier run of this revert lifted, by stack.
  public var liftedPolicies: [String: String] = [:]
  /// When the engine stops waiting.
  public var deadline: Timestamp
  /// What change sets of this run are told from another run's by; empty where nobody else can be at work.
  public var mark = ""
  /// How long actions take.
  public var estimates = Estimates.runbook

  /// A task.
  public init(
    targets: [TargetStack], restorePoint: LoadedRestorePoint?, options: PlanOptions, deadline: Timestamp
  ) {
    self.targets = targets
    self.restorePoint = restorePoint
    self.options = options
    self.deadline = deadline
  }
}

/// One action that was done, or tried.
public struct ActionResult: Sendable, Hashable {
  /// How it ended.
  public enum Ending: Sendable, Hashable {
    /// It reached what it is for.
    case done
    /// It led elsewhere: facts were gathered anew.
    case replanned(String)
    /// It failed.
    case failed(String)
    /// The total time ran out while it was waited for.
    case deadline(String)
  }
  /// What was done.
  public var action: PlannedAction
  /// From before the call to the end of the wait.
  public var startedAt: Timestamp, finishedAt: Timestamp
  /// How it ended.
  public var ending: Ending
}

/// How a revert came out, health aside.
public struct EngineResult: Sendable {
  /// How it ended.
  public enum Ending: Sendable, Hashable {
    /// Everything is as recorded, or as a cancelled update left it.
    case restored
    /// Everything was so before anything was done.
    case nothingToDo
    /// It stopped, for the reasons in the findings.
    case stopped
    /// The plan alone was wanted.
    case planned
    /// Nobody agreed to the plan.
    case declined
    /// The task was cancelled.
    case interrupted
  }
  /// How it ended.
  public var ending: Ending
  /// The plan as it was shown.
  public var plan: Plan
  /// What was done.
  public var actions: [ActionResult]
  /// Stops, warnings and notes, without repetitions.
  public var findings: [PlanFinding]
  /// The last facts.
  public var facts: RevertFacts
}

/// What the engine tells a person meanwhile.
public struct ProgressReporter: Sendable {
  /// A line that stays.
  public var say: @Sendable (String) -> Void
  /// What is being done now.
  public var update: @Sendable (String) -> Void

  /// Tells by these functions.
  public init(say: @escaping @Sendable (String) -> Void, update: @escaping @Sendable (String) -> Void) {
    self.say = say
    self.update = update
  }

  /// Tells nobody.
  public static let silent = ProgressReporter(say: { _ in }, update: { _ in })
}

/// How often the engine looks.
public struct Polling: Sendable {
  /// The first pause, the longest one, and by what each is longer than the one before.
  public var first: Duration = .milliseconds(500), longest: Duration = .seconds(10), factor = 1.4
  /// For how long an accepted call may show no effect.
  public var startTimeout: Duration = .seconds(60)
  /// For how long a service that does not answer is asked again.
  public var outage: Duration = .seconds(300)

  /// Half a second at first, ten at most.
  public init() {}
}
