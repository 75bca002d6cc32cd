import DeploymentConfig
import MigrationAnalysis
import StepResults

/// Migrations that were there before, and the schema that they have left.
extension MigrationJudge {
  /// The dialect that the policy names for a path: the pattern that says most counts; nil to find out.
  func dialect(of path: String) -> SQLDialect? { Self.dialect(of: path, by: policy.dialects) }

  private static func dialect(of path: String, by patterns: [String: String]) -> SQLDialect? {
    patterns.filter { PathPattern($0.key).matches(path) }.max { $0.key.count < $1.key.count }
      .flatMap { SQLDialect(rawValue: $0.value) }
  }

  // MARK: - Edited

  /// Says that a migration was there before, and what of it is new; nil where it was not there.
  mutating func noteEdit(
    of file: ChangedFile, _ migration: MigrationFile, _ forward: String
  ) -> StatementComparison? {
    guard migration.role == .forward, let bytes = file.old else { return nil }
    let before = text(bytes)
    let path = file.oldPath ?? file.path
    let isSameTool = MigrationFile(path: path, text: before, isListed: true)?.tool == migration.tool
    let old = isSameTool ? MigrationParts(migration, text: before) { _ in nil }.forward ?? before : before
    let comparison = StatementComparison(
      old: old, new: forward, dialect: dialect(of: file.path) ?? SQLDialect.detect(forward, path: file.path))
    note(edited: file, migration, isSame: comparison.isSame)
    return comparison
  }

  /// The same for code; true where nothing but layout, comments and quotes differs.
  mutating func noteEdit(ofCode file: ChangedFile, _ migration: MigrationFile, _ new: String) -> Bool {
    guard migration.role == .forward, let bytes = file.old else { return false }
    let isSame = CodeComparison.isSame(text(bytes), new, tool: migration.tool)
    note(edited: file, migration, isSame: isSame)
    return isSame
  }

  private mutating func note(edited file: ChangedFile, _ migration: MigrationFile, isSame: Bool) {
    // These keep a checksum of the whole file, comments included.
    let refuses = [.flyway, .prisma].contains(migration.tool)
    let consequence =
      isSame
      ? "comments or layout of this migration change, and no statement does"
        + (refuses
          ? ": \(migration.tool.rawValue) refuses it all the same, for its checksum is another one" : "")
      : "this migration was there before the change: environments that have run it do not run it again, and tools "
        + "that keep checksums refuse it; statements that were there before are not judged again"
    findings.append(
      Finding(
        "migration-edited", isSame && !refuses ? .notice : .warning, consequence, path: file.path,
        subject: "edited"))
  }

  // MARK: - The schema at hand

  /// What the scripts before `file` have made, in the order of their names.
  mutating func catalog(before file: ChangedFile, _ migration: MigrationFile) throws -> SchemaCatalog {
    var folder = RelativePath.folder(of: file.path)
    if migration.tool == .prisma || migration.tool == .diesel { folder = RelativePath.folder(of: folder) }
    guard !folder.isEmpty else { return SchemaCatalog() }
    let (change, patterns) = (change, policy.dialects)
    if schemas[folder] == nil {
      schemas[folder] = EarlierScripts(
        try change.listNew(folder).filter { $0.hasSuffix(".sql") }, start: SchemaCatalog())
    }
    return try schemas[folder]?.state(before: file.path) { catalog, path in
      guard let bytes = try change.readNew(path) else { return }
      let script = String(decoding: bytes.prefix(SQLAnalysis.byteLimit), as: UTF8.self)
      guard let earlier = MigrationFile(path: path, text: script, isListed: true), earlier.role == .forward,
        let forward = MigrationParts(earlier, text: script, read: { _ in nil }).forward
      else { return }
      catalog.apply(
        SQLAnalysis.analyze(
          Array(forward.utf8), dialect: Self.dialect(of: path, by: patterns), path: path))
    } ?? SchemaCatalog()
  }

  /// What a file beside a migration says of the transaction in which its tool runs it; nil where nothing does.
  func runsInTransaction(_ file: ChangedFile, _ migration: MigrationFile, _ text: String) throws -> Bool? {
    let folder = RelativePath.folder(of: file.path)
    switch migration.tool {
    case .diesel:
      guard let bytes = try RelativePath.join(folder, "metadata.toml").flatMap({ try change.readNew($0) })
      else {
        return nil
      }
      let plain = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
      return plain.contains("run_in_transaction=false") ? false : nil
    case .pair:
      // Atlas keeps the sums of its scripts beside them, and runs each in a transaction unless it says otherwise.
      guard try RelativePath.join(folder, "atlas.sum").flatMap({ try change.readNew($0) }) != nil else {
        return nil
      }
      return !text.lowercased().contains("atlas:txmode none")
    default: return nil
    }
  }

  // MARK: - Dumps

  /// Files that say what a schema is. Where migrations come with the change they are what those have left; else the two
  /// versions are compared.
  mutating func judgeDumps() throws {
    let hasMigrations = !entries.isEmpty
    if entries.contains(where: { $0.tool == "prisma" }) {
      for file in change.all where file.path.hasSuffix(".prisma") {
        note(
          file.path, .judged, "schema-dump",
          "it is what the migrations of this change leave, which were judged")
      }
    }
    for file in change.files where !file.isLink && SchemaDump.isOne(file.path) {
      guard !dispositions.contains(where: { $0.path == file.path }) else { continue }
      if hasMigrations {
        note(
          file.path, .judged, "schema-dump",
          "it is what the migrations of this change leave, which were judged")
        continue
      }
      guard let old = file.old else {
        note(file.path, .judged, "schema-dump", "there was no schema before it")
        continue
      }
      let (before, after) = (text(old), file.new.map(text))
      let comparison =
        file.path.lowercased().hasSuffix(".rb")
        ? SchemaDumps.compareRuby(old: before, new: after)
        : SchemaDumps.compare(old: before, new: after, dialect: dialect(of: file.path), path: file.path)
      if comparison.rest.isEmpty {
        note(file.path, .judged, "schema-dump", "its two versions were compared as schemas")
      } else {
        let shown = comparison.rest.prefix(3).map { $0.count > 60 ? "\($0.prefix(60))…" : $0 }.joined(
          separator: "; ")
        note(
          file.path, .notJudged, "schema-dump",
          "its tables, columns, types and views were compared; what else differs was not (\(comparison.rest.count): "
            + "\(shown))",
          remedy: "add the migration that gets there, or look at it by hand and acknowledge it")
      }
      for issue in comparison.issues where issue.risk != .advice {
        let severity: Severity = [.locking, .notUnderstood].contains(issue.risk) ? .warning : .error
        note(issue, Finding(issue.rule, severity, issue.message, path: file.path, subject: issue.subject))
        if issue.risk == .irreversible {
          losses.append("what the \(issue.subject) held")
          needsRestore = true
        }
      }
    }
  }

  // MARK: - Names and definitions

  /// A migration that its tool knows by its name is another one under another name: environments that have run it run it
  /// again, or refuse to go on.
  mutating func judgeName(_ file: ChangedFile, _ migration: MigrationFile) {
    guard let before = file.oldPath, migration.role == .forward,
      let earlier = MigrationFile(path: before, text: file.old.map(text), isListed: true)
    else { return }
    // Another tool knows none of what the one before has run.
    let isSame = earlier.tool == migration.tool && earlier.nameKey == migration.nameKey
    guard !isSame else { return }
    let finding = Finding(
      "migration-renamed", .warning,
      "this migration was called \(before): \(migration.tool.rawValue) knows it by its name, and environments that have run "
        + "it run it again or refuse to go on. Whether one has is not known here", path: file.path,
      subject: "renamed")
    findings.append(finding)
    openFingerprints.insert(finding.fingerprint)
  }

  /// What stands in the repository of columns that a migration in code defines anew.
  mutating func definitions(before file: ChangedFile, _ migration: MigrationFile, _ text: String) throws
    -> EarlierDefinitions
  {
    var found = EarlierDefinitions()
    let (folder, change) = (RelativePath.folder(of: file.path), change)
    if migration.tool == .django, text.contains("AlterField(") {
      if fields[folder] == nil {
        fields[folder] = EarlierScripts(
          try change.listNew(folder).filter { $0.hasSuffix(".py") }, start: DjangoFields())
      }
      found.fields =
        try fields[folder]?.state(before: file.path) { fields, path in
          guard let bytes = try change.readNew(path) else { return }
          fields.apply(String(decoding: bytes.prefix(SQLAnalysis.byteLimit), as: UTF8.self))
        } ?? DjangoFields()
    }
    if migration.tool == .rails, text.contains("change_column") {
      let parent = RelativePath.folder(of: folder)
      if let path = RelativePath.join(parent, "schema.rb"), let bytes = try change.readOld(path) {
        found.catalog = RubySchema.catalog(self.text(bytes))
      } else if let path = RelativePath.join(parent, "structure.sql"), let bytes = try change.readOld(path) {
        found.catalog.apply(SQLAnalysis.analyze(bytes, dialect: dialect(of: path), path: path))
      }
    }
    return found
  }
}

/// Files that hold a whole schema.
enum SchemaDump {
  static func isOne(_ path: String) -> Bool {
    let parts = path.lowercased().split(separator: "/").map(String.init)
    guard let name = parts.last, NamedShapes.testFolders.isDisjoint(with: parts.dropLast()) else {
      return false
    }
    return ["schema.sql", "structure.sql"].contains(name)
      || name == "schema.rb" && parts.dropLast().last == "db" || name.hasSuffix("_structure.sql")
      || name.hasSuffix(".schema.sql")
  }
}
