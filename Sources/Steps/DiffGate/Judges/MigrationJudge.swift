import DeploymentConfig
import MigrationAnalysis
import StepResults

/// Judges the migrations among the changed files, and whether each can be undone.
struct MigrationJudge {
  let change: Change
  let patterns: [PathPattern]
  let policy: GatePolicy
  private(set) var entries: [MigrationEntry] = []
  var findings: [Finding] = []
  /// What became of the files.
  private(set) var dispositions: [FileDisposition] = []
  /// What stays lost whatever is done.
  var losses: [String] = []
  /// Fingerprints of findings about what could not be judged.
  var openFingerprints: Set<String> = []
  /// What is written after the deployment and lost by going back.
  private(set) var laterLosses: [String] = []
  /// Migrations whose data only a backup brings back.
  var needsRestore = false
  /// In the order in which a rollback runs them: newest first.
  var rollbackScripts: [String] { entries.reversed().compactMap(\.rollbackScript) }

  /// Where rollback scripts of the migrations in this change may stand.
  private let readWithMigrations: Set<String>
  private let changedPaths: Set<String>
  /// What the unchanged files of a folder tell of its habit, by folder.
  private var habits: [String: FolderHabit] = [:]
  /// Paths at which scripts would undo the migrations below a folder.
  private var undoPaths: [String: [String: [String]]] = [:]
  /// The schema that the scripts of a folder leave, and the fields that Django's migrations leave.
  var schemas: [String: EarlierScripts<SchemaCatalog>] = [:]
  var fields: [String: EarlierScripts<DjangoFields>] = [:]

  init(change: Change, policy: GatePolicy) {
    self.change = change
    readWithMigrations = change.files.reduce(into: []) { paths, other in
      guard other.new != nil, let migration = MigrationFile(path: other.path, text: nil, isListed: true),
        migration.role == .forward
      else { return }
      paths.formUnion(RollbackNames.candidates(for: migration).filter { $0 != other.path })
    }
    changedPaths = Set(change.files.map(\.path))
    self.policy = policy
    patterns = policy.migrations.map(PathPattern.init)
  }

  /// Whether a file takes part by its name alone, before anything is read.
  static func isOfInterest(_ path: String) -> Bool {
    let lower = path.lowercased()
    if [".sql", ".py", ".rb", ".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".xml"].contains(
      where: lower.hasSuffix)
    {
      return true
    }
    // In these languages migrations are few among many files, and stand in folders that say so.
    return [".php", ".cs", ".exs", ".ex", ".go"].contains(where: lower.hasSuffix)
      && (lower.contains("migrat") || lower.contains("goose"))
  }

  mutating func judgeAll() throws {
    // In the order in which tools run them: what a rollback runs first is what was run last.
    let ordered = change.files.filter { !$0.isLink }.map { (NaturalKey($0.path), $0) }.sorted { $0.0 < $1.0 }
    for (_, file) in ordered { try judge(file) }
    try judgeDumps()
  }

  mutating func note(
    _ path: String, _ disposition: FileDisposition.Kind, _ rule: String, _ why: String, remedy: String? = nil
  ) {
    dispositions.append(
      FileDisposition(path: path, disposition: disposition, rule: rule, why: why, remedy: remedy))
  }

  private mutating func judge(_ file: ChangedFile) throws {
    let isListed = patterns.contains { $0.matches(file.path) }
    if !patterns.isEmpty, !isListed { return }
    guard let bytes = file.new else {
      try judgeGone(file, file.path, isListed)
      return
    }
    // Moved to where no tool looks for it, it is gone.
    if let before = file.oldPath, MigrationFile(path: file.path, text: nil, isListed: isListed) == nil,
      MigrationFile(path: file.path, text: text(bytes), isListed: isListed) == nil
    {
      try judgeGone(file, before, patterns.contains { $0.matches(before) })
      return
    }
    guard bytes.count <= SQLAnalysis.byteLimit || file.fileExtension == "sql" else { return }
    // A dump is not judged, and need not be copied to be told from a migration.
    let text = text(bytes)
    guard let migration = MigrationFile(path: file.path, text: text, isListed: isListed) else { return }
    note(file.path, .judged, "migration", "its statements were judged")
    judgeName(file, migration)
    // Moved as it was: nothing new is run.
    if let old = file.old, old == bytes { return }
    switch migration.role {
    case .forward, .repeatable: try judgeForward(file, migration, text, bytes)
    case .rollback: try judgeRollback(file, bytes)
    case .verify: break
    }
  }

  func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.prefix(SQLAnalysis.byteLimit), as: UTF8.self)
  }

  // MARK: - Forward

  private mutating func judgeForward(
    _ file: ChangedFile, _ migration: MigrationFile, _ text: String, _ bytes: [UInt8]
  ) throws {
    let parts = try MigrationParts(migration, text: text) { path in
      try change.readNew(path).map { String(decoding: $0, as: UTF8.self) }
    }
    guard let forwardText = parts.forward else {
      if noteEdit(ofCode: file, migration, text) { return }
      try judgeCode(file, migration, text)
      return
    }
    let edit = noteEdit(of: file, migration, forwardText)
    if edit?.isSame == true { return }
    var settings = migration.settings(
      text, postgresVersion: policy.postgresVersion,
      isInTransaction: try policy.migrationsInTransaction ?? runsInTransaction(file, migration, text))
    let source =
      migration.tool == .pair || bytes.count > SQLAnalysis.byteLimit ? bytes : Array(forwardText.utf8)
    func analyze() -> SQLScriptReport {
      SQLAnalysis.analyze(source, dialect: dialect(of: file.path), path: file.path, settings: settings)
    }
    var report = analyze()
    if report.issues.contains(where: { $0.rule == "changing-column-type" })
      || report.effects.contains(where: { $0.object.kind == .view })
    {
      // Only then is it worth reading what earlier scripts have made.
      settings.catalog = try catalog(before: file, migration)
      report = analyze()
    }
    let whole = report
    if let edit { report = edit.restricted(report) }
    var entry = MigrationEntry(
      path: file.path, dialect: report.dialect.rawValue, tool: migration.tool.rawValue,
      statements: report.statements.map { .init(line: $0.line, rules: $0.rules) },
      rollbackScript: parts.back.recordedPath(of: file.path), leftOut: [], staysLost: [])
    add(report, path: file.path)
    entry.staysLost = RollbackHonesty.losses(of: report)
    losses += entry.staysLost
    if !entry.staysLost.isEmpty { needsRestore = true }
    if migration.role == .forward {
      try judgeDownMigration(file, migration, report, whole: whole, parts.back, &entry)
    }
    entries.append(entry)
  }

  /// Adds a script's issues as findings; advice decides nothing about the way back and stays in the statements.
  mutating func add(_ report: SQLScriptReport, path: String) {
    for issue in report.issues {
      let severity: Severity
      switch issue.risk {
      case .irreversible, .breaking, .syntax: severity = .error
      case .losesRows, .locking, .notUnderstood: severity = .warning
      case .advice: continue
      }
      note(
        issue,
        Finding(
          issue.rule, severity, issue.message, path: path, line: issue.line,
          subject: issue.subject.isEmpty ? issue.message : issue.subject))
    }
  }

  /// Adds a finding; one about what is not known leaves the verdict open, whatever its code.
  mutating func note(_ issue: SQLIssue, _ finding: Finding) {
    findings.append(finding)
    if issue.risk == .notUnderstood { openFingerprints.insert(finding.fingerprint) }
  }

  // MARK: - The way back

  private mutating func judgeDownMigration(
    _ file: ChangedFile, _ migration: MigrationFile, _ forward: SQLScriptReport, whole: SQLScriptReport,
    _ back: DownMigration, _ entry: inout MigrationEntry
  ) throws {
    guard let sql = back.sql else {
      try judgeMissing(file, migration, forward)
      return
    }
    let report = SQLAnalysis.analyze(Array(sql.utf8), dialect: forward.dialect, path: file.path)
    let path = back.recordedPath(of: file.path) ?? file.path
    findings += unrunnable(report, sql: sql, path: path)
    judgeDestruction(by: report, of: whole, file.name, path: path)
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

  /// What a rollback script takes away that its migration did not make.
  private mutating func judgeDestruction(
    by back: SQLScriptReport, of forward: SQLScriptReport, _ name: String, path: String
  ) {
    let destroyed = RollbackHonesty.destroyed(forward: forward, back: back)
    guard let first = destroyed.first else { return }
    let words = destroyed.map { "\($0.words) (line \($0.line))" }.joined(separator: "; ")
    findings.append(
      Finding(
        "rollback-script-destroys", .error,
        "the rollback script takes away what \(name) did not make: \(words)", path: path, line: first.line,
        subject: destroyed.map(\.words).sorted().joined(separator: "; ")))
  }

  /// What keeps a rollback script from being run: it is run with the rights of a production deployment, by a step that
  /// runs what was read and nothing else.
  private func unrunnable(_ report: SQLScriptReport, sql: String, path: String) -> [Finding] {
    let traits = report.dialect == .postgresql ? ScriptTraits(sql) : nil
    let parts = (traits?.clientParts ?? []).map { part in
      Finding(
        "rollback-script-unreadable", .error,
        "\(part) is for psql to fill in, and auto-revert runs SQL alone: write it out", path: path,
        subject: part)
    }
    return parts
      + (traits?.metaCommands ?? []).map { command in
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

  private enum FolderHabit { case goesForwardOnly, goesBack, unknown }

  /// Whether the migrations around this one have no rollback scripts either: then the project lives by changes that
  /// the version before can live with.
  private mutating func projectGoesForwardOnly(_ file: ChangedFile, _ migration: MigrationFile) throws -> Bool
  {
    let parts = file.path.split(separator: "/").dropLast(
      migration.tool == .prisma || migration.tool == .diesel ? 2 : 1)
    // Some keep a folder for each release: the folder above it has the habit, too.
    for folder in [parts, parts.dropLast()].map({ $0.joined(separator: "/") }) where !folder.isEmpty {
      switch try habit(of: folder) {
      case .goesBack: return false
      case .goesForwardOnly: return true
      case .unknown: continue
      }
    }
    return false
  }

  private mutating func habit(of folder: String) throws -> FolderHabit {
    if let known = habits[folder] { return known }
    let others = try change.listNew(folder).prefix(5000).compactMap { path -> MigrationFile? in
      changedPaths.contains(path) ? nil : MigrationFile(path: path, text: nil, isListed: true)
    }
    let habit: FolderHabit =
      others.contains { $0.role == .rollback }
      ? .goesBack : others.count { $0.role == .forward } >= 2 ? .goesForwardOnly : .unknown
    habits[folder] = habit
    return habit
  }

  // MARK: - Others

  private mutating func judgeCode(_ file: ChangedFile, _ migration: MigrationFile, _ text: String) throws {
    var code = CodeMigration(
      text, tool: migration.tool, earlier: try definitions(before: file, migration, text))
    if let bytes = file.old, migration.role == .forward {
      code.leaveOut(CodeMigration(self.text(bytes), tool: migration.tool))
    }
    guard code.isUnderstood else {
      note(
        file.path, .notJudged, "migration", "its way forward was not found in the code",
        remedy: "look at it by hand and acknowledge it")
      return
    }
    var entry = MigrationEntry(
      path: file.path, dialect: nil, tool: migration.tool.rawValue,
      statements: code.issues.map { .init(line: $0.line, rules: [$0.rule]) },
      rollbackScript: code.hasDownMigration ? file.path : nil, leftOut: [], staysLost: code.losses)
    for issue in code.issues where issue.risk != .advice {
      let severity: Severity =
        [.losesRows, .locking, .notUnderstood].contains(issue.risk) ? .warning : .error
      note(
        issue,
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

  private mutating func judgeRollback(_ file: ChangedFile, _ bytes: [UInt8]) throws {
    // Added or altered together with its migration, it was read there.
    guard !readWithMigrations.contains(file.path) else { return }
    let report = SQLAnalysis.analyze(bytes, dialect: dialect(of: file.path), path: file.path)
    findings += unrunnable(
      report, sql: String(decoding: bytes.prefix(SQLAnalysis.byteLimit), as: UTF8.self), path: file.path)
    if report.statements.isEmpty, file.old != nil {
      findings.append(
        Finding(
          "rollback-script-empty", .error, "the rollback script does nothing any more", path: file.path,
          subject: file.path))
    }
    // The migration was there before, and the script is put beside it or altered.
    var forward: SQLScriptReport?
    for path in try migrations(undoneBy: file.path) {
      guard let source = try change.readNew(path) else { continue }
      let one = SQLAnalysis.analyze(source, dialect: dialect(of: path), path: path)
      if forward == nil { forward = one } else { forward?.effects += one.effects }
    }
    if let forward { judgeDestruction(by: report, of: forward, "its migration", path: file.path) }
  }

  private mutating func judgeGone(_ file: ChangedFile, _ path: String, _ isListed: Bool) throws {
    guard let migration = MigrationFile(path: path, text: file.old.map(text), isListed: isListed) else {
      return
    }
    note(file.path, .judged, "migration", "that it is gone was judged")
    switch migration.role {
    case .forward:
      findings.append(
        Finding(
          "migration-removed", .warning,
          "a migration that was there is gone: environments that have run it cannot be rebuilt",
          path: file.path,
          subject: file.path))
    case .rollback:
      guard try undoesSomething(path) else { return }
      findings.append(
        Finding(
          "rollback-script-removed", .error, "the script that undoes a migration is gone", path: file.path,
          subject: file.path))
    case .verify, .repeatable: break
    }
  }

  /// Whether a migration that stays would be undone by the script at `path`.
  private mutating func undoesSomething(_ path: String) throws -> Bool {
    // At the root anything may be one.
    try !path.contains("/") || !migrations(undoneBy: path).isEmpty
  }

  /// The migrations of the head that the script at `path` undoes, by its name.
  private mutating func migrations(undoneBy path: String) throws -> [String] {
    let parts = path.split(separator: "/").dropLast()
    // Scripts stand beside their migrations, below them, or in a folder beside theirs.
    let folder = parts.dropLast(parts.count > 1 ? 1 : 0).joined(separator: "/")
    guard !folder.isEmpty else { return [] }
    if let known = undoPaths[folder] { return known[path] ?? [] }
    var paths: [String: [String]] = [:]
    for other in try change.listNew(folder).prefix(5000) {
      guard let migration = MigrationFile(path: other, text: nil, isListed: true), migration.role == .forward
      else { continue }
      for script in Set(RollbackNames.candidates(for: migration)) { paths[script, default: []].append(other) }
    }
    undoPaths[folder] = paths
    return paths[path] ?? []
  }
}
