import DatabaseAccess
import DeploymentConfig
import GitHistory
import MigrationAnalysis
import RestorePoints
import StepResults
import StepRuntime
import SystemInterfaces

/// What the history of a database that is at hand says of the migrations of commits that are taken back.
struct MigrationStates {
  /// How one stands in the database.
  enum State: Hashable, Sendable {
    case applied, notApplied
    /// It is none by itself: a script that undoes one, a list of them.
    case companion
    /// Not told, and why.
    case unknown(String)
  }
  private var known: [String: State] = [:]
  private var otherwise = State.unknown("no database was asked")

  /// How the migration at `path` stands.
  subscript(_ path: String) -> State { known[path] ?? otherwise }

  /// Asks the database that the configuration or the environment names; AWS is not asked for one.
  init(_ plan: GitRevertPlan, _ session: StepSession, _ repository: GitRepository) async throws {
    guard !(plan.keptMigrations + plan.goneMigrations).isEmpty, MigrationStates.isNamed(session) else {
      return
    }
    var entries: [HistoryJudgement.Entry] = []
    var edited: [String] = []
    for commit in plan.commits {
      guard let parent = commit.parents.first, repository.has(parent) else { continue }
      let range = try SchemaRange(
        repository, from: parent, to: commit.id, patterns: session.policy.gate.migrations)
      entries += range.entries
      edited += range.obstacles
    }
    guard !entries.isEmpty else { return }
    do {
      guard let psql = try await session.database() else { return }
      let history = try await SchemaHistory(of: psql)
      let judgement = HistoryJudgement(entries, tables: history.tables, others: history.others)
      let why = (edited + judgement.obstacles).first ?? "no migration tool keeps a history of it there"
      otherwise = .companion
      for entry in entries {
        let path = entry.migration.file.path
        switch judgement.answers[path] {
        case .applied: known[path] = .applied
        case .notApplied: known[path] = .notApplied
        case .unbooked, nil: known[path] = .unknown(why)
        }
      }
    } catch let error as PsqlError {
      otherwise = .unknown("the database could not be asked: \(error.message)")
    }
  }

  private static func isNamed(_ session: StepSession) -> Bool {
    let environment = session.context.environment
    return session.config.databaseURL != nil
      || ["DATABASE_URL", "PGHOST", "PGSERVICE"].contains { environment.nonEmpty($0) != nil }
  }
}
