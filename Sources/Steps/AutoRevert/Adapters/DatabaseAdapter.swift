import AWSClients
import CryptoDigests
import DeploymentRecords
import JSONValues
import RollbackPlanning
import SystemInterfaces

/// The database of a restore point, made anew of its snapshot beside the old one, and the secrets that name it.
struct DatabaseAdapter {
  private let state: DatabaseState
  private let point: RestorePoint
  private let rds: RDSClient
  private let clients: StackClients
  private let onSecret: @Sendable (String) -> Void
  /// The label that the version of a secret before the switch gets, so that it is not deleted.
  static let keptLabel = "backstop-before-database-restore"

  init(
    _ clients: StackClients, state: DatabaseState, restorePoint: RestorePoint,
    onSecret: @escaping @Sendable (String) -> Void
  ) {
    self.state = state
    point = restorePoint
    self.clients = clients
    rds = RDSClient(clients[state.stack])
    self.onSecret = onSecret
  }

  private var isCluster: Bool { state.kind == "cluster" }

  /// The same for every run of a revert to this restore point, so that a run that follows a killed one finds it.
  var restoredName: String {
    let mark = point.id.split(separator: "-").last.map { $0.lowercased() } ?? "0"
    // An identifier has at most 63 characters and never two hyphens in a row.
    var stem = state.identifier.prefix(48)
    while stem.hasSuffix("-") { stem = stem.dropLast() }
    return "\(stem)-restored-\(mark.prefix(5))"
  }

  /// The name of the secret's version that names the restored database.
  func version(of secret: String) -> String {
    "backstop-db-" + Digest.sha256Hex(Array("\(point.id) \(secret)".utf8)).prefix(40)
  }

  // MARK: - Facts

  func facts() async throws -> DatabaseFacts {
    var facts = DatabaseFacts(
      identifier: state.identifier, stack: AmazonResourceName.stackName(of: state.stack),
      snapshot: state.snapshotId,
      restored: restoredName)
    if let snapshot = state.snapshotId {
      facts.snapshotStatus = try await ifThere {
        isCluster
          ? try await rds.describeDBClusterSnapshots(snapshot).first
          : try await rds.describeDBSnapshots(snapshot).first
      }??.status
    }
    facts.restoredStatus = try await status()
    let place = try await endpoint(state.identifier)
    if facts.restoredStatus == "available", !isCluster, let restored = try await instance(restoredName) {
      facts.differences = RecordedInstance(state.settings).differences(restored)
    }
    facts.oldUsers = try await DatabaseUsers(
      clients: clients, state: state, point: point, restored: restoredName
    ).find(place?.host)
    for secret in point.managedSecrets {
      if let found = try await secretSwitch(secret, place) { facts.secrets.append(found) }
    }
    return facts
  }

  /// The restored database's status; nil where there is none. A cluster is available when its instances are.
  private func status() async throws -> String? {
    guard isCluster else { return try await instance(restoredName)?.status }
    guard let cluster = try await ifThere({ try await rds.describeDBClusters(restoredName).first }) ?? nil
    else {
      return nil
    }
    guard cluster.status == "available" else { return cluster.status }
    let wanted = try await RecordedCluster(state).members { name in try await instance(name) }
    guard cluster.members.count >= max(1, wanted.count) else { return "without all of its instances" }
    for member in cluster.members {
      let status = try await instance(member)?.status ?? "missing"
      if status != "available" { return "available, its instance \(member) \(status)" }
    }
    return "available"
  }

  private func instance(_ name: String) async throws -> DBInstance? {
    try await ifThere { try await rds.describeDBInstances(name).first } ?? nil
  }

  private func endpoint(_ name: String) async throws -> (host: String, port: Int?)? {
    if isCluster {
      let found = try await ifThere { try await rds.describeDBClusters(name).first } ?? nil
      return found.flatMap { cluster in cluster.endpoint.map { ($0, cluster.port) } }
    }
    let found = try await instance(name)
    return found.flatMap { instance in instance.endpointAddress.map { ($0, instance.endpointPort) } }
  }

  /// A secret that names the old database, and what keeps it from being pointed at the new one (danger 10).
  private func secretSwitch(
    _ secret: ManagedSecretState, _ place: (host: String, port: Int?)?
  ) async throws -> DatabaseFacts.SecretSwitch? {
    let secrets = SecretsManagerClient(clients[secret.stack])
    guard let now = try await ifThere({ try await secrets.describeSecret(secret.arn) }),
      now.currentVersion != version(of: secret.arn)
    else { return nil }
    let value = try await secrets.getSecretValue(secret.arn)
    guard let text = value.text else { return nil }
    onSecret(text)
    guard let document = try? JSONValue(parsing: Array(text.utf8)), let host = document["host"]?.string,
      names(host, document["port"], place)
    else { return nil }
    if now.rotates {
      return .init(target: secret.arn, obstacle: "rotation is on, and would go on with the old database")
    }
    if let service = now.owningService { return .init(target: secret.arn, obstacle: "\(service) owns it") }
    if let rotated = now.lastRotatedAt, point.precedes(rotated) {
      return .init(
        target: secret.arn,
        obstacle: "its password was rotated since, and the database of the snapshot has the one before")
    }
    return .init(target: secret.arn)
  }

  private func names(_ host: String, _ port: JSONValue?, _ place: (host: String, port: Int?)?) -> Bool {
    if let place {
      let number = port?.int ?? port?.string.flatMap { Int($0) }
      return host == place.host && (number == nil || place.port == nil || number == place.port)
    }
    // The old database is gone: its address began with its name.
    return host.hasPrefix("\(state.identifier).")
  }

  // MARK: - Actions

  func perform(_ action: PlannedAction) async throws {
    if action.kind == .switchDatabase { return try await pointSecret(action.target) }
    guard let snapshot = state.snapshotId else {
      throw OperationFailure(.refused, "the restore point has no snapshot of \(state.identifier)")
    }
    // An earlier run, or a call whose answer was lost, made it.
    guard try await status() == nil else { return }
    if isCluster {
      _ = try await rds.restoreDBClusterFromSnapshot(
        RecordedCluster(state).restore(restoredName, of: snapshot))
    } else {
      _ = try await rds.restoreDBInstanceFromDBSnapshot(
        RecordedInstance(state.settings).restore(restoredName, of: snapshot))
    }
  }

  /// How far the new database has come; what a restore does not take is set once it is there.
  func progress() async throws -> ResourceProgress {
    guard let now = try await status() else { return .running("not there yet") }
    if ["failed", "restore-error", "storage-full", "deleting"].contains(now) || now.hasPrefix("incompatible-")
    {
      return .failed("it is \(now)")
    }
    if isCluster {
      guard now == "without all of its instances" else { return now == "available" ? .done : .running(now) }
      try await makeMembers()
      return .running("its instances being made")
    }
    guard now == "available", let restored = try await instance(restoredName) else { return .running(now) }
    let recorded = RecordedInstance(state.settings)
    guard recorded.isToBeModified(restored) else { return .done }
    _ = try await rds.modifyDBInstance(restoredName, recorded.afterwards)
    // Some settings are taken later, with the next maintenance: what differs then is said.
    return .done
  }

  private func makeMembers() async throws {
    let members = try await RecordedCluster(state).members { name in try await instance(name) }
    guard !members.isEmpty else {
      throw OperationFailure(
        .refused,
        "no instance of \(state.identifier) is known, so \(restoredName) stays without one: add one by hand")
    }
    for (index, member) in members.enumerated() {
      // An earlier run, or a call whose answer was lost, made it.
      guard try await instance("\(restoredName)-\(index + 1)") == nil else { continue }
      _ = try await rds.createDBInstance(
        "\(restoredName)-\(index + 1)", inCluster: restoredName, engine: state.engine ?? "aurora-postgresql",
        like: member)
    }
  }

  /// A new version of the secret that names the new database; the present version is labelled first, and kept by that.
  private func pointSecret(_ secret: String) async throws {
    guard let place = try await endpoint(restoredName) else {
      throw OperationFailure(.refused, "\(restoredName) has no address yet")
    }
    let owner = point.managedSecrets.first { $0.arn == secret }?.stack ?? state.stack
    let secrets = SecretsManagerClient(clients[owner])
    let value = try await secrets.getSecretValue(secret)
    guard let text = value.text else { throw OperationFailure(.refused, "\(secret) holds no text") }
    onSecret(text)
    guard var document = try JSONValue(parsing: Array(text.utf8)).object,
      let port = document["port"] ?? .some(.null)
    else { throw OperationFailure(.refused, "\(secret) is no JSON object with a host") }
    document["host"] = .string(place.host)
    if let number = place.port {
      switch port {
      case .string: document["port"] = .string("\(number)")
      case .number: document["port"] = .number(JSONNumber(number))
      default: break
      }
    }
    let described = try await secrets.describeSecret(secret)
    if described.version(of: DatabaseAdapter.keptLabel) != value.versionId {
      try await secrets.updateSecretVersionStage(
        secret, stage: DatabaseAdapter.keptLabel, moveTo: value.versionId,
        removeFrom: described.version(of: DatabaseAdapter.keptLabel))
    }
    let changed = JSONValue.object(document).serialized()
    onSecret(changed)
    try await secrets.putSecretValue(secret, text: changed, versionId: version(of: secret))
  }
}
