import AWSClients
import DeploymentRecords
import SystemInterfaces

/// What goes on using the old database although the secrets name the new one: a proxy in front of it, and functions whose
/// variables hold its address or that proxy's (danger 27).
struct DatabaseUsers {
  let clients: StackClients
  let state: DatabaseState
  let point: RestorePoint
  let restored: String

  /// One sentence each, with what to do.
  /// - Parameter host: the old database's address; nil where it is gone.
  func find(_ host: String?) async throws -> [String] {
    var lines: [String] = []
    var proxies: [DBProxy] = []
    do {
      proxies = try await RDSClient(clients[state.stack]).proxies(to: state.identifier)
    } catch let error as AWSError where !error.isTemporary && error.kind != .credentialsExpired {
      // A service that has no proxies at all is answered with an unknown action.
      if error.isAboutCredentials {
        lines.append(
          "whether an RDS Proxy leads to \(state.identifier) could not be looked at (\(error.code)): look by hand."
        )
      }
    }
    let which = state.kind == "cluster" ? "--db-cluster-identifiers" : "--db-instance-identifiers"
    for proxy in proxies {
      lines.append(
        "the proxy \(proxy.name) goes on leading to \(state.identifier). Once \(restored) is there: aws rds "
          + "deregister-db-proxy-targets --db-proxy-name \(proxy.name) \(which) \(state.identifier) && aws rds "
          + "register-db-proxy-targets --db-proxy-name \(proxy.name) \(which) \(restored)")
    }
    let addresses =
      [host].compactMap(\.self).map { ($0, state.identifier) }
      + proxies.compactMap { proxy in proxy.endpoint.map { ($0, "the proxy \(proxy.name)") } }
    for function in point.functions {
      let name = point.designation(of: function)
      let lambda = LambdaClient(clients[function.stack])
      guard let now = try await ifThere({ try await lambda.getFunctionConfiguration(name) }) else { continue }
      for (variable, value) in now.environment.sorted(by: { $0.key < $1.key }) {
        guard let found = addresses.first(where: { value.contains($0.0) }) else { continue }
        lines.append(
          "the function \(name) goes on using \(found.1): its variable \(variable) holds the address, whatever the secret "
            + "says. Deploy \(AmazonResourceName.stackName(of: function.stack)) with the address of \(restored), or set it by "
            + "hand.")
      }
    }
    return lines
  }
}
