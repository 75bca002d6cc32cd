import AWSClients
import DatabaseAccess
import DeploymentConfig
import DeploymentRecords
import Redaction
import StepResults
import SystemInterfaces

extension StepSession {
  /// The application's database, by psql: `DATABASE_URL` of the configuration or the environment, else libpq's own
  /// variables, else the secret that a stack owns. Nil where none of them is there.
  /// - Throws: `PsqlError` where an address cannot be read, `AWSError` where a secret cannot be had.
  public func database() async throws -> Psql? {
    if let url = config.databaseURL {
      return psql(try DatabaseAddress(url: url, source: "DATABASE_URL in \(config.path)"))
    }
    if let url = context.environment.nonEmpty("DATABASE_URL") {
      return psql(try DatabaseAddress(url: url, source: "DATABASE_URL of the environment"))
    }
    if ["PGHOST", "PGSERVICE"].contains(where: { context.environment.nonEmpty($0) != nil }) {
      return psql(nil)
    }
    guard !config.usesExternalDatabase, let address = try await addressOfStacks() else { return nil }
    return psql(address)
  }

  private func psql(_ address: DatabaseAddress?) -> Psql {
    if let password = address?.password ?? context.environment.nonEmpty("PGPASSWORD") {
      redactor.learn(password)
    }
    return Psql(
      address, environment: context.environment, processes: context.processes,
      redact: { [redactor] in redactor.redact($0) })
  }

  // MARK: - Found from the stacks

  private func addressOfStacks() async throws -> DatabaseAddress? {
    // The database's own stack first: other stacks own secrets for other purposes.
    let order = config.stacks.sorted { $0.role == "database" && $1.role != "database" }
    for stack in order {
      let resources: [StackResource]
      do {
        resources = try await CloudFormationClient(clients()[stack.name]).listStackResources(stack.name)
      } catch let error as AWSError where error.kind == .notFound { continue }
      if let address = try await address(in: resources, stack: stack.name) { return address }
    }
    return nil
  }

  private func address(in resources: [StackResource], stack: String) async throws -> DatabaseAddress? {
    func ids(_ type: String) -> [String] { resources.filter { $0.type == type }.compactMap(\.physicalId) }
    let client = try clients()[stack]
    let place = try await place(
      RDSClient(client), instances: ids("AWS::RDS::DBInstance"), clusters: ids("AWS::RDS::DBCluster"))
    var found: [DatabaseAddress] = []
    for secret in ids("AWS::SecretsManager::Secret") + (place?.secret.map { [$0] } ?? []) {
      guard let text = try await SecretsManagerClient(client).getSecretValue(secret).text else { continue }
      // A secret that is no database's is not ours to complain about.
      guard
        let address = try? DatabaseAddress(
          secret: text, source: "secret \(secret) of \(stack)", host: place?.host, port: place?.port,
          database: place?.database)
      else { continue }
      if let password = address.password { redactor.learn(password) }
      found.append(address)
    }
    guard found.count > 1 else { return found.first }
    // Several, such as a master's and the application's: they must at least be for the same database.
    if Set(found.map(\.shown)).count == 1 { return found.first }
    throw PsqlError(
      .badAddress,
      "\(stack) owns secrets of several databases: \(found.map(\.source).joined(separator: ", "))",
      advice: "say with DATABASE_URL which one is meant")
  }

  private struct Place {
    var host: String?, port: Int?, database: String?, secret: String?
  }

  private func place(_ rds: RDSClient, instances: [String], clusters: [String]) async throws -> Place? {
    do {
      if let id = clusters.first, let cluster = try await rds.describeDBClusters(id).first {
        return Place(
          host: cluster.endpoint, port: cluster.port, database: cluster.databaseName,
          secret: cluster.masterUserSecret)
      }
      if let id = instances.first, let instance = try await rds.describeDBInstances(id).first {
        return Place(
          host: instance.endpointAddress, port: instance.endpointPort, database: instance.databaseName,
          secret: instance.masterUserSecret)
      }
    } catch let error as AWSError where error.kind == .notFound { return nil }
    return nil
  }
}
