/// RDS. What makes a snapshot or an instance is named by the caller, so that a second call finds the first one's.
public struct RDSClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  func call(
    _ name: String, _ parameters: QueryParameters, repeating: AWSOperation.Repeating = .safe,
    subject: String? = nil
  ) async throws -> XMLElement {
    try await client.query(.query(.rds, name, parameters, repeating: repeating, subject: subject))
  }

  private func pages(
    _ name: String, _ parameters: QueryParameters, list: String, subject: String?
  ) async throws -> [XMLElement] {
    var elements: [XMLElement] = []
    try await client.pages(of: .rds, name, subject: subject) { marker in
      var page = parameters
      page["Marker"] = marker
      let answer = try await call(name, page, subject: subject)
      elements += answer.list(list)
      return answer.nonEmpty("Marker")
    }
    return elements
  }

  // MARK: - Instances and clusters

  /// All instances, or the one of that name; kind `notFound` where there is none.
  public func describeDBInstances(_ identifier: String? = nil) async throws -> [DBInstance] {
    try await pages(
      "DescribeDBInstances", ["DBInstanceIdentifier": identifier], list: "DBInstances",
      subject: identifier.map { "instance \($0)" }
    ).map { DBInstance($0) }
  }

  /// All clusters, or the one of that name; kind `notFound` where there is none.
  public func describeDBClusters(_ identifier: String? = nil) async throws -> [DBCluster] {
    try await pages(
      "DescribeDBClusters", ["DBClusterIdentifier": identifier], list: "DBClusters",
      subject: identifier.map { "cluster \($0)" }
    ).map { DBCluster($0) }
  }

  // MARK: - Proxies

  /// All proxies, with where each leads.
  public func describeDBProxies() async throws -> [DBProxy] {
    var found: [DBProxy] = []
    for element in try await pages("DescribeDBProxies", [:], list: "DBProxies", subject: "proxies") {
      guard let name = element.nonEmpty("DBProxyName") else { continue }
      let targets = try await pages(
        "DescribeDBProxyTargets", ["DBProxyName": name], list: "Targets", subject: "proxy \(name)")
      var proxy = DBProxy(name: name, endpoint: element.nonEmpty("Endpoint"))
      proxy.secrets = element.list("Auth").compactMap { $0.nonEmpty("SecretArn") }
      proxy.targets = targets.map { DBProxy.Target($0) }
      found.append(proxy)
    }
    return found
  }

  /// Lets a proxy lead to an instance or a cluster; it leads to one at a time.
  public func registerDBProxyTarget(_ proxy: String, _ target: DBProxyTarget) async throws {
    try await changeTarget("RegisterDBProxyTargets", proxy, target)
  }

  /// Lets a proxy lead there no more.
  public func deregisterDBProxyTarget(_ proxy: String, _ target: DBProxyTarget) async throws {
    try await changeTarget("DeregisterDBProxyTargets", proxy, target)
  }

  private func changeTarget(_ name: String, _ proxy: String, _ target: DBProxyTarget) async throws {
    var parameters: QueryParameters = ["DBProxyName": proxy]
    switch target {
    case .instance(let name): parameters.set(list: "DBInstanceIdentifiers", [name])
    case .cluster(let name): parameters.set(list: "DBClusterIdentifiers", [name])
    }
    _ = try await call(name, parameters, repeating: .unsafe, subject: "proxy \(proxy)")
  }

  // MARK: - Snapshots

  /// Starts a snapshot of an instance. Kind `conflict` where the name is taken or the instance's state forbids it.
  public func createDBSnapshot(
    _ snapshot: String, ofInstance instance: String, tags: [AWSTag] = []
  ) async throws -> DBSnapshot {
    try await create("CreateDBSnapshot", snapshot, instance, tags, isCluster: false)
  }

  /// Starts a snapshot of a cluster.
  public func createDBClusterSnapshot(
    _ snapshot: String, ofCluster cluster: String, tags: [AWSTag] = []
  ) async throws -> DBSnapshot {
    try await create("CreateDBClusterSnapshot", snapshot, cluster, tags, isCluster: true)
  }

  private func create(
    _ name: String, _ snapshot: String, _ source: String, _ tags: [AWSTag], isCluster: Bool
  ) async throws -> DBSnapshot {
    var parameters: QueryParameters =
      isCluster
      ? ["DBClusterSnapshotIdentifier": snapshot, "DBClusterIdentifier": source]
      : ["DBSnapshotIdentifier": snapshot, "DBInstanceIdentifier": source]
    if !tags.isEmpty { parameters.set(tags: tags) }
    // A repeated call would be answered "already exists": the caller must look first.
    let answer = try await call(
      name, parameters, repeating: .unsafe, subject: "snapshot \(snapshot) of \(source)")
    let element = answer[isCluster ? "DBClusterSnapshot" : "DBSnapshot"] ?? XMLElement(name: "")
    return DBSnapshot(element, isCluster: isCluster)
  }

  /// Snapshots: the one of that name, those of an instance, or all.
  public func describeDBSnapshots(
    _ snapshot: String? = nil, ofInstance instance: String? = nil, type: String? = nil
  ) async throws -> [DBSnapshot] {
    try await pages(
      "DescribeDBSnapshots",
      ["DBSnapshotIdentifier": snapshot, "DBInstanceIdentifier": instance, "SnapshotType": type],
      list: "DBSnapshots", subject: (snapshot ?? instance).map { "snapshot \($0)" }
    ).map { DBSnapshot($0, isCluster: false) }
  }

  /// Snapshots of clusters: the one of that name, those of a cluster, or all.
  public func describeDBClusterSnapshots(
    _ snapshot: String? = nil, ofCluster cluster: String? = nil, type: String? = nil
  ) async throws -> [DBSnapshot] {
    try await pages(
      "DescribeDBClusterSnapshots",
      ["DBClusterSnapshotIdentifier": snapshot, "DBClusterIdentifier": cluster, "SnapshotType": type],
      list: "DBClusterSnapshots", subject: (snapshot ?? cluster).map { "snapshot \($0)" }
    ).map { DBSnapshot($0, isCluster: true) }
  }

  /// Deletes a manual snapshot of an instance.
  public func deleteDBSnapshot(_ snapshot: String) async throws {
    _ = try await call(
      "DeleteDBSnapshot", ["DBSnapshotIdentifier": snapshot], subject: "snapshot \(snapshot)")
  }

  /// Deletes a manual snapshot of a cluster.
  public func deleteDBClusterSnapshot(_ snapshot: String) async throws {
    _ = try await call(
      "DeleteDBClusterSnapshot", ["DBClusterSnapshotIdentifier": snapshot],
      subject: "snapshot \(snapshot)")
  }

  /// Starts a new instance from a snapshot; the old one stays as it is.
  public func restoreDBInstanceFromDBSnapshot(_ restore: DBRestore) async throws -> DBInstance {
    var parameters: QueryParameters = [
      "DBInstanceIdentifier": restore.identifier, "DBSnapshotIdentifier": restore.snapshot,
      "DBInstanceClass": restore.instanceClass, "DBSubnetGroupName": restore.subnetGroup,
      "DBParameterGroupName": restore.parameterGroup, "OptionGroupName": restore.optionGroup,
      "StorageType": restore.storageType, "NetworkType": restore.networkType,
      "CACertificateIdentifier": restore.certificateAuthority, "LicenseModel": restore.licenseModel,
      "PreferredBackupWindow": restore.backupWindow,
    ]
    if !restore.exportedLogs.isEmpty {
      parameters.set(list: "EnableCloudwatchLogsExports", restore.exportedLogs)
    }
    parameters.set("StorageThroughput", restore.storageThroughput)
    parameters.set("Port", restore.port)
    parameters.set("AutoMinorVersionUpgrade", restore.upgradesMinorVersions)
    parameters.set("DedicatedLogVolume", restore.hasDedicatedLogVolume)
    if !restore.securityGroups.isEmpty {
      parameters.set(list: "VpcSecurityGroupIds", restore.securityGroups, element: "VpcSecurityGroupId")
    }
    parameters.set("MultiAZ", restore.isMultiAZ)
    parameters.set("PubliclyAccessible", restore.isPubliclyAccessible)
    parameters.set("DeletionProtection", restore.isDeletionProtected)
    parameters.set("Iops", restore.iops)
    parameters.set("BackupRetentionPeriod", restore.backupRetentionDays)
    parameters.set("CopyTagsToSnapshot", restore.copiesTagsToSnapshot)
    parameters.set("EnableIAMDatabaseAuthentication", restore.usesIAMAuthentication)
    if let tags = restore.tags, !tags.isEmpty { parameters.set(tags: tags) }
    let answer = try await call(
      "RestoreDBInstanceFromDBSnapshot", parameters, repeating: .unsafe,
      subject: "instance \(restore.identifier) from snapshot \(restore.snapshot)")
    return DBInstance(answer["DBInstance"] ?? XMLElement(name: ""))
  }

  /// Sets tags; others stay.
  public func addTagsToResource(_ arn: String, _ tags: [AWSTag]) async throws {
    var parameters: QueryParameters = ["ResourceName": arn]
    parameters.set(tags: tags)
    _ = try await call("AddTagsToResource", parameters, subject: arn)
  }
}

extension QueryParameters {
  mutating func set(tags: [AWSTag]) {
    set(list: "Tags", tags, element: "Tag") { tag, members in
      members["Key"] = tag.key
      members["Value"] = tag.value
    }
  }
}
