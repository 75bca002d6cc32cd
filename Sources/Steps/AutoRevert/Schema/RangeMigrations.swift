import DeploymentConfig
import DeploymentEvidence
import GitHistory
import MigrationAnalysis
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// Migrations between the recorded version and the deployed one that the recorded one does not fit (danger 12: old code on
/// a new schema). They are judged here, from the code, whatever a gate said; where the code is not there, a gate's judgement
/// of exactly this range serves.
struct RangeMigrations: Hashable, Sendable {
  /// `path (rule, rule)` for each.
  var breaking: [String] = []
  /// Why it is not known whether there are some.
  var unknown: UnknownMigrations?

  /// - Parameters:
  ///   - restored: the commit that the restore point holds.
  ///   - deployed: the commit that is live.
  init(_ session: StepSession, restored: String?, deployed: String?, _ evidence: RevertEvidence) throws {
    guard session.repositoryRoot != nil else {
      if let restored, let deployed {
        breaking = evidence.judgement(from: restored, to: deployed)?.breaking ?? []
      }
      return
    }
    let repository = try session.repository()
    guard let restored, let deployed, let older = ObjectId(hex: restored), let newer = ObjectId(hex: deployed)
    else {
      guard try RangeMigrations.hasSome(repository, session.policy.gate) else { return }
      let what = restored == nil ? "which commit the restore point holds" : "which commit is deployed"
      unknown = UnknownMigrations(
        "nobody said \(what), so its migrations could not be looked for (preflight-snapshot --deployed-commit, or a "
          + "smoke-test before it, says it)", stops: false)
      return
    }
    if let judged = evidence.judgement(from: restored, to: deployed) { breaking = judged.breaking }
    do {
      let judged = try RangeMigrations.judge(repository, from: older, to: newer, session.policy.gate)
      breaking = judged.breaking
      if !judged.unread.isEmpty {
        unknown = UnknownMigrations(
          "\(judged.unread.joined(separator: ", ")) could not be understood", stops: true)
      }
    } catch let error as GitError {
      guard evidence.judgement(from: restored, to: deployed) == nil else { return }
      unknown = UnknownMigrations(
        "the migrations from \(older.short) to \(newer.short) could not be read: \(error)", stops: true)
    }
  }

  /// Rules for what takes data away.
  private static let losing: Set<String> = [
    "ban-drop-column", "ban-drop-database", "ban-drop-schema", "ban-drop-table", "ban-truncate-cascade",
    "delete-without-where", "drop-cascade", "drop-owned", "truncate", "update-without-where",
  ]

  /// The migrations of the range after which the version before meets a schema that it cannot work with, those that could not
  /// be understood, and those that take data away, each as `path (rule, rule)`.
  static func judge(
    _ repository: GitRepository, from older: ObjectId, to newer: ObjectId, _ policy: GatePolicy
  ) throws -> (breaking: [String], unread: [String], losing: [String]) {
    let wanted = policy.migrations.map(PathPattern.init)
    let ignored = policy.ignore.map(PathPattern.init)
    var found: (breaking: [String], unread: [String], losing: [String]) = ([], [], [])
    for change in try repository.changes(fromCommit: older, toCommit: newer, renames: nil) {
      guard let entry = change.new, entry.kind == .file || entry.kind == .executable else { continue }
      let isListed = wanted.contains { $0.matches(change.path) }
      guard wanted.isEmpty || isListed, !ignored.contains(where: { $0.matches(change.path) }),
        MigrationFile(path: change.path, text: nil, isListed: true) != nil
      else { continue }
      let bytes = try repository.blob(entry.id)
      let text = String(decoding: bytes.prefix(SQLAnalysis.byteLimit), as: UTF8.self)
      guard let file = MigrationFile(path: change.path, text: text, isListed: isListed),
        file.role == .forward || file.role == .repeatable
      else { continue }
      let issues = try issues(file, text, policy) { path in
        try repository.contents(of: path, at: newer.hex).map { String(decoding: $0, as: UTF8.self) }
      }
      let lost = losing.intersection(issues.map(\.rule)).sorted()
      if !lost.isEmpty { found.losing.append("\(change.path) (\(lost.joined(separator: ", ")))") }
      if let words = BreakingRules.words(change.path, issues.map(\.rule)) {
        found.breaking.append(words)
      } else if issues.contains(where: { $0.risk == .syntax || $0.risk == .notUnderstood }) {
        found.unread.append(change.path)
      }
    }
    return found
  }

  /// What a migration does that is more than worth a word.
  private static func issues(
    _ file: MigrationFile, _ text: String, _ policy: GatePolicy, read: (String) throws -> String?
  ) throws -> [SQLIssue] {
    guard let forward = try MigrationParts(file, text: text, read: read).forward else {
      return CodeMigration(text, tool: file.tool).issues.filter { $0.risk != .advice }
    }
    let settings = file.settings(
      text, postgresVersion: policy.postgresVersion, isInTransaction: policy.migrationsInTransaction)
    return SQLAnalysis.analyze(Array(forward.utf8), path: file.path, settings: settings).issues
      .filter { $0.risk != .advice }
  }

  /// Whether the repository holds migrations at all.
  private static func hasSome(_ repository: GitRepository, _ policy: GatePolicy) throws -> Bool {
    guard let head = try repository.headCommit() else { return false }
    let wanted = policy.migrations.map(PathPattern.init)
    return try repository.paths(at: head.hex).contains { path in
      let isListed = wanted.contains { $0.matches(path) }
      guard wanted.isEmpty || isListed else { return false }
      return MigrationFile(path: path, text: nil, isListed: isListed).map { $0.role != .verify } ?? false
    }
  }
}

extension RevertEvidence {
  /// What a gate of this application said of exactly the commits between two.
  func judgement(from base: String, to head: String) -> Judged? {
    all.reversed().lazy.compactMap { evidence -> Judged? in
      guard evidence.application == history.application, case .judged(let judged) = evidence.statement,
        judged.base == base, judged.head == head
      else { return nil }
      return judged
    }.first
  }
}
