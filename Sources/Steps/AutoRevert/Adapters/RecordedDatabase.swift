import AWSClients
import DeploymentRecords
import JSONValues

/// The settings of an instance as a restore point holds them. RDS's own defaults are not those of production, so a restore
/// says everything.
struct RecordedInstance {
  private let settings: JSONValue?

  init(_ settings: JSONValue?) { self.settings = settings }

  var maximumAllocatedStorage: Int? { settings?["maximumAllocatedStorage"]?.int }
  var backupRetentionDays: Int? { settings?["backupRetentionDays"]?.int }
  var isDeletionProtected: Bool? { settings?["deletionProtection"]?.bool }
  private var securityGroups: [String] { RecordedInstance.texts(settings?["securityGroups"]) }
  private var parameterGroups: [String] { RecordedInstance.texts(settings?["parameterGroups"]) }

  /// A restore of `snapshot` to `name` with all that was recorded.
  func restore(_ name: String, of snapshot: String) -> DBRestore {
    var restore = DBRestore(identifier: name, snapshot: snapshot)
    restore.instanceClass = settings?["instanceClass"]?.string
    restore.subnetGroup = settings?["subnetGroup"]?.string
    restore.securityGroups = securityGroups
    restore.parameterGroup = parameterGroups.first
    restore.optionGroup = RecordedInstance.texts(settings?["optionGroups"]).first
    restore.isMultiAZ = settings?["multiAZ"]?.bool
    restore.isPubliclyAccessible = settings?["publiclyAccessible"]?.bool
    restore.isDeletionProtected = isDeletionProtected
    restore.storageType = settings?["storageType"]?.string
    if !hasUsualSpeed {
      restore.iops = settings?["iops"]?.int
      restore.storageThroughput = settings?["storageThroughput"]?.int
    }
    restore.backupRetentionDays = backupRetentionDays
    restore.backupWindow = settings?["backupWindow"]?.string
    restore.copiesTagsToSnapshot = copiesTagsToSnapshot
    restore.usesIAMAuthentication = usesIAMAuthentication
    restore.port = settings?["port"]?.int
    restore.networkType = settings?["networkType"]?.string
    restore.certificateAuthority = settings?["certificateAuthority"]?.string
    restore.licenseModel = settings?["licenseModel"]?.string
    restore.exportedLogs = RecordedInstance.texts(settings?["exportedLogs"])
    restore.upgradesMinorVersions = settings?["upgradesMinorVersions"]?.bool
    restore.hasDedicatedLogVolume = settings?["dedicatedLogVolume"]?.bool
    restore.tags = RecordedInstance.tags(settings?["tags"])
    return restore
  }

  /// The speed that every gp3 volume has: RDS shows it, and refuses it where it is asked for on a small volume.
  private var hasUsualSpeed: Bool {
    settings?["storageType"]?.string == "gp3" && settings?["iops"]?.int == 3000
      && [nil, 0, 125].contains(settings?["storageThroughput"]?.int)
  }

  /// Restore points of an earlier version have other names for these two.
  private var copiesTagsToSnapshot: Bool? {
    (settings?["copyTagsToSnapshot"] ?? settings?["copiesTagsToSnapshot"])?.bool
  }
  private var usesIAMAuthentication: Bool? {
    (settings?["iamAuthentication"] ?? settings?["usesIAMAuthentication"])?.bool
  }

  /// What a restore from a snapshot does not take.
  var afterwards: DBInstanceChange {
    var change = DBInstanceChange()
    change.maximumAllocatedStorage = maximumAllocatedStorage
    change.backupRetentionDays = backupRetentionDays
    change.isDeletionProtected = isDeletionProtected
    change.maintenanceWindow = settings?["maintenanceWindow"]?.string
    change.monitoring = monitoring
    return change
  }

  /// An instance of a cluster; nil where its class is not known.
  var member: DBMember? {
    guard let instanceClass = settings?["instanceClass"]?.string else { return nil }
    var member = DBMember(instanceClass: instanceClass)
    member.parameterGroup = parameterGroups.first
    member.isPubliclyAccessible = settings?["publiclyAccessible"]?.bool
    member.certificateAuthority = settings?["certificateAuthority"]?.string
    member.maintenanceWindow = settings?["maintenanceWindow"]?.string
    member.upgradesMinorVersions = settings?["upgradesMinorVersions"]?.bool
    member.promotionTier = settings?["promotionTier"]?.int
    member.monitoring = monitoring
    return member
  }

  private var monitoring: DBMonitoring {
    let recorded = settings?["monitoring"]
    var monitoring = DBMonitoring()
    // Off is what a new instance has, and a role or a key is refused beside it.
    if let interval = recorded?["interval"]?.int, interval > 0 {
      (monitoring.interval, monitoring.role) = (interval, recorded?["role"]?.string)
    }
    if recorded?["recordsLoad"]?.bool == true {
      (monitoring.recordsLoad, monitoring.key) = (true, recorded?["encryption"]?.string)
      monitoring.loadDays = recorded?["loadDays"]?.int
    }
    return monitoring
  }

  /// Whether `restored` lacks what a restore from a snapshot does not take.
  func isToBeModified(_ restored: DBInstance) -> Bool {
    func differs<Value: Equatable>(_ recorded: Value?, _ now: Value?) -> Bool {
      recorded.map { $0 != now } ?? false
    }
    return differs(maximumAllocatedStorage, restored.maximumAllocatedStorage)
      || differs(backupRetentionDays, restored.backupRetentionDays)
      || differs(isDeletionProtected, restored.isDeletionProtected)
      || differs(settings?["maintenanceWindow"]?.string, restored.maintenanceWindow)
      || differs(monitoring.interval, restored.monitoring.interval)
      || differs(monitoring.recordsLoad, restored.monitoring.recordsLoad)
  }

  /// What of `restored` is not as recorded, in words.
  func differences(_ restored: DBInstance) -> [String] {
    var found: [String] = []
    func compare(_ what: String, _ recorded: String?, _ now: String?) {
      guard let recorded, recorded != now else { return }
      found.append("\(what) \(now ?? "none") instead of \(recorded)")
    }
    compare("class", settings?["instanceClass"]?.string, restored.instanceClass)
    compare("subnet group", settings?["subnetGroup"]?.string, restored.subnetGroup)
    compare("parameter group", parameterGroups.first, restored.parameterGroups.first)
    if settings?["securityGroups"] != nil, Set(securityGroups) != Set(restored.securityGroups) {
      compare(
        "security groups", securityGroups.sorted().joined(separator: " "),
        restored.securityGroups.sorted().joined(separator: " "))
    }
    compare("storage", settings?["storageType"]?.string, restored.storageType)
    compare(
      "operations a second", settings?["iops"]?.int.map { "\($0)" }, restored.iops.map { "\($0)" })
    compare(
      "storage throughput", settings?["storageThroughput"]?.int.map { "\($0)" },
      restored.storageThroughput.map { "\($0)" })
    compare(
      "IAM authentication", usesIAMAuthentication.map { "\($0)" }, "\(restored.usesIAMAuthentication)")
    compare(
      "tags copied to snapshots", copiesTagsToSnapshot.map { "\($0)" }, "\(restored.copiesTagsToSnapshot)")
    compare("multi-AZ", settings?["multiAZ"]?.bool.map { "\($0)" }, "\(restored.isMultiAZ)")
    compare("deletion protection", isDeletionProtected.map { "\($0)" }, "\(restored.isDeletionProtected)")
    compare(
      "backups kept for days", backupRetentionDays.map { "\($0)" },
      restored.backupRetentionDays.map { "\($0)" })
    compare(
      "largest storage", maximumAllocatedStorage.map { "\($0)" },
      restored.maximumAllocatedStorage.map { "\($0)" })
    return found
  }

  static func texts(_ value: JSONValue?) -> [String] { value?.array?.compactMap(\.string) ?? [] }

  /// Names that begin with `aws:` are the service's own and cannot be set.
  static func tags(_ value: JSONValue?) -> [AWSTag] {
    (value?.array ?? []).compactMap { tag in
      guard let name = tag["name"]?.string, !name.hasPrefix("aws:") else { return nil }
      return AWSTag(name, tag["value"]?.string ?? "")
    }
  }
}

/// The settings of a cluster as a restore point holds them.
struct RecordedCluster {
  private let state: DatabaseState

  init(_ state: DatabaseState) { self.state = state }

  /// A restore of `snapshot` to `name` with all that was recorded.
  func restore(_ name: String, of snapshot: String) -> DBClusterRestore {
    let settings = state.settings
    var restore = DBClusterRestore(
      identifier: name, snapshot: snapshot, engine: state.engine ?? "aurora-postgresql")
    restore.engineVersion = state.engineVersion
    restore.subnetGroup = settings?["subnetGroup"]?.string
    restore.parameterGroup = settings?["parameterGroup"]?.string
    restore.securityGroups = RecordedInstance.texts(settings?["securityGroups"])
    restore.isDeletionProtected = settings?["deletionProtection"]?.bool
    restore.usesIAMAuthentication = settings?["iamAuthentication"]?.bool
    restore.copiesTagsToSnapshot = settings?["copyTagsToSnapshot"]?.bool
    restore.port = settings?["port"]?.int
    restore.backupRetentionDays = settings?["backupRetentionDays"]?.int
    restore.backupWindow = settings?["backupWindow"]?.string
    restore.engineMode = settings?["engineMode"]?.string
    restore.storageType = settings?["storageType"]?.string
    restore.networkType = settings?["networkType"]?.string
    // Zero is off, which PostgreSQL's clusters refuse to be told.
    restore.backtrackSeconds = settings?["backtrackSeconds"]?.int.flatMap { $0 > 0 ? $0 : nil }
    restore.exportedLogs = RecordedInstance.texts(settings?["exportedLogs"])
    if let scaling = settings?["serverlessScaling"], let minimum = scaling["minimum"]?.double,
      let maximum = scaling["maximum"]?.double
    {
      restore.serverlessScaling = DBServerlessScaling(
        minimum: minimum, maximum: maximum, pausesAfter: scaling["pausesAfter"]?.int)
    }
    restore.tags = RecordedInstance.tags(settings?["tags"])
    return restore
  }

  /// One for each instance that the old cluster had: as recorded, else, for a restore point of an earlier version, as it
  /// still is. The first takes over writing.
  func members(_ find: (String) async throws -> DBInstance?) async throws -> [DBMember] {
    let recorded = (state.settings?["instances"]?.array ?? []).compactMap { RecordedInstance($0).member }
    guard recorded.isEmpty else { return recorded }
    var members: [DBMember] = []
    for name in RecordedInstance.texts(state.settings?["members"]) {
      guard let instance = try await find(name), let instanceClass = instance.instanceClass else { continue }
      var member = DBMember(instanceClass: instanceClass)
      member.parameterGroup = instance.parameterGroups.first
      member.isPubliclyAccessible = instance.isPubliclyAccessible
      members.append(member)
    }
    return members
  }
}
