import AWSClients
import DeploymentConfig
import DeploymentRecords
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces

/// Makes a snapshot of a database, waits for it, and deletes those of ours that the policy does not keep.
public struct DatabaseSnapshotter: Sendable {
  let rds: RDSClient
  let clock: any WallClock
  let progress: Progress
  /// The longest that a snapshot may take.
  public var deadline: Duration = .seconds(3600)

  /// Makes snapshots by `rds`, and tells how far they are.
  public init(rds: RDSClient, clock: any WallClock, progress: Progress) {
    self.rds = rds
    self.clock = clock
    self.progress = progress
  }

  /// Makes the snapshot `name` and waits until it is available.
  public func make(_ name: String, of database: DatabaseState, tags: [AWSTag]) async throws -> String {
    let isCluster = database.kind == "cluster"
    do {
      if isCluster {
        _ = try await rds.createDBClusterSnapshot(name, ofCluster: database.identifier, tags: tags)
      } else {
        _ = try await rds.createDBSnapshot(name, ofInstance: database.identifier, tags: tags)
      }
    } catch let error as AWSError where error.kind == .replyLost {
      // It may have begun; the name is this run's own, so looking tells.
    } catch let error as AWSError where error.code.contains("SnapshotQuotaExceeded") {
      throw StepFailure(
        .unavailable, "\(error)",
        advice: "the region keeps no more manual snapshots: delete old ones, or lower keep-database-snapshots"
      )
    }
    let end = clock.now + deadline
    var pause = Duration.seconds(1)
    while true {
      let found = try await read(name, isCluster)
      let status = found?.status ?? "missing"
      if status == "available" { return name }
      guard status == "creating" || status == "pending" || status == "missing" else {
        throw StepFailure(.unavailable, "the snapshot \(name) of \(database.identifier) ended \(status)")
      }
      if clock.now > end {
        throw StepFailure(
          .unavailable,
          "the snapshot \(name) of \(database.identifier) is still \(status) after \(deadline.words)",
          advice: "wait until it is available and run the step again")
      }
      progress.update(
        "database snapshot \(name): \(status)\(found?.percentProgress.map { ", \($0) %" } ?? "")")
      try await clock.sleep(for: pause)
      pause = min(pause * 2, .seconds(15))
    }
  }

  private func read(_ name: String, _ isCluster: Bool) async throws -> DBSnapshot? {
    do {
      return isCluster
        ? try await rds.describeDBClusterSnapshots(name).first : try await rds.describeDBSnapshots(name).first
    } catch let error as AWSError where error.kind == .notFound {
      return nil
    }
  }

  // MARK: - Pruning

  /// Deletes the oldest of our snapshots of `database` beyond the newest `kept`; returns what was deleted, and what could
  /// not be.
  public func prune(_ database: DatabaseState, environment: String, kept: Int) async throws -> (
    [String], [Finding]
  ) {
    let isCluster = database.kind == "cluster"
    do {
      let all =
        isCluster
        ? try await rds.describeDBClusterSnapshots(ofCluster: database.identifier, type: "manual")
        : try await rds.describeDBSnapshots(ofInstance: database.identifier, type: "manual")
      let outdated = DatabaseSnapshotter.outdated(all, environment: environment, kept: kept)
      for snapshot in outdated {
        progress.say("deleting the old database snapshot \(snapshot)")
        if isCluster {
          try await rds.deleteDBClusterSnapshot(snapshot)
        } else {
          try await rds.deleteDBSnapshot(snapshot)
        }
      }
      return (outdated, [])
    } catch let error as AWSError where !error.isTemporary {
      return (
        [],
        [
          Finding(
            "database-snapshots-kept", .warning, "old database snapshots of ours were not deleted: \(error)",
            subject: database.identifier)
        ]
      )
    }
  }

  /// The name of the snapshot of restore point `id`.
  public static func name(environment: String, restorePoint id: String) -> String {
    let text = "backstop-\(environment)-\(id)".lowercased().map {
      $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-"
    }
    // Two hyphens in a row are not allowed.
    return String(
      text.reduce(into: "") { name, next in if !(next == "-" && name.hasSuffix("-")) { name.append(next) } })
  }

  /// The tags of a snapshot of ours.
  public static func tags(environment: String, restorePoint: String, run: String, commit: String?) -> [AWSTag]
  {
    [
      AWSTag("backstop:environment", environment), AWSTag("backstop:restore-point", restorePoint),
      AWSTag("backstop:run", run),
    ] + (commit.map { [AWSTag("backstop:commit", $0)] } ?? [])
  }

  /// Snapshots of ours, by name and by tags, that are older than the newest `kept`. What anybody else made is never among
  /// them, whatever it is called.
  static func outdated(_ snapshots: [DBSnapshot], environment: String, kept: Int) -> [String] {
    guard kept > 0 else { return [] }
    let own = snapshots.filter { snapshot in
      func tag(_ name: String) -> String? { snapshot.tags.first { $0.key == name }?.value }
      guard snapshot.type == "manual", snapshot.status == "available",
        tag("backstop:environment") == environment,
        let id = tag("backstop:restore-point")
      else { return false }
      return snapshot.identifier == name(environment: environment, restorePoint: id)
    }
    // Their names hold the time of the restore point.
    return own.map(\.identifier).sorted().dropLast(kept).map { $0 }
  }
}
