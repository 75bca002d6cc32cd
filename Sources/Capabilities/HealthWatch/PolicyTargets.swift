import DeploymentConfig
import HealthAnalysis

extension SeriesDefinition {
  /// A series that the policy names. Its `stack` may be a role of the configuration.
  init(_ policy: WatchedSeriesPolicy, stacks: [ConfiguredStack]) {
    let stack = policy.stack.map { named in stacks.first { $0.role == named }?.name ?? named }
    let kind: SeriesKind =
      switch policy.kind {
      case .errors: .errors
      case .latency: .latency
      case .gauge: .gauge
      }
    self.init(
      name: SeriesName(name: policy.name, kind: kind), values: [MetricStatistic(policy.value, stack: stack)],
      counts: policy.requests.map { [MetricStatistic($0, stack: stack)] } ?? [])
    if policy.kind == .latency, policy.unit == .s { scale = 1000 }
  }
}

extension MetricStatistic {
  init(_ source: WatchedSeriesPolicy.Source, stack: String?) {
    self.init(namespace: "", name: "", dimensions: [], statistic: "", stack: stack)
    switch source {
    case .metric(let namespace, let name, let dimensions, let statistic):
      (self.namespace, self.name, self.statistic) = (namespace, name, statistic)
      self.dimensions = dimensions.sorted { $0.key < $1.key }.map {
        MetricDimension(name: $0.key, value: $0.value)
      }
    case .expression(let text, let operands):
      origin = .expression(text, with: operands.mapValues { MetricStatistic($0, stack: stack) })
    case .prometheus(let address, let query, let token):
      origin = .prometheus(address: address, query: query, tokenVariable: token)
    case .document(let address, let pointer, let token):
      origin = .document(address: address, pointer: pointer, tokenVariable: token)
    }
  }
}
