import DeploymentConfig
import MigrationAnalysis
import StepResults

/// Judges the migrations among the changed files, and whether each can be undone.
struct MigrationJudge {
  let change: Change
  let patterns: [PathPattern]
  let policy: GatePolicy
  private(set) var entries: [MigrationEntry] = []
  private(set) var findings: [Finding] = []
  /// What stays lost whatever is done.
  private(set) var losses: [String] = []
  /// What is written after the deployment and lost by going back.
  private(set) var laterLosses: [String] = []
  /// Migrations whose data only a backup brings back.
  private(set) var needsRestore = false
  /// In the order in which a rollback runs them: newest first.
  var rollbackScripts: [String] { entries.reversed().compactMap(\.rollbackScript) }

  /// Where rollback scripts of the migrations in this change may stand.
  private let readWithMigrations: Set<String>

  init(change: Change, policy: GatePolicy) {
    self.change = change
    readWithMigrations = change.files.reduce(into: []) { paths, other in
      guard other.new != nil, let migration = MigrationFile(path: other.path, text: nil, isListed: true),
        migration.role == .forward
      else { return }
      paths.formUnion(RollbackNames.candidates(for: migration).filter { $0 != other.path })
    }
    self.policy = policy
    patterns = policy.migrations.map(PathPattern.init)
  }

  /// Whether a file takes part by its name alone, before anything is read.
  static func isOfInterest(_ path: String) -> Bool {
    let lower = path.lowercased()
    return [".sql", ".py", ".rb", ".js", ".ts", ".mjs", ".cjs", ".xml"].contains { lower.hasSuffix($0) }
  }

  mutating func judgeAll() throws {
    for file in change.files where !file.isLink { try judge(file) }
  }

  private mutating func judge(_ file: ChangedFile) throws {
    let isListed = patterns.contains { $0.matches(file.path) }
    if !patterns.isEmpty, !isListed { return }
    guard let bytes = file.new else {
      try judgeGone(file, isListed)
      return
    }
    guard bytes.count <= SQLAnalysis.byteLimit || file.fileExtension == "sql" else { return }
    // A dump is not judged, and need not be copied to be told from a migration.
    let text = String(decoding: bytes.prefix(SQLAnalysis.byteLimit), as: UTF8.self)
    guard let migration = MigrationFile(path: file.path, text: text, isListed: isListed) else { return }
    // Moved as it was: nothing new is run.
    if let old = file.old, old == bytes { return }
    switch migration.role {
    case .forward, .repeatable: try judgeForward(file, migration, text, bytes)
    case .rollback: judgeRollback(file, bytes)
    case .verify: break
    }
  }

  // MARK: - Forward

  private mutating func judgeForward(
    _ file: ChangedFile, _ migration: MigrationFile, _ text: String, _ bytes: [UInt8]
  ) throws {
    if file.old != nil, migration.role == .forward {
      findings.append(
        Finding(
          "migration-edited", .warning,
          "this migration was there before the change: environments that have run it do not run it again, and tools "
            + "that keep checksums refuse it", path: file.path, subject: "edited"))
    }
    let parts = try MigrationParts(migration, text: text) { path in
      try change.readNew(path).map { String(decoding: $0, as: UTF8.self) }
    }
    guard let forwardText = parts.forward else {
      judgeCode(file, migration, text)
      return
    }
    let settings = SQLSettings(
      postgresVersion: policy.postgresVersion,
      runsInTransaction: policy.migrationsInTransaction ?? migration.runsInTransaction(text))
    let report = SQLAnalysis.analyze(
      migration.tool == .pair || bytes.count > SQLAnalysis.byteLimit ? bytes : Array(forwardText.utf8),
      path: file.path, settings: settings)
    var entry = MigrationEntry(
      path: file.path, dialect: report.dialect.rawValue, tool: migration.tool.rawValue,
      statements: report.statements.map { .init(line: $0.line, rules: $0.rules) },
      rollbackScript: parts.back.recordedPath(of: file.path), leftOut: [], staysLost: [])
    add(report, path: file.path)
    entry.staysLost = RollbackHonesty.losses(of: report)
    losses += entry.staysLost
    if !entry.staysLost.isEmpty { needsRestore = true }
    if migration.role == .forward { try judgeDownMigration(file, migration, report, parts.back, &entry) }
    entries.append(entry)
  }

  /// Adds a script's issues as findings; advice decides nothing about the way back and stays in the statements.
  private mutating func add(_ report: SQLScriptReport, path: String) {
    for issue in report.issues {
      let severity: Severity
      switch issue.risk {
      case .irreversible, .breaking, .syntax: severity = .error
      case .locking, .notUnderstood: severity = .warning
      case .advice: continue
      }
      findings.append(
        Finding(
          issue.rule, severity, issue.message, path: path, line: issue.line,
          subject: issue.subject.isEmpty ? issue.message : issue.subject))
    }
  }

  // MARK: - The way back

  private mutating func judgeDownMigration(
    _ file: ChangedFile, _ migration: MigrationFile, _ forward: SQLScriptReport, _ back: DownMigration,
    _ entry: inout MigrationEntry
  ) throws {
    guard let sql = back.sql else {
      try judgeMissing(file, migration, forward)
      return
    }
    let report = SQLAnalysis.analyze(Array(sql.utf8), dialect: forward.dialect, path: file.path)
    let path = back.recordedPath(of: file.path) ?? file.path
    findings += unrunnable(report, sql: sql, path: path)
    let honesty = RollbackHonesty.judge(forward: forward, back: report)
    entry.leftOut = honesty.leftOut.map(\.words)
    if honesty.isEmpty, report.statements.isEmpty, !forward.effects.isEmpty {
      findings.append(
        Finding(
          "rollback-script-empty", .error,
          "the rollback script does nothing, which is worse than none: a rollback would take it for done",
          path: path, subject: file.path))
    } else if !honesty.leftOut.isEmpty {
      let words = honesty.leftOut.map { "\($0.words) (line \($0.line))" }
      findings.append(
        Finding(
          "rollback-script-incomplete", .error,
          "the rollback script leaves out what \(file.name) does: \(words.joined(separator: "; "))",
          path: path,
          subject: "\(file.path): \(entry.leftOut.sorted().joined(separator: "; "))"))
    }
    for effect in report.effects where effect.verb == .drop {
      let name =
        effect.object.kind == .table
        ? "rows written to \(effect.object.name) after the deployment"
        : effect.object.kind == .column
          ? "values written to \(effect.object.table ?? "").\(effect.object.name) after the deployment" : nil
      if let name, !laterLosses.contains(name) { laterLosses.append(name) }
    }
  }

  /// What keeps a rollback script from being run: it is run with the rights of a production deployment, by a step that
  /// runs what was read and nothing else.
  private func unrunnable(_ report: SQLScriptReport, sql: String, path: String) -> [Finding] {
    let commands = report.dialect == .postgresql ? ScriptTraits(sql).metaCommands : []
    return commands.map { command in
      Finding(
        "rollback-script-unreadable", .error,
        "\(command) is a command for psql, and auto-revert runs SQL alone", path: path, subject: command)
    }
      + report.issues.compactMap { issue in
        switch (issue.rule, issue.risk) {
        case (_, .syntax), ("sql-runs-programs", _), ("sql-reaches-outside", _):
          Finding(issue.rule, .error, issue.message, path: path, line: issue.line, subject: issue.message)
        case ("sql-not-understood", .notUnderstood) where issue.subject != "newer grammar":
          Finding(
            "rollback-script-unreadable", .error,
            "\(issue.message): auto-revert does not run what nobody can read",
            path: path, line: issue.line, subject: issue.message)
        case (_, .notUnderstood):
          Finding(issue.rule, .warning, issue.message, path: path, line: issue.line, subject: issue.message)
        default: nil
        }
      }
  }

  private mutating func judgeMissing(
    _ file: ChangedFile, _ migration: MigrationFile, _ forward: SQLScriptReport
  ) throws {
    guard !forward.effects.isEmpty else { return }
    let additive = !forward.issues.contains { [.irreversible, .breaking, .syntax].contains($0.risk) }
    let severity: Severity = try additive && projectGoesForwardOnly(file, migration) ? .warning : .error
    let expected = RollbackNames.candidates(for: migration).first
    findings.append(
      Finding(
        "migration-without-rollback", severity,
        "nothing undoes this migration" + (expected.map { ": \($0) is not there" } ?? ""), path: file.path,
        subject: file.path))
  }

  /// Whether the migrations around this one have no rollback scripts either: then the project lives by changes that
  /// the version before can live with.
  private func projectGoesForwardOnly(_ file: ChangedFile, _ migration: MigrationFile) throws -> Bool {
    let parts = file.path.split(separator: "/").dropLast(
      migration.tool == .prisma || migration.tool == .diesel ? 2 : 1)
    let changed = Set(change.files.map(\.path))
    // Some keep a folder for each release: the folder above it has the habit, too.
    for folder in [parts, parts.dropLast()].map({ $0.joined(separator: "/") }) where !folder.isEmpty {
      let others = try change.listNew(folder).prefix(5000).compactMap { path -> MigrationFile? in
        changed.contains(path) ? nil : MigrationFile(path: path, text: nil, isListed: true)
      }
      if others.contains(where: { $0.role == .rollback }) { return false }
      if others.count(where: { $0.role == .forward }) >= 2 { return true }
    }
    return false
  }

  // MARK: - Others

  private mutating func judgeCode(_ file: ChangedFile, _ migration: MigrationFile, _ text: String) {
    let code = CodeMigration(text, tool: migration.tool)
    var entry = MigrationEntry(
      path: file.path, dialect: nil, tool: migration.tool.rawValue,
      statements: code.issues.map { .init(line: $0.line, rules: [$0.rule]) },
      rollbackScript: code.hasDownMigration ? file.path : nil, leftOut: [], staysLost: code.losses)
    for issue in code.issues where issue.risk != .advice {
      let severity: Severity = [.locking, .notUnderstood].contains(issue.risk) ? .warning : .error
      findings.append(
        Finding(
          issue.rule, severity, issue.message, path: file.path, line: issue.line, subject: issue.subject))
    }
    if !code.hasDownMigration, code.doesSomething {
      findings.append(
        Finding(
          "migration-without-rollback", .error, "nothing undoes this migration: \(code.whyNoDownMigration)",
          path: file.path, line: code.wayBackLine, subject: file.path))
    }
    losses += code.losses
    needsRestore = needsRestore || !code.losses.isEmpty
    entry.staysLost = code.losses
    entries.append(entry)
  }

  private mutating func judgeRollback(_ file: ChangedFile, _ bytes: [UInt8]) {
    // Added or altered together with its migration, it was read there.
    guard !readWithMigrations.contains(file.path) else { return }
    let report = SQLAnalysis.analyze(bytes, path: file.path)
    findings += unrunnable(
      report, sql: String(decoding: bytes.prefix(SQLAnalysis.byteLimit), as: UTF8.self), path: file.path)
    if report.statements.isEmpty, file.old != nil {
      findings.append(
        Finding(
          "rollback-script-empty", .error, "the rollback script does nothing any more", path: file.path,
          subject: file.path))
    }
  }

  private mutating func judgeGone(_ file: ChangedFile, _ isListed: Bool) throws {
    let text = file.old.map { String(decoding: $0.prefix(SQLAnalysis.byteLimit), as: UTF8.self) }
    guard let migration = MigrationFile(path: file.path, text: text, isListed: isListed) else { return }
    switch migration.role {
    case .forward:
      findings.append(
        Finding(
          "migration-removed", .warning,
          "a migration that was there is gone: environments that have run it cannot be rebuilt",
          path: file.path,
          subject: file.path))
    case .rollback where try undoesSomething(file.path):
      findings.append(
        Finding(
          "rollback-script-removed", .error, "the script that undoes a migration is gone", path: file.path,
          subject: file.path))
    case .rollback, .verify, .repeatable: break
    }
  }

  /// Whether a migration that stays would be undone by the script at `path`.
  private func undoesSomething(_ path: String) throws -> Bool {
    let parts = path.split(separator: "/").dropLast()
    // Scripts stand beside their migrations, below them, or in a folder beside theirs.
    let folder = parts.dropLast(parts.count > 1 ? 1 : 0).joined(separator: "/")
    guard !folder.isEmpty else { return true }
    return try change.listNew(folder).prefix(5000).contains { other in
      guard let migration = MigrationFile(path: other, text: nil, isListed: true), migration.role == .forward
      else {
        return false
      }
      return RollbackNames.candidates(for: migration).contains(path)
    }
  }

}
