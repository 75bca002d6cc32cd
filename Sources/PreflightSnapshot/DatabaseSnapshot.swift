import AWSClients
import DeploymentConfig
import JSONValues
import Records
import Reporting
import StepCommand
import SystemInterfaces

/// Finds the database of the stacks and makes a snapshot of it.
struct DatabaseSnapshotter: Sendable {
  let rds: RDSClient
  let clock: any WallClock
  let progress: Progress
  /// The longest that a snapshot may take.
  var deadline: Duration = .seconds(3600)

  /// The database of `stacks`: a cluster where there is one, else an instance; nil where there is none.
  func find(_ stacks: [StackState]) async throws -> DatabaseState? {
    for stack in stacks {
      if let id = stack.resources.first(where: { $0.type == "AWS::RDS::DBCluster" })?.physicalId {
        guard let cluster = try await rds.describeDBClusters(id).first else { continue }
        var state = DatabaseState(
          kind: "cluster", identifier: cluster.identifier, status: cluster.status, stack: stack.name)
        (state.engine, state.engineVersion) = (cluster.engine, cluster.engineVersion)
        state.settings = [
          "subnetGroup": text(cluster.subnetGroup), "parameterGroup": text(cluster.parameterGroup),
          "securityGroups": .array(cluster.securityGroups.map { .string($0) }),
          "members": .array(cluster.members.map { .string($0) }),
          "deletionProtection": .bool(cluster.isDeletionProtected), "tags": tags(cluster.tags),
        ]
        return state
      }
    }
    for stack in stacks {
      if let id = stack.resources.first(where: { $0.type == "AWS::RDS::DBInstance" })?.physicalId {
        guard let instance = try await rds.describeDBInstances(id).first else { continue }
        var state = DatabaseState(
          kind: "instance", identifier: instance.identifier, status: instance.status, stack: stack.name)
        (state.engine, state.engineVersion) = (instance.engine, instance.engineVersion)
        state.settings = settings(instance)
        return state
      }
    }
    return nil
  }

  /// Makes the snapshot `name` and waits until it is available.
  func make(_ name: String, of database: DatabaseState, tags: [AWSTag]) async throws -> String {
    let isCluster = database.kind == "cluster"
    do {
      if isCluster {
        _ = try await rds.createDBClusterSnapshot(name, ofCluster: database.identifier, tags: tags)
      } else {
        _ = try await rds.createDBSnapshot(name, ofInstance: database.identifier, tags: tags)
      }
    } catch let error as AWSError where error.code.contains("AlreadyExists") {
      // The name is this run's own: an answer that was lost made it.
    }
    let end = clock.now + deadline
    var pause = Duration.seconds(1)
    while true {
      let found =
        isCluster
        ? try await rds.describeDBClusterSnapshots(name).first : try await rds.describeDBSnapshots(name).first
      let status = found?.status ?? "missing"
      if status == "available" { return name }
      guard status == "creating" || status == "pending" || status == "missing" else {
        throw StepFailure(.unavailable, "the snapshot \(name) of \(database.identifier) ended \(status)")
      }
      if clock.now > end {
        throw StepFailure(
          .unavailable,
          "the snapshot \(name) of \(database.identifier) is still \(status) after \(deadline.text)",
          advice: "wait until it is available and run the step again")
      }
      progress.update(
        "database snapshot \(name): \(status)\(found?.percentProgress.map { ", \($0) %" } ?? "")")
      try await clock.sleep(for: pause)
      pause = min(pause * 2, .seconds(15))
    }
  }

  private func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
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
      "allocatedStorage": instance.allocatedStorage.map { .number(JSONNumber($0)) } ?? .null,
      "maximumAllocatedStorage": instance.maximumAllocatedStorage.map { .number(JSONNumber($0)) } ?? .null,
      "backupRetentionDays": instance.backupRetentionDays.map { .number(JSONNumber($0)) } ?? .null,
      "latestRestorableTime": instance.latestRestorableTime.map { .string($0.description) } ?? .null,
      "tags": tags(instance.tags),
    ]
  }
}
