import CloudFormationModel
import DeploymentRecords
import Redaction
import RollbackPlanning
import StepResults
import SystemInterfaces

/// Makes the change sets that restores execute, so that what is shown is what runs.
final class Previewer {
  private let cloudFormation: any CloudFormationOperations
  private let restorePoint: LoadedRestorePoint?
  private let calls: CallRunner
  private let clock: any WallClock
  /// Which types hold data.
  private let statefulTypes: StatefulTypes
  /// Writes outputs into a template that keep exports for a first phase.
  private let keepExports: KeepExports?
  /// What tells the change sets of this run from another's of the same revert.
  private let mark: String
  /// What was made, by stack, for the stack as it then was.
  private var made: [String: (key: String, preview: RestorePreview, stack: String)] = [:]
  /// Templates that are not the recorded ones, since they keep exports which stacks outside import, by stack.
  private(set) var keptTemplates: [String: String] = [:]

  /// A template with outputs that keep `exports` as they are.
  typealias KeepExports = @Sendable (_ template: String, _ exports: [DescribedExport]) throws -> String

  init(
    cloudFormation: any CloudFormationOperations, restorePoint: LoadedRestorePoint?, calls: CallRunner,
    clock: any WallClock, statefulTypes: StatefulTypes, keepExports: KeepExports?, mark: String
  ) {
    self.cloudFormation = cloudFormation
    self.restorePoint = restorePoint
    self.calls = calls
    self.clock = clock
    self.statefulTypes = statefulTypes
    self.keepExports = keepExports
    self.mark = mark
  }

  enum Outcome {
    case ready
    /// The recorded state is what is there.
    case empty
    case failed(String)
    /// It cannot be made before what is planned before it has been done.
    case deferred(String)
  }

  /// The preview made for `live`, if the stack is still as it was then.
  func preview(_ name: String, _ live: LiveStack) -> RestorePreview? {
    guard let known = made[name], known.key == key(live) else { return nil }
    return known.preview
  }

  /// Makes the change set of `action`; `isNext` is false for one that others have to go before.
  func make(_ action: PlannedAction, _ live: LiveStack, isNext: Bool) async throws -> Outcome {
    guard let token = calls.token(action),
      var request = restorePoint?.request(
        action.target, stackID: live.id, changeSet: token.changeSet(mark))
    else { return .failed("the restore point does not hold it") }
    if !action.keptExports.isEmpty {
      guard let keepExports else { return .failed("a template that keeps exports cannot be made here") }
      let exports = try await cloudFormation.exports()
      do {
        request.template = try keepExports(
          request.template, exports.filter { action.keptExports.contains($0.name) && $0.stack == live.id })
      } catch {
        return .failed(
          "its template could not be made to keep \(action.keptExports.joined(separator: ", ")): \(error)")
      }
      if action.kind == .restore { keptTemplates[action.target] = request.template }
    }
    let outcome = try await takingIn(action.target, request, live)
    switch outcome {
    case .failed(let why) where !isNext:
      remember(action.target, live, RestorePreview(changeSet: nil, deferred: why))
      return .deferred(why)
    default: return outcome
    }
  }

  /// Makes the change set, and where it would make anew what was left behind, another that takes that in.
  private func takingIn(
    _ name: String, _ request: RestoreRequest, _ live: LiveStack
  ) async throws -> Outcome {
    let first = try await create(name, request, live)
    guard restorePoint?.leftBehind[name]?.values.contains(where: \.whenDropped) == true else { return first }
    switch first {
    case .failed: break
    case .ready where made[name]?.preview.changes.contains(where: Previewer.needsName) ?? false:
      if let id = made[name]?.preview.changeSet {
        try await cloudFormation.deleteChangeSet(id, of: request.stack)
      }
    case .ready, .empty, .deferred: return first
    }
    var importing = request
    importing.importsExisting = true
    let second = try await create(name, importing, live)
    // It is said what is in the way of the plain one.
    if case .failed = second, case .ready = first { return try await create(name, request, live) }
    if case .failed = second { return first }
    return second
  }

  private static func needsName(_ change: RestoreChange) -> Bool {
    change.effect == .add && change.former.map { $0.isLeftBehind && $0.isNamed } ?? false
  }

  private func create(_ name: String, _ request: RestoreRequest, _ live: LiveStack) async throws -> Outcome {
    let outcome = try await create(name, request, live, withoutNested: nil)
    guard case .failed(let why) = outcome, request.includesNestedStacks else { return outcome }
    // What nested stacks get from one another cannot always be told beforehand, and then CloudFormation makes no change set
    // at all, though the update would go through: all in them then counts as possibly replaced.
    var alone = request
    alone.includesNestedStacks = false
    return try await create(name, alone, live, withoutNested: why)
  }

  private func create(
    _ name: String, _ request: RestoreRequest, _ live: LiveStack, withoutNested: String?
  ) async throws -> Outcome {
    // One of this name is left by a run that was killed before it executed it: it is made anew and shown anew.
    if try await look(request.name, request) != nil { try await delete(request.name, request) }
    var tries = 0
    // By its id from then on: another run may make one of the same name, and names are what collides.
    var id = request.name
    while true {
      tries += 1
      var failure: OperationFailure?
      do throws(OperationFailure) {
        id = try await cloudFormation.createChangeSet(request)
      } catch {
        failure = error
      }
      guard let failure, failure.kind != .alreadyAccepted else { break }
      if failure.kind == .credentials { throw failure }
      // None of this name was there before: one that is there now is this one, made by a call whose answer was lost.
      if try await look(request.name, request) != nil { break }
      if [.refused, .pointless].contains(failure.kind) { return .failed(failure.message) }
      // AWS said nothing of the stack: that is no answer to whether it can be put back.
      if tries == 5 || clock.now + .seconds(tries) >= calls.deadline { throw failure }
      try await clock.sleep(for: .seconds(tries))
    }
    let began = clock.now
    var pause = Duration.milliseconds(300)
    for _ in 1...200 {
      guard let found = try await look(id, request) else { return .failed("the change set is gone") }
      switch found.state {
      case .pending: break
      case .ready:
        // An execution that is tried again later must find the change set: it is kept until then.
        var preview = RestorePreview(changeSet: id, changes: changes(found, of: name, live))
        preview.withoutNested = withoutNested
        remember(name, live, preview)
        return .ready
      case .empty:
        try await delete(id, request)
        return .empty
      case .failed(let why):
        // Failed validation is told by the operation's own events, and by nothing else.
        let cause = try await OperationCauses(cloudFormation).first(
          of: request.stack, changeSet: id, since: began)
        try await delete(id, request)
        return .failed([why, cause].compactMap(\.self).joined(separator: ". First cause: "))
      case .unusable(let why):
        try await delete(id, request)
        return .failed(why)
      }
      if clock.now >= calls.deadline { break }
      try await clock.sleep(for: pause)
      pause = min(pause * 1.5, .seconds(5))
    }
    return .failed("the change set did not become ready in time")
  }

  /// The changes as the plan judges them, with what the restore point knows of each custom resource.
  private func changes(
    _ found: DescribedChangeSet, of name: String, _ live: LiveStack
  ) -> [RestoreChange] {
    found.changes.map { changed in
      var change = RestoreChange(changed, statefulTypes: statefulTypes)
      let recorded = restorePoint?.resource(changed.logicalID, of: name) ?? .unknown
      if case .there(let before) = recorded, change.isCustom, let id = changed.physicalID,
        let former = before.physicalId
      {
        change.keptID = id == former
      }
      if change.effect == .delete {
        change.isRetained = changed.policy == "Retain"
        change.wasAdded = recorded == .absent && !live.imported.contains(changed.logicalID)
      }
      let kept = restorePoint?.leftBehind[name]?[changed.logicalID]
      if case .there(let before) = recorded, let former = before.physicalId {
        switch change.effect {
        case .add:
          change.former = .init(
            id: former, isLeftBehind: kept?.whenDropped ?? false, isNamed: kept?.isNamed ?? false)
        case .replace, .mayReplace:
          // What the deployment put another in the place of, and kept.
          guard let kept, kept.whenReplaced, let now = changed.physicalID, now != former else { break }
          change.former = .init(id: former, isLeftBehind: true, isNamed: kept.isNamed)
        default: break
        }
      }
      return change
    }
  }

  /// Removes the change sets that were made and not executed.
  func removeAll() async throws {
    // In one order, whatever a dictionary has.
    for (name, entry) in made.sorted(by: { $0.key < $1.key }) {
      if let changeSet = entry.preview.changeSet {
        try await cloudFormation.deleteChangeSet(changeSet, of: entry.stack)
      }
      made[name] = nil
    }
  }

  /// The change set of `name` was executed or is not to be kept.
  func forget(_ name: String) { made[name] = nil }

  private func look(_ id: String, _ request: RestoreRequest) async throws -> DescribedChangeSet? {
    try await cloudFormation.changeSet(id, of: request.stack)
  }
  private func delete(_ id: String, _ request: RestoreRequest) async throws {
    try await cloudFormation.deleteChangeSet(id, of: request.stack)
  }
  private func remember(_ name: String, _ live: LiveStack, _ preview: RestorePreview) {
    made[name] = (key(live), preview, live.id)
  }
  private func key(_ live: LiveStack) -> String { "\(live.id) \(live.updatedAt) \(live.statusText)" }
}
