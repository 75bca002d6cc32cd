import AutoRevert
import CloudFormationModel
import DeploymentRecords
import Redaction
import RollbackPlanning
import StepResults
import Synchronization
import SystemInterfaces

/// What stacks of the model do not own: one alias and one setting a stack, with the failures of the model.
struct ModelResources: ResourceOperations {
  let cloud: ModelCloud
  /// The recorded value of each, by name.
  let recorded: [String: String]

  func facts() async throws(OperationFailure) -> [ResourceFacts] {
    await cloud.letIntrude()
    let result: Result<[ResourceFacts], OperationFailure> = cloud.state.withLock { state in
      if let failure = ModelCloud.disturb(&state, isRead: true) { return .failure(failure) }
      return .success(
        recorded.sorted { $0.key < $1.key }.map { name, value in
          ResourceFacts(
            kind: name.hasSuffix(":live") ? .alias(AliasGuard()) : .functionSettings, target: name,
            stack: state.resources[name]?.stack, recorded: value, live: state.resources[name]?.value)
        })
    }
    return try result.get()
  }

  func traffic() async throws(OperationFailure) -> TrafficSituation { TrafficSituation() }
  func reliefs() async throws(OperationFailure) -> [ReliefFacts] { [] }
  func database() async throws(OperationFailure) -> DatabaseFacts? { nil }
  func progress(of action: PlannedAction) async throws(OperationFailure) -> ResourceProgress { .done }

  private static func value(_ payload: PlannedAction.Payload) -> String? {
    switch payload {
    case .version(let value), .settings(let value): value
    default: nil
    }
  }

  func perform(_ action: PlannedAction) async throws(OperationFailure) {
    await cloud.letIntrude()
    let clock = cloud.clock
    let result: Result<Void, OperationFailure> = cloud.state.withLock { state in
      if let failure = ModelCloud.disturb(&state, isRead: false) { return .failure(failure) }
      ModelCloud.advance(&state, clock.now)
      guard let resource = state.resources[action.target], let value = Self.value(action.payload)
      else {
        return .failure(OperationFailure(.refused, "no \(action.target)"))
      }
      // Only on settled stacks (danger 9). What began after the last look nobody can help.
      if let stack = state.stacks[resource.stack], stack.status.rule.condition == .moving,
        !stack.hasNewerDeployment
      {
        state.violations.append("\(action.target): set beside its stack's own update")
      }
      if state.generator.chance(state.faults.lostCall) {
        return .failure(OperationFailure(.uncertain, "timed out"))
      }
      state.resources[action.target]?.value = value
      state.mutations.append("set \(action.target)")
      if state.killAt == state.calls {
        state.isDead = true
        return .failure(OperationFailure(.credentials, "killed after the call"))
      }
      if state.generator.chance(state.faults.lostAnswer) {
        return .failure(OperationFailure(.uncertain, "no answer"))
      }
      return .success(())
    }
    try result.get()
  }
}
