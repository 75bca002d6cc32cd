import DeploymentConfig
import GitHistory
import MigrationAnalysis

/// The migrations between two commits, with the way back of each: what a repository says of them.
struct SchemaRange {
  /// Newest first.
  var entries: [HistoryJudgement.Entry] = []
  /// What keeps them from being taken back.
  var obstacles: [String] = []

  /// What `repository` holds for going from `newer` back to `older`.
  /// - Parameter patterns: the policy's path patterns of migrations; empty for the usual names.
  init(_ repository: GitRepository, from older: ObjectId, to newer: ObjectId, patterns: [String]) throws {
    let wanted = patterns.map(PathPattern.init)
    var forward: [HistoryMigration] = []
    for change in try repository.changes(fromCommit: older, toCommit: newer, renames: nil) {
      let isListed = wanted.contains { $0.matches(change.path) }
      guard let entry = change.new, patterns.isEmpty || isListed else { continue }
      let text = String(decoding: try repository.blob(entry.id), as: UTF8.self)
      guard let file = MigrationFile(path: change.path, text: text, isListed: isListed), file.role == .forward
      else { continue }
      guard change.status == .added else {
        obstacles.append("\(change.path) was edited after it had been deployed, so what ran is not known")
        continue
      }
      forward.append(HistoryMigration(file, text: text))
    }
    guard !forward.isEmpty else { return }
    // Names begin with a number or a time; numbers need not have leading zeros.
    forward.sort { SchemaScripts.isBefore($0.file.path, $1.file.path) }
    forward = SchemaRange.chained(forward)
    let others = try SchemaRange.others(than: forward, repository, newer, patterns)
    for (index, migration) in forward.enumerated().reversed() {
      let parts = try MigrationParts(migration.file, text: migration.text) { path in
        try repository.contents(of: path, at: newer.hex).map { String(decoding: $0, as: UTF8.self) }
      }
      let series = SchemaRange.series(migration.file)
      let before = (others + forward[..<index]).filter {
        $0.file.tool == migration.file.tool && SchemaRange.series($0.file) == series
      }
      entries.append(
        HistoryJudgement.Entry(
          migration, script: parts.back.sql == nil ? nil : parts.back,
          earlier: before.sorted { SchemaScripts.isBefore($0.file.path, $1.file.path) }))
    }
  }

  /// The folder that holds the other migrations of the same series; some tools give each a folder of its own.
  private static func series(_ file: MigrationFile) -> String {
    let parts = file.path.split(separator: "/").dropLast()
    return (file.tool == .prisma || file.tool == .diesel ? parts.dropLast() : parts).joined(separator: "/")
  }

  /// Migrations of the same folders that are no part of the range.
  private static func others(
    than range: [HistoryMigration], _ repository: GitRepository, _ newer: ObjectId, _ patterns: [String]
  ) throws -> [HistoryMigration] {
    let folders = Set(range.map { series($0.file) })
    let known = Set(range.map(\.file.path))
    let wanted = patterns.map(PathPattern.init)
    return try repository.paths(at: newer.hex).compactMap { path in
      let isListed = wanted.contains { $0.matches(path) }
      guard patterns.isEmpty || isListed, !known.contains(path),
        folders.contains(where: { $0.isEmpty || path.hasPrefix($0 + "/") })
      else { return nil }
      // Only some tools' files say in their text what they are called.
      let text = try repository.contents(of: path, at: newer.hex).map { String(decoding: $0, as: UTF8.self) }
      guard let text, let file = MigrationFile(path: path, text: text, isListed: isListed),
        file.role == .forward
      else { return nil }
      return HistoryMigration(file, text: text)
    }
  }

  /// Alembic's names say nothing of an order: each file names the one before it.
  private static func chained(_ migrations: [HistoryMigration]) -> [HistoryMigration] {
    var left = migrations.filter { $0.file.tool == .alembic }
    guard left.count > 1 else { return migrations }
    var sorted: [HistoryMigration] = []
    while !left.isEmpty {
      let ids = Set(left.compactMap { AlembicRevision($0.text)?.id })
      // The first of those whose predecessor is not among them.
      let next =
        left.firstIndex { migration in
          AlembicRevision(migration.text)?.down.map { !ids.contains($0) } ?? true
        } ?? 0
      sorted.append(left.remove(at: next))
    }
    return migrations.filter { $0.file.tool != .alembic } + sorted
  }
}
