import DeploymentConfig
import GitHistory
import MigrationAnalysis

/// The migrations of commits that are taken back. What they did to a database is not taken back with them, and a tool that
/// misses the file of a migration that it has applied stops.
struct MigrationFiles {
  /// Whether their files stay.
  var stay: Bool
  private let wanted: [PathPattern]
  private let ignored: [PathPattern]

  /// - Parameter policy: names migrations where their own names do not.
  init(stay: Bool, _ policy: GatePolicy) {
    self.stay = stay
    wanted = policy.migrations.map(PathPattern.init)
    ignored = policy.ignore.map(PathPattern.init)
  }

  /// The files of migrations that `commit` brought or changed, those beside them that say which there are included.
  func paths(
    of commit: GitCommit, mainline: Int, in repository: GitRepository, below folders: [String]
  ) throws -> Set<String> {
    let parent = commit.parents.indices.contains(mainline - 1) ? commit.parents[mainline - 1] : nil
    if let parent, !repository.has(parent) { return [] }
    let changes = try repository.changes(
      from: parent.map { id in try repository.commit(id).tree }, to: commit.tree, renames: nil)
    var found: Set<String> = []
    for change in changes where change.new != nil && RevertLimits(below: folders).covers(change.path) {
      if try isMigration(change, in: repository) { found.insert(change.path) }
    }
    guard !found.isEmpty else { return [] }
    let places = Set(found.flatMap(MigrationFiles.foldersAbove))
    for change in changes where change.new != nil && !found.contains(change.path) {
      let name = change.path.split(separator: "/").last.map(String.init) ?? ""
      let folder = change.path.dropLast(name.count + 1)
      if MigrationFiles.isList(name), places.contains(String(folder)) { found.insert(change.path) }
    }
    return found
  }

  private func isMigration(_ change: TreeChange, in repository: GitRepository) throws -> Bool {
    let path = change.path
    let isListed = wanted.contains { $0.matches(path) }
    guard let entry = change.new, entry.kind == .file || entry.kind == .executable,
      wanted.isEmpty || isListed, !ignored.contains(where: { $0.matches(path) }),
      MigrationFiles.mayBe(path)
    else { return false }
    let text = String(decoding: try repository.blob(entry.id).prefix(1 << 20), as: UTF8.self)
    guard let file = MigrationFile(path: path, text: text, isListed: isListed) else { return false }
    // What is made anew whenever it changes goes back with the code.
    return file.role != .repeatable
  }

  /// Whether it is worth reading.
  private static func mayBe(_ path: String) -> Bool {
    let endings = [
      ".sql", ".py", ".rb", ".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".php", ".cs", ".exs", ".ex", ".go",
      ".xml",
      ".yml", ".yaml", ".json",
    ]
    let lower = path.lowercased()
    return endings.contains { lower.hasSuffix($0) }
      && (lower.hasSuffix(".sql") || MigrationFile.isMigrationFolder(path) || lower.contains("migrat")
        || lower.contains("alembic/") || lower.contains("versions/") || lower.contains("changelog"))
  }

  /// Files by which a tool knows its migrations: a sum, a plan, a snapshot of the model.
  private static func isList(_ name: String) -> Bool {
    let lower = name.lowercased()
    return ["atlas.sum", "sqitch.plan", "migration_lock.toml", "_journal.json", "schema.rb", "structure.sql"]
      .contains(lower) || lower.hasSuffix("modelsnapshot.cs") || lower.hasSuffix(".designer.cs")
      || lower.hasSuffix("_snapshot.json")
  }

  /// The folder of a file, the one above, and `meta` in it.
  private static func foldersAbove(_ path: String) -> [String] {
    let parts = path.split(separator: "/").dropLast()
    let own = parts.joined(separator: "/")
    return [own, parts.dropLast().joined(separator: "/"), own.isEmpty ? "meta" : "\(own)/meta"]
  }
}
