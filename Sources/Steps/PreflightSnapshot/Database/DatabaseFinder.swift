import AWSClients
import DeploymentRecords
import JSONValues
import SystemInterfaces

/// Finds the database of the stacks.
struct DatabaseFinder: Sendable {
  let clients: StackClients

  /// The database of `stacks`: a cluster where there is one, else an instance; nil where there is none.
  func find(_ stacks: [StackState]) async throws -> DatabaseState? {
    for (stack, id) in DatabaseFinder.resources("AWS::RDS::DBCluster", stacks) {
      let rds = RDSClient(clients[stack])
      if let cluster = try await present({ try await rds.describeDBClusters(id).first }) {
        let members = try await cluster.members.mapAtOnce { name in
          try await present { try await rds.describeDBInstances(name).first }
        }
        return state(cluster, stack, members.compactMap { $0 })
      }
    }
    for (stack, id) in DatabaseFinder.resources("AWS::RDS::DBInstance", stacks) {
      if let instance = try await present({
        try await RDSClient(clients[stack]).describeDBInstances(id).first
      }) {
        return state(instance, stack)
      }
    }
    return nil
  }

  /// Databases beside the one that `find` finds: instances of a cluster are none of their own.
  static func count(_ stacks: [StackState]) -> Int {
    let clusters = resources("AWS::RDS::DBCluster", stacks).count
    return clusters > 0 ? clusters : resources("AWS::RDS::DBInstance", stacks).count
  }

  private static func resources(_ type: String, _ stacks: [StackState]) -> [(stack: String, id: String)] {
    stacks.flatMap { stack in
      stack.resources.compactMap { resource in
        resource.type == type ? resource.physicalId.map { (stack.name, $0) } : nil
      }
    }
  }

  private func present<Value>(_ read: () async throws -> Value?) async throws -> Value? {
    do {
      return try await read()
    } catch let error as AWSError where error.kind == .notFound {
      return nil
    }
  }

  private func state(_ cluster: DBCluster, _ stack: String, _ members: [DBInstance]) -> DatabaseState {
    var state = DatabaseState(
      kind: "cluster", identifier: cluster.identifier, status: cluster.status, stack: stack)
    (state.engine, state.engineVersion) = (cluster.engine, cluster.engineVersion)
    state.restorableUntil = cluster.latestRestorableTime
    state.settings = [
      "subnetGroup": text(cluster.subnetGroup), "parameterGroup": text(cluster.parameterGroup),
      "securityGroups": .array(cluster.securityGroups.map { .string($0) }),
      "members": .array(cluster.members.map { .string($0) }),
      "deletionProtection": .bool(cluster.isDeletionProtected), "tags": tags(cluster.tags),
      "iamAuthentication": .bool(cluster.usesIAMAuthentication),
      "copyTagsToSnapshot": .bool(cluster.copiesTagsToSnapshot), "port": number(cluster.port),
      "backupRetentionDays": number(cluster.backupRetentionDays), "backupWindow": text(cluster.backupWindow),
      "engineMode": text(cluster.engineMode), "storageType": text(cluster.storageType),
      "networkType": text(cluster.networkType), "backtrackSeconds": number(cluster.backtrackSeconds),
      "exportedLogs": .array(cluster.exportedLogs.map { .string($0) }),
      "serverlessScaling": cluster.serverlessScaling.map { scaling in
        [
          "minimum": .number(JSONNumber(scaling.minimum)), "maximum": .number(JSONNumber(scaling.maximum)),
          "pausesAfter": number(scaling.pausesAfter),
        ]
      } ?? .null,
      "instances": .array(members.map(settings)),
    ]
    return state
  }

  private func state(_ instance: DBInstance, _ stack: String) -> DatabaseState {
    var state = DatabaseState(
      kind: "instance", identifier: instance.identifier, status: instance.status, stack: stack)
    (state.engine, state.engineVersion) = (instance.engine, instance.engineVersion)
    state.restorableUntil = instance.latestRestorableTime
    state.settings = settings(instance)
    return state
  }

  private func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
  private func number(_ value: Int?) -> JSONValue { value.map { .number(JSONNumber($0)) } ?? .null }
  private func tags(_ tags: [AWSTag]) -> JSONValue {
    .array(tags.map { ["name": .string($0.key), "value": .string($0.value)] })
  }

  private func monitoring(_ monitoring: DBMonitoring) -> JSONValue {
    [
      "interval": number(monitoring.interval), "role": text(monitoring.role),
      "recordsLoad": monitoring.recordsLoad.map { .bool($0) } ?? .null,
      "encryption": text(monitoring.key),
      "loadDays": number(monitoring.loadDays),
    ]
  }

  private func settings(_ instance: DBInstance) -> JSONValue {
    [
      "identifier": text(instance.identifier),
      "instanceClass": text(instance.instanceClass), "subnetGroup": text(instance.subnetGroup),
      "securityGroups": .array(instance.securityGroups.map { .string($0) }),
      "parameterGroups": .array(instance.parameterGroups.map { .string($0) }),
      "optionGroups": .array(instance.optionGroups.map { .string($0) }),
      "multiAZ": .bool(instance.isMultiAZ), "publiclyAccessible": .bool(instance.isPubliclyAccessible),
      "deletionProtection": .bool(instance.isDeletionProtected), "storageType": text(instance.storageType),
      "iops": number(instance.iops), "storageThroughput": number(instance.storageThroughput),
      "allocatedStorage": number(instance.allocatedStorage), "port": number(instance.endpointPort),
      "maximumAllocatedStorage": number(instance.maximumAllocatedStorage),
      "backupRetentionDays": number(instance.backupRetentionDays),
      "copyTagsToSnapshot": .bool(instance.copiesTagsToSnapshot),
      "iamAuthentication": .bool(instance.usesIAMAuthentication),
      "backupWindow": text(instance.backupWindow), "maintenanceWindow": text(instance.maintenanceWindow),
      "networkType": text(instance.networkType), "certificateAuthority": text(instance.certificateAuthority),
      "licenseModel": text(instance.licenseModel),
      "exportedLogs": .array(instance.exportedLogs.map { .string($0) }),
      "upgradesMinorVersions": instance.upgradesMinorVersions.map { .bool($0) } ?? .null,
      "dedicatedLogVolume": instance.hasDedicatedLogVolume.map { .bool($0) } ?? .null,
      "promotionTier": number(instance.promotionTier), "monitoring": monitoring(instance.monitoring),
      "latestRestorableTime": instance.latestRestorableTime.map { .string($0.description) } ?? .null,
      "tags": tags(instance.tags),
    ]
  }
}
