import CloudFormationModel
import DeploymentRecords
import Redaction
import RollbackPlanning
import StepResults
import Synchronization
import SystemInterfaces

/// Gathers the facts of all stacks side by side.
final class Observer: Sendable {
  private let cloudFormation: any CloudFormationOperations
  private let restorePoint: LoadedRestorePoint?
  private let targets: [TargetStack]
  /// Templates do not change while LastUpdatedTime and status stay: compared once.
  private let kept = Mutex<[String: String]>([:])
  private let comparisons = Mutex<[String: (key: String, difference: StackDifference)]>([:])

  init(
    cloudFormation: any CloudFormationOperations, restorePoint: LoadedRestorePoint?, targets: [TargetStack]
  ) {
    self.cloudFormation = cloudFormation
    self.restorePoint = restorePoint
    self.targets = targets
  }

  /// The present facts; `failures` and what was seen first are the caller's.
  func facts() async throws(OperationFailure) -> RevertFacts {
    let listed = try await cloudFormation.exports()
    let results = await withTaskGroup(
      of: (Int, Result<StackFacts, OperationFailure>).self,
      returning: [(Int, Result<StackFacts, OperationFailure>)].self
    ) { group in
      for (index, target) in targets.enumerated() {
        group.addTask {
          do throws(OperationFailure) {
            return (index, .success(try await self.observe(target, listed)))
          } catch {
            return (index, .failure(error))
          }
        }
      }
      var all: [(Int, Result<StackFacts, OperationFailure>)] = []
      for await result in group { all.append(result) }
      return all
    }
    var stacks: [StackFacts] = []
    for (_, result) in results.sorted(by: { $0.0 < $1.0 }) { stacks.append(try result.get()) }
    var facts = RevertFacts(stacks: stacks, restorePoint: restorePoint?.point.id)
    facts.allExports = Set(listed.map { PlacedExport($0.name, of: $0.stack) })
    return facts
  }

  /// What is recorded of `name` as compared, to be set equal when a change set came out empty.
  func noteNoDifference(_ name: String, _ live: LiveStack) {
    comparisons.withLock { $0[name] = (Self.key(live), .none) }
  }

  /// The template that stands for the recorded one of `name`: it keeps exports that stacks outside import.
  func noteKept(_ name: String, _ template: String) {
    kept.withLock { $0[name] = template }
    comparisons.withLock { $0[name] = nil }
  }

  private static func key(_ live: LiveStack) -> String { "\(live.id) \(live.updatedAt) \(live.statusText)" }

  private func observe(_ target: TargetStack, _ exports: [DescribedExport]) async throws(OperationFailure)
    -> StackFacts
  {
    guard let described = try await cloudFormation.describe(target.name) else {
      return StackFacts(
        role: target.role, name: target.name, live: nil,
        recorded: restorePoint?.recorded(target.name, live: nil))
    }
    var live = LiveStack(id: described.id, statusText: described.status, updatedAt: described.updatedAt)
    live.isTerminationProtected = described.isTerminationProtected
    live.triggers = described.triggers
    live.executedChangeSet = described.changeSet.map(Self.changeSetName)
    live.isExpress = described.isExpress
    // From the restore point on; without one, what the last day brought.
    let since = restorePoint?.point.createdAt ?? (described.updatedAt - .seconds(86_400))
    let events = try await cloudFormation.events(described.id, since: since)
    live.events = events.filter(\.isOfStack).map {
      StackEventFact(at: $0.at, status: StackStatus(known: $0.status), token: $0.token)
    }
    live.imported = Set(
      events.filter { !$0.isOfStack && $0.status.hasPrefix("IMPORT_") }.map(\.logicalID))
    if described.status == StackStatus.updateRollbackFailed.rawValue {
      live.stuck = try await stuck(events, prefix: nil, since: since, depth: 0)
    }
    if described.status == StackStatus.deleteFailed.rawValue {
      live.stuck = try await undeleted(events, since: since, depth: 0)
    }
    for export in exports where export.stack == described.id {
      live.exports[export.name] = try await cloudFormation.importers(of: export)
    }
    if live.status?.rule.condition == .settled, restorePoint?.stack(target.name) != nil {
      live.difference = try await difference(target.name, described, live)
    }
    // A stack that its last update left in failure may get its recorded template as well.
    if let condition = live.status?.rule.condition, [.settled, .stuck].contains(condition),
      restorePoint?.stack(target.name) != nil
    {
      live.policy = try await cloudFormation.stackPolicy(described.id)
    }
    let recorded = restorePoint?.recorded(target.name, live: described)
    if live.difference == .none, let wanted = recorded?.triggers, wanted != live.triggers,
      !wanted.arns.isEmpty
    {
      live.alarms = try await cloudFormation.alarming(wanted.arns, of: described.id)
    }
    return StackFacts(role: target.role, name: target.name, live: live, recorded: recorded)
  }

  private func difference(
    _ name: String, _ described: DescribedStack, _ live: LiveStack
  ) async throws(OperationFailure) -> StackDifference {
    let key = Self.key(live)
    if let known = comparisons.withLock({ $0[name] }), known.key == key { return known.difference }
    guard let restorePoint else { return .unknown("there is no restore point") }
    var template = try await cloudFormation.template(described.id)
    if let recorded = restorePoint.templates[name], kept.withLock({ $0[name] }) == template {
      template = recorded
    }
    var difference = restorePoint.difference(name, live: described, template: template)
    if let nested = try await nestedDifference(name), difference == .none { difference = .some(nested) }
    comparisons.withLock { $0[name] = (key, difference) }
    return difference
  }

  /// Nested stacks with another template than recorded, though their parent's may be the same: it holds an address alone.
  /// What parameters their parent gives them depends on its resources, and is the parent's matter.
  private func nestedDifference(_ name: String) async throws(OperationFailure) -> [String]? {
    guard let restorePoint, let state = restorePoint.stack(name) else { return nil }
    var parts: [String] = []
    for nested in restorePoint.nested(in: state) {
      guard let recorded = restorePoint.templates[nested.name],
        let live = try await cloudFormation.describe(nested.stackId), live.id == nested.stackId,
        live.status != StackStatus.deleteComplete.rawValue,
        try await cloudFormation.template(nested.stackId) != recorded
      else { continue }
      parts.append("\(StackDifference.nestedPrefix)\(nested.name)")
    }
    return parts.isEmpty ? nil : parts
  }

  /// Resources whose own rollback failed in the last rollback, nested ones as `NestedStackName.LogicalId`.
  private func stuck(
    _ events: [DescribedEvent], prefix: String?, since: Timestamp, depth: Int
  ) async throws(OperationFailure) -> [StuckResource] {
    var found: [StuckResource] = []
    for event in StackHistory(events).failedRollbackResources {
      let path = prefix.map { "\($0).\(event.logicalID)" } ?? event.logicalID
      // A nested stack fails for the sake of a resource in it; one level of names is what the call takes.
      if event.type == "AWS::CloudFormation::Stack", depth < 3, !event.physicalID.isEmpty {
        let inside = try await cloudFormation.events(event.physicalID, since: since)
        let nested = try await stuck(
          inside, prefix: AmazonResourceName.stackName(of: event.physicalID), since: since, depth: depth + 1)
        if !nested.isEmpty {
          found += nested
          continue
        }
      }
      found.append(StuckResource(path: path, reason: event.reason ?? "no reason given"))
    }
    return found
  }

  /// Resources that the last deletion failed on. The call retains those of the stack itself, so a nested stack is one of
  /// them, and what failed inside it is its cause.
  private func undeleted(
    _ events: [DescribedEvent], since: Timestamp, depth: Int
  ) async throws(OperationFailure) -> [StuckResource] {
    var found: [StuckResource] = []
    for event in StackHistory(events).failedDeletions {
      var reason = event.reason ?? "no reason given"
      if event.type == "AWS::CloudFormation::Stack", depth < 3, !event.physicalID.isEmpty {
        let inside = try await undeleted(
          try await cloudFormation.events(event.physicalID, since: since), since: since, depth: depth + 1)
        if !inside.isEmpty { reason = inside.map { "\($0.path): \($0.reason)" }.joined(separator: "; ") }
      }
      found.append(StuckResource(path: event.logicalID, reason: reason))
    }
    return found
  }

  /// `name` of `arn:…:changeSet/name/uuid`.
  static func changeSetName(_ id: String) -> String {
    AmazonResourceName(id)?.resource.split(separator: "/").dropFirst().first.map(String.init) ?? id
  }
}

/// What a stack's events tell, newest first as they come.
struct StackHistory {
  private let events: [DescribedEvent]

  init(_ events: [DescribedEvent]) { self.events = events }

  /// The events since the last rollback of an update began.
  private var lastRollback: ArraySlice<DescribedEvent> {
    let start = events.firstIndex {
      $0.isOfStack && $0.status == StackStatus.updateRollbackInProgress.rawValue
    }
    return events[..<(start ?? events.endIndex)]
  }

  /// The last event of each resource that failed in the last rollback and has not ended well since, oldest first.
  var failedRollbackResources: [DescribedEvent] {
    var seen = Set<String>()
    var failed: [DescribedEvent] = []
    for event in lastRollback where !event.isOfStack && seen.insert(event.logicalID).inserted {
      if event.status.hasSuffix("_FAILED"), !Self.isConsequence(event) { failed.append(event) }
    }
    return failed.reversed()
  }

  /// The last event of each resource that the last deletion failed on, oldest first.
  var failedDeletions: [DescribedEvent] {
    let start = events.firstIndex { $0.isOfStack && $0.status == StackStatus.deleteInProgress.rawValue }
    var seen = Set<String>()
    return events[..<(start ?? events.endIndex)].filter {
      !$0.isOfStack && seen.insert($0.logicalID).inserted && $0.status == "DELETE_FAILED"
        && !Self.isConsequence($0)
    }.reversed()
  }

  /// The first failure since `time`: what the forty cancellations after it come from.
  func firstCause(since time: Timestamp) -> DescribedEvent? {
    events.last {
      $0.at >= time && $0.status.hasSuffix("_FAILED") && !$0.isOfStack && !Self.isConsequence($0)
    }
  }

  /// What happens now: the newest event of a resource in progress.
  var current: DescribedEvent? { events.first { !$0.isOfStack && $0.status.hasSuffix("_IN_PROGRESS") } }

  /// Failures that follow from another one. The service has no code for them, only these phrases.
  private static func isConsequence(_ event: DescribedEvent) -> Bool {
    guard let reason = event.reason?.lowercased() else { return false }
    return ["resource update cancelled", "resource creation cancelled", "resource deletion cancelled"]
      .contains { reason.hasPrefix($0) }
  }
}
