import SystemInterfaces

/// A database instance.
public struct DBInstance: Hashable, Sendable {
  public var identifier: String
  public var arn: String
  /// Such as `available`.
  public var status: String
  public var instanceClass: String?
  public var engine: String, engineVersion: String?
  /// The Aurora cluster that it belongs to.
  public var clusterIdentifier: String?
  public var endpointAddress: String?, endpointPort: Int?
  public var isMultiAZ: Bool
  public var isDeletionProtected: Bool
  public var isPubliclyAccessible: Bool
  public var isEncrypted: Bool
  public var allocatedStorage: Int?, maximumAllocatedStorage: Int?
  public var storageType: String?, iops: Int?
  public var backupRetentionDays: Int?
  public var subnetGroup: String?
  public var securityGroups: [String]
  public var parameterGroups: [String], optionGroups: [String]
  public var copiesTagsToSnapshot: Bool
  public var usesIAMAuthentication: Bool
  /// The database made with the instance.
  public var databaseName: String?
  /// The secret that RDS manages for the master user, by ARN.
  public var masterUserSecret: String?
  public var latestRestorableTime: Timestamp?
  public var tags: [AWSTag]

  init(_ element: XMLElement) {
    identifier = element.text("DBInstanceIdentifier") ?? ""
    arn = element.text("DBInstanceArn") ?? ""
    status = element.text("DBInstanceStatus") ?? ""
    instanceClass = element.nonEmpty("DBInstanceClass")
    engine = element.text("Engine") ?? ""
    engineVersion = element.nonEmpty("EngineVersion")
    clusterIdentifier = element.nonEmpty("DBClusterIdentifier")
    endpointAddress = element["Endpoint"]?.nonEmpty("Address")
    endpointPort = element["Endpoint"]?.int("Port")
    isMultiAZ = element.bool("MultiAZ") ?? false
    isDeletionProtected = element.bool("DeletionProtection") ?? false
    isPubliclyAccessible = element.bool("PubliclyAccessible") ?? false
    isEncrypted = element.bool("StorageEncrypted") ?? false
    allocatedStorage = element.int("AllocatedStorage")
    maximumAllocatedStorage = element.int("MaxAllocatedStorage")
    storageType = element.nonEmpty("StorageType")
    iops = element.int("Iops")
    backupRetentionDays = element.int("BackupRetentionPeriod")
    subnetGroup = element["DBSubnetGroup"]?.nonEmpty("DBSubnetGroupName")
    securityGroups = element.list("VpcSecurityGroups").compactMap { $0.nonEmpty("VpcSecurityGroupId") }
    parameterGroups = element.list("DBParameterGroups").compactMap { $0.nonEmpty("DBParameterGroupName") }
    optionGroups = element.list("OptionGroupMemberships").compactMap { $0.nonEmpty("OptionGroupName") }
    copiesTagsToSnapshot = element.bool("CopyTagsToSnapshot") ?? false
    usesIAMAuthentication = element.bool("IAMDatabaseAuthenticationEnabled") ?? false
    databaseName = element.nonEmpty("DBName")
    masterUserSecret = element["MasterUserSecret"]?.nonEmpty("SecretArn")
    latestRestorableTime = element.time("LatestRestorableTime")
    tags = element.list("TagList").map { AWSTag($0.text("Key") ?? "", $0.text("Value") ?? "") }
  }

  /// The states in which RDS takes a snapshot.
  public var canBeSnapshotted: Bool { ["available", "storage-optimization"].contains(status) }
}

/// An Aurora or Multi-AZ cluster.
public struct DBCluster: Hashable, Sendable {
  public var identifier: String
  public var arn: String
  /// Such as `available`.
  public var status: String
  public var engine: String, engineVersion: String?
  public var endpoint: String?, readerEndpoint: String?, port: Int?
  public var isDeletionProtected: Bool
  public var members: [String]
  public var subnetGroup: String?, parameterGroup: String?
  public var securityGroups: [String]
  /// The database made with the cluster.
  public var databaseName: String?
  /// The secret that RDS manages for the master user, by ARN.
  public var masterUserSecret: String?
  public var latestRestorableTime: Timestamp?
  public var tags: [AWSTag]

  init(_ element: XMLElement) {
    identifier = element.text("DBClusterIdentifier") ?? ""
    arn = element.text("DBClusterArn") ?? ""
    status = element.text("Status") ?? ""
    engine = element.text("Engine") ?? ""
    engineVersion = element.nonEmpty("EngineVersion")
    endpoint = element.nonEmpty("Endpoint")
    readerEndpoint = element.nonEmpty("ReaderEndpoint")
    port = element.int("Port")
    isDeletionProtected = element.bool("DeletionProtection") ?? false
    members = element.list("DBClusterMembers").compactMap { $0.nonEmpty("DBInstanceIdentifier") }
    subnetGroup = element.nonEmpty("DBSubnetGroup")
    parameterGroup = element.nonEmpty("DBClusterParameterGroup")
    databaseName = element.nonEmpty("DatabaseName")
    masterUserSecret = element["MasterUserSecret"]?.nonEmpty("SecretArn")
    securityGroups = element.list("VpcSecurityGroups").compactMap { $0.nonEmpty("VpcSecurityGroupId") }
    latestRestorableTime = element.time("LatestRestorableTime")
    tags = element.list("TagList").map { AWSTag($0.text("Key") ?? "", $0.text("Value") ?? "") }
  }
}

/// A snapshot of an instance or a cluster.
public struct DBSnapshot: Hashable, Sendable {
  public var identifier: String
  public var arn: String
  /// The instance or cluster that it is of.
  public var sourceIdentifier: String
  /// `creating`, `available`, `failed`, …
  public var status: String
  public var percentProgress: Int?
  /// `manual` or `automated`.
  public var type: String?
  public var engine: String
  public var createdAt: Timestamp?
  public var isEncrypted: Bool
  public var tags: [AWSTag]

  init(_ element: XMLElement, isCluster: Bool) {
    let kind = isCluster ? "DBCluster" : "DB"
    identifier = element.text("\(kind)SnapshotIdentifier") ?? ""
    arn = element.text("\(kind)SnapshotArn") ?? ""
    sourceIdentifier = element.text(isCluster ? "DBClusterIdentifier" : "DBInstanceIdentifier") ?? ""
    status = element.text("Status") ?? ""
    percentProgress = element.int("PercentProgress")
    type = element.nonEmpty("SnapshotType")
    engine = element.text("Engine") ?? ""
    createdAt = element.time("SnapshotCreateTime")
    isEncrypted = element.bool(isCluster ? "StorageEncrypted" : "Encrypted") ?? false
    tags = element.list("TagList").map { AWSTag($0.text("Key") ?? "", $0.text("Value") ?? "") }
  }
}

/// What a restored instance is given: RDS's own defaults are not those of production, so say everything.
public struct DBRestore: Hashable, Sendable {
  /// The name of the new instance.
  public var identifier: String
  public var snapshot: String
  public var instanceClass: String?
  public var subnetGroup: String?
  /// Empty means the default group of the VPC.
  public var securityGroups: [String] = []
  public var parameterGroup: String?, optionGroup: String?
  public var isMultiAZ: Bool?, isPubliclyAccessible: Bool?, isDeletionProtected: Bool?
  public var storageType: String?, iops: Int?
  public var backupRetentionDays: Int?
  public var copiesTagsToSnapshot: Bool?, usesIAMAuthentication: Bool?
  public var tags: [AWSTag]?

  /// A restore of `snapshot` to a new instance `identifier`, with RDS's defaults.
  public init(identifier: String, snapshot: String) {
    self.identifier = identifier
    self.snapshot = snapshot
  }

  /// A restore that takes over what `instance` has.
  public init(identifier: String, snapshot: String, like instance: DBInstance) {
    self.init(identifier: identifier, snapshot: snapshot)
    instanceClass = instance.instanceClass
    subnetGroup = instance.subnetGroup
    securityGroups = instance.securityGroups
    parameterGroup = instance.parameterGroups.first
    optionGroup = instance.optionGroups.first
    isMultiAZ = instance.isMultiAZ
    isPubliclyAccessible = instance.isPubliclyAccessible
    isDeletionProtected = instance.isDeletionProtected
    storageType = instance.storageType
    iops = instance.iops
    backupRetentionDays = instance.backupRetentionDays
    copiesTagsToSnapshot = instance.copiesTagsToSnapshot
    usesIAMAuthentication = instance.usesIAMAuthentication
    // Names that begin with `aws:` are the service's own and cannot be set.
    tags = instance.tags.filter { !$0.key.hasPrefix("aws:") }
  }
}
