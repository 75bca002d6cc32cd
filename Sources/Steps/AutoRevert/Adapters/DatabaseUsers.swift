import AWSClients
import DeploymentRecords
import RollbackPlanning
import SystemInterfaces

/// What goes on using the old database although the secrets name the new one: a proxy in front of it, and functions whose
/// variables hold its address or that of a proxy that stays (danger 27).
struct DatabaseUsers {
  let clients: StackClients
  let state: DatabaseState
  let point: RestorePoint
  let restored: String

  /// What was found.
  struct Found {
    /// What goes on using it, one sentence each, with what to do.
    var lines: [String] = []
    /// Proxies that lead to it and can be switched.
    var proxies: [DatabaseFacts.Switch] = []
    /// How proxies that were switched are switched back.
    var waysBack: [String] = []
  }

  private var isCluster: Bool { state.kind == "cluster" }

  /// - Parameters:
  ///   - host: the old database's address; nil where it is gone.
  ///   - redeployed: stacks that are deployed again with the new one: what of them uses the old one then is told then.
  func find(_ host: String?, redeployed: Set<String>) async throws -> Found {
    let redeployed = withNested(redeployed)
    var found = Found()
    var all: [DBProxy] = []
    do {
      all = try await RDSClient(clients[state.stack]).describeDBProxies()
    } catch let error as AWSError where !error.isTemporary && error.kind != .credentialsExpired {
      // A service that has no proxies at all is answered with an unknown action.
      if error.isAboutCredentials {
        found.lines.append(
          "whether an RDS Proxy leads to \(state.identifier) could not be looked at (\(error.code)): look by hand."
        )
      }
    }
    let secrets = Set(point.managedSecrets.map(\.arn))
    for proxy in all {
      if !proxy.targets(of: state.identifier).isEmpty
        // A run that was ended between the two calls left it leading nowhere.
        || proxy.targets.isEmpty && !secrets.isDisjoint(with: proxy.secrets)
      {
        found.proxies.append(DatabaseFacts.Switch(target: proxy.name))
      }
      if !proxy.targets(of: restored).isEmpty {
        found.waysBack.append(
          "\(DatabaseUsers.deregister(proxy.name, restored, isCluster: isCluster)) && "
            + DatabaseUsers.register(proxy.name, state.identifier, isCluster: isCluster))
      }
    }
    guard let host else { return found }
    for function in point.functions
    where !redeployed.contains(AmazonResourceName.stackName(of: function.stack)) {
      let name = point.designation(of: function)
      let lambda = LambdaClient(clients[function.stack])
      guard let now = try await ifThere({ try await lambda.getFunctionConfiguration(name) }) else { continue }
      for (variable, value) in now.environment.sorted(by: { $0.key < $1.key }) where value.contains(host) {
        let stack = AmazonResourceName.stackName(of: function.stack)
        found.lines.append(
          "the function \(name) goes on using \(state.identifier): its variable \(variable) holds the address, whatever "
            + "the secret says. \(way(host, in: stack, "set the variable by hand"))")
      }
    }
    found.lines += try await parameters(host, redeployed: redeployed)
    return found
  }

  /// The names of `stacks` and of what is nested in them, which deploying them again reaches as well.
  private func withNested(_ stacks: Set<String>) -> Set<String> {
    var names = stacks
    var ids = Set(point.stacks.filter { names.contains($0.name) }.map(\.stackId))
    while let next = point.stacks.first(where: {
      !ids.contains($0.stackId) && $0.parentId.map(ids.contains) ?? false
    }) {
      names.insert(next.name)
      ids.insert(next.stackId)
    }
    return names
  }

  /// Parameters of Systems Manager that the stacks make and that hold `host`: who reads them goes on using the old database.
  private func parameters(_ host: String, redeployed: Set<String>) async throws -> [String] {
    var lines: [String] = []
    for stack in point.stacks where !redeployed.contains(stack.name) {
      let ssm = SSMClient(clients[stack.stackId])
      for resource in stack.resources where resource.type == "AWS::SSM::Parameter" {
        guard let name = resource.physicalId else { continue }
        do {
          guard let now = try await ifThere({ try await ssm.getParameter(name) }), now.value.contains(host)
          else {
            continue
          }
          var byHand = "write it by hand"
          if now.value == host {
            byHand +=
              ": aws ssm put-parameter --name \(name) --overwrite --value \"$(aws rds \(address) --output text)\""
          }
          lines.append(
            "the parameter \(name) of \(stack.name) goes on naming \(state.identifier): what reads it uses the old database, "
              + "whatever the secret says. \(way(host, in: stack.name, byHand))")
        } catch let error as AWSError where error.isAboutCredentials && error.kind != .credentialsExpired {
          lines.append(
            "whether the parameter \(name) of \(stack.name) holds the address of \(state.identifier) could not be looked at "
              + "(\(error.code)): look by hand.")
        }
      }
    }
    return lines
  }

  /// What asks RDS for the address of the restored database.
  private var address: String {
    isCluster
      ? "describe-db-clusters --db-cluster-identifier \(restored) --query 'DBClusters[0].Endpoint'"
      : "describe-db-instances --db-instance-identifier \(restored) --query 'DBInstances[0].Endpoint.Address'"
  }

  /// How what holds `host` in `stack` comes to hold the restored database's address.
  private func way(_ host: String, in stack: String, _ byHand: String) -> String {
    if let found = exported(host, to: stack) {
      return
        "The export \(found.export) of \(found.stack), which \(stack) imports, goes on naming it, so deploying \(stack) again "
        + "changes nothing: let \(found.stack) export the address of \(restored), or \(byHand)."
    }
    if stack == AmazonResourceName.stackName(of: state.stack) {
      return "\(stack) owns \(state.identifier), so deploying it again changes nothing: \(byHand)."
    }
    return "Deploy \(stack) with the address of \(restored), or \(byHand)."
  }

  /// The export with `host` in it that the template of `stack` imports.
  private func exported(_ host: String, to stack: String) -> (export: String, stack: String)? {
    guard let importing = point.stacks.first(where: { $0.name == stack }) else { return nil }
    for other in point.stacks {
      for output in other.outputs where output.value.contains(host) {
        if let name = output.exportName, importing.imports.contains(name) { return (name, other.name) }
      }
    }
    return nil
  }

  static func register(_ proxy: String, _ database: String, isCluster: Bool) -> String {
    "aws rds register-db-proxy-targets --db-proxy-name \(proxy) \(option(isCluster)) \(database)"
  }

  static func deregister(_ proxy: String, _ database: String, isCluster: Bool) -> String {
    "aws rds deregister-db-proxy-targets --db-proxy-name \(proxy) \(option(isCluster)) \(database)"
  }

  private static func option(_ isCluster: Bool) -> String {
    isCluster ? "--db-cluster-identifiers" : "--db-instance-identifiers"
  }
}
