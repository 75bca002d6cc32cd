public import AWSClients
import CloudFormationModel
public import DeploymentRecords

/// Reads where the calls of users go: for the record before a deployment, and for the way back after it.
public struct TrafficReader: Sendable {
  private let client: AWSClient
  private let stack: String

  /// A reader of what `stack` owns.
  public init(_ client: AWSClient, stack: String) {
    self.client = client
    self.stack = stack
  }

  /// Types of resources that lead to shifts and are not read with functions and APIs anyway.
  public static let types: Set<String> = [
    "AWS::CodeDeploy::DeploymentGroup", "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
  ]

  /// What one resource tells; nothing for other types than these, and for what is gone.
  /// - Parameters:
  ///   - applications: where its deployment group may stand, by the applications' names.
  ///   - isPlaced: whether the group is known to stand in one of them, if it is still there.
  public func read(_ id: String, type: String, applications: [String], isPlaced: Bool = false) async throws
    -> TrafficState
  {
    do {
      if type == "AWS::CodeDeploy::DeploymentGroup" { return try await group(id, applications, isPlaced) }
      guard TrafficReader.types.contains(type) else { return TrafficState() }
      guard let shift = try await LoadBalancingClient(client).shift(of: id), shift.targets.count > 1 else {
        return TrafficState()
      }
      var found = TrafficState()
      found.shifts = [OwnedShift(stack: stack, shift: .targetGroups(shift))]
      return found
    } catch let error as AWSError where error.kind == .notFound {
      return TrafficState()
    } catch let error as AWSError where error.kind == .accessDenied {
      var found = TrafficState()
      found.unread = ["\(id) of \(stack): \(error)"]
      return found
    }
  }

  private func group(_ name: String, _ applications: [String], _ isPlaced: Bool) async throws -> TrafficState
  {
    let service = CodeDeployClient(client)
    var state = TrafficState()
    for application in applications {
      let group: CodeDeployGroup
      do {
        group = try await service.getDeploymentGroup(application: application, group: name)
      } catch let error as AWSError where error.kind == .notFound {
        continue
      }
      // Machines are replaced or updated in place: no two versions share a listener by weight.
      guard group.platform != .server else { return state }
      state.groups = [
        DeploymentGroupState(
          stack: stack, application: application, name: name, configuration: group.configuration,
          listeners: group.listeners)
      ]
      for id in try await service.listDeployments(application: application, group: name) {
        var deployment = try await service.getDeploymentWithTargets(id)
        if deployment.alarms.isEmpty { deployment.alarms = group.alarms }
        if deployment.services.isEmpty { deployment.services = group.services }
        state.shifts.append(OwnedShift(stack: stack, shift: .deployment(deployment)))
      }
      return state
    }
    if isPlaced { return state }
    state.unread = ["the deployment group \(name) of \(stack): which application it belongs to is not known"]
    return state
  }

  /// The aliases of a function that two versions share.
  public static func shifts(
    of aliases: [FunctionAlias], function: String, stack: String
  ) -> [OwnedShift] {
    aliases.map { LambdaAliasShift(function: function, $0) }.filter(\.isShared).map {
      OwnedShift(stack: stack, shift: .alias($0))
    }
  }

  /// The canaries of an API's stages.
  public static func shifts(of stages: [APIGatewayStage], stack: String) -> [OwnedShift] {
    stages.compactMap { stage in
      stage.canary.map { OwnedShift(stack: stack, shift: .canary($0)) }
    }
  }
}
