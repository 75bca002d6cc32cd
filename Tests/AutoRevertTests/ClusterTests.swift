import AWSClients
import DeploymentRecords
import HTTPTransport
import JSONValues
import RollbackPlanning
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert

/// RDS as far as an Aurora cluster and its instances go: the local AWS restores no cluster.
private final class ScriptedRDS: Sendable {
  struct State: Sendable {
    var clusters: [String: (status: String, members: [String])] = [:]
    var instances: [String: String] = [:]
    var calls: [[String: String]] = []
    /// The answer to the next call of this name is lost after it was done.
    var losesAnswerTo: String?
  }
  let state = Mutex(State())

  var calls: [[String: String]] { state.withLock { $0.calls } }

  func answer(_ request: HTTPRequest) throws -> HTTPResponse {
    let body = String(decoding: request.body, as: UTF8.self)
    let sent = Dictionary(
      body.split(separator: "&").map { pair in
        let parts = pair.split(separator: "=", maxSplits: 1).map { String($0).replacing("%3A", with: ":") }
        return (parts[0], parts.count > 1 ? parts[1] : "")
      }, uniquingKeysWith: { $1 })
    return try state.withLock { state in
      let action = sent["Action"] ?? ""
      if !action.hasPrefix("Describe") { state.calls.append(sent) }
      let answer = Self.perform(action, sent, &state)
      if state.losesAnswerTo == action {
        state.losesAnswerTo = nil
        throw TransferError(.brokenAnswer, message: "gone")
      }
      return answer
    }
  }

  private static func perform(_ action: String, _ sent: [String: String], _ state: inout State)
    -> HTTPResponse
  {
    func ok(_ inside: String) -> HTTPResponse {
      HTTPResponse(
        status: 200,
        body: Array(
          "<\(action)Response><\(action)Result>\(inside)</\(action)Result></\(action)Response>".utf8))
    }
    switch action {
    case "DescribeDBClusterSnapshots":
      return ok(
        "<DBClusterSnapshots><DBClusterSnapshot><Status>available</Status></DBClusterSnapshot></DBClusterSnapshots>"
      )
    case "DescribeDBClusters":
      let name = sent["DBClusterIdentifier"] ?? ""
      guard let found = state.clusters[name] else {
        return Doors.error("DBClusterNotFoundFault", "none", status: 404)
      }
      let members = found.members.map {
        "<DBClusterMember><DBInstanceIdentifier>\($0)</DBInstanceIdentifier></DBClusterMember>"
      }
      return ok(
        "<DBClusters><DBCluster><DBClusterIdentifier>\(name)</DBClusterIdentifier><Status>\(found.status)</Status>"
          + "<DBClusterMembers>\(members.joined())</DBClusterMembers></DBCluster></DBClusters>")
    case "DescribeDBInstances":
      let name = sent["DBInstanceIdentifier"] ?? ""
      guard let status = state.instances[name] else {
        return Doors.error("DBInstanceNotFound", "none", status: 404)
      }
      return ok(
        "<DBInstances><DBInstance><DBInstanceIdentifier>\(name)</DBInstanceIdentifier>"
          + "<DBInstanceStatus>\(status)</DBInstanceStatus><DBInstanceClass>db.r6g.large</DBInstanceClass>"
          + "</DBInstance></DBInstances>")
    case "RestoreDBClusterFromSnapshot":
      state.clusters[sent["DBClusterIdentifier"] ?? ""] = ("creating", [])
      return ok("<DBCluster></DBCluster>")
    case "CreateDBInstance":
      let (name, cluster) = (sent["DBInstanceIdentifier"] ?? "", sent["DBClusterIdentifier"] ?? "")
      state.instances[name] = "creating"
      state.clusters[cluster]?.members.append(name)
      return ok("<DBInstance></DBInstance>")
    default: return Doors.error("InvalidAction", action)
    }
  }
}

@Suite struct `Aurora clusters` {
  private let rds = ScriptedRDS()
  private let adapter: DatabaseAdapter

  init() {
    let rds = rds
    let client = AWSClient(
      transport: ScriptedTransport { try rds.answer($0) }, clock: ManualClock(), random: Randomness(),
      configuration: AWSConfiguration(
        environment: Environment(["AWS_MAX_ATTEMPTS": "1"]), files: LocalFileSystem()),
      region: "eu-west-1",
      credentials: StaticCredentials(
        AWSCredentials(accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI")))
    var database = DatabaseState(kind: "cluster", identifier: "shop", status: "available", stack: "S")
    (database.engine, database.engineVersion) = ("aurora-postgresql", "15.4")
    database.snapshotId = "snap"
    database.settings = [
      "subnetGroup": "private", "parameterGroup": "tuned", "securityGroups": ["sg-1"],
      "deletionProtection": true, "iamAuthentication": true, "copyTagsToSnapshot": true, "port": 5433,
      "backupRetentionDays": 14, "backupWindow": "03:00-03:30", "engineMode": "provisioned",
      "storageType": "aurora-iopt1", "networkType": "IPV4", "backtrackSeconds": 0,
      "exportedLogs": ["postgresql"],
      "serverlessScaling": ["minimum": 0.5, "maximum": 8],
      "members": ["shop-a", "shop-b"],
      "tags": [["name": "team", "value": "shop"], ["name": "aws:x", "value": "y"]],
      "instances": [
        [
          "instanceClass": "db.serverless", "parameterGroups": ["fast"], "publiclyAccessible": false,
          "promotionTier": 0, "certificateAuthority": "rds-ca-rsa2048-g1",
          "monitoring": ["interval": 60, "role": "r", "recordsLoad": true, "encryption": "k", "loadDays": 7],
        ],
        ["instanceClass": "db.r6g.large", "promotionTier": 1, "monitoring": ["interval": 0]],
      ],
    ]
    var point = RestorePoint(
      id: "20261124T000000Z-abcdef", environment: "prod", commit: nil, createdAt: Timestamp(seconds: 1),
      region: "eu-west-1", account: nil)
    point.database = database
    adapter = DatabaseAdapter(StackClients(client), state: database, restorePoint: point, onSecret: { _ in })
  }

  private var action: PlannedAction {
    PlannedAction(.restoreDatabase, target: adapter.restoredName, reason: "")
  }

  @Test func `the cluster is restored with all that was recorded, then its instances`() async throws {
    #expect(try await adapter.facts().restoredStatus == nil)
    #expect(try await adapter.facts().snapshotStatus == "available")
    try await adapter.perform(action)
    let name = adapter.restoredName
    #expect(name == "shop-restored-abcde")
    let restore = try #require(rds.calls.first)
    for (field, value) in [
      "Action": "RestoreDBClusterFromSnapshot", "SnapshotIdentifier": "snap", "Engine": "aurora-postgresql",
      "EngineVersion": "15.4", "DBSubnetGroupName": "private", "DBClusterParameterGroupName": "tuned",
      "VpcSecurityGroupIds.VpcSecurityGroupId.1": "sg-1", "DeletionProtection": "true",
      "EnableIAMDatabaseAuthentication": "true", "CopyTagsToSnapshot": "true", "Port": "5433",
      "BackupRetentionPeriod": "14", "EngineMode": "provisioned", "StorageType": "aurora-iopt1",
      "NetworkType": "IPV4", "EnableCloudwatchLogsExports.member.1": "postgresql",
      "ServerlessV2ScalingConfiguration.MinCapacity": "0.5",
      "ServerlessV2ScalingConfiguration.MaxCapacity": "8.0", "Tags.Tag.1.Key": "team",
    ] {
      #expect(restore[field] == value, "\(field)")
    }
    #expect(restore["BacktrackWindow"] == nil && restore["Tags.Tag.2.Key"] == nil)

    #expect(try await adapter.progress() == .running("creating"))
    // An instance before the cluster is there would be refused.
    #expect(rds.calls.count == 1)
    rds.state.withLock { $0.clusters[name]?.status = "available" }
    #expect(try await adapter.progress() == .running("its instances being made"))
    let made = rds.calls.dropFirst()
    #expect(made.map { $0["DBInstanceIdentifier"] } == ["\(name)-1", "\(name)-2"])
    let writer = try #require(made.first)
    for (field, value) in [
      "DBInstanceClass": "db.serverless", "DBParameterGroupName": "fast", "PubliclyAccessible": "false",
      "PromotionTier": "0", "CACertificateIdentifier": "rds-ca-rsa2048-g1", "MonitoringInterval": "60",
      "MonitoringRoleArn": "r", "EnablePerformanceInsights": "true", "PerformanceInsightsKMSKeyId": "k",
      "PerformanceInsightsRetentionPeriod": "7",
    ] {
      #expect(writer[field] == value, "\(field)")
    }
    #expect(made.last?["MonitoringInterval"] == nil)
    #expect(try await adapter.progress() == .running("available, its instance \(name)-1 creating"))
    rds.state.withLock { state in for name in state.instances.keys { state.instances[name] = "available" } }
    #expect(try await adapter.progress() == .done)
    #expect(try await adapter.facts().restoredStatus == "available")
    // Once more: nothing is made twice.
    try await adapter.perform(action)
    #expect(rds.calls.count == 3)
  }

  @Test func `what a killed run or a lost answer left half made is completed, not made twice`() async throws {
    rds.state.withLock { $0.losesAnswerTo = "RestoreDBClusterFromSnapshot" }
    await #expect(throws: (any Error).self) { try await adapter.perform(action) }
    try await adapter.perform(action)
    #expect(rds.calls.count == 1)
    let name = adapter.restoredName
    rds.state.withLock { state in
      state.clusters[name] = ("available", ["\(name)-1"])
      state.instances["\(name)-1"] = "available"
    }
    #expect(try await adapter.facts().restoredStatus == "without all of its instances")
    #expect(try await adapter.progress() == .running("its instances being made"))
    #expect(rds.calls.dropFirst().map { $0["DBInstanceIdentifier"] } == ["\(name)-2"])
  }
}

@Suite struct `Recorded instances` {
  private func restore(_ settings: JSONValue) -> DBRestore {
    RecordedInstance(settings).restore("n", of: "s")
  }

  @Test func `what a restore takes is taken from the record, under the names that the record has`() {
    let found = restore([
      "storageType": "io2", "iops": 8000, "storageThroughput": 500, "copyTagsToSnapshot": true,
      "iamAuthentication": true, "port": 5433, "backupWindow": "03:00-03:30", "networkType": "DUAL",
      "certificateAuthority": "ca", "licenseModel": "postgresql-license", "exportedLogs": ["postgresql"],
      "upgradesMinorVersions": false, "dedicatedLogVolume": true,
    ])
    #expect(found.iops == 8000 && found.storageThroughput == 500 && found.port == 5433)
    #expect(found.copiesTagsToSnapshot == true && found.usesIAMAuthentication == true)
    #expect(
      found.networkType == "DUAL" && found.certificateAuthority == "ca"
        && found.exportedLogs == ["postgresql"])
    #expect(found.upgradesMinorVersions == false && found.hasDedicatedLogVolume == true)
    // As earlier versions wrote them.
    let old = restore(["copiesTagsToSnapshot": true, "usesIAMAuthentication": true])
    #expect(old.copiesTagsToSnapshot == true && old.usesIAMAuthentication == true)
  }

  @Test func `the speed that every gp3 volume has is not asked for`() {
    let usual = restore(["storageType": "gp3", "iops": 3000, "storageThroughput": 125])
    #expect(usual.storageType == "gp3" && usual.iops == nil && usual.storageThroughput == nil)
    let fast = restore(["storageType": "gp3", "iops": 12000, "storageThroughput": 500])
    #expect(fast.iops == 12000 && fast.storageThroughput == 500)
  }
}
