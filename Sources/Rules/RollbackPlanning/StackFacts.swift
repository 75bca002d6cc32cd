public import CloudFormationModel
import SystemInterfaces

/// One stack of the configuration: its role and what is there now.
public struct StackFacts: Hashable, Sendable {
  /// What stands before `_STACK` in the configuration, in lower case: `api`.
  public var role: String
  /// The stack's name.
  public var name: String
  /// What CloudFormation says of it; nil where there is no such stack.
  public var live: LiveStack?
  /// What the restore point holds of it; nil where it holds nothing.
  public var recorded: RecordedStack?

  /// The account and region that the stack stands in, `account/region`; empty where no id tells.
  var place: String { PlacedExport.place(live?.id ?? recorded?.id ?? "") }

  /// A stack as observed.
  public init(role: String, name: String, live: LiveStack?, recorded: RecordedStack?) {
    self.role = role
    self.name = name
    self.live = live
    self.recorded = recorded
  }
}

/// A stack as CloudFormation describes it.
public struct LiveStack: Hashable, Sendable {
  /// The stack's id (ARN): another id under the same name is another stack.
  public var id: String
  /// The status as answered; `status` is nil where it is none of the 23 known ones.
  public var statusText: String
  /// LastUpdatedTime, or the creation where it was never updated.
  public var updatedAt: Timestamp
  /// Events of the stack itself, newest first.
  public var events: [StackEventFact] = []
  /// The name of the change set that was executed last, where the description tells.
  public var executedChangeSet: String?
  /// Resources that keep a failed rollback or a failed deletion from ending, with their first causes.
  public var stuck: [StuckResource] = []
  /// Names of its exports, each with the stacks that import it.
  public var exports: [String: [String]] = [:]
  /// How it differs from the restore point.
  public var difference: StackDifference = .unknown("it was not compared")
  /// What the reviewed change set would do, where there is one.
  public var preview: RestorePreview?
  /// Whether a deletion is refused by the service.
  public var isTerminationProtected = false
  /// Its rollback triggers and monitoring time.
  public var triggers = RollbackTriggers()
  /// Recorded triggers that are in alarm: put back now, they would undo the very call that puts them back.
  public var alarms: [String] = []
  /// Its stack policy, as JSON; nil where it has none.
  public var policy: String?
  /// Whether it was updated last in the mode that does not wait for resources and leaves failures as they are.
  public var isExpress = false
  /// Logical ids of resources that a deployment took in instead of making them.
  public var imported: Set<String> = []

  /// A stack with `id` in the status `statusText`.
  public init(id: String, statusText: String, updatedAt: Timestamp) {
    self.id = id
    self.statusText = statusText
    self.updatedAt = updatedAt
  }

  /// The status where it is known.
  public var status: StackStatus? { StackStatus(known: statusText) }

  /// When the update that runs or ran last began, as its event says; without events, LastUpdatedTime.
  public var updateBeganAt: Timestamp {
    events.first { $0.status == .updateInProgress || $0.status == .importInProgress }?.at ?? updatedAt
  }

  /// The token of the update that runs or ran last: that of the newest event that began one. Where the service
  /// keeps no tokens of ours in events at all, the name of the change set executed last tells as much.
  public var lastUpdateToken: OperationToken? {
    guard let began = events.first(where: { $0.status == .updateInProgress }) else { return nil }
    if let token = began.token { return OperationToken(token) }
    if events.contains(where: { $0.token.flatMap(OperationToken.init) != nil }) { return nil }
    return executedChangeSet.flatMap(OperationToken.ofChangeSet)
  }

  /// The token of the newest event: that of the operation that runs or ended last.
  public var lastToken: OperationToken? {
    guard let token = events.first?.token else { return nil }
    return OperationToken(token)
  }

  /// How many tries of `operation` for `restorePoint` have left a trace.
  public func attempts(of operation: StackOperation, restorePoint: String?) -> Int {
    let tokens = events.compactMap { $0.token.flatMap(OperationToken.init) }
    let named = executedChangeSet.flatMap(OperationToken.ofChangeSet).map { [$0] } ?? []
    let wanted = restorePoint ?? "none"
    return (tokens + named).filter { $0.operation == operation && $0.restorePoint == wanted }
      .map(\.attempt).max() ?? 0
  }
}

/// An event of the stack itself, not of one of its resources.
public struct StackEventFact: Hashable, Sendable {
  /// When.
  public var at: Timestamp
  /// The status the stack took; nil where it is none of the known ones.
  public var status: StackStatus?
  /// The client request token of the call that caused it.
  public var token: String?

  /// An event.
  public init(at: Timestamp, status: StackStatus?, token: String?) {
    self.at = at
    self.status = status
    self.token = token
  }
}

/// A resource whose own rollback failed.
public struct StuckResource: Hashable, Sendable {
  /// What ResourcesToSkip takes: the logical id, or `NestedStackName.LogicalId`.
  public var path: String
  /// The first cause, in the service's words.
  public var reason: String

  /// A stuck resource.
  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }
}

/// How a live stack differs from the recorded one.
public enum StackDifference: Hashable, Sendable {
  /// Template, parameters, tags and capabilities are the recorded ones.
  case none
  /// What differs, in words: `template`, `parameter Version`.
  case some([String])
  /// Not compared, and why.
  case unknown(String)

  /// What stands before the name of a nested stack that differs while its parent does not.
  public static let nestedPrefix = "template of the nested stack "
}

/// What the plan needs of a stack in the restore point.
public struct RecordedStack: Hashable, Sendable {
  /// The stack's id when it was recorded.
  public var id: String
  /// LastUpdatedTime when it was recorded, or the creation.
  public var updatedAt: Timestamp
  /// Names of its exports, each with the stacks that imported it.
  public var exports: [String: [String]] = [:]
  /// Export names that its recorded template imports.
  public var imports: [String] = []
  /// Why it cannot be put back from the restore point; empty where it can.
  public var obstacles: [String] = []
  /// NoEcho parameters: the recorded value is not known, so a change cannot be seen.
  public var maskedParameters: [String] = []
  /// Parameters of an SSM type whose resolved value is another than recorded.
  public var movedParameters: [String] = []
  /// Parameters that hold the address of the database that was restored for this restore point in the place of the recorded one's.
  public var redirectedParameters: [String] = []
  /// Its rollback triggers and monitoring time.
  public var triggers = RollbackTriggers()
  /// Its stack policy, as JSON; nil where it had none.
  public var policy: String?

  /// A stack recorded under `id`.
  public init(id: String, updatedAt: Timestamp) {
    self.id = id
    self.updatedAt = updatedAt
  }
}

/// A stack's rollback triggers: alarms that undo an update, and for how long after it they are watched.
public struct RollbackTriggers: Hashable, Sendable {
  /// The alarms' ARNs, each with its type, such as `AWS::CloudWatch::Alarm`.
  public var types: [String: String]
  /// Minutes.
  public var monitoringMinutes: Int

  /// Triggers; none by default.
  public init(types: [String: String] = [:], monitoringMinutes: Int = 0) {
    self.types = types
    self.monitoringMinutes = monitoringMinutes
  }

  /// The alarms' ARNs, in order.
  public var arns: [String] { types.keys.sorted() }
  /// Whether there is nothing to watch.
  public var isEmpty: Bool { types.isEmpty && monitoringMinutes == 0 }
}

/// A reviewed change set that would put a stack back.
public struct RestorePreview: Hashable, Sendable {
  /// The change set's id; nil where it could not be made yet, for instance because an import is still missing.
  public var changeSet: String?
  /// Why there is none yet.
  public var deferred: String?
  /// What it does to each resource.
  public var changes: [RestoreChange]
  /// Why CloudFormation made no change sets of the nested stacks; nil where it made them, or there are none.
  public var withoutNested: String?

  /// A change set with these changes.
  public init(changeSet: String?, deferred: String? = nil, changes: [RestoreChange] = []) {
    self.changeSet = changeSet
    self.deferred = deferred
    self.changes = changes
  }
}

/// One resource in a change set.
public struct RestoreChange: Hashable, Sendable, Codable {
  /// What happens to it. A replacement that depends on values counts as one.
  public enum Effect: String, Hashable, Sendable, Codable {
    case add, modify, replace, mayReplace, delete, `import`
  }
  /// The resource; one in a nested stack with its place, `Child/Table`.
  public var logicalID: String
  /// Its type.
  public var type: String
  /// What happens.
  public var effect: Effect
  /// Whether it holds data that a new one would not have.
  public var isStateful: Bool
  /// Whether it is in a nested stack of which CloudFormation shows no change set: what happens is then the worst that may.
  public var isUnseen = false
  /// Whether a custom resource has the id that was recorded, so that what was deployed since did not replace it; nil where
  /// that is not known.
  public var keptID: Bool?
  /// Whether the template's policy keeps the resource itself: the stack lets go of it, and it stays.
  public var isRetained = false
  /// Whether the restore point does not know it, so that what is undone made it.
  public var wasAdded = false
  /// What became of the resource that the restore makes anew, where the restore point knows one.
  public var former: Former?

  /// A resource that the restore point holds and the stack does not have any more.
  public struct Former: Hashable, Sendable, Codable {
    /// Its id in its service.
    public var id: String
    /// Whether its policy kept it when the stack let go of it.
    public var isLeftBehind: Bool
    /// Whether its template gives it a name, which no second one can have.
    public var isNamed: Bool

    /// What the restore point tells of it.
    public init(id: String, isLeftBehind: Bool, isNamed: Bool) {
      self.id = id
      self.isLeftBehind = isLeftBehind
      self.isNamed = isNamed
    }
  }

  /// Whether it belongs to a nested stack.
  public var isNested: Bool { logicalID.contains("/") }

  /// Whether a function decides, while it runs, if it is replaced.
  public var isCustom: Bool { CustomResources.contains(type) }

  /// A change of a resource; `types` says which hold data.
  public init(
    logicalID: String, type: String, effect: Effect, statefulTypes types: StatefulTypes = StatefulTypes()
  ) {
    self.logicalID = logicalID
    self.type = type
    self.effect = effect
    isStateful = types.contains(type)
  }

  /// Whether the resource as it is now would be gone.
  public var losesResource: Bool {
    effect == .replace || effect == .mayReplace || effect == .delete && !isRetained
  }
  /// Whether it goes as CloudFormation's own rollback would have taken it: the deployment that is undone made it.
  public var isAddition: Bool { effect == .delete && wasAdded && losesResource && !isUnseen }

}
