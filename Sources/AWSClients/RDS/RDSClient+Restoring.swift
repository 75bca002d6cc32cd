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
  /// Whether a deletion is refused, and whether IAM users may log in.
  public var isDeletionProtected: Bool?, usesIAMAuthentication: Bool?
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
    ]
    if !restore.securityGroups.isEmpty {
      parameters.set(list: "VpcSecurityGroupIds", restore.securityGroups, element: "VpcSecurityGroupId")
    }
    parameters.set("DeletionProtection", restore.isDeletionProtected)
    parameters.set("EnableIAMDatabaseAuthentication", restore.usesIAMAuthentication)
    if !restore.tags.isEmpty { parameters.set(tags: restore.tags) }
    let answer = try await call(
      "RestoreDBClusterFromSnapshot", parameters, repeating: .unsafe,
      subject: "cluster \(restore.identifier) from snapshot \(restore.snapshot)")
    return DBCluster(answer["DBCluster"] ?? XMLElement(name: ""))
  }

  /// Starts an instance of a cluster.
  public func createDBInstance(
    _ identifier: String, inCluster cluster: String, instanceClass: String, engine: String,
    parameterGroup: String? = nil, isPubliclyAccessible: Bool? = nil, tags: [AWSTag] = []
  ) async throws -> DBInstance {
    var parameters: QueryParameters = [
      "DBInstanceIdentifier": identifier, "DBClusterIdentifier": cluster, "DBInstanceClass": instanceClass,
      "Engine": engine, "DBParameterGroupName": parameterGroup,
    ]
    parameters.set("PubliclyAccessible", isPubliclyAccessible)
    if !tags.isEmpty { parameters.set(tags: tags) }
    let answer = try await call(
      "CreateDBInstance", parameters, repeating: .unsafe,
      subject: "instance \(identifier) of cluster \(cluster)")
    return DBInstance(answer["DBInstance"] ?? XMLElement(name: ""))
  }

  /// Sets, at once, what a restore from a snapshot does not take: the limit up to which storage grows, and for how many
  /// days backups are kept.
  public func modifyDBInstance(
    _ identifier: String, maximumAllocatedStorage: Int? = nil, backupRetentionDays: Int? = nil,
    isDeletionProtected: Bool? = nil
  ) async throws -> DBInstance {
    var parameters: QueryParameters = ["DBInstanceIdentifier": identifier]
    parameters.set("MaxAllocatedStorage", maximumAllocatedStorage)
    parameters.set("BackupRetentionPeriod", backupRetentionDays)
    parameters.set("DeletionProtection", isDeletionProtected)
    parameters.set("ApplyImmediately", true)
    let answer = try await call("ModifyDBInstance", parameters, subject: "instance \(identifier)")
    return DBInstance(answer["DBInstance"] ?? XMLElement(name: ""))
  }
}
