import AWSClients
import CloudFormationModel
import DeploymentConfig
public import DeploymentEvidence
import DeploymentLedger
import DeploymentRecords
import JSONValues
import Reporting
import StepResults
import SystemInterfaces

/// What is on record of the deployments of this application, and which one is live.
extension StepSession {
  /// How many lines of the ledger, and how many runs of this machine, are looked through.
  private static let lines = 1000, runs = 500

  /// What `evidence` and the restore points here say; a point that is damaged says nothing, and is told where one is chosen.
  public func history(of evidence: [Evidence]) throws -> DeploymentHistory {
    DeploymentHistory(
      application: application, evidence: evidence,
      points: try restorePoints.ids().compactMap { try? restorePoints.read($0) }
        .filter { $0.environment == environment }.compactMap(\.recorded))
  }

  /// All that the steps said, oldest first. What this machine and the ledger both hold is taken from here, in its words.
  public func evidence() throws -> [Evidence] {
    var found: [String: Evidence] = [:]
    for line in try ledger()?.entries(limit: StepSession.lines, where: { $0.kind == .record }) ?? [] {
      guard let evidence = line.entry.evidence else { continue }
      found[StepSession.key(evidence)] = evidence
    }
    for evidence in try recorded() { found[StepSession.key(evidence)] = evidence }
    return found.values.sorted { ($0.finishedAt, $0.step.rawValue) < ($1.finishedAt, $1.step.rawValue) }
  }

  private static func key(_ evidence: Evidence) -> String {
    "\(evidence.step.rawValue) \(evidence.startedAt) \(evidence.finishedAt)"
  }

  /// The records of the runs of this machine, and the latest of each step. One that cannot be used says nothing.
  /// - Parameter root: the records folder of another environment, if not this one's.
  func recorded(in root: String? = nil) throws -> [Evidence] {
    let (files, folder) = (context.files, "\(root ?? records.root)/runs")
    var found = Step.allCases.compactMap { latestDocument(of: $0, in: root) }
    if try files.status(of: folder)?.kind == .folder {
      for run in try files.names(in: folder).suffix(StepSession.runs) where !run.hasPrefix(".") {
        let inside = "\(folder)/\(run)"
        guard try files.status(of: inside)?.kind == .folder else { continue }
        found += try files.names(in: inside).compactMap { name in
          guard name.hasSuffix(".json"), let step = StepSession.step(of: name) else { return nil }
          return document(at: "\(inside)/\(name)", of: step, in: root)
        }
      }
    }
    return found.compactMap { Evidence(record: $0) }
  }

  /// `smoke-test.json` and `smoke-test-2.json` are records of one step.
  private static func step(of name: String) -> Step? {
    Step.allCases.first { name == "\($0.rawValue).json" || name.hasPrefix("\($0.rawValue)-") }
  }

  /// The commit that is deployed: `--commit`, else what is on record of a deployment that a rollback left or a snapshot
  /// named, else `HEAD`: a check of what was put back runs in a checkout of what was taken away.
  public func deployedCommit(of deployment: Deployment?) throws -> String? {
    guard common.commit == nil, let deployment else { return try commitId() }
    let known = DeploymentHistory(application: application, evidence: try evidence(), points: [])
    return try known.restoredCommit(of: deployment) ?? commitId()
  }

  /// What is live of the application: one DescribeStacks for each stack that somebody named. Nil where none is there, or
  /// where AWS cannot be asked: a record that names no deployment is evidence of nothing.
  public func liveDeployment() async -> Deployment? {
    let stacks = confirmedStacks
    guard !stacks.isEmpty else { return nil }
    do {
      let clients = try clients()
      return try await withThrowingTaskGroup(of: StackVersion?.self) { group in
        for stack in stacks {
          group.addTask {
            try await CloudFormationClient(clients[stack.name]).describeStack(stack.name).flatMap {
              StackVersion($0)
            }
          }
        }
        var versions: [StackVersion] = []
        for try await version in group { if let version { versions.append(version) } }
        return Deployment(versions)
      }
    } catch {
      progress.detail("which deployment is live is not known: \(error)")
      return nil
    }
  }
}

extension StackVersion {
  /// A stack that is there; nil for one that was deleted.
  public init?(_ stack: Stack) {
    guard stack.status != .deleteComplete else { return nil }
    self.init(name: stack.name, id: stack.id, updatedAt: stack.lastUpdatedAt, status: stack.status.rawValue)
  }
}
