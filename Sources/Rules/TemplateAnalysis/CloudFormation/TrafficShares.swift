/// Shares of traffic that a template itself gives.
enum TrafficShares {
  /// The shares that a resource declares for what is beside its main version, as the services answer with them: an alias's
  /// weight from 0 to 1, a canary's percentage, the weights of target groups; nil where it declares none.
  static func declared(_ type: String, _ properties: ResolvedValue) -> [Double]? {
    switch type {
    case "AWS::Lambda::Alias":
      let weights = elements(properties["RoutingConfig"]["AdditionalVersionWeights"]).map {
        number($0["FunctionWeight"])
      }
      return weights.isEmpty ? nil : weights.compactMap(\.self)
    case "AWS::ApiGateway::Stage": return number(properties["CanarySetting"]["PercentTraffic"]).map { [$0] }
    case "AWS::ApiGateway::Deployment":
      return number(properties["DeploymentCanarySettings"]["PercentTraffic"]).map { [$0] }
    case "AWS::ElasticLoadBalancingV2::Listener": return weights(properties["DefaultActions"])
    case "AWS::ElasticLoadBalancingV2::ListenerRule": return weights(properties["Actions"])
    default: return nil
    }
  }

  private static func weights(_ actions: ResolvedValue) -> [Double]? {
    for action in elements(actions) {
      let groups = elements(action["ForwardConfig"]["TargetGroups"])
      if groups.count > 1 { return groups.map { number($0["Weight"]) ?? 1 } }
    }
    return nil
  }

  static func elements(_ value: ResolvedValue) -> [ResolvedValue] {
    if case .list(let values) = value { return values }
    return []
  }

  static func number(_ value: ResolvedValue) -> Double? { value.text.flatMap { Double($0) } }
}
