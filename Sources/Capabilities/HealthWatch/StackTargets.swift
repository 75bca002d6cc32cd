import AWSClients
import CloudFormationModel
import DeploymentConfig
import HealthAnalysis
import StepResults
import SystemInterfaces

/// Finds functions, APIs, state machines and databases in the stacks of the configuration, nested ones included.
struct StackTargets: TargetSource {
  var stacks: [ConfiguredStack]
  /// Of the configuration: watched even where no stack owns it.
  var stateMachineARN: String?
  /// Of the policy.
  var named: [WatchedSeriesPolicy] = [], alarms: [String] = []
  var clients: StackClients
  /// Told what could not be found out, and does not matter enough to end the watch.
  var onTrouble: @Sendable (String) -> Void = { _ in }

  func targets() async throws -> WatchTargets {
    var targets = WatchTargets()
    for stack in stacks {
      guard let found = try await CloudFormationClient(clients[stack.name]).describeStack(stack.name) else {
        if !stack.isDerived { targets.missingStacks.append(stack.name) }
        continue
      }
      let time = found.updatedAt ?? found.createdAt
      targets.updatedAt = [targets.updatedAt, time].compactMap { $0 }.max()
      try await add(resourcesOf: stack.name, to: &targets, depth: 0)
    }
    if let arn = stateMachineARN {
      let series = WatchedMetrics.stateMachine(arn: arn).kept(with: arn)
      if !targets.series.contains(where: { $0.name == series[0].name }) { targets.series += series }
    }
    for one in named.map({ SeriesDefinition($0, stacks: stacks) }) {
      guard !targets.series.contains(where: { $0.name == one.name }) else {
        throw StepFailure(
          .data,
          "watch-30m.series of the policy names '\(one.name.name)' (\(one.name.kind.rawValue)), which is there already",
          advice: "give it another name")
      }
      targets.series.append(one)
    }
    for name in alarms where !targets.alarms.contains(where: { $0.name == name }) {
      targets.alarms.append(AlarmName(name: name))
    }
    return targets
  }

  private func add(resourcesOf stack: String, to targets: inout WatchTargets, depth: Int) async throws {
    let client = clients[stack]
    let (functions, gateways) = (LambdaClient(client), APIGatewayClient(client))
    let resources = try await CloudFormationClient(client).listStackResources(stack)
    let balancers = resources.filter { $0.type == "AWS::ElasticLoadBalancingV2::LoadBalancer" }.compactMap(
      \.physicalId)
    for resource in resources {
      guard let id = resource.physicalId, !id.isEmpty else { continue }
      switch resource.type {
      case "AWS::CloudFormation::Stack" where depth < 5:
        try await add(resourcesOf: id, to: &targets, depth: depth + 1)
      case "AWS::Lambda::Function":
        let name = String(id.split(separator: ":").last ?? "")
        let timeout = try await functions.getFunctionConfiguration(name).timeoutSeconds
        targets.series += WatchedMetrics.function(name: name, timeout: timeout.map { .seconds($0) })
          .kept(with: stack)
        await addVersions(of: name, timeout: timeout.map { .seconds($0) }, stack, to: &targets)
        targets.logGroups.append(LogGroup(name: "/aws/lambda/\(name)", stack: stack))
      case "AWS::ApiGateway::RestApi":
        let name = try await gateways.getApi(.rest, id: id).name
        for stage in try await gateways.getStages(.rest, api: id) {
          targets.series += WatchedMetrics.restAPI(name: name, stage: stage.name).kept(with: stack)
          addCanary(of: stage, name, stack, to: &targets)
          targets.series += await routes(
            of: "\(name)/\(stage.name)", [("ApiName", name), ("Stage", stage.name)], isREST: true, client
          ).kept(with: stack)
        }
      case "AWS::ApiGatewayV2::Api":
        let name = try await gateways.getApi(.v2, id: id).name
        for stage in try await gateways.getStages(.v2, api: id) {
          targets.series += WatchedMetrics.httpAPI(id: id, name: name, stage: stage.name).kept(with: stack)
          targets.series += await routes(
            of: "\(name)/\(stage.name)", [("ApiId", id), ("Stage", stage.name)], isREST: false, client
          ).kept(with: stack)
        }
      case "AWS::StepFunctions::StateMachine":
        targets.series += WatchedMetrics.stateMachine(arn: id).kept(with: stack)
      case "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm":
        targets.alarms.append(AlarmName(name: id, stack: stack))
      case "AWS::ElasticLoadBalancingV2::TargetGroup" where balancers.count == 1:
        targets.series += WatchedMetrics.targetGroup(arn: id, balancer: balancers[0]).kept(with: stack)
      case "AWS::ElasticLoadBalancingV2::LoadBalancer":
        targets.series += WatchedMetrics.resource(type: resource.type, id: id).kept(with: stack)
        await addTargetGroups(of: id, client, stack, to: &targets)
      default: targets.series += WatchedMetrics.resource(type: resource.type, id: id).kept(with: stack)
      }
    }
  }

  /// The canary of a stage. Where CloudWatch does not count it apart, its series has no requests, and that is said.
  private func addCanary(
    of stage: APIGatewayStage, _ api: String, _ stack: String, to targets: inout WatchTargets
  ) {
    guard let canary = stage.canary, canary.isShared, canary.percentTraffic > 0 else { return }
    let series = WatchedMetrics.canary(api: api, stage: stage.name).kept(with: stack)
    targets.series += series
    for base in Set(series.map(\.name.base)) {
      targets.versions[base] = ConcurrentSeries(
        newVersion: "the canary", oldVersion: "the stage", share: canary.percentTraffic / 100)
    }
  }

  /// The target groups between which a balancer's listeners and rules divide requests: the one with the least weight is the
  /// new version's.
  private func addTargetGroups(
    of balancer: String, _ client: AWSClient, _ stack: String, to targets: inout WatchTargets
  ) async {
    do {
      let balancing = LoadBalancingClient(client)
      let listeners = try await balancing.describeListeners(ofLoadBalancer: balancer)
      var shifts = listeners
      for listener in listeners { shifts += try await balancing.describeRules(ofListener: listener.arn) }
      for shift in shifts where shift.isShared {
        let groups = shift.targets.filter { $0.weight > 0 }
        guard let new = groups.min(by: { $0.weight < $1.weight }),
          let old = groups.max(by: { $0.weight < $1.weight }),
          new.weight < old.weight, groups.count == 2
        else {
          onTrouble(
            "\(shift.arn) forwards to \(groups.count) target groups, and no weight says which is the new version's"
          )
          continue
        }
        let series = WatchedMetrics.versions(ofBalancer: balancer, new: new.arn, old: old.arn).kept(
          with: stack)
        for base in Set(series.map(\.name.base)) where targets.versions[base] == nil {
          targets.series += series.filter { $0.name.base == base }
          targets.versions[base] = ConcurrentSeries(
            newVersion: "target group \(WatchedMetrics.groupName(new.arn))",
            oldVersion: "target group \(WatchedMetrics.groupName(old.arn))", share: shift.share(of: new.arn))
        }
      }
    } catch {
      onTrouble(
        "the target groups of \(balancer) are watched together: its listeners could not be read: \(error)")
    }
  }

  /// The versions that an alias of the function divides its calls between. Where nobody may list aliases, the function as a
  /// whole is watched.
  private func addVersions(
    of function: String, timeout: Duration?, _ stack: String, to targets: inout WatchTargets
  ) async {
    do {
      for alias in try await LambdaClient(clients[stack]).listAliases(function) {
        guard let shift = AliasVersions(LambdaAliasShift(function: function, alias)) else { continue }
        targets.series += WatchedMetrics.versions(
          of: alias.name, function: function, new: shift.new, old: shift.old, timeout: timeout
        ).kept(with: stack)
        targets.versions["function/\(function):\(alias.name)"] = ConcurrentSeries(
          newVersion: "version \(shift.new)", oldVersion: "version \(shift.old)", share: shift.share)
      }
    } catch {
      onTrouble("the versions of \(function) are watched together: its aliases could not be listed: \(error)")
    }
  }

  /// Routes that are watched by themselves at most.
  static let mostRoutes = 50

  /// The routes of a stage of which CloudWatch keeps metrics: only where detailed ones are on. Where nobody may list them,
  /// the stage as a whole is watched.
  private func routes(
    of api: String, _ dimensions: [(String, String)], isREST: Bool, _ client: AWSClient
  ) async -> [SeriesDefinition] {
    do {
      let metrics = try await CloudWatchClient(client).listMetrics(
        namespace: "AWS/ApiGateway", name: "Count",
        dimensions: Dictionary(dimensions) { first, _ in first })
      let found = Set(
        metrics.compactMap { metric -> [String]? in
          guard let method = metric.dimensions["Method"], let resource = metric.dimensions["Resource"],
            metric.dimensions.count == dimensions.count + 2
          else { return nil }
          return [resource, method]
        })
      return found.sorted { $0.lexicographicallyPrecedes($1) }.prefix(StackTargets.mostRoutes).flatMap {
        WatchedMetrics.route(of: api, method: $0[1], resource: $0[0], dimensions: dimensions, isREST: isREST)
      }
    } catch {
      onTrouble("the routes of \(api) are watched together: their metrics could not be listed: \(error)")
      return []
    }
  }
}
