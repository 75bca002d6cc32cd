/// How a migration is undone.
public struct DownMigration: Hashable, Sendable {
  /// Where the way back is written.
  public enum Place: Hashable, Sendable {
    /// A script of its own.
    case script(String)
    /// A part of the same file, such as dbmate's `-- migrate:down`.
    case section(line: Int)
    /// Nowhere.
    case missing
  }
  /// Where it is.
  public var place: Place
  /// Its SQL with the lines of its file; nil where it is code or missing.
  public var sql: String?

  /// The path for a record: the script's, or the migration's own where it holds both.
  public func recordedPath(of migration: String) -> String? {
    switch place {
    case .script(let path): path
    case .section: migration
    case .missing: nil
    }
  }
}

/// A migration taken apart: the SQL that goes forward and the way back.
public struct MigrationParts: Hashable, Sendable {
  /// Lines stand where they stand in the file; nil for migrations that are code.
  public var forward: String?
  /// How it is undone.
  public var back: DownMigration

  /// Takes `file` apart.
  /// - Parameter read: the text of another file of the same revision; nil where there is none.
  public init(_ file: MigrationFile, text: String, read: (String) throws -> String?) rethrows {
    switch file.tool {
    case .dbmate:
      let parts = SectionedScript(text, up: ["-- migrate:up"], down: ["-- migrate:down"])
      (forward, back) = (parts.forward, parts.wayBack)
    case .goose:
      let parts = SectionedScript(text, up: ["-- +goose up"], down: ["-- +goose down"])
      (forward, back) = (parts.forward, parts.wayBack)
    case .liquibase where file.path.lowercased().hasSuffix(".sql"):
      (forward, back) = SectionedScript.liquibase(text)
    case .alembic, .django, .rails, .knex, .liquibase, .sequelize, .typeorm, .laravel, .ecto, .phinx,
      .doctrine,
      .entityFramework, .mikroORM, .nodePgMigrate, .gooseGo, .yoyo, .script:
      forward = nil
      back = try MigrationParts.script(beside: file, read)
    default:
      forward = text
      back = try MigrationParts.script(beside: file, read)
    }
  }
}

extension MigrationParts {
  /// The script that undoes `file`, by its name; code may have one, too.
  private static func script(
    beside file: MigrationFile, _ read: (String) throws -> String?
  ) rethrows -> DownMigration {
    for path in RollbackNames.candidates(for: file) where path != file.path {
      if let found = try read(path) { return DownMigration(place: .script(path), sql: found) }
    }
    return DownMigration(place: .missing, sql: nil)
  }
}

/// A script that holds both ways, parted by marks in comments.
struct SectionedScript {
  var forward = ""
  var wayBack = DownMigration(place: .missing, sql: nil)

  init(_ text: String, up: [String], down: [String]) {
    var isForward = true
    var downLine: Int?
    var back = ""
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let lower = line.lowercased().drop { $0 == " " || $0 == "\t" }
      if up.contains(where: lower.hasPrefix) { isForward = true }
      if down.contains(where: lower.hasPrefix) {
        isForward = false
        downLine = downLine ?? index + 1
      }
      // The other part keeps its lines, empty.
      forward += (isForward ? String(line) : "") + "\n"
      back += (isForward ? "" : String(line)) + "\n"
    }
    if let downLine { wayBack = DownMigration(place: .section(line: downLine), sql: back) }
  }

  /// Liquibase's formatted SQL: `--rollback` lines belong to the change set above them.
  static func liquibase(_ text: String) -> (forward: String, back: DownMigration) {
    var forward = ""
    var back = ""
    var firstLine: Int?
    var inBlock = false
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let trimmed = line.drop { $0 == " " || $0 == "\t" }
      let lower = trimmed.lowercased()
      if lower.hasPrefix("/* liquibase rollback") { inBlock = true }
      var rollback = ""
      for mark in ["--rollback", "-- rollback"] where lower.hasPrefix(mark) {
        rollback = String(trimmed.dropFirst(mark.count))
      }
      let isRollback = lower.hasPrefix("--rollback") || lower.hasPrefix("-- rollback")
      if isRollback || inBlock { firstLine = firstLine ?? index + 1 }
      if inBlock, !lower.hasPrefix("/*"), !lower.hasPrefix("*/") { rollback = String(line) }
      if lower.hasPrefix("*/") || lower.hasSuffix("*/") { inBlock = inBlock && !lower.contains("*/") }
      forward += (isRollback ? "" : String(line)) + "\n"
      back += rollback + "\n"
    }
    guard let firstLine else { return (forward, DownMigration(place: .missing, sql: nil)) }
    let isEmpty = back.allSatisfy(\.isWhitespace)
    return (forward, DownMigration(place: isEmpty ? .missing : .section(line: firstLine), sql: back))
  }
}
