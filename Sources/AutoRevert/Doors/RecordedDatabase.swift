import AWSClients
import JSONValues
import Records

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
    restore.iops = settings?["iops"]?.int
    restore.backupRetentionDays = backupRetentionDays
    restore.copiesTagsToSnapshot = settings?["copyTagsToSnapshot"]?.bool
    restore.usesIAMAuthentication = settings?["iamAuthentication"]?.bool
    restore.tags = RecordedInstance.tags(settings?["tags"])
    return restore
  }

  /// Whether `restored` lacks what a restore from a snapshot does not take.
  func isToBeModified(_ restored: DBInstance) -> Bool {
    func differs<Value: Equatable>(_ recorded: Value?, _ now: Value?) -> Bool {
      recorded.map { $0 != now } ?? false
    }
    return differs(maximumAllocatedStorage, restored.maximumAllocatedStorage)
      || differs(backupRetentionDays, restored.backupRetentionDays)
      || differs(isDeletionProtected, restored.isDeletionProtected)
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
    restore.tags = RecordedInstance.tags(settings?["tags"])
    return restore
  }

  /// What an instance of the new cluster is given.
  struct Member {
    var instanceClass: String, parameterGroup: String?, isPublic: Bool?
  }

  /// One for each instance that the old cluster had, as it still is; what is gone is left out.
  func members(_ find: (String) async throws -> DBInstance?) async throws -> [Member] {
    var members: [Member] = []
    for name in RecordedInstance.texts(state.settings?["members"]) {
      guard let instance = try await find(name), let instanceClass = instance.instanceClass else { continue }
      members.append(
        Member(
          instanceClass: instanceClass, parameterGroup: instance.parameterGroups.first,
          isPublic: instance.isPubliclyAccessible))
    }
    return members
  }
}
