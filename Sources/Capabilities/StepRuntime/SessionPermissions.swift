import AWSClients
import DeploymentConfig

extension StepSession {
  /// The permissions that `step` needs for this environment, by the stacks, roles and store that are configured.
  func iamPolicy(of step: String) -> IAMPolicyDocument {
    let stacks = config.stacks
    let accounts = policy.accounts.filter { account in
      stacks.contains { account.covers($0.role, in: environment) }
    }
    let store: (bucket: String, prefix: String)? =
      if case .s3(let bucket, let prefix) = store {
        (bucket, prefix.isEmpty ? ledgerName : "\(prefix)/\(ledgerName)")
      } else { nil }
    // The configuration's own account is nowhere written; a state machine's ARN tells it.
    let machine = config["STATE_MACHINE_ARN"].flatMap { $0.isEmpty ? nil : $0 }
    let parts = machine?.split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
    return IAMPolicyDocument(
      step: step, region: accounts.contains { $0.region != nil } ? nil : config.region,
      account: accounts.contains { $0.role != nil } || parts.count < 7 ? nil : parts[4],
      stacks: stacks.map(\.name), roles: accounts.compactMap(\.role),
      stateMachines: machine.map { [$0] } ?? [], store: store)
  }
}
