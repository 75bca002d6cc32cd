import AWSClients
import DeploymentRecords
import RestorePoints
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces
import TemplateAnalysis

/// Whether what a restore point rests on outside it is still there: looked for before anything is touched.
struct RestorePointCheck {
  let session: StepSession
  let clients: StackClients

  /// `loaded` with what has gone from its stacks' assets, and what is to be said of its database snapshot.
  func check(_ loaded: LoadedRestorePoint) async throws -> (
    loaded: LoadedRestorePoint, findings: [PlanFinding]
  ) {
    var loaded = loaded
    var findings: [PlanFinding] = []
    do {
      let stacks = try recorded(loaded)
      let losses = try await RestorePointAssets.losses(stacks, clients: clients)
      findings += RestorePointCheck.judge(losses, &loaded)
      try await keepPlaced(&loaded)
      loaded.leftBehind = RestorePointAssets.kept(stacks)
      loaded.rewrittenTemplates = try await RestorePointAssets.rewritten(stacks, clients: clients)
      findings += try await databaseSnapshot(loaded.point)
    } catch let error as AWSError
      where error.isTemporary || error.isAboutCredentials && error.kind != .accessDenied
    {
      throw OperationFailure(describing: error)
    } catch let error as AWSError {
      findings.append(
        PlanFinding(
          .restorePointIncomplete, .warning, target: loaded.point.id,
          "whether everything is there that the restore point \(loaded.point.id) rests on could not be looked at: \(error)"
        ))
    }
    return (loaded, findings)
  }

  /// What is lost and what stands in for it: a function's code that is kept goes back to where its template fetches it, or,
  /// where another lies there by now, to the function itself once the stack is back.
  static func judge(
    _ losses: [String: [RestorePointAssets.Loss]], _ loaded: inout LoadedRestorePoint
  ) -> [PlanFinding] {
    var findings: [PlanFinding] = []
    for (name, lost) in losses.sorted(by: { $0.key < $1.key }) {
      let state = loaded.point.stacks.first { $0.name == name }
      for loss in lost {
        let resource = state?.resources.first { $0.logicalId == loss.logicalId }
        if resource?.type == "AWS::CloudFormation::Stack", !loss.isMissing { continue }
        let function = loaded.point.functions.first { function in
          function.name == resource?.physicalId
            && AmazonResourceName.stackName(of: function.stack) == name
        }
        guard let function, function.code?.file != nil || (function.code?.image != nil && !loss.isMissing)
        else {
          loaded.missingAssets[name, default: []].append(loss.words)
          continue
        }
        let designation = loaded.point.designation(of: function)
        if loss.isMissing, case .object(let bucket, let key, nil) = loss.asset {
          loaded.lostPackages.append(
            LostPackage(stack: name, bucket: bucket, key: key, function: designation))
        } else if loss.isMissing {
          loaded.missingAssets[name, default: []].append(loss.words)
        } else {
          findings.append(
            PlanFinding(
              .restorePointIncomplete, .notice, target: name,
              "\(name): \(loss.words). The restore point keeps the code of \(designation), which gets it once the stack is "
                + "back."))
        }
      }
    }
    return findings
  }

  /// A package goes back to its place only where there is still a bucket to put it into.
  private func keepPlaced(_ loaded: inout LoadedRestorePoint) async throws {
    var isThere: [String: Bool] = [:]
    var placed: [LostPackage] = []
    for package in loaded.lostPackages {
      let known = isThere[package.bucket]
      let found: Bool
      if let known {
        found = known
      } else {
        found = try await isThereStill(package.bucket, clients[package.stack])
      }
      isThere[package.bucket] = found
      guard !found else {
        placed.append(package)
        continue
      }
      loaded.missingAssets[package.stack, default: []].append(
        "\(package.target), where its template fetches the code of \(package.function), is gone with its bucket: make the "
          + "bucket \(package.bucket) again, and the package goes back into it")
    }
    loaded.lostPackages = placed
  }

  /// A bucket that we may not look at is one.
  private func isThereStill(_ bucket: String, _ client: AWSClient) async throws -> Bool {
    do {
      return try await S3Client(client).headBucket(bucket) != nil
    } catch let error as AWSError where error.kind == .accessDenied {
      return true
    }
  }

  private func recorded(_ loaded: LoadedRestorePoint) throws -> [RestorePointAssets.Recorded] {
    try loaded.point.stacks.compactMap { stack in
      guard let template = loaded.templates[stack.name] else { return nil }
      let processed = try stack.processedTemplateFile.map {
        try session.restorePoints.contents(of: $0, in: loaded.point.id)
      }
      return RestorePointAssets.Recorded(stack, original: Array(template.utf8), processed: processed)
    }
  }

  private func databaseSnapshot(_ point: RestorePoint) async throws -> [PlanFinding] {
    guard let database = point.database, let id = database.snapshotId else { return [] }
    guard let snapshot = try await snapshot(id, of: database) else {
      return [
        PlanFinding(
          .restorePointIncomplete, .warning, target: id,
          "the snapshot \(id) of the database \(database.identifier) is not there any more: stacks can be put back, the "
            + "data cannot.")
      ]
    }
    guard snapshot.status == "available" else {
      return [
        PlanFinding(
          .restorePointIncomplete, .warning, target: id,
          "the snapshot \(id) of the database \(database.identifier) is \(snapshot.status), not available.")
      ]
    }
    return []
  }

  /// The service calls a name that it does not know a failure.
  private func snapshot(_ id: String, of database: DatabaseState) async throws -> DBSnapshot? {
    let client = RDSClient(clients[database.stack])
    do {
      return database.kind == "cluster"
        ? try await client.describeDBClusterSnapshots(id).first
        : try await client.describeDBSnapshots(id).first
    } catch let error as AWSError where error.kind == .notFound {
      return nil
    }
  }
}
