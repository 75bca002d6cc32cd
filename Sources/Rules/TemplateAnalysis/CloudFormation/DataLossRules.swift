/// Changes in place that lose data, or what protects it: retention that gets shorter, expiry that begins, backups and
/// locks that end.
enum DataLossRules {
  /// One loss.
  struct Loss: Hashable {
    /// `data-expires`, `backups-shortened` or `protection-removed`.
    var code: String
    /// Whether data is gone with the update; else it may go later.
    var isImmediate: Bool
    var property: String
    var message: String
    /// What is lost, for the outline of a rollback; nil where nothing is by itself.
    var loses: String?
  }

  /// What a change of a resource that stays loses.
  static func losses(_ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue) -> [Loss] {
    let known =
      retentions.filter { $0.types.contains(type) }.compactMap(\.path.last)
      + switches.filter { $0.types.contains(type) }.compactMap(\.path.last)
    let found = ruled(id, type, old, new)
    let judged = Set(known + ["DefaultRetention", "TimeToLiveSpecification", "Replicas", "BackupPlan"])
      .union(found.map { $0.property.split(separator: ".").last.map(String.init) ?? $0.property })
    return found + byName(id, type, old, new, but: judged)
  }

  private static func ruled(_ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue)
    -> [Loss]
  {
    retention(id, type, old, new) + switches(id, type, old, new) + expiry(id, type, old, new)
      + replicas(id, type, old, new) + plans(id, type, old, new) + details(id, type, old, new)
  }

  // MARK: - Lists

  /// The elements of a list by a member that names them.
  static func elements(_ value: ResolvedValue, by key: String) -> [String: ResolvedValue] {
    guard case .list(let all) = value else { return [:] }
    return Dictionary(all.compactMap { one in one[key].text.map { ($0, one) } }, uniquingKeysWith: { $1 })
  }

  /// A global table says for each replica what a table says for itself.
  private static func replicas(
    _ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue
  ) -> [Loss] {
    guard type == "AWS::DynamoDB::GlobalTable" else { return [] }
    let after = elements(new["Replicas"], by: "Region")
    return elements(old["Replicas"], by: "Region").sorted { $0.key < $1.key }.flatMap {
      region, before -> [Loss] in
      guard let now = after[region] else {
        return [
          Loss(
            code: "data-expires", isImmediate: false, property: "Replicas",
            message: "\(id) (\(type)): the replica in \(region) is deleted.", loses: nil)
        ]
      }
      var found: [Loss] = []
      let recovery = "PointInTimeRecoverySpecification", enabled = "PointInTimeRecoveryEnabled"
      if before[recovery][enabled].truth == true, now[recovery][enabled].truth != true,
        now[recovery][enabled] == .absent || now[recovery][enabled].truth == false
      {
        found.append(
          Loss(
            code: "backups-shortened", isImmediate: true, property: recovery,
            message:
              "\(id) (\(type)): point-in-time recovery ends in \(region), and what it kept is deleted.",
            loses: "the point-in-time backups of \(id) in \(region)"))
      }
      let protection = now["DeletionProtectionEnabled"]
      if before["DeletionProtectionEnabled"].truth == true, protection == .absent || protection.truth == false
      {
        found.append(
          Loss(
            code: "protection-removed", isImmediate: false, property: "DeletionProtectionEnabled",
            message: "\(id) (\(type)): \(protections) (\(region)).", loses: nil))
      }
      return found
    }
  }

  /// Rules of backup plans: recovery points that are kept for less time, or not made any more.
  private static func plans(_ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue)
    -> [Loss]
  {
    guard type == "AWS::Backup::BackupPlan" else { return [] }
    func rules(_ side: ResolvedValue) -> [String: ResolvedValue] {
      elements(side["BackupPlan"]["BackupPlanRule"], by: "RuleName")
    }
    let after = rules(new)
    return rules(old).sorted { $0.key < $1.key }.compactMap { name, before in
      func days(_ rule: ResolvedValue) -> Double? {
        let value = rule["Lifecycle"]["DeleteAfterDays"]
        return value == .absent ? .infinity : value.text.flatMap(Double.init)
      }
      guard let now = after[name] else {
        return Loss(
          code: "backups-shortened", isImmediate: false, property: "BackupPlanRule",
          message: "\(id) (\(type)): the rule \(name) is gone, and makes no backups from now on.", loses: nil)
      }
      guard let first = days(before), let second = days(now), second < first else { return nil }
      return Loss(
        code: "backups-shortened", isImmediate: false, property: "BackupPlanRule",
        message:
          "\(id) (\(type)): the rule \(name) keeps backups for \(words(second)) days instead of \(words(first)).",
        loses: nil)
    }
  }

  // MARK: - Figures that get smaller

  private struct Retention {
    let types: Set<String>
    let path: [String]
    /// What holds where nothing is written; nil: not known.
    let whenAbsent: Double?
    let isBackup: Bool
    /// A written value that means for ever.
    var forever: Double?
    /// Whether it holds for what is there already.
    var isImmediate = true

    init(
      _ types: Set<String>, _ path: String..., whenAbsent: Double?, isBackup: Bool = false,
      forever: Double? = nil, isImmediate: Bool = true
    ) {
      (self.types, self.path, self.whenAbsent) = (types, path, whenAbsent)
      (self.isBackup, self.forever, self.isImmediate) = (isBackup, forever, isImmediate)
    }
  }

  private static let retentions = [
    Retention(["AWS::Logs::LogGroup"], "RetentionInDays", whenAbsent: .infinity),
    Retention(["AWS::Kinesis::Stream"], "RetentionPeriodHours", whenAbsent: 24),
    Retention(["AWS::SQS::Queue"], "MessageRetentionPeriod", whenAbsent: 345_600),
    Retention(["AWS::Events::Archive"], "RetentionDays", whenAbsent: .infinity, forever: 0),
    Retention(["AWS::CloudTrail::EventDataStore"], "RetentionPeriod", whenAbsent: nil),
    Retention(["AWS::KinesisVideo::Stream"], "DataRetentionInHours", whenAbsent: 0),
    Retention(
      ["AWS::Timestream::Table"], "RetentionProperties", "MagneticStoreRetentionPeriodInDays", whenAbsent: nil
    ),
    Retention(
      ["AWS::IoTAnalytics::Datastore", "AWS::IoTAnalytics::Channel", "AWS::IoTAnalytics::Dataset"],
      "RetentionPeriod", "NumberOfDays",
      whenAbsent: .infinity),
    Retention(
      [
        "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster",
        "AWS::DocDBElastic::Cluster",
      ],
      "BackupRetentionPeriod", whenAbsent: 1, isBackup: true),
    Retention(["AWS::Redshift::Cluster"], "AutomatedSnapshotRetentionPeriod", whenAbsent: 1, isBackup: true),
    Retention(
      ["AWS::Redshift::Cluster"], "ManualSnapshotRetentionPeriod", whenAbsent: .infinity, isBackup: true,
      forever: -1,
      isImmediate: false),
    Retention(
      [
        "AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster", "AWS::MemoryDB::Cluster",
        "AWS::ElastiCache::ServerlessCache",
      ], "SnapshotRetentionLimit", whenAbsent: 0, isBackup: true),
    Retention(
      ["AWS::FSx::FileSystem"], "WindowsConfiguration", "AutomaticBackupRetentionDays", whenAbsent: nil,
      isBackup: true),
    Retention(
      ["AWS::FSx::FileSystem"], "OntapConfiguration", "AutomaticBackupRetentionDays", whenAbsent: nil,
      isBackup: true),
    Retention(
      ["AWS::FSx::FileSystem"], "LustreConfiguration", "AutomaticBackupRetentionDays", whenAbsent: nil,
      isBackup: true),
    Retention(
      ["AWS::FSx::FileSystem"], "OpenZFSConfiguration", "AutomaticBackupRetentionDays", whenAbsent: nil,
      isBackup: true),
    // In seconds; without it the cluster cannot be wound back.
    Retention(["AWS::RDS::DBCluster"], "BacktrackWindow", whenAbsent: 0, isBackup: true),
    Retention(
      ["AWS::DynamoDB::Table"], "PointInTimeRecoverySpecification", "RecoveryPeriodInDays", whenAbsent: 35,
      isBackup: true),
  ]

  private static func retention(
    _ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue
  ) -> [Loss] {
    retentions.filter { $0.types.contains(type) }.compactMap { rule in
      func figure(_ side: ResolvedValue) -> Double? {
        let value = side.value(at: rule.path[...])
        if value == .absent { return rule.whenAbsent }
        guard let figure = value.text.flatMap(Double.init) else { return nil }
        return figure == rule.forever ? .infinity : figure
      }
      guard let before = figure(old), let after = figure(new), after < before else { return nil }
      let property = rule.path.joined(separator: ".")
      let (first, second) = (words(before), words(after))
      return Loss(
        code: rule.isBackup ? "backups-shortened" : "data-expires", isImmediate: rule.isImmediate,
        property: property,
        message: rule.isImmediate
          ? "\(id) (\(type)): \(property) goes from \(first) to \(second): what is older is deleted, and no "
            + "rollback brings it back."
          : "\(id) (\(type)): \(property) goes from \(first) to \(second) for what is made from now on.",
        loses: !rule.isImmediate
          ? nil
          : rule.isBackup
            ? "backups of \(id) that are older than \(second)"
            : "what \(id) holds beyond \(property) \(second)"
      )
    }
  }

  private static func words(_ figure: Double) -> String {
    figure == .infinity ? "for ever" : figure == figure.rounded() ? String(Int(figure)) : String(figure)
  }

  // MARK: - Switches

  private struct Switch {
    let types: Set<String>
    let path: [String]
    let on: Set<String>
    /// What stands where nothing is written.
    let whenAbsent: String
    let code: String
    let isImmediate: Bool
    let message: String
    let loses: String?

    init(
      _ types: Set<String>, _ path: [String], on: Set<String> = ["true"], whenAbsent: String = "false",
      code: String = "protection-removed", isImmediate: Bool = false, _ message: String, loses: String? = nil
    ) {
      (self.types, self.path, self.on, self.whenAbsent) = (types, path, on, whenAbsent)
      (self.code, self.isImmediate, self.message, self.loses) = (code, isImmediate, message, loses)
    }
  }

  private static let protections = "deletion protection ends: from now on one call deletes it with its data"
  private static let switches = [
    Switch(
      ["AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable"],
      ["PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"],
      code: "backups-shortened", isImmediate: true,
      "point-in-time recovery ends, and what it kept is deleted", loses: "the point-in-time backups of"),
    Switch(
      ["AWS::S3::Bucket"], ["VersioningConfiguration", "Status"], on: ["Enabled"], whenAbsent: "Suspended",
      isImmediate: true, "versioning is suspended: what is overwritten or deleted from now on is gone",
      loses: "objects overwritten or deleted after the deployment in"),
    Switch(
      [
        "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::RDS::GlobalCluster", "AWS::DocDB::DBCluster",
        "AWS::Neptune::DBCluster", "AWS::NeptuneGraph::Graph", "AWS::QLDB::Ledger",
      ], ["DeletionProtection"], protections),
    Switch(
      ["AWS::DynamoDB::Table", "AWS::DSQL::Cluster"], ["DeletionProtectionEnabled"], protections),
    Switch(
      ["AWS::Cognito::UserPool"], ["DeletionProtection"], on: ["ACTIVE"], whenAbsent: "INACTIVE", protections),
    Switch(["AWS::EC2::Instance"], ["DisableApiTermination"], protections),
    Switch(
      ["AWS::Cassandra::Table"], ["PointInTimeRecoveryEnabled"], code: "backups-shortened", isImmediate: true,
      "point-in-time recovery ends, and what it kept is deleted", loses: "the point-in-time backups of"),
    Switch(
      ["AWS::Lightsail::Database"], ["BackupRetention"], whenAbsent: "true", code: "backups-shortened",
      isImmediate: true, "automatic backups end, and those that are there are deleted",
      loses: "the backups of"),
    Switch(
      ["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"], ["DeleteAutomatedBackups"], on: ["false"],
      whenAbsent: "true",
      "its automated backups go with it from now on"),
    Switch(
      ["AWS::ECR::Repository"], ["EmptyOnDelete"], on: ["false"],
      "it can be deleted with all its images from now on"),
    Switch(["AWS::CloudTrail::Trail"], ["IsLogging"], whenAbsent: "true", "nothing is recorded from now on"),
    Switch(
      ["AWS::EFS::FileSystem"], ["FileSystemProtection", "ReplicationOverwriteProtection"], on: ["ENABLED"],
      whenAbsent: "ENABLED", "a replication may overwrite it from now on"),
    Switch(
      ["AWS::DLM::LifecyclePolicy"], ["State"], on: ["ENABLED"], whenAbsent: "ENABLED",
      "it makes no snapshots from now on"),
    Switch(
      ["AWS::CloudTrail::EventDataStore"], ["TerminationProtectionEnabled"], whenAbsent: "true", protections),
    Switch(
      ["AWS::EFS::FileSystem"], ["BackupPolicy", "Status"], on: ["ENABLED"], whenAbsent: "DISABLED",
      "automatic backups end"),
    Switch(
      ["AWS::KMS::Key", "AWS::KMS::ReplicaKey"], ["Enabled"], whenAbsent: "true", code: "access-locked-out",
      isImmediate: true, "the key is disabled: nothing that it encrypts can be read"),
  ]

  private static func switches(
    _ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue
  ) -> [Loss] {
    switches.filter { $0.types.contains(type) }.compactMap { rule in
      func isOn(_ side: ResolvedValue) -> Bool? {
        let value = side.value(at: rule.path[...])
        if value == .absent { return rule.on.contains(rule.whenAbsent) }
        return value.text.map(rule.on.contains)
      }
      guard isOn(old) == true, isOn(new) == false else { return nil }
      return Loss(
        code: rule.code, isImmediate: rule.isImmediate, property: rule.path.joined(separator: "."),
        message: "\(id) (\(type)): \(rule.message).", loses: rule.loses.map { "\($0) \(id)" })
    }
  }

  // MARK: - Expiry

  private static func expiry(
    _ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue
  ) -> [Loss] {
    switch type {
    case "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable": timeToLive(id, type, old, new)
    case "AWS::S3::Bucket": lifecycle(id, type, old, new)
    case "AWS::ECR::Repository", "AWS::ECR::PublicRepository": images(id, type, old, new)
    default: []
    }
  }

  private static func timeToLive(
    _ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue
  ) -> [Loss] {
    func attribute(_ side: ResolvedValue) -> String? {
      let value = side["TimeToLiveSpecification"]
      return value["Enabled"].truth == true ? value["AttributeName"].text ?? "its attribute" : nil
    }
    guard let after = attribute(new), attribute(old) != after else { return [] }
    return [
      Loss(
        code: "data-expires", isImmediate: true, property: "TimeToLiveSpecification",
        message:
          "\(id) (\(type)): items whose \(after) has passed are deleted from now on, and no rollback brings them "
          + "back.", loses: "items of \(id) whose \(after) has passed")
    ]
  }

  private struct Expiry: Hashable {
    var kind: String, scope: Scope
    var days: Double
  }

  /// Which objects a rule is about.
  private struct Scope: Hashable {
    var prefix: String
    /// Tags that an object must have, each as key and value.
    var tags: Set<[String]>
    var larger: Double, smaller: Double

    init(_ rule: ResolvedValue) {
      func size(_ name: String) -> Double? { rule[name].text.flatMap(Double.init) }
      prefix = rule["Prefix"].text ?? rule["Filter"]["Prefix"].text ?? ""
      larger = size("ObjectSizeGreaterThan") ?? -1
      smaller = size("ObjectSizeLessThan") ?? .infinity
      tags = []
      if case .list(let filters) = rule["TagFilters"] {
        tags = Set(
          filters.map { [$0["Key"].text ?? $0["Key"].summary, $0["Value"].text ?? $0["Value"].summary] })
      }
    }

    /// Whether every object of `other` is one of this.
    func covers(_ other: Scope) -> Bool {
      other.prefix.hasPrefix(prefix) && tags.isSubset(of: other.tags) && larger <= other.larger
        && smaller >= other.smaller
    }

    var words: String {
      (prefix.isEmpty ? "" : " under \(prefix)")
        + (tags.isEmpty
          ? "" : " tagged \(tags.map { $0.joined(separator: "=") }.sorted().joined(separator: ", "))")
    }
  }

  private static func expiries(_ bucket: ResolvedValue) -> [Expiry] {
    guard case .list(let rules) = bucket["LifecycleConfiguration"]["Rules"] else { return [] }
    return rules.flatMap { rule -> [Expiry] in
      guard rule["Status"].text != "Disabled" else { return [] }
      let scope = Scope(rule)
      let figures: [(String, ResolvedValue)] = [
        ("objects", rule["ExpirationInDays"]), ("objects", rule["Expiration"]["Days"]),
        ("earlier versions", rule["NoncurrentVersionExpirationInDays"]),
        ("earlier versions", rule["NoncurrentVersionExpiration"]["NoncurrentDays"]),
      ]
      var found = figures.compactMap { kind, value in
        value.text.flatMap(Double.init).map { Expiry(kind: kind, scope: scope, days: $0) }
      }
      if rule["ExpirationDate"] != .absent { found.append(Expiry(kind: "objects", scope: scope, days: 0)) }
      return found
    }
  }

  private static func lifecycle(
    _ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue
  ) -> [Loss] {
    let before = expiries(old)
    return expiries(new).filter { expiry in
      !before.contains {
        $0.kind == expiry.kind && $0.scope.covers(expiry.scope) && $0.days <= expiry.days
      }
    }.map { expiry in
      let what = expiry.kind + expiry.scope.words
      let when = expiry.days == 0 ? "at a date" : "after \(words(expiry.days)) days"
      return Loss(
        code: "data-expires", isImmediate: true, property: "LifecycleConfiguration",
        message:
          "\(id) (\(type)): \(what) expire \(when) from now on, and no rollback brings back what has expired.",
        loses: "\(what) of \(id) that expire")
    }
  }

  private static func images(
    _ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue
  ) -> [Loss] {
    let (before, after) = (old["LifecyclePolicy"], new["LifecyclePolicy"])
    guard after != .absent, before != after else { return [] }
    return [
      Loss(
        code: "data-expires", isImmediate: before == .absent, property: "LifecyclePolicy",
        message:
          "\(id) (\(type)): images that its lifecycle policy selects are deleted, those that a rollback needs "
          + "among them.", loses: "images of \(id) that its lifecycle policy selects")
    ]
  }
}
