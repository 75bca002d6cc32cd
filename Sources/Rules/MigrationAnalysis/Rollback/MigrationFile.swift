/// Which tool's names a migration follows.
public enum MigrationTool: String, Codable, Hashable, Sendable, CaseIterable {
  /// A script and its `rollback-…` beside it, or another pair of names that speaks for itself.
  case pair
  case golangMigrate = "golang-migrate"
  case flyway, dbmate, goose, sqitch, liquibase, alembic, django, rails, knex, prisma, diesel
  case drizzle, sequelize, typeorm, laravel, ecto, phinx, doctrine
  case entityFramework = "ef-core"
  case mikroORM = "mikro-orm"
  case nodePgMigrate = "node-pg-migrate"
  case gooseGo = "goose-go"
  case sqlx, yoyo
  /// Code with a way forward and back that follows no tool known here.
  case script
}

/// A file that changes a database, by its name and, where names do not suffice, its text.
public struct MigrationFile: Hashable, Sendable {
  /// What a file is for.
  public enum Role: Hashable, Sendable {
    /// Goes forward.
    case forward
    /// Goes back.
    case rollback
    /// Checks, and changes nothing.
    case verify
    /// Made anew whenever it changes, such as Flyway's `R__…`.
    case repeatable
  }
  /// Relative to the repository.
  public var path: String
  /// Whose names it follows.
  public var tool: MigrationTool
  /// What it is for.
  public var role: Role

  /// Classifies a file; nil where it is no migration.
  /// - Parameters:
  ///   - text: the file's text, or nil where it is gone.
  ///   - isListed: whether the policy names it as a migration.
  public init?(path: String, text: String?, isListed: Bool = false) {
    self.path = path
    let parts = path.lowercased().split(separator: "/", omittingEmptySubsequences: true).map(String.init)
    guard let name = parts.last else { return nil }
    let folders = Set(parts.dropLast())
    if !isListed, !folders.isDisjoint(with: MigrationFile.foldersWithout) { return nil }
    guard let found = MigrationFile.classify(path, name, Array(parts.dropLast()), text ?? "", isListed) else {
      return nil
    }
    (tool, role) = found
  }

  /// How the tool runs the script, unless the script says otherwise, as far as its own documentation tells.
  public func transactionHabit(_ text: String) -> TransactionHabit {
    let lower = text.lowercased()
    switch tool {
    case .dbmate: return lower.contains("transaction:false") ? .none : .wraps
    case .goose: return lower.contains("+goose no transaction") ? .none : .wraps
    case .sqlx: return lower.hasPrefix("-- no-transaction") ? .none : .wraps
    case .diesel, .drizzle: return .wraps
    case .liquibase: return lower.contains("runintransaction:false") ? .none : .wraps
    case .golangMigrate, .prisma: return .oneQuery
    case .flyway: return .unmixed
    default: return .none
    }
  }

  /// What decides about the script, as the policy says and else as its tool runs it.
  /// - Parameter isInTransaction: whether the tool puts each script into a transaction; nil: as its documentation says.
  public func settings(_ text: String, postgresVersion: Int?, isInTransaction: Bool?) -> SQLSettings {
    var settings = SQLSettings(postgresVersion: postgresVersion)
    settings.habit = isInTransaction.map { $0 ? .wraps : .none } ?? transactionHabit(text)
    settings.runsInTransaction = settings.habit == .wraps
    return settings
  }

  /// By what its tool remembers that it has run a migration, as far as the file's name says it; nil where that stands in
  /// the file.
  public var nameKey: String? {
    let parts = path.split(separator: "/").map(String.init)
    let name = parts.last ?? path
    let number = String(name.drop { !$0.isNumber }.prefix { $0.isNumber })
    switch tool {
    case .alembic, .typeorm, .entityFramework, .doctrine, .liquibase, .mikroORM, .sqitch: return nil
    case .rails, .ecto, .golangMigrate, .dbmate, .goose, .gooseGo, .sqlx, .phinx:
      return number.isEmpty ? name : number
    case .prisma, .diesel: return parts.dropLast().last ?? name
    case .flyway where role == .repeatable: return name
    default: return name
    }
  }

  /// Whether a path stands in a folder by the name of which migrations are found.
  public static func isMigrationFolder(_ path: String) -> Bool {
    let folders = Set(path.lowercased().split(separator: "/").dropLast().map(String.init))
    return !migrationFolders.isDisjoint(with: folders) && foldersWithout.isDisjoint(with: folders)
  }

  /// Folders whose SQL is never run against an environment's database.
  static let foldersWithout: Set<String> = [
    "test", "tests", "spec", "specs", "fixtures", "testdata", "__tests__", "node_modules", "vendor",
    "examples",
    "docs", "queries", "seed", "seeds",
  ]
  static let migrationFolders: Set<String> = [
    "migrations", "migration", "migrate", "flyway", "changelog", "changelogs", "changesets", "upgrades",
    "dbmate",
    "goose", "schema-migrations", "drizzle", "migrations-drizzle", "schema_migrations", "db-migrations",
    "ddl", "patches", "rollback",
    "rollbacks",
    "evolutions",
  ]

  private static func classify(
    _ path: String, _ name: String, _ folders: [String], _ text: String, _ isListed: Bool
  ) -> (MigrationTool, Role)? {
    let inMigrations = !migrationFolders.isDisjoint(with: folders)
    if name.hasSuffix(".sql") {
      return classifySQL(name, folders, text, inMigrations || isListed)
    }
    if name.hasSuffix(".py") {
      if text.contains("def upgrade(") && (text.contains("from alembic") || text.contains("down_revision")) {
        return (.alembic, .forward)
      }
      if folders.last == "migrations", name.first?.isNumber == true,
        text.contains("migrations.Migration") || text.isEmpty
      {
        return (.django, .forward)
      }
    }
    if name.hasSuffix(".rb"), folders.suffix(2) == ["db", "migrate"] { return (.rails, .forward) }
    if let tool = codeTool(name, text, inMigrations || isListed) { return (tool, .forward) }
    if name.hasSuffix(".xml") || name.hasSuffix(".yml") || name.hasSuffix(".yaml") || name.hasSuffix(".json"),
      text.contains("databaseChangeLog"), text.contains("changeSet")
    {
      return (.liquibase, .forward)
    }
    return nil
  }

  /// Whose conventions code follows, by what it names.
  private static func codeTool(_ name: String, _ text: String, _ isInPlace: Bool) -> MigrationTool? {
    func ends(_ suffixes: String...) -> Bool { suffixes.contains(where: name.hasSuffix) }
    func holds(_ words: String...) -> Bool { words.allSatisfy(text.contains) }
    if ends(".js", ".ts", ".mjs", ".cjs", ".mts", ".cts") {
      guard !ends(".d.ts") else { return nil }
      if holds("MigrationInterface", "queryRunner") { return .typeorm }
      if holds("queryInterface") { return .sequelize }
      if holds("extends Migration", "addSql") { return .mikroORM }
      guard isInPlace, text.contains("up") else { return nil }
      if holds("pgm.") { return .nodePgMigrate }
      return text.contains("knex") ? .knex : text.contains("down") ? .script : nil
    }
    if ends(".php") {
      if holds("AbstractMigration") {
        return text.contains("addSql") || text.contains("Doctrine") ? .doctrine : .phinx
      }
      return isInPlace && holds("Migration", "function up") ? .laravel : nil
    }
    // The designer's file beside a migration says what the model is, and runs nothing.
    if ends(".cs"), !ends(".designer.cs"), holds("MigrationBuilder", "void Up(") { return .entityFramework }
    if ends(".exs", ".ex"), holds("use Ecto.Migration") { return .ecto }
    if ends(".go"), holds("goose.AddMigration") { return .gooseGo }
    return nil
  }

  private static func classifySQL(
    _ name: String, _ folders: [String], _ text: String, _ inMigrations: Bool
  ) -> (MigrationTool, Role)? {
    let stem = String(name.dropLast(4))
    if stem.hasSuffix(".up") { return (.golangMigrate, .forward) }
    if stem.hasSuffix(".down") { return (.golangMigrate, .rollback) }
    if name == "migration.sql", inMigrations { return (.prisma, .forward) }
    if inMigrations, name == "up.sql" { return (.diesel, .forward) }
    if inMigrations, name == "down.sql" {
      return folders.contains("prisma") ? (.prisma, .rollback) : (.diesel, .rollback)
    }
    if stem.contains("__") {
      if let version = stem.dropFirst().first, version.isNumber {
        if stem.hasPrefix("v") { return (.flyway, .forward) }
        if stem.hasPrefix("u") { return (.flyway, .rollback) }
        if stem.hasPrefix("b") { return (.flyway, .forward) }
      }
      if stem.hasPrefix("r__") { return (.flyway, .repeatable) }
    }
    let lower = text.lowercased()
    if lower.contains("--> statement-breakpoint")
      || folders.contains("drizzle") && stem.first?.isNumber == true
    {
      return (.drizzle, .forward)
    }
    if lower.contains("-- migrate:up") { return (.dbmate, .forward) }
    if lower.contains("-- +goose up") { return (.goose, .forward) }
    if lower.contains("--liquibase formatted sql") || lower.contains("-- liquibase formatted sql") {
      return (.liquibase, .forward)
    }
    // Sqitch's folders say what is what; `-- Deploy` heads its scripts.
    if let folder = folders.last {
      if folder == "deploy", lower.hasPrefix("-- deploy") || folders.contains("sqitch") {
        return (.sqitch, .forward)
      }
      if folder == "revert", lower.hasPrefix("-- revert") || folders.contains("sqitch") {
        return (.sqitch, .rollback)
      }
      if folder == "verify", lower.hasPrefix("-- verify") || folders.contains("sqitch") {
        return (.sqitch, .verify)
      }
    }
    if RollbackNames.isRollback(stem, folders) { return (.pair, .rollback) }
    let isNumbered =
      stem.first?.isNumber == true || stem.first == "v" && stem.dropFirst().first?.isNumber == true
    let isDatabaseFolder = !Set(["db", "database", "sql", "schema"]).isDisjoint(with: folders)
    guard inMigrations || isDatabaseFolder && isNumbered else { return nil }
    if ["schema", "structure", "seed", "seeds"].contains(stem) { return nil }
    return (.pair, .forward)
  }
}

/// Names by which people mark the script that goes back.
public enum RollbackNames {
  static let words = ["rollback", "revert", "undo", "down", "downgrade", "backout"]

  static func isRollback(_ stem: String, _ folders: [String]) -> Bool {
    if let folder = folders.last, words.contains(folder) || folder == "rollbacks" { return true }
    return words.contains { word in
      stem == word
        || ["-", "_", "."].contains { stem.hasPrefix(word + $0) || stem.hasSuffix($0 + word) }
        || stem.contains("_\(word)_") || stem.contains("-\(word)-")
    }
  }

  /// Paths at which the script that undoes `path` may stand, best first.
  public static func candidates(for file: MigrationFile) -> [String] {
    let (folder, name) = split(file.path)
    let base = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    func at(_ names: String...) -> [String] { names.map { folder.isEmpty ? $0 : "\(folder)/\($0)" } }
    switch file.tool {
    case .golangMigrate:
      let capital = base.hasSuffix(".UP")
      let stem = base.dropLast(3)
      let way = capital ? ".DOWN" : ".down"
      // One way back may serve every dialect: `1_x.mysql.up.sql` and `1_x.down.sql`.
      let dialects = [".mysql", ".postgres", ".postgresql", ".sqlite", ".sqlite3", ".cockroach", ".mariadb"]
      let plain = dialects.first(where: stem.hasSuffix).map { stem.dropLast($0.count) }
      return at("\(stem)\(way).sql") + (plain.map { at("\($0)\(way).sql") } ?? [])
    case .flyway:
      let undo = base.hasPrefix("v") ? "u" : "U"
      return at("\(undo)\(base.dropFirst()).sql")
        + replacingFolder(folder, "sql", with: "undo").map { "\($0)/\(undo)\(base.dropFirst()).sql" }
    case .prisma, .diesel: return at("down.sql", "rollback.sql", "migration.down.sql")
    case .sqitch: return replacingFolder(folder, "deploy", with: "revert").map { "\($0)/\(name)" }
    default: break
    }
    var found: [String] = []
    for word in words {
      found += at("\(word)-\(base).sql", "\(word)_\(base).sql", "\(base)-\(word).sql", "\(base)_\(word).sql")
      found += at(
        "\(base).\(word).sql", "\(word).\(base).sql", "\(word)/\(base).sql", "\(word)/\(word)-\(base).sql")
      found += at("../\(word)/\(base).sql", "../\(word)s/\(base).sql").map(normalized)
      // `0012_orders.sql` and `0012_rollback_orders.sql` or `0012_rollback.sql`.
      if let mark = base.firstIndex(where: { $0 == "_" || $0 == "-" }) {
        let rest = base[base.index(after: mark)...]
        found += at(
          "\(base[..<mark])\(base[mark])\(word)\(base[mark])\(rest).sql",
          "\(base[..<mark])\(base[mark])\(word).sql")
      }
    }
    found += at("rollbacks/\(base).sql", "rollbacks/rollback-\(base).sql")
    return found
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[..<slash]), String(path[path.index(after: slash)...]))
  }

  private static func replacingFolder(_ folder: String, _ old: String, with new: String) -> [String] {
    var parts = folder.split(separator: "/").map(String.init)
    guard let index = parts.lastIndex(where: { $0.lowercased() == old }) else { return [] }
    parts[index] = new
    return [parts.joined(separator: "/")]
  }

  private static func normalized(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") {
      if part == "..", !parts.isEmpty { parts.removeLast() } else if part != ".." { parts.append(part) }
    }
    return parts.joined(separator: "/")
  }
}
