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
  /// Operations a second, and megabytes a second.
  public var storageType: String?, iops: Int?, storageThroughput: Int?
  public var backupRetentionDays: Int?
  /// In UTC, `05:00-05:30` and `sun:06:00-sun:06:30`.
  public var backupWindow: String?, maintenanceWindow: String?
  public var subnetGroup: String?
  public var securityGroups: [String]
  public var parameterGroups: [String], optionGroups: [String]
  /// `IPV4` or `DUAL`; the authority that signs the server's certificate; who owns the licence of the engine.
  public var networkType: String?, certificateAuthority: String?, licenseModel: String?
  /// Logs that go to CloudWatch.
  public var exportedLogs: [String]
  public var upgradesMinorVersions: Bool?, hasDedicatedLogVolume: Bool?
  public var monitoring: DBMonitoring
  /// The order in which a cluster's instances take over.
  public var promotionTier: Int?
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
    storageThroughput = element.int("StorageThroughput")
    backupRetentionDays = element.int("BackupRetentionPeriod")
    backupWindow = element.nonEmpty("PreferredBackupWindow")
    maintenanceWindow = element.nonEmpty("PreferredMaintenanceWindow")
    networkType = element.nonEmpty("NetworkType")
    certificateAuthority = element.nonEmpty("CACertificateIdentifier")
    licenseModel = element.nonEmpty("LicenseModel")
    exportedLogs = element.texts("EnabledCloudwatchLogsExports")
    upgradesMinorVersions = element.bool("AutoMinorVersionUpgrade")
    hasDedicatedLogVolume = element.bool("DedicatedLogVolume")
    monitoring = DBMonitoring(element)
    promotionTier = element.int("PromotionTier")
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
  public var usesIAMAuthentication: Bool, copiesTagsToSnapshot: Bool
  public var backupRetentionDays: Int?, backupWindow: String?, maintenanceWindow: String?
  /// `provisioned` or `serverless`, `aurora-iopt1` and the like, `IPV4` or `DUAL`.
  public var engineMode: String?, storageType: String?, networkType: String?
  /// Seconds that the cluster can be taken back by.
  public var backtrackSeconds: Int?
  /// Logs that go to CloudWatch.
  public var exportedLogs: [String]
  /// What instances of the class `db.serverless` scale between; without it they cannot be made.
  public var serverlessScaling: DBServerlessScaling?
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
    usesIAMAuthentication = element.bool("IAMDatabaseAuthenticationEnabled") ?? false
    copiesTagsToSnapshot = element.bool("CopyTagsToSnapshot") ?? false
    backupRetentionDays = element.int("BackupRetentionPeriod")
    backupWindow = element.nonEmpty("PreferredBackupWindow")
    maintenanceWindow = element.nonEmpty("PreferredMaintenanceWindow")
    engineMode = element.nonEmpty("EngineMode")
    storageType = element.nonEmpty("StorageType")
    networkType = element.nonEmpty("NetworkType")
    backtrackSeconds = element.int("BacktrackWindow")
    exportedLogs = element.texts("EnabledCloudwatchLogsExports")
    serverlessScaling = element["ServerlessV2ScalingConfiguration"].flatMap(DBServerlessScaling.init)
    databaseName = element.nonEmpty("DatabaseName")
    masterUserSecret = element["MasterUserSecret"]?.nonEmpty("SecretArn")
    securityGroups = element.list("VpcSecurityGroups").compactMap { $0.nonEmpty("VpcSecurityGroupId") }
    latestRestorableTime = element.time("LatestRestorableTime")
    tags = element.list("TagList").map { AWSTag($0.text("Key") ?? "", $0.text("Value") ?? "") }
  }
}

/// What watches an instance beside CloudWatch's metrics of it.
public struct DBMonitoring: Hashable, Sendable {
  /// Seconds between two looks of the enhanced monitoring, 0 for none, and the role that writes them.
  public var interval: Int?, role: String?
  /// Whether the load is recorded, by which key it is encrypted, and for how many days it is kept.
  public var recordsLoad: Bool?, key: String?, loadDays: Int?

  /// Nothing of which anything is known.
  public init() {}

  init(_ element: XMLElement) {
    interval = element.int("MonitoringInterval")
    role = element.nonEmpty("MonitoringRoleArn")
    recordsLoad = element.bool("PerformanceInsightsEnabled")
    key = element.nonEmpty("PerformanceInsightsKMSKeyId")
    loadDays = element.int("PerformanceInsightsRetentionPeriod")
  }
}

/// The least and the most capacity of a cluster's serverless instances, and after how many seconds without use they pause.
public struct DBServerlessScaling: Hashable, Sendable {
  public var minimum: Double, maximum: Double, pausesAfter: Int?

  /// A range of capacity units.
  public init(minimum: Double, maximum: Double, pausesAfter: Int? = nil) {
    self.minimum = minimum
    self.maximum = maximum
    self.pausesAfter = pausesAfter
  }

  init?(_ element: XMLElement) {
    guard let least = element.nonEmpty("MinCapacity").flatMap(Double.init),
      let most = element.nonEmpty("MaxCapacity").flatMap(Double.init)
    else { return nil }
    self.init(minimum: least, maximum: most, pausesAfter: element.int("SecondsUntilAutoPause"))
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
  public var storageType: String?, iops: Int?, storageThroughput: Int?
  public var backupRetentionDays: Int?, backupWindow: String?
  public var copiesTagsToSnapshot: Bool?, usesIAMAuthentication: Bool?
  public var port: Int?
  public var networkType: String?, certificateAuthority: String?, licenseModel: String?
  public var exportedLogs: [String] = []
  public var upgradesMinorVersions: Bool?, hasDedicatedLogVolume: Bool?
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
    storageThroughput = instance.storageThroughput
    backupRetentionDays = instance.backupRetentionDays
    backupWindow = instance.backupWindow
    port = instance.endpointPort
    networkType = instance.networkType
    certificateAuthority = instance.certificateAuthority
    licenseModel = instance.licenseModel
    exportedLogs = instance.exportedLogs
    upgradesMinorVersions = instance.upgradesMinorVersions
    hasDedicatedLogVolume = instance.hasDedicatedLogVolume
    copiesTagsToSnapshot = instance.copiesTagsToSnapshot
    usesIAMAuthentication = instance.usesIAMAuthentication
    // Names that begin with `aws:` are the service's own and cannot be set.
    tags = instance.tags.filter { !$0.key.hasPrefix("aws:") }
  }
}

/// A proxy in front of a database.
public struct DBProxy: Hashable, Sendable {
  /// Its name, and the address that applications use.
  public var name: String, endpoint: String?
  /// The secrets by which it logs in.
  public var secrets: [String] = []
  /// Where it leads.
  public var targets: [Target] = []

  /// One database that it leads to; of a cluster each instance is one as well.
  public struct Target: Hashable, Sendable {
    /// The instance or the cluster, and the cluster that an instance belongs to.
    public var identifier: String, cluster: String?
    /// `AVAILABLE`, `REGISTERING`, `UNAVAILABLE`; nil where it is not told, with a reason and a description.
    public var state: String?, reason: String?, description: String?

    init(_ element: XMLElement) {
      identifier = element.text("RdsResourceId") ?? ""
      cluster = element.nonEmpty("TrackedClusterId")
      let health = element["TargetHealth"]
      state = health?.nonEmpty("State")
      reason = health?.nonEmpty("Reason")
      description = health?.nonEmpty("Description")
    }
  }

  /// A proxy that leads nowhere yet.
  public init(name: String, endpoint: String?) {
    self.name = name
    self.endpoint = endpoint
  }

  /// The targets that are the instance or cluster `identifier`, or belong to it.
  public func targets(of identifier: String) -> [Target] {
    targets.filter { $0.identifier == identifier || $0.cluster == identifier }
  }
}

/// What a proxy is told to lead to.
public enum DBProxyTarget: Hashable, Sendable {
  /// An instance.
  case instance(String)
  /// A cluster, with all of its instances.
  case cluster(String)
}
