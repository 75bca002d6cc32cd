import AWSClients
import CloudFormationModel
import DeploymentConfig
import DeploymentEvidence
import DeploymentLedger
import DeploymentRecords
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// Finds the restore point that is put back.
struct RestorePointFinder {
  let command: RevertCommand
  let session: StepSession
  let clients: StackClients
  let operations: AWSOperations

  /// A restore point, or none and what is to be said of that; and what is live.
  struct Choice {
    var loaded: LoadedRestorePoint?
    var findings: [PlanFinding] = []
    /// What is live of the application; nil where no stack is there.
    var live: Deployment?

    /// Stacks that were recorded by a name which nobody had confirmed: a rollback leaves them alone.
    var derived: [String] {
      (loaded?.point.stacks ?? []).filter { $0.isDerived == true && $0.parentId == nil }.map(\.name)
    }

    /// The same, and the one of the configuration that nobody confirmed.
    func derived(besides session: StepSession) -> [String] {
      let confirmed = Set(session.confirmedStacks.map(\.name))
      let proposed = session.config.stacks.map(\.name).filter { !confirmed.contains($0) }
      return Set(derived + proposed).sorted()
    }
  }

  /// - Parameter evidence: what is on record.
  func find(
    named: String?, continued: ContinuedRevert?, targets: [TargetStack], evidence: RevertEvidence
  ) async throws -> Choice {
    let (points, damaged, unnamed) = try points()
    let here = Set(points.map(\.id) + damaged.map(\.id))
    // A name that none of them has is wrong whatever AWS says.
    if let named,
      RestorePointChoice.named(named, among: points, damaged: damaged.map(\.id), live: nil) == .unknown
    {
      throw try unknown(named, damaged, besides: here)
    }
    let stacks = try await describe(targets)
    var choice = Choice(live: Deployment(stacks.compactMap(StackVersion.init)))
    if let continued, named == nil {
      choice.loaded = try continued.restorePoint.map(load)
      return choice
    }
    let found: RestorePointChoice
    if let named {
      found = .named(named, among: points, damaged: damaged.map(\.id), live: choice.live)
    } else {
      found = .newest(in: evidence.history, damaged: damaged.map(\.id), live: choice.live) { point in
        // What it holds by a name that nobody had confirmed is left alone, and does not make it another application's.
        needed(targets, by: point, stacks).filter { !(unnamed[point.id] ?? []).contains($0) }
      }
    }
    switch found {
    case .chosen(let id, let isLive):
      choice.loaded = try load(id)
      choice.findings = damaged.map(Self.finding) + (named == nil ? try newerElsewhere(than: id, here) : [])
      if isLive { choice.findings.append(Self.ofLive(id)) }
    case .damaged(let id, let older): throw unusable(id, older, damaged)
    case .unknown: throw try unknown(named ?? "", damaged, besides: here)
    case .none:
      // Updates that run can be cancelled without one; finished ones are refused by the plan.
      choice.findings.append(
        PlanFinding(
          .restorePointMissing, .warning,
          "there is no good restore point of \(session.application == "." ? "this application" : session.application) "
            + "(preflight-snapshot makes one before a deployment)."
            + (try elsewhere(besides: here).map { " On record is one: \(advice($0))." } ?? "")))
    case .noneGood(let ids):
      if let live = choice.live, let same = points.last(where: { evidence.history.holds($0, live) }) {
        choice.loaded = try load(same.id)
      }
      choice.findings.append(
        PlanFinding(
          .restorePointOfLiveVersion, .warning,
          "a stop stands about what each restore point here holds (\(ids.joined(separator: ", "))): none is good, and "
            + "none is put back. Name one with --to all the same, or deploy the last good commit."))
    }
    return choice
  }

  private static func ofLive(_ id: String) -> PlanFinding {
    PlanFinding(
      .restorePointOfLiveVersion, .notice, target: id,
      "no stack was updated since the restore point \(id) was made: it holds the deployment that is live. An older one is put "
        + "back where --to names it.")
  }

  /// The stacks that a restore point must hold: all that are wanted, but for one that was made after it.
  private func needed(
    _ targets: [TargetStack], by point: RecordedDeployment, _ live: [DescribedStack]
  ) -> [String] {
    let only = Set(command.only.map { $0.lowercased() })
    return targets.filter { only.isEmpty || only.contains($0.role) }.map(\.name).filter { name in
      guard let created = live.first(where: { $0.name == name })?.createdAt else { return true }
      return created < point.createdAt
    }
  }

  private func load(_ id: String) throws -> LoadedRestorePoint {
    let loaded = try LoadedRestorePoint.load(id, from: session.restorePoints)
    guard loaded.point.environment == session.environment else {
      throw StepFailure(
        .data,
        "restore point \(id) is of the environment \(loaded.point.environment), not of \(session.environment)",
        advice: "check --records and --to")
    }
    if let other = loaded.point.application, other != session.application {
      throw StepFailure(
        .data, "restore point \(id) is of the application \(other), not of \(session.application)",
        advice: "check --config-dir, --records and --to")
    }
    return loaded
  }

  /// One that cannot be read, and why.
  private typealias Damaged = (id: String, why: String)

  private static func finding(_ damaged: Damaged) -> PlanFinding {
    PlanFinding(
      .restorePointUnreadable, .warning, target: damaged.id,
      "the restore point \(damaged.id) cannot be used, and is not needed: \(damaged.why).")
  }

  private func unknown(_ name: String, _ damaged: [Damaged], besides here: Set<String>) throws -> StepFailure
  {
    StepFailure(
      .data,
      "--to \(name): no restore point of this id or commit. auto-revert --list shows those there are"
        + (damaged.isEmpty
          ? "." : ", and what is wrong with \(damaged.map(\.id).joined(separator: ", "))."),
      advice: try elsewhere(name, besides: here).map(advice) ?? "")
  }

  private func unusable(_ id: String, _ older: String?, _ damaged: [Damaged]) -> StepFailure {
    StepFailure(
      .data,
      "the restore point \(id) cannot be used: \(damaged.first { $0.id == id }?.why ?? "it cannot be read")",
      advice: "remove its folder and fetch it again (--store)"
        + (older.map {
          ", or go on without it, to the one before: \(CommandText(command, session).text(to: $0))"
        } ?? "; there is no other good one here")
        + "; auto-revert \(session.environment) --list shows them all")
  }

  /// A restore point that the ledger names and that is not on this machine.
  private typealias Elsewhere = (id: String, entry: LedgerEntry)

  /// The newest good one of them; with `name` the newest of that id or commit.
  private func elsewhere(_ name: String? = nil, besides here: Set<String>) throws -> Elsewhere? {
    let line = try session.ledger()?.entries(limit: 1) { entry in
      guard entry.step == .preflightSnapshot, entry.verdict == .go, let id = entry.facts["restorePoint"],
        !here.contains(id)
      else { return false }
      guard let name else { return true }
      let commit = entry.facts["deployedCommit"] ?? ""
      return id == name || name.count >= 4 && commit.hasPrefix(name.lowercased())
    }.first
    return line.flatMap { line in line.entry.facts["restorePoint"].map { ($0, line.entry) } }
  }

  /// How to get at it.
  private func advice(_ found: Elsewhere) -> String {
    "restore point \(found.id)"
      + (found.entry.facts["deployedCommit"].map { " (commit \($0.prefix(12)))" } ?? "")
      + " was made by the run \(found.entry.run) at \(found.entry.finishedAt.formatted(milliseconds: false)) and is not on "
      + "this machine: fetch that run's records into \(session.records.root), or name the store that it was put into "
      + "with --store"
  }

  /// The restore points that can be read, the others, and the stacks that each holds by a name which nobody had confirmed.
  private typealias Points = (
    whole: [RecordedDeployment], damaged: [Damaged], unnamed: [String: Set<String>]
  )

  /// The restore points of this environment.
  private func points() throws -> Points {
    var whole: [RecordedDeployment] = []
    var damaged: [Damaged] = []
    var unnamed: [String: Set<String>] = [:]
    for id in try session.restorePoints.ids() {
      do {
        let point = try session.restorePoints.read(id)
        if let recorded = point.recorded { whole.append(recorded) }
        unnamed[id] = Set(point.stacks.filter { $0.isDerived == true }.map(\.name))
      } catch  where error is RecordError || error is FileError {
        damaged.append((id, "\(error)"))
      }
    }
    return (whole, damaged, unnamed)
  }

  /// The stacks as they are now: the first that AWS is asked.
  private func describe(_ targets: [TargetStack]) async throws -> [DescribedStack] {
    try await withThrowingTaskGroup(of: DescribedStack?.self) { group in
      for target in targets { group.addTask { try await operations.describe(target.name) } }
      var found: [DescribedStack] = []
      for try await stack in group { if let stack { found.append(stack) } }
      return found
    }
  }

  /// A newer good restore point that the ledger names and that is not on this machine.
  private func newerElsewhere(than id: String, _ here: Set<String>) throws -> [PlanFinding] {
    guard let newer = try elsewhere(besides: here), newer.id > id else { return [] }
    return [
      PlanFinding(
        .restorePointElsewhere, .warning, target: newer.id,
        "a newer good restore point than those here is on record: \(advice(newer)).")
    ]
  }
}

extension StackVersion {
  /// A stack that is there; nil for one that was deleted.
  init?(_ stack: DescribedStack) {
    guard stack.status != StackStatus.deleteComplete.rawValue else { return nil }
    self.init(name: stack.name, id: stack.id, updatedAt: stack.updatedAt, status: stack.status)
  }
}
