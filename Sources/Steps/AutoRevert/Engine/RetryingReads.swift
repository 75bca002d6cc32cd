import RollbackPlanning
import SystemInterfaces

/// Asks again, each read by itself, while the service does not answer or answers that it is asked too often.
/// Calls that change something pass through once: whether they are repeated is decided where their effect is known.
struct RetryingReads: CloudFormationOperations {
  let base: any CloudFormationOperations
  let retrying: Retrying

  private func patiently<Value>(
    _ read: () async throws(OperationFailure) -> Value
  ) async throws(OperationFailure) -> Value {
    try await retrying.ask(read)
  }

  func describe(_ stack: String) async throws(OperationFailure) -> DescribedStack? {
    try await patiently { () async throws(OperationFailure) in try await base.describe(stack) }
  }
  func events(_ stack: String, since time: Timestamp) async throws(OperationFailure) -> [DescribedEvent] {
    try await patiently { () async throws(OperationFailure) in try await base.events(stack, since: time) }
  }
  func template(_ stack: String) async throws(OperationFailure) -> String {
    try await patiently { () async throws(OperationFailure) in try await base.template(stack) }
  }
  func exports() async throws(OperationFailure) -> [DescribedExport] {
    try await patiently { () async throws(OperationFailure) in try await base.exports() }
  }
  func importers(of export: DescribedExport) async throws(OperationFailure) -> [String] {
    try await patiently { () async throws(OperationFailure) in try await base.importers(of: export) }
  }
  func changeSet(_ name: String, of stack: String) async throws(OperationFailure) -> DescribedChangeSet? {
    try await patiently { () async throws(OperationFailure) in try await base.changeSet(name, of: stack) }
  }
  func deleteChangeSet(_ name: String, of stack: String) async throws(OperationFailure) {
    try await patiently { () async throws(OperationFailure) in try await base.deleteChangeSet(name, of: stack)
    }
  }
  func drift(_ stack: String) async throws(OperationFailure) -> DriftAnswer {
    try await patiently { () async throws(OperationFailure) in try await base.drift(stack) }
  }
  func failures(
    of stack: String, changeSet: String?, since time: Timestamp
  ) async throws(OperationFailure) -> [String] {
    try await base.failures(of: stack, changeSet: changeSet, since: time)
  }

  func alarming(_ alarms: [String], of stack: String) async throws(OperationFailure) -> [String] {
    try await patiently { () async throws(OperationFailure) in try await base.alarming(alarms, of: stack) }
  }
  func stackPolicy(_ stack: String) async throws(OperationFailure) -> String? {
    try await patiently { () async throws(OperationFailure) in try await base.stackPolicy(stack) }
  }
  /// Set twice it is the same.
  func setStackPolicy(_ stack: String, _ policy: String) async throws(OperationFailure) {
    try await patiently { () async throws(OperationFailure) in try await base.setStackPolicy(stack, policy) }
  }

  func updateTriggers(
    _ stack: String, to triggers: RollbackTriggers, token: String
  ) async throws(OperationFailure) {
    try await base.updateTriggers(stack, to: triggers, token: token)
  }
  func cancelUpdate(_ stack: String, token: String) async throws(OperationFailure) {
    try await base.cancelUpdate(stack, token: token)
  }
  func continueRollback(_ stack: String, skipping: [String], token: String) async throws(OperationFailure) {
    try await base.continueRollback(stack, skipping: skipping, token: token)
  }
  func rollbackStack(_ stack: String, token: String) async throws(OperationFailure) {
    try await base.rollbackStack(stack, token: token)
  }
  func createChangeSet(_ request: RestoreRequest) async throws(OperationFailure) -> String {
    try await base.createChangeSet(request)
  }
  func executeChangeSet(
    _ id: String, of stack: String, disablesRollback: Bool, token: String
  ) async throws(OperationFailure) {
    try await base.executeChangeSet(id, of: stack, disablesRollback: disablesRollback, token: token)
  }
  func deleteStack(_ stack: String, retaining: [String], token: String) async throws(OperationFailure) {
    try await base.deleteStack(stack, retaining: retaining, token: token)
  }
}

/// What stacks do not own, asked as patiently. What sets something passes through once.
struct RetryingResources: ResourceOperations {
  let base: any ResourceOperations
  let retrying: Retrying

  func facts() async throws(OperationFailure) -> [ResourceFacts] {
    try await retrying.ask { () async throws(OperationFailure) in try await base.facts() }
  }
  func traffic() async throws(OperationFailure) -> TrafficSituation {
    try await retrying.ask { () async throws(OperationFailure) in try await base.traffic() }
  }
  func reliefs() async throws(OperationFailure) -> [ReliefFacts] {
    try await retrying.ask { () async throws(OperationFailure) in try await base.reliefs() }
  }
  func database() async throws(OperationFailure) -> DatabaseFacts? {
    try await retrying.ask { () async throws(OperationFailure) in try await base.database() }
  }
  func progress(of action: PlannedAction) async throws(OperationFailure) -> ResourceProgress {
    try await retrying.ask { () async throws(OperationFailure) in try await base.progress(of: action) }
  }
  func perform(_ action: PlannedAction) async throws(OperationFailure) { try await base.perform(action) }
}

/// For how long somebody who does not answer is asked again.
struct Retrying: Sendable {
  let clock: any WallClock
  let outage: Duration
  let reporter: ProgressReporter
  /// When the time for everything runs out.
  let deadline: Timestamp
  /// How often something is asked again that is answered by somebody else than the service.
  private static let strangers = 3

  /// The answer of `read`, asked again while it is not known.
  func ask<Value>(_ read: () async throws(OperationFailure) -> Value) async throws(OperationFailure) -> Value
  {
    let giveUp = min(clock.now + outage, deadline)
    var tries = 0
    var pause = Duration.seconds(1)
    var isTold = false
    while true {
      let failure: OperationFailure
      do throws(OperationFailure) {
        return try await read()
      } catch {
        failure = error
      }
      tries += 1
      let mayPass =
        switch failure.kind {
        case .throttled, .uncertain, .unreachable: true
        case .unintelligible: tries < Retrying.strangers
        case .refused, .alreadyAccepted, .pointless, .credentials: false
        }
      guard mayPass, clock.now + pause < giveUp else { throw failure }
      if !isTold, pause > .seconds(4) {
        isTold = true
        reporter.say(
          "AWS does not answer, and is asked again for \(Int((giveUp - clock.now).inSeconds)) seconds more: \(failure.message)"
        )
      }
      do {
        try await clock.sleep(for: pause)
      } catch {
        // Cancelled: the caller finds out by its task.
        throw failure
      }
      pause = min(pause * 2, .seconds(20))
    }
  }
}
