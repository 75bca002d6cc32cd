import AWSClients
import DeploymentRecords
import StepResults
import SystemInterfaces

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
    add(
      ["lambda:UpdateAlias", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"],
      point.functions.compactMap(point.arn))
    add(
      ["secretsmanager:UpdateSecretVersionStage"],
      point.managedSecrets.filter { !$0.rotates && $0.owningService == nil }.map(\.arn))
    add(["states:UpdateStateMachine"], point.stateMachines.map(\.arn))
    add(["ecs:UpdateService"], (point.settings ?? []).filter { $0.kind == .service }.map(\.target))
    let buckets = Set(point.stacks.compactMap(\.templateBucket))
    let partition = point.stacks.lazy.compactMap { AmazonResourceName($0.stackId)?.partition }.first ?? "aws"
    add(
      ["s3:PutObject"],
      buckets.map { "arn:\(partition):s3:::\($0.split(separator: "/")[0])/*" })
    return needs
  }

  let clients: StackClients

  /// What is not permitted of all that a rollback to `point` may call, asked of each account about who would call there.
  func check(_ point: RestorePoint, _ callers: Identities) async throws -> [Finding] {
    var findings: [Finding] = []
    for client in clients.used {
      let part = point.part { clients[$0] === client }
      findings += try await check(
        RollbackPermissions.needs(part), identity: callers[client], client: client)
    }
    return findings
  }

  /// What is not permitted, or that nobody could say.
  func check(_ needs: [Need], identity: CallerIdentity?, client: AWSClient) async throws -> [Finding] {
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

/// Who the credentials of each client belong to, where STS answers.
struct Identities: Sendable {
  private let found: [ObjectIdentifier: CallerIdentity]
  /// Who the run's own credentials belong to.
  let own: CallerIdentity?

  init(_ found: [(AWSClient, CallerIdentity?)]) {
    own = found.first?.1
    self.found = Dictionary(
      found.compactMap { client, identity in identity.map { (ObjectIdentifier(client), $0) } },
      uniquingKeysWith: { $1 })
  }

  subscript(_ client: AWSClient) -> CallerIdentity? { found[ObjectIdentifier(client)] }

  /// Asks STS with each client's credentials.
  static func ask(_ clients: StackClients) async throws -> Identities {
    Identities(try await clients.all.mapAtOnce { ($0, try await identity($0)) })
  }

  private static func identity(_ client: AWSClient) async throws -> CallerIdentity? {
    do {
      return try await STSClient(client).getCallerIdentity()
    } catch let error as AWSError where error.kind == .accessDenied {
      // The account's number is a convenience; who may read stacks need not be told who they are.
      return nil
    }
  }
}

extension RestorePoint {
  /// The stacks for which `isWanted` holds, by name or id, and what they own.
  func part(_ isWanted: (String) -> Bool) -> RestorePoint {
    var part = self
    part.stacks = stacks.filter { isWanted($0.stackId) }
    part.functions = functions.filter { isWanted($0.stack) }
    part.stateMachines = stateMachines.filter { isWanted($0.stack) }
    part.managedSecrets = managedSecrets.filter { isWanted($0.stack) }
    part.settings = settings?.filter { $0.stack.map(isWanted) ?? true }
    return part
  }
}
