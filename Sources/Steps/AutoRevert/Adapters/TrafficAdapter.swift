import AWSClients
import CloudFormationModel
import DeploymentRecords
import RestorePoints
import RollbackPlanning
import SystemInterfaces

/// Where the calls of users go now, compared with the restore point, and the calls that send them back.
struct TrafficAdapter {
  private let clients: StackClients
  private let point: RestorePoint

  init(_ clients: StackClients, point: RestorePoint) {
    self.clients = clients
    self.point = point
  }

  // MARK: - Facts

  func situation() async throws -> TrafficSituation {
    let live = try await RecordedTraffic(clients, of: point).now()
    return TrafficSituation(shifts: facts(live), unread: live.unread)
  }

  private func facts(_ live: TrafficState) -> [TrafficFacts] {
    let moved = movers(live)
    return live.shifts.compactMap { owned in
      let root = root(of: owned.stack)
      let stack = AmazonResourceName.stackName(of: owned.stack)
      func fact(_ target: String, _ recorded: TrafficShift?, mover: String? = nil) -> TrafficFacts {
        TrafficFacts(
          live: owned.shift, recorded: recorded, target: target, stack: stack, root: root, mover: mover)
      }
      switch owned.shift {
      case .alias(let alias):
        guard let function = point.functions.first(where: { $0.name == alias.function }) else { return nil }
        let target = "\(point.designation(of: function)):\(alias.alias)"
        return fact(
          target, recordedAlias(function, alias.alias), mover: moved["\(alias.function):\(alias.alias)"])
      case .deployment(let deployment):
        let recorded = point.traffic?.shifts.first {
          if case .deployment(let one) = $0.shift { one.id == deployment.id } else { false }
        }
        return fact(deployment.id, recorded?.shift)
      case .canary(let canary):
        return fact("\(canary.api)/\(canary.stage)", recordedCanary(canary))
      case .targetGroups(let listener):
        let recorded = point.traffic?.shifts.first {
          if case .targetGroups(let one) = $0.shift { one.arn == listener.arn } else { false }
        }
        return fact(listener.arn, recorded?.shift, mover: moved[listener.arn])
      }
    }
  }

  /// What deployments of CodeDeploy move now, `function:alias` or a listener's ARN, and the deployment's id.
  private func movers(_ live: TrafficState) -> [String: String] {
    var moved: [String: String] = [:]
    for owned in live.shifts {
      guard case .deployment(let deployment) = owned.shift, !deployment.status.isEnded else { continue }
      for alias in deployment.aliases { moved["\(alias.function):\(alias.alias)"] = deployment.id }
      let group = live.groups.first {
        $0.application == deployment.application && $0.name == deployment.group
      }
      for listener in group?.listeners ?? [] { moved[listener] = deployment.id }
    }
    return moved
  }

  private func recordedAlias(_ function: FunctionState, _ alias: String) -> TrafficShift? {
    guard let version = function.aliases[alias] else { return nil }
    let other = function.aliasWeights?[alias]?.min { $0.key < $1.key }
    return .alias(
      LambdaAliasShift(
        function: function.name, alias: alias, stableVersion: version, newVersion: other?.key,
        weight: other?.value ?? 0))
  }

  /// A stage that is recorded without a canary served its deployment alone.
  private func recordedCanary(_ canary: APICanary) -> TrafficShift? {
    let recorded = point.traffic?.shifts.first {
      if case .canary(let one) = $0.shift {
        one.api == canary.api && one.stage == canary.stage
      } else {
        false
      }
    }
    if let recorded { return recorded.shift }
    guard let stage = point.apiStages.first(where: { $0.apiId == canary.api && $0.stage == canary.stage })
    else { return nil }
    return .canary(
      APICanary(
        api: canary.api, stage: canary.stage, percentTraffic: 0, stageDeployment: stage.deploymentId))
  }

  /// The stack of the configuration that `stack` is nested in, or is.
  private func root(of stack: String) -> String {
    let name = AmazonResourceName.stackName(of: stack)
    var state = point.stacks.first { $0.name == name }
    while let parent = state?.parentId, let next = point.stacks.first(where: { $0.stackId == parent }) {
      state = next
    }
    return state?.name ?? name
  }

  // MARK: - Actions

  func perform(_ action: PlannedAction) async throws {
    do {
      try await make(action)
    } catch let error as AWSError where error.kind == .accessDenied {
      // The rest of the rollback goes on without it.
      throw OperationFailure(.refused, "\(error)")
    }
  }

  private func make(_ action: PlannedAction) async throws {
    let client = action.stack.map { clients[$0] } ?? clients.client(ofARN: action.target)
    switch (action.kind, action.payload) {
    case (.shiftTrafficBack, .version(let version)):
      guard let colon = action.target.lastIndex(of: ":") else {
        throw OperationFailure(.refused, "\(action.target) names no alias")
      }
      let function = String(action.target[..<colon])
      let alias = String(action.target[action.target.index(after: colon)...])
      let lambda = LambdaClient(client)
      let now = try await lambda.shift(ofAlias: alias, function: function)
      // By its revision: what somebody else changed meanwhile is looked at again.
      _ = try await lambda.setShift(
        LambdaAliasShift(
          function: function, alias: alias, stableVersion: version, revisionId: now.revisionId))
    case (.removeCanary, _):
      let parts = action.target.split(separator: "/", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw OperationFailure(.refused, "\(action.target) names no stage") }
      try await APIGatewayClient(client).removeCanary(parts[0], stage: parts[1])
    case (.restoreTargetWeights, .weights(let weights)):
      try await LoadBalancingClient(client).setWeights(action.target, weights)
    case (.stopDeployment, _): _ = try await CodeDeployClient(client).stopDeployment(action.target)
    case (.awaitDeployment, _): break
    default: throw OperationFailure(.refused, "\(action.kind.rawValue) moves no traffic")
    }
  }

  /// A deployment that was stopped has ended once CodeDeploy has taken it back.
  func progress(of action: PlannedAction) async throws -> ResourceProgress {
    guard action.kind == .stopDeployment || action.kind == .awaitDeployment else { return .done }
    let service = CodeDeployClient(action.stack.map { clients[$0] } ?? clients.own)
    let deployment = try await service.getDeployment(action.target)
    guard deployment.status.isEnded else {
      return .running(action.kind == .stopDeployment ? "stopping" : "taking back")
    }
    if action.kind == .awaitDeployment {
      return deployment.status == .succeeded
        ? .done : .failed("the rollback is \(deployment.status.rawValue)\(TrafficAdapter.why(deployment))")
    }
    guard let back = deployment.rollback?.deployment else { return .done }
    let rollback = try await service.getDeployment(back)
    guard rollback.status.isEnded else { return .running("being taken back by \(back)") }
    return rollback.status == .succeeded
      ? .done
      : .failed("its rollback \(back) is \(rollback.status.rawValue)\(TrafficAdapter.why(rollback))")
  }

  private static func why(_ deployment: CodeDeployDeployment) -> String {
    deployment.error.map { " (\($0))" } ?? ""
  }
}
