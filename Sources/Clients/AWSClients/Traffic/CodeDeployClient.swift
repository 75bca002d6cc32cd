public import CloudFormationModel
import JSONValues

/// CodeDeploy.
public struct CodeDeployClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  private func call(_ name: String, _ body: JSONObject, subject: String) async throws -> JSONValue {
    try await client.json(.json(.codeDeploy, name, body, subject: subject))
  }

  private func list(
    _ name: String, _ body: JSONObject, list: String, subject: String
  ) async throws -> [String] {
    var found: [String] = []
    try await client.pages(of: .codeDeploy, name, subject: subject) { token in
      var page = body
      page["nextToken"] = token.map { .string($0) }
      let answer = try await call(name, page, subject: subject)
      found += answer.texts(list)
      return answer.text("nextToken")
    }
    return found
  }

  /// The ids of a group's deployments that have one of `statuses`, newest first.
  public func listDeployments(
    application: String, group: String,
    statuses: [CodeDeployDeployment.Status] = CodeDeployDeployment.Status.underWay
  ) async throws -> [String] {
    var body = JSONObject()
    body["applicationName"] = .string(application)
    body["deploymentGroupName"] = .string(group)
    if !statuses.isEmpty { body["includeOnlyStatuses"] = .array(statuses.map { .string($0.rawValue) }) }
    return try await list(
      "ListDeployments", body, list: "deployments", subject: "deployment group \(application)/\(group)")
  }

  /// A deployment, without what it moves; kind `notFound` where there is none.
  public func getDeployment(_ id: String) async throws -> CodeDeployDeployment {
    var body = JSONObject()
    body["deploymentId"] = .string(id)
    let operation = AWSOperation.json(.codeDeploy, "GetDeployment", body, subject: "deployment \(id)")
    guard let info = try await client.json(operation)["deploymentInfo"], info.text("status") != nil else {
      throw client.badAnswer(operation, nil, "the answer holds no deployment")
    }
    return CodeDeployDeployment(info, id: id)
  }

  /// A deployment with the aliases or services that it moves, and how far each is.
  public func getDeploymentWithTargets(_ id: String) async throws -> CodeDeployDeployment {
    var deployment = try await getDeployment(id)
    guard deployment.platform != .server else { return deployment }
    var body = JSONObject()
    body["deploymentId"] = .string(id)
    let targets = try await list(
      "ListDeploymentTargets", body, list: "targetIds", subject: "deployment \(id)")
    // A call takes 25; a deployment of an alias or a service has one.
    for start in stride(from: 0, to: targets.count, by: 25) {
      body["targetIds"] = .array(targets[start..<min(start + 25, targets.count)].map { .string($0) })
      let answer = try await call("BatchGetDeploymentTargets", body, subject: "deployment \(id)")
      for target in answer.list("deploymentTargets") {
        if let alias = LambdaAliasShift(target["lambdaTarget"]) { deployment.aliases.append(alias) }
        if let service = CodeDeployDeployment.ServiceShift(target["ecsTarget"]) {
          deployment.services.append(service)
        }
      }
    }
    return deployment
  }

  /// A deployment group; kind `notFound` where there is none.
  public func getDeploymentGroup(application: String, group: String) async throws -> CodeDeployGroup {
    var body = JSONObject()
    body["applicationName"] = .string(application)
    body["deploymentGroupName"] = .string(group)
    let operation = AWSOperation.json(
      .codeDeploy, "GetDeploymentGroup", body, subject: "deployment group \(application)/\(group)")
    guard let info = try await client.json(operation)["deploymentGroupInfo"] else {
      throw client.badAnswer(operation, nil, "the answer holds no deployment group")
    }
    return CodeDeployGroup(info, application: application, name: group)
  }

  /// Stops a deployment and has CodeDeploy take it back; one that has ended is left as it is. Returns `Pending` or
  /// `Succeeded`, nil where it had ended.
  public func stopDeployment(_ id: String) async throws -> String? {
    var body = JSONObject()
    body["deploymentId"] = .string(id)
    body["autoRollbackEnabled"] = true
    do {
      // A second stop of one deployment is answered as the first was.
      return try await call("StopDeployment", body, subject: "deployment \(id)").text("status")
    } catch let error as AWSError where error.code == "DeploymentAlreadyCompletedException" {
      return nil
    }
  }
}

extension CodeDeployDeployment {
  fileprivate init(_ info: JSONValue, id: String) {
    self.init(
      id: info.text("deploymentId") ?? id, application: info.text("applicationName") ?? "",
      group: info.text("deploymentGroupName") ?? "",
      platform: info.text("computePlatform").flatMap { Platform(rawValue: $0) },
      status: Status(rawValue: info.text("status") ?? ""))
    configuration = info.text("deploymentConfigName")
    creator = info.text("creator")
    if let found = info["rollbackInfo"] {
      let rollback = Rollback(
        deployment: found.text("rollbackDeploymentId"),
        triggeredBy: found.text("rollbackTriggeringDeploymentId"), message: found.text("rollbackMessage"))
      if rollback != Rollback() { self.rollback = rollback }
    }
    automaticRollback = info.switchedOn("autoRollbackConfiguration")?.texts("events") ?? []
    alarms = (info.switchedOn("overrideAlarmConfiguration")?.list("alarms") ?? []).compactMap {
      $0.text("name")
    }
    if let found = info["errorInformation"] {
      let words = [found.text("code"), found.text("message")].compactMap { $0 }.filter { !$0.isEmpty }
      error = words.isEmpty ? nil : words.joined(separator: ": ")
    }
  }
}

extension LambdaAliasShift {
  fileprivate init?(_ target: JSONValue?) {
    guard let info = target?["lambdaFunctionInfo"], let function = info.text("functionName"),
      let alias = info.text("functionAlias"), let current = info.text("currentVersion")
    else { return nil }
    self.init(
      function: function, alias: alias, stableVersion: current, newVersion: info.text("targetVersion"),
      weight: info["targetVersionWeight"]?.double ?? 0)
  }
}

extension CodeDeployDeployment.ServiceShift {
  /// A target's id is `CLUSTER:SERVICE`.
  fileprivate init?(_ target: JSONValue?) {
    guard let target, let id = target.text("targetId") else { return nil }
    let parts = id.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    let green = target.list("taskSetsInfo").first { $0.text("taskSetLabel") == "Green" }
    self.init(
      cluster: parts[0], service: parts[1], weight: green?["trafficWeight"]?.double.map { $0 / 100 })
  }
}

extension CodeDeployGroup {
  fileprivate init(_ info: JSONValue, application: String, name: String) {
    self.init(
      application: info.text("applicationName") ?? application,
      name: info.text("deploymentGroupName") ?? name,
      platform: info.text("computePlatform").flatMap { CodeDeployDeployment.Platform(rawValue: $0) })
    configuration = info.text("deploymentConfigName")
    automaticRollback = info.switchedOn("autoRollbackConfiguration")?.texts("events") ?? []
    alarms = (info.switchedOn("alarmConfiguration")?.list("alarms") ?? []).compactMap { $0.text("name") }
    services = info.list("ecsServices").compactMap { service in
      service.text("serviceName").map {
        CodeDeployDeployment.ServiceShift(cluster: service.text("clusterName") ?? "default", service: $0)
      }
    }
    let pairs = info["loadBalancerInfo"]?.list("targetGroupPairInfoList") ?? []
    listeners = pairs.flatMap { $0["prodTrafficRoute"]?.texts("listenerArns") ?? [] }
    targetGroups = pairs.flatMap { $0.list("targetGroups").compactMap { $0.text("name") } }
    lastSuccessful = info["lastSuccessfulDeployment"]?.text("deploymentId")
    lastAttempted = info["lastAttemptedDeployment"]?.text("deploymentId")
  }
}

extension JSONValue {
  /// Member `name` where it says `enabled`.
  fileprivate func switchedOn(_ name: String) -> JSONValue? {
    self[name].flatMap { $0.bool("enabled") == true ? $0 : nil }
  }
}
