import AWSClients
import DeploymentConfig
import DeploymentRecords
import StepResults
import SystemInterfaces

extension StepSession {
  /// Refuses to go on where a stack of `point` was recorded in another account or region than the one in which it would be
  /// asked about: there it would be taken for deleted, or another one of its name for it.
  /// - Parameter asksOwn: whether STS is asked which account the run's own credentials belong to.
  /// - Throws: `StepFailure` with exit 77; what AWS throws.
  public func refuseOtherPlaces(_ point: RestorePoint, asksOwn: Bool) async throws {
    let clients = try clients()
    var own: String?
    if asksOwn, clients.used.contains(where: { $0 === clients.own }) {
      do {
        own = try await STSClient(clients.own).getCallerIdentity().account
      } catch let error as AWSError where error.kind == .accessDenied {
        // Who may not ask is told by the first call about a stack.
      }
    }
    let configured = Dictionary(config.stacks.map { ($0.name, $0.role) }, uniquingKeysWith: { $1 })
    for stack in point.stacks where stack.parentId == nil {
      guard let role = configured[stack.name], let recorded = AmazonResourceName(stack.stackId) else {
        continue
      }
      let client = clients[stack.name]
      if let account = client.account ?? own, account != recorded.account {
        let assumed = policy.account(of: role, in: environment)?.role
        throw StepFailure(
          .refused,
          "restore point \(point.id) holds \(stack.name) of the account \(recorded.account), and "
            + (assumed.map { "the role \($0), which the policy names for it, is of the account \(account)" }
              ?? "the credentials at hand are of the account \(account)"),
          advice: assumed == nil
            ? "use credentials of \(recorded.account), or name a role of that account for \(role) under accounts: in "
              + "the policy"
            : "name a role of \(recorded.account) for \(role) under accounts: in the policy")
      }
      guard client.region == recorded.region else {
        throw StepFailure(
          .refused,
          "restore point \(point.id) holds \(stack.name) of the region \(recorded.region), and the region of this run is "
            + client.region,
          advice:
            "set AWS_REGION=\(recorded.region) in \(config.path), or region: for \(role) under accounts: in the policy"
        )
      }
    }
  }
}
