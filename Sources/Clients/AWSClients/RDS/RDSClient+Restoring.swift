/// What a restored cluster is given: RDS's own defaults are not those of production, so say everything.
public struct DBClusterRestore: Hashable, Sendable {
  /// The name of the new cluster, and the snapshot.
  public var identifier: String, snapshot: String
  /// As in the snapshot; the service asks for it all the same.
  public var engine: String
  /// Nil takes the snapshot's.
  public var engineVersion: String?
  /// Where it stands and by which parameters it runs.
  public var subnetGroup: String?, parameterGroup: String?
  /// Empty means the default group of the VPC.
  public var securityGroups: [String] = []
  /// Whether a deletion is refused, whether IAM users may log in, and whether snapshots get the cluster's tags.
  public var isDeletionProtected: Bool?, usesIAMAuthentication: Bool?, copiesTagsToSnapshot: Bool?
  public var port: Int?, backupRetentionDays: Int?, backupWindow: String?
  public var engineMode: String?, storageType: String?, networkType: String?
  /// Seconds that the cluster can be taken back by.
  public var backtrackSeconds: Int?
  public var exportedLogs: [String] = []
  public var serverlessScaling: DBServerlessScaling?
  /// Set on the new cluster.
  public var tags: [AWSTag] = []

  /// A restore of `snapshot` to a new cluster, with RDS's defaults.
  public init(identifier: String, snapshot: String, engine: String) {
    self.identifier = identifier
    self.snapshot = snapshot
    self.engine = engine
  }
}

extension RDSClient {
  /// Starts a new cluster from a snapshot, without instances; the old one stays as it is.
  public func restoreDBClusterFromSnapshot(_ restore: DBClusterRestore) async throws -> DBCluster {
    var parameters: QueryParameters = [
      "DBClusterIdentifier": restore.identifier, "SnapshotIdentifier": restore.snapshot,
      "Engine": restore.engine, "EngineVersion": restore.engineVersion,
      "DBSubnetGroupName": restore.subnetGroup, "DBClusterParameterGroupName": restore.parameterGroup,
      "PreferredBackupWindow": restore.backupWindow, "EngineMode": restore.engineMode,
      "StorageType": restore.storageType, "NetworkType": restore.networkType,
    ]
    if !restore.securityGroups.isEmpty {
      parameters.set(list: "VpcSecurityGroupIds", restore.securityGroups, element: "VpcSecurityGroupId")
    }
    parameters.set("DeletionProtection", restore.isDeletionProtected)
    parameters.set("EnableIAMDatabaseAuthentication", restore.usesIAMAuthentication)
    parameters.set("CopyTagsToSnapshot", restore.copiesTagsToSnapshot)
    parameters.set("Port", restore.port)
    parameters.set("BackupRetentionPeriod", restore.backupRetentionDays)
    parameters.set("BacktrackWindow", restore.backtrackSeconds)
    if !restore.exportedLogs.isEmpty {
      parameters.set(list: "EnableCloudwatchLogsExports", restore.exportedLogs)
    }
    if let scaling = restore.serverlessScaling {
      parameters["ServerlessV2ScalingConfiguration.MinCapacity"] = "\(scaling.minimum)"
      parameters["ServerlessV2ScalingConfiguration.MaxCapacity"] = "\(scaling.maximum)"
      parameters.set("ServerlessV2ScalingConfiguration.SecondsUntilAutoPause", scaling.pausesAfter)
    }
    if !restore.tags.isEmpty { parameters.set(tags: restore.tags) }
    let answer = try await call(
      "RestoreDBClusterFromSnapshot", parameters, repeating: .unsafe,
      subject: "cluster \(restore.identifier) from snapshot \(restore.snapshot)")
    return DBCluster(answer["DBCluster"] ?? XMLElement(name: ""))
  }

  /// Starts an instance of a cluster.
  public func createDBInstance(
    _ identifier: String, inCluster cluster: String, engine: String, like member: DBMember,
    tags: [AWSTag] = []
  ) async throws -> DBInstance {
    var parameters: QueryParameters = [
      "DBInstanceIdentifier": identifier, "DBClusterIdentifier": cluster,
      "DBInstanceClass": member.instanceClass, "Engine": engine,
      "DBParameterGroupName": member.parameterGroup,
      "CACertificateIdentifier": member.certificateAuthority,
      "PreferredMaintenanceWindow": member.maintenanceWindow,
    ]
    parameters.set("PubliclyAccessible", member.isPubliclyAccessible)
    parameters.set("AutoMinorVersionUpgrade", member.upgradesMinorVersions)
    parameters.set("PromotionTier", member.promotionTier)
    parameters.set(member.monitoring)
    if !tags.isEmpty { parameters.set(tags: tags) }
    let answer = try await call(
      "CreateDBInstance", parameters, repeating: .unsafe,
      subject: "instance \(identifier) of cluster \(cluster)")
    return DBInstance(answer["DBInstance"] ?? XMLElement(name: ""))
  }

  /// Sets `change` at once.
  public func modifyDBInstance(_ identifier: String, _ change: DBInstanceChange) async throws -> DBInstance {
    var parameters: QueryParameters = [
      "DBInstanceIdentifier": identifier, "PreferredMaintenanceWindow": change.maintenanceWindow,
    ]
    parameters.set("MaxAllocatedStorage", change.maximumAllocatedStorage)
    parameters.set("BackupRetentionPeriod", change.backupRetentionDays)
    parameters.set("DeletionProtection", change.isDeletionProtected)
    parameters.set(change.monitoring)
    parameters.set("ApplyImmediately", true)
    let answer = try await call("ModifyDBInstance", parameters, subject: "instance \(identifier)")
    return DBInstance(answer["DBInstance"] ?? XMLElement(name: ""))
  }
}

/// What an instance of a cluster is given.
public struct DBMember: Hashable, Sendable {
  /// Such as `db.r6g.large`, or `db.serverless`.
  public var instanceClass: String
  public var parameterGroup: String?, isPubliclyAccessible: Bool?
  public var certificateAuthority: String?, maintenanceWindow: String?
  public var upgradesMinorVersions: Bool?
  /// The order in which a cluster's instances take over.
  public var promotionTier: Int?
  public var monitoring = DBMonitoring()

  /// A member of a class, with RDS's defaults.
  public init(instanceClass: String) { self.instanceClass = instanceClass }
}

/// What a restore from a snapshot does not take, or takes back to a default: the limit up to which storage grows, the days
/// for which backups are kept, and how the instance is looked after. What is nil stays.
public struct DBInstanceChange: Hashable, Sendable {
  public var maximumAllocatedStorage: Int?, backupRetentionDays: Int?
  public var isDeletionProtected: Bool?
  public var maintenanceWindow: String?
  public var monitoring = DBMonitoring()

  /// No change.
  public init() {}
}

extension QueryParameters {
  fileprivate mutating func set(_ monitoring: DBMonitoring) {
    set("MonitoringInterval", monitoring.interval)
    self["MonitoringRoleArn"] = monitoring.role
    set("EnablePerformanceInsights", monitoring.recordsLoad)
    self["PerformanceInsightsKMSKeyId"] = monitoring.key
    set("PerformanceInsightsRetentionPeriod", monitoring.loadDays)
  }
}
