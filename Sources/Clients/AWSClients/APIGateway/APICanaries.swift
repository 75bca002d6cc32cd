public import CloudFormationModel
import JSONValues

extension APIGatewayClient {
  /// Gives the canary of a stage another share of the calls, from 0 to 100.
  @discardableResult
  public func setCanaryTraffic(_ api: String, stage: String, percent: Double) async throws -> APIGatewayStage
  {
    try await patch(
      api, stage,
      [["op": "replace", "path": "/canarySettings/percentTraffic", "value": .string("\(percent)")]])
  }

  /// Takes the canary of a stage away: all calls go to what the stage serves. One that is gone is no error.
  @discardableResult
  public func removeCanary(_ api: String, stage: String) async throws -> APIGatewayStage {
    let now = try await getStage(.rest, api: api, stage: stage)
    guard now.canary != nil else { return now }
    return try await patch(api, stage, [["op": "remove", "path": "/canarySettings"]])
  }

  /// Makes a stage serve what its canary does, variables included, with no calls left for the canary; `removeCanary` takes
  /// it away then.
  @discardableResult
  public func promoteCanary(_ canary: APICanary) async throws -> APIGatewayStage {
    var operations: [JSONValue] = [
      ["op": "replace", "path": "/canarySettings/percentTraffic", "value": "0.0"]
    ]
    if !canary.variableOverrides.isEmpty {
      operations.append(
        ["op": "copy", "from": "/canarySettings/stageVariableOverrides", "path": "/variables"])
    }
    operations.append(["op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"])
    return try await patch(canary.api, canary.stage, operations)
  }

  private func patch(_ api: String, _ stage: String, _ operations: [JSONValue]) async throws
    -> APIGatewayStage
  {
    try await updateStage(
      .rest, api: api, stage: stage, JSONObject([.init("patchOperations", .array(operations))]))
  }
}

extension APICanary {
  /// The canary of a stage as the service answers; nil where it has none.
  init?(_ stage: JSONValue, api: String) {
    guard let settings = stage["canarySettings"], settings.object?.members.isEmpty == false else {
      return nil
    }
    self.init(
      api: api, stage: stage.text("stageName") ?? "",
      percentTraffic: settings["percentTraffic"]?.double
        ?? settings.text("percentTraffic").flatMap { Double($0) } ?? 0,
      stageDeployment: stage.text("deploymentId"), canaryDeployment: settings.text("deploymentId"),
      variableOverrides: settings.map("stageVariableOverrides"),
      usesStageCache: settings.bool("useStageCache") ?? false)
  }
}
