import AWSClients
import Records

/// What a rollback would call, and whether the credentials at hand may: simulated, not tried.
struct RollbackPermissions: Sendable {
  /// Actions on resources, as one question.
  struct Need: Hashable, Sendable {
    var actions: [String]
    var resources: [String]
  }

  /// What a rollback to `point` may call.
  static func needs(_ point: RestorePoint) -> [Need] {
    var needs: [Need] = []
    func add(_ actions: [String], _ resources: [String]) {
      if !resources.isEmpty { needs.append(Need(actions: actions, resources: resources.sorted())) }
    }
    let roots = point.stacks.filter { $0.parentId == nil }
    add(
      [
        "CancelUpdateStack", "ContinueUpdateRollback", "CreateChangeSet", "DeleteChangeSet",
        "DescribeChangeSet",
        "DescribeStackEvents", "DescribeStacks", "ExecuteChangeSet", "GetTemplate", "RollbackStack",
      ].map { "cloudformation:\($0)" }, roots.map(\.stackId))
    if let account = point.account {
      let partition = roots.first?.stackId.split(separator: ":").dropFirst().first.map(String.init) ?? "aws"
      let functions = point.functions.map {
        "arn:\(partition):lambda:\(point.region):\(account):function:\($0.name)"
      }
      add(["lambda:UpdateAlias", "lambda:UpdateFunctionCode"], functions)
    }
    add(
      ["secretsmanager:UpdateSecretVersionStage"],
      point.managedSecrets.filter { !$0.rotates && $0.owningService == nil }.map(\.arn))
    add(["states:UpdateStateMachine"], point.stateMachines.map(\.arn))
    let buckets = Set(point.stacks.compactMap(\.templateBucket))
    add(["s3:PutObject"], buckets.map { "arn:aws:s3:::\($0.split(separator: "/")[0])/*" })
    return needs
  }

  let client: AWSClient

  /// What is not permitted, or that nobody could say.
  func check(_ needs: [Need], identity: CallerIdentity?) async throws -> [Finding] {
    guard let identity else { return [unchecked("who the credentials belong to may not be asked")] }
    // The account's own root may do everything.
    if identity.arn.hasSuffix(":root") { return [] }
    guard !identity.arn.contains(":federated-user/") else {
      return [unchecked("policies of a federated user cannot be simulated")]
    }
    let principal = IAMClient.principal(ofCaller: identity.arn)
    do {
      let decisions = try await needs.mapAtOnce(width: 4) { need in
        try await IAMClient(client).simulatePrincipalPolicy(
          principal, actions: need.actions, resources: need.resources)
      }.flatMap { $0 }
      return RollbackPermissions.findings(decisions, principal)
    } catch let error as AWSError
      where !error.isTemporary && (error.kind == .accessDenied || !error.isAboutCredentials)
    {
      return [unchecked("\(error)")]
    }
  }

  /// One finding a resource that is not fully permitted.
  static func findings(_ decisions: [PolicyDecision], _ principal: String) -> [Finding] {
    Dictionary(grouping: decisions.filter { !$0.isAllowed }, by: \.resource).sorted { $0.key < $1.key }
      .map { resource, denied in
        Finding(
          "permission-missing", .error,
          "\(principal) may not \(denied.map(\.action).sorted().joined(separator: ", ")) on \(resource), which a "
            + "rollback may need", subject: resource)
      }
  }

  private func unchecked(_ why: String) -> Finding {
    Finding(
      "permissions-unchecked", .notice,
      "whether the credentials at hand may do what a rollback needs was not checked: \(why)",
      subject: "permissions")
  }
}
