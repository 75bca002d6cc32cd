import AWSClients
import CryptoDigests
import DatabaseAccess
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
  private let probes: DataProbes?
  /// The label that the version of a secret before the switch gets, so that it is not deleted.
  static let keptLabel = "backstop-before-database-restore"

  init(
    _ clients: StackClients, state: DatabaseState, restorePoint: RestorePoint,
    probes: DataProbes? = nil, onSecret: @escaping @Sendable (String) -> Void
  ) {
    self.state = state
    self.probes = probes
    point = restorePoint
    self.clients = clients
    rds = RDSClient(clients[state.stack])
    self.onSecret = onSecret
  }

  private var isCluster: Bool { state.kind == "cluster" }

  var restoredName: String { point.restoredName(of: state) }

  private var addresses: AddressParameters {
    AddressParameters(clients: clients, state: state, point: point)
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
    if let place {
      let found = try await addresses.find(place.host, new: endpoint(restoredName)?.host)
      (facts.redeploys, facts.waysBack) = (found.switches, found.waysBack)
    }
    let users = try await DatabaseUsers(
      clients: clients, state: state, point: point, restored: restoredName
    ).find(place?.host, redeployed: Set(facts.redeploys.map(\.target)))
    (facts.oldUsers, facts.proxies) = (users.lines, users.proxies)
    facts.waysBack += users.waysBack
    for secret in point.managedSecrets {
      if let found = try await secretSwitch(secret, place) { facts.secrets.append(found) }
      facts.waysBack += try await wayBack(secret).map { [$0] } ?? []
    }
    let isToBeSwitched = !(facts.secrets + facts.proxies + facts.redeploys).isEmpty
    if facts.restoredStatus == "available", isToBeSwitched, let probes {
      facts.probes = await probes.answers { try await addressOfRestored() }
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
  ) async throws -> DatabaseFacts.Switch? {
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

  /// The command that labels the secret's former version again; nil where it was not switched.
  private func wayBack(_ secret: ManagedSecretState) async throws -> String? {
    let secrets = SecretsManagerClient(clients[secret.stack])
    guard let now = try await ifThere({ try await secrets.describeSecret(secret.arn) }),
      let current = now.currentVersion, current == version(of: secret.arn),
      let former = now.version(of: DatabaseAdapter.keptLabel)
    else { return nil }
    return
      "aws secretsmanager update-secret-version-stage --secret-id \(secret.arn) --version-stage AWSCURRENT "
      + "--move-to-version-id \(former) --remove-from-version-id \(current)"
  }

  /// The restored database as the application would reach it: the login of a secret, and the new address.
  private func addressOfRestored() async throws -> DatabaseAddress? {
    guard let place = try await endpoint(restoredName) else { return nil }
    for secret in point.managedSecrets {
      let secrets = SecretsManagerClient(clients[secret.stack])
      guard let text = try await ifThere({ try await secrets.getSecretValue(secret.arn).text }) ?? nil else {
        continue
      }
      onSecret(text)
      guard var document = try? JSONValue(parsing: Array(text.utf8)).object, document["username"] != nil
      else { continue }
      document["host"] = .string(place.host)
      if let port = place.port { document["port"] = .number(JSONNumber(port)) }
      document["url"] = nil
      let changed = JSONValue.object(document).serialized()
      onSecret(changed)
      if let address = try? DatabaseAddress(secret: changed, source: "the secret \(secret.arn)") {
        return address
      }
    }
    return nil
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
    if action.kind == .switchDatabaseProxy { return try await pointProxy(action.target) }
    if action.kind == .redeploy { return try await redeploy(action.target) }
    guard let snapshot = state.snapshotId else {
      throw OperationFailure(.refused, "the restore point has no snapshot of \(state.identifier)")
    }
    // An earlier run, or a call whose answer was lost, made it.
    guard try await status() == nil else { return }
    try await onceOnly {
      if isCluster {
        _ = try await rds.restoreDBClusterFromSnapshot(
          RecordedCluster(state).restore(restoredName, of: snapshot))
      } else {
        _ = try await rds.restoreDBInstanceFromDBSnapshot(
          RecordedInstance(state.settings).restore(restoredName, of: snapshot))
      }
    }
  }

  /// Makes a call that is not done twice: where its answer was lost and it was sent again, RDS refuses the second, since what
  /// the first made is there. The names are of this restore alone.
  private func onceOnly(_ call: () async throws -> Void) async throws {
    let done = [
      "DBInstanceAlreadyExists", "DBClusterAlreadyExists", "DBProxyTargetAlreadyRegistered",
      "DBProxyTargetNotFound",
    ]
    do {
      try await call()
    } catch let error as AWSError where done.contains(where: { error.code.hasPrefix($0) }) {}
  }

  /// The new database's name for a proxy, and the old one's.
  private func target(_ name: String) -> DBProxyTarget { isCluster ? .cluster(name) : .instance(name) }

  /// A proxy leads to one database at a time: first from the old one, then to the new one.
  private func pointProxy(_ name: String) async throws {
    guard let proxy = try await rds.describeDBProxies().first(where: { $0.name == name }) else {
      throw OperationFailure(.refused, "there is no proxy \(name) any more")
    }
    if !proxy.targets(of: state.identifier).isEmpty {
      try await onceOnly { try await rds.deregisterDBProxyTarget(name, target(state.identifier)) }
    }
    guard proxy.targets(of: restoredName).isEmpty else { return }
    try await onceOnly { try await rds.registerDBProxyTarget(name, target(restoredName)) }
  }

  private func redeploy(_ stack: String) async throws {
    guard let old = try await endpoint(state.identifier), let new = try await endpoint(restoredName) else {
      throw OperationFailure(.refused, "\(state.identifier) or \(restoredName) has no address")
    }
    try await addresses.begin(stack, from: old.host, to: new.host)
  }

  /// How far a stack has come to take the new database's address.
  func progress(ofStack name: String) async throws -> ResourceProgress {
    guard let old = try await endpoint(state.identifier) else {
      return .failed("\(state.identifier) has no address any more")
    }
    return try await addresses.progress(name, from: old.host)
  }

  /// How far a proxy has come to lead to the new database.
  func progress(ofProxy name: String) async throws -> ResourceProgress {
    let proxy = try await rds.describeDBProxies().first { $0.name == name }
    guard let targets = proxy?.targets(of: restoredName), !targets.isEmpty else {
      return .failed("it leads nowhere: \(DatabaseUsers.register(name, restoredName, isCluster: isCluster))")
    }
    // Each instance of a cluster is a target; a state that is not told is none to wait for.
    guard let waited = targets.first(where: { ($0.state ?? "AVAILABLE") != "AVAILABLE" }) else {
      return .done
    }
    let how = [waited.state, waited.reason, waited.description].compactMap(\.self).joined(separator: ", ")
    let passing = [nil, "PENDING_PROXY_CAPACITY", "CONNECTION_FAILED", "PROMOTED"]
    return waited.state == "REGISTERING" || passing.contains(waited.reason)
      ? .running(how) : .failed("it does not reach \(restoredName): \(how)")
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
      try await onceOnly {
        _ = try await rds.createDBInstance(
          "\(restoredName)-\(index + 1)", inCluster: restoredName,
          engine: state.engine ?? "aurora-postgresql",
          like: member)
      }
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
