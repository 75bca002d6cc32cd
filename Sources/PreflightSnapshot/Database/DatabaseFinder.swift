import AWSClients
import JSONValues
import Records
import SystemInterfaces

/// Finds the database of the stacks.
struct DatabaseFinder: Sendable {
  let clients: StackClients

  /// The database of `stacks`: a cluster where there is one, else an instance; nil where there is none.
  func find(_ stacks: [StackState]) async throws -> DatabaseState? {
    for (stack, id) in DatabaseFinder.resources("AWS::RDS::DBCluster", stacks) {
      if let cluster = try await present({ try await RDSClient(clients[stack]).describeDBClusters(id).first })
      {
        return state(cluster, stack)
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

  private func state(_ cluster: DBCluster, _ stack: String) -> DatabaseState {
    var state = DatabaseState(
      kind: "cluster", identifier: cluster.identifier, status: cluster.status, stack: stack)
    (state.engine, state.engineVersion) = (cluster.engine, cluster.engineVersion)
    state.restorableUntil = cluster.latestRestorableTime
    state.settings = [
      "subnetGroup": text(cluster.subnetGroup), "parameterGroup": text(cluster.parameterGroup),
      "securityGroups": .array(cluster.securityGroups.map { .string($0) }),
      "members": .array(cluster.members.map { .string($0) }),
      "deletionProtection": .bool(cluster.isDeletionProtected), "tags": tags(cluster.tags),
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

  private func settings(_ instance: DBInstance) -> JSONValue {
    [
      "instanceClass": text(instance.instanceClass), "subnetGroup": text(instance.subnetGroup),
      "securityGroups": .array(instance.securityGroups.map { .string($0) }),
      "parameterGroups": .array(instance.parameterGroups.map { .string($0) }),
      "optionGroups": .array(instance.optionGroups.map { .string($0) }),
      "multiAZ": .bool(instance.isMultiAZ), "publiclyAccessible": .bool(instance.isPubliclyAccessible),
      "deletionProtection": .bool(instance.isDeletionProtected), "storageType": text(instance.storageType),
      "iops": number(instance.iops), "allocatedStorage": number(instance.allocatedStorage),
      "maximumAllocatedStorage": number(instance.maximumAllocatedStorage),
      "backupRetentionDays": number(instance.backupRetentionDays),
      "copiesTagsToSnapshot": .bool(instance.copiesTagsToSnapshot),
      "usesIAMAuthentication": .bool(instance.usesIAMAuthentication),
      "latestRestorableTime": instance.latestRestorableTime.map { .string($0.description) } ?? .null,
      "tags": tags(instance.tags),
    ]
  }
}
