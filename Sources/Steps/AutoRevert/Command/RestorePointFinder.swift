import AWSClients
import DeploymentLedger
import DeploymentRecords
import JSONValues
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

  /// A restore point, or none and what is to be said of that.
  struct Choice {
    var loaded: LoadedRestorePoint?
    var findings: [PlanFinding] = []
  }

  func find(named: String?, continued: ContinuedRevert?, targets: [TargetStack]) async throws -> Choice {
    if let continued, named == nil {
      guard let id = continued.restorePoint else { return Choice() }
      return Choice(loaded: try load(id))
    }
    let (candidates, damaged) = try candidates()
    let here = Set(candidates.map(\.id) + damaged.map(\.id))
    if let named {
      switch RestorePointChoice.named(named, among: candidates, damaged: damaged.map(\.id)) {
      case .chosen(let id): return Choice(loaded: try load(id), findings: damaged.map(Self.finding))
      case .damaged(let id): throw unusable(id, damaged, candidates)
      case .none(let finding):
        throw StepFailure(
          .data, finding.message, advice: try elsewhere(named, besides: here).map(advice) ?? "")
      }
    }
    let live = try await liveTimes(targets)
    let latest = try session.restorePoints.latestId()
    let outside = try await differsOutside(latest, candidates, live)
    let worked = try Set(candidates.map(\.id).filter(hasWorked))
    let choice = RestorePointChoice.newest(
      among: candidates, damaged: damaged.map(\.id), latest: latest, live: live, isOwnWork: worked.contains,
      differsOutside: { $0 == latest && outside })
    let newer = try elsewhere(besides: here).flatMap { $0.id > latest ?? "" ? $0 : nil }
    switch choice {
    case .chosen(let id):
      return Choice(
        loaded: try load(id),
        findings: damaged.map(Self.finding)
          + [newer].compactMap { $0 }.map { newer in
            PlanFinding(
              .restorePointElsewhere, .warning, target: newer.id,
              "a newer good restore point than those here is on record: \(advice(newer)).")
          })
    case .damaged(let id): throw unusable(id, damaged, candidates)
    case .none(let finding):
      // Updates that run can be cancelled without one; finished ones are refused by the plan.
      return Choice(
        findings: [
          PlanFinding(
            finding.code, .warning, target: finding.target,
            finding.message + (newer.map { " On record is one: \(advice($0))." } ?? ""))
        ])
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
    return loaded
  }

  /// One that cannot be read, and why.
  private typealias Damaged = (id: String, why: String)

  private static func finding(_ damaged: Damaged) -> PlanFinding {
    PlanFinding(
      .restorePointUnreadable, .warning, target: damaged.id,
      "the restore point \(damaged.id) cannot be used, and is not needed: \(damaged.why).")
  }

  private func unusable(_ id: String, _ damaged: [Damaged], _ candidates: [RestorePointCandidate])
    -> StepFailure
  {
    let older = candidates.map(\.id).filter { $0 < id }.max() ?? candidates.map(\.id).max()
    return StepFailure(
      .data,
      "the restore point \(id) cannot be used: \(damaged.first { $0.id == id }?.why ?? "it cannot be read")",
      advice: "remove its folder and fetch it again (--store)"
        + (older.map {
          ", or go on without it, to the one before: \(CommandText(command, session).text(to: $0))"
        } ?? "; there is no other one here")
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

  private func candidates() throws -> (whole: [RestorePointCandidate], damaged: [Damaged]) {
    var whole: [RestorePointCandidate] = []
    var damaged: [Damaged] = []
    for id in try session.restorePoints.ids() {
      let point: RestorePoint
      do {
        point = try session.restorePoints.read(id)
      } catch  where error is RecordError || error is FileError {
        damaged.append((id, "\(error)"))
        continue
      }
      whole.append(
        RestorePointCandidate(
          id: id, commit: point.commit, createdAt: point.createdAt,
          updatedAt: Dictionary(
            point.stacks.filter { $0.parentId == nil }.map { ($0.stackId, $0.lastUpdatedAt) },
            uniquingKeysWith: { $1 })))
    }
    return (whole, damaged)
  }

  /// When each stack was last updated, by its id. The first that AWS is asked.
  private func liveTimes(_ targets: [TargetStack]) async throws -> [String: Timestamp] {
    try await withThrowingTaskGroup(of: DescribedStack?.self) { group in
      for target in targets { group.addTask { try await operations.describe(target.name) } }
      var times: [String: Timestamp] = [:]
      for try await found in group {
        guard let found else { continue }
        times[found.id] = found.updatedAt
      }
      return times
    }
  }

  /// Whether a revert to the restore point has been at work.
  private func hasWorked(_ id: String) throws -> Bool {
    let journal = RevertJournal(
      records: session.records.root, restorePoint: id, files: session.context.files,
      clock: session.context.clock, redactor: session.redactor)
    return try journal.lines().contains { $0["event"]?.string == RevertJournal.Event.before.rawValue }
  }

  /// Whether something that no stack's template holds differs from the latest restore point; asked only where that
  /// decides, since nothing was deployed since.
  private func differsOutside(
    _ latest: String?, _ candidates: [RestorePointCandidate], _ live: [String: Timestamp]
  ) async throws -> Bool {
    guard let latest, let candidate = candidates.first(where: { $0.id == latest }),
      candidate.updatedAt.allSatisfy({ id, time in live[id].map { $0 <= time } ?? false })
    else { return false }
    let facts = try await AWSResources(clients, restorePoint: try load(latest)).facts()
    return facts.contains { $0.live != $0.recorded }
  }
}
