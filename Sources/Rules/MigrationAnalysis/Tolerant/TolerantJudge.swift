/// The rules for MySQL and SQLite.
struct TolerantJudge {
  let dialect: SQLDialect
  private var issues: [SQLIssue] = []
  private var statements: [SQLStatement] = []
  private var effects: [SchemaEffect] = []
  private var definitions: [SchemaDefinition] = []
  /// The schema that earlier scripts have left.
  let catalog: SchemaCatalog
  /// Tables that the script has renamed.
  private var renamedTables: [(old: String, new: String, line: Int)] = []
  /// Views that show one table whole, by name.
  private var wholeViews: [String: String] = [:]
  private var line = 1
  private(set) var createdTables: Set<String> = []
  private(set) var createdColumns: Set<SchemaObject> = []
  private var requiredColumns: Set<SchemaObject> = []
  private var defaults: [SchemaObject: (has: Bool, line: Int)] = [:]
  /// Columns that must be given, of tables made here; for tables that take another's place.
  private var requiredInNewTables: [String: Set<String>] = [:]

  init(dialect: SQLDialect, catalog: SchemaCatalog = SchemaCatalog()) {
    self.dialect = dialect
    self.catalog = catalog
  }

  // MARK: - Notes

  mutating func issue(_ rule: String, _ risk: SQLRisk, _ message: String, _ subject: String, line: Int? = nil)
  {
    let line = line ?? self.line
    issues.append(
      SQLIssue(rule: rule, risk: risk, message: message, line: line, subject: subject.lowercased()))
    if let index = statements.lastIndex(where: { $0.line == line }), !statements[index].rules.contains(rule) {
      statements[index].rules.append(rule)
    }
  }

  mutating func effect(_ verb: SchemaEffect.Verb, _ object: SchemaObject) {
    effects.append(SchemaEffect(verb, object, line: line))
  }

  mutating func define(_ column: SchemaObject, _ type: ColumnType?) {
    guard let type else { return }
    definitions.append(SchemaDefinition(object: column, content: .column(type), line: line))
  }

  mutating func note(renamed table: String, to new: String) { renamedTables.append((table, new, line)) }

  func isOld(_ table: String) -> Bool { !createdTables.contains(table.lowercased()) }

  mutating func noteDefault(_ column: SchemaObject, _ has: Bool) { defaults[column] = (has, line) }

  mutating func note(newColumn column: SchemaObject, isRequired: Bool) {
    createdColumns.insert(column)
    if isRequired { requiredColumns.insert(column) }
  }

  // MARK: - Walk

  mutating func visit(_ statement: TokenCursor, line: Int) {
    self.line = line
    statements.append(SQLStatement(line: line, rules: []))
    var cursor = statement
    cursor.skipCommonTables()
    let harmless: Set<String> = [
      "SELECT", "SET", "USE", "START", "BEGIN", "COMMIT", "ROLLBACK", "END", "SAVEPOINT", "RELEASE", "PRAGMA",
      "LOCK", "UNLOCK", "ANALYZE", "EXPLAIN", "SHOW", "DESCRIBE", "GRANT", "FLUSH", "OPTIMIZE", "VACUUM",
      "REINDEX",
      "CHECK", "REPAIR", "COMMENT",
    ]
    if cursor.take("CREATE") {
      create(&cursor)
    } else if cursor.take("DROP") {
      drop(&cursor)
    } else if cursor.take("ALTER", "TABLE") || cursor.take("ALTER", "IGNORE", "TABLE") {
      alterTable(&cursor)
    } else if cursor.take("RENAME", "TABLE") {
      renameTables(&cursor)
    } else if cursor.take("TRUNCATE") {
      _ = cursor.take("TABLE")
      if let table = cursor.name() { rows(.truncate, "truncate", "empties the table", table) }
    } else if cursor.take("DELETE") {
      delete(&cursor)
    } else if cursor.take("UPDATE") {
      update(&cursor)
    } else if let verb = cursor.takeAny(["INSERT", "REPLACE"]) {
      let before = effects.count
      insert(&cursor)
      // A row of the same key is deleted first.
      if verb == "REPLACE", effects.count > before { replaced(effects[before].object.name) }
    } else if dialect == .other, let word = cursor.takeAny(["EXEC", "EXECUTE"]) {
      execute(word, &cursor)
    } else if cursor.take("REVOKE") {
      issue("ban-revoke", .breaking, "takes rights away that the version before may use", "revoke")
    } else if cursor.takeAny(harmless) == nil {
      issue(
        "sql-not-understood", .notUnderstood,
        "\(cursor.tokens.prefix(3).map(\.text).joined(separator: " ")) … is not understood as \(dialect.rawValue)",
        cursor.tokens.prefix(3).map(\.text).joined(separator: " "))
    }
  }

  mutating func finished() -> SQLScriptReport {
    for (column, state) in defaults where !state.has {
      guard requiredColumns.contains(column) || !createdColumns.contains(column) else { continue }
      guard isOld(column.table ?? "") else { continue }
      issue(
        "dropped-default", .breaking,
        "\(column.table ?? "").\(column.name) has no default any more: the version before may not give a value",
        "\(column.table ?? "").\(column.name)", line: state.line)
    }
    judgeRebuiltTables()
    for (old, new, line) in renamedTables where isOld(old) {
      // A view under the old name still serves the version before.
      let hasView = effects.contains { $0.verb == .create && $0.object == SchemaObject(.view, old) }
      let servesAll = wholeViews[old.lowercased()] == new.lowercased()
      issue(
        "renaming-table", servesAll ? .advice : hasView ? .notUnderstood : .breaking,
        servesAll
          ? "the table \(old) is called \(new), and a view takes its name"
          : hasView
            ? "the table \(old) is called \(new): whether the view under its name has all of it is not known here"
            : "the table \(old) is called \(new): the version before does not find it", old, line: line)
    }
    return SQLScriptReport(
      dialect: dialect, statements: statements,
      issues: issues.sorted { ($0.line, $0.rule) < ($1.line, $1.rule) },
      effects: effects, definitions: definitions)
  }

  /// SQL Server renames by a procedure; what others do is not known.
  private mutating func execute(_ word: String, _ cursor: inout TokenCursor) {
    let procedure = cursor.name() ?? ""
    let names = cursor.tokens.filter { $0.kind == .string }.map(\.text)
    guard procedure.lowercased() == "sp_rename", names.count >= 2 else {
      issue(
        "sql-not-understood", .notUnderstood, "what \(word) \(procedure) does is not known here", procedure)
      return
    }
    let kind = names.count > 2 ? names[2].uppercased() : "OBJECT"
    if kind == "INDEX" { return }
    issue(
      kind == "COLUMN" ? "renaming-column" : "renaming-table", .breaking,
      "\(names[0]) is called \(names[1]): the version before does not find it", names[0])
  }

  private mutating func replaced(_ table: String) {
    effect(.delete, SchemaObject(.table, table))
    guard isOld(table) else { return }
    issue("replace-rows", .losesRows, "replaces rows of \(table) that only a backup brings back", table)
  }

  // MARK: - CREATE and DROP

  private mutating func create(_ cursor: inout TokenCursor) {
    _ = cursor.take("OR", "REPLACE")
    let isTemporary = cursor.takeAny(["TEMP", "TEMPORARY"]) != nil
    let isUnique = cursor.takeAny(["UNIQUE", "FULLTEXT", "SPATIAL"]) == "UNIQUE"
    if cursor.take("TABLE") || cursor.take("VIRTUAL", "TABLE") {
      _ = cursor.take("IF", "NOT", "EXISTS")
      guard let table = cursor.name() else { return }
      createdTables.insert(table.lowercased())
      if !isTemporary { effect(.create, SchemaObject(.table, table)) }
      if let content = cursor.parenthesized() { noteColumns(content, of: table) }
    } else if cursor.take("INDEX") {
      _ = cursor.take("IF", "NOT", "EXISTS")
      let name = cursor.upper == "ON" ? "" : cursor.name() ?? ""
      while !cursor.isAtEnd, !cursor.take("ON") { cursor.skip() }
      let table = cursor.name() ?? ""
      if !name.isEmpty { effect(.create, SchemaObject(.index, name)) }
      if isUnique { newUniqueness(cursor.parenthesized() ?? [], on: table, name) }
    } else {
      for (word, kind) in [
        ("VIEW", SchemaObject.Kind.view), ("TRIGGER", .trigger), ("PROCEDURE", .function),
        ("FUNCTION", .function),
        ("DATABASE", .database), ("SCHEMA", .database),
      ] where cursor.contains(word) {
        while !cursor.isAtEnd, !cursor.take(word) { cursor.skip() }
        _ = cursor.take("IF", "NOT", "EXISTS")
        if let name = cursor.name() {
          effect(.create, SchemaObject(kind, name))
          if kind == .view { noteWholeView(name, cursor) }
        }
        return
      }
    }
  }

  /// `CREATE VIEW old AS SELECT * FROM new`, and nothing more.
  private mutating func noteWholeView(_ name: String, _ cursor: TokenCursor) {
    var cursor = cursor
    guard cursor.take("AS", "SELECT"), cursor.tokens.first?.isSymbol("*") == true else { return }
    cursor.skip()
    if cursor.take("FROM"), let table = cursor.name(), cursor.isAtEnd {
      wholeViews[name.lowercased()] = table.lowercased()
    }
  }

  /// Remembers which columns of a new table must be given.
  private mutating func noteColumns(_ content: [SQLToken], of table: String) {
    let notColumns: Set<String> = [
      "PRIMARY", "KEY", "INDEX", "UNIQUE", "CONSTRAINT", "FOREIGN", "CHECK", "FULLTEXT", "SPATIAL",
    ]
    for part in TokenCursor.parts(content) {
      var cursor = TokenCursor(part)
      guard !notColumns.contains(cursor.upper), let name = cursor.name() else { continue }
      define(SchemaObject(.column, name, table: table), ColumnDefinition(cursor).type)
      if ColumnDefinition(cursor).isRequired {
        requiredInNewTables[table.lowercased(), default: []].insert(name.lowercased())
      }
    }
  }

  private mutating func drop(_ cursor: inout TokenCursor) {
    _ = cursor.take("TEMPORARY")
    guard let kind = cursor.tokens.first?.upper else { return }
    cursor.skip()
    _ = cursor.take("IF", "EXISTS")
    for part in TokenCursor.parts(cursor.tokens) {
      var part = TokenCursor(part)
      guard let name = part.name() else { continue }
      switch kind {
      case "TABLE":
        effect(.drop, SchemaObject(.table, name))
        if isOld(name) {
          issue("ban-drop-table", .irreversible, "drops the table \(name) and all its rows", name)
        }
      case "DATABASE", "SCHEMA":
        effect(.drop, SchemaObject(.database, name))
        issue("ban-drop-database", .irreversible, "drops the database \(name) and all that is in it", name)
      case "VIEW": dropOther(.view, name)
      case "PROCEDURE", "FUNCTION": dropOther(.function, name)
      case "INDEX": effect(.drop, SchemaObject(.index, name))
      case "TRIGGER": effect(.drop, SchemaObject(.trigger, name))
      default: break
      }
    }
  }

  private mutating func dropOther(_ kind: SchemaObject.Kind, _ name: String) {
    effect(.drop, SchemaObject(kind, name))
    issue("ban-drop-\(kind.rawValue)", .breaking, "drops the \(kind.rawValue) \(name)", name)
  }

  mutating func newUniqueness(_ columns: [SQLToken], on table: String, _ name: String) {
    guard isOld(table) else { return }
    let names = TokenCursor.parts(columns).compactMap { $0.first?.text.lowercased() }
    let areNew =
      !names.isEmpty && names.allSatisfy { createdColumns.contains(SchemaObject(.column, $0, table: table)) }
    if areNew { return }
    issue(
      "new-unique", .breaking,
      "the version before may write rows to \(table) that \(name.isEmpty ? "the new uniqueness" : name) refuses",
      "\(table).\(names.sorted().joined(separator: ","))")
  }

  // MARK: - Rows

  private mutating func rows(
    _ verb: SchemaEffect.Verb, _ rule: String, _ words: String, _ table: String
  ) {
    effect(verb, SchemaObject(.table, table))
    if isOld(table) { issue(rule, .irreversible, "\(words) \(table)", table) }
  }

  private mutating func delete(_ cursor: inout TokenCursor) {
    while cursor.takeAny(["LOW_PRIORITY", "QUICK", "IGNORE", "FROM"]) != nil {}
    guard let table = cursor.name() else { return }
    if cursor.contains("WHERE") || cursor.contains("LIMIT") {
      effect(.delete, SchemaObject(.table, table))
      guard isOld(table) else { return }
      issue("delete-rows", .losesRows, "deletes rows of \(table) that only a backup brings back", table)
    } else {
      rows(.delete, "delete-without-where", "deletes every row of", table)
    }
  }

  private mutating func update(_ cursor: inout TokenCursor) {
    while cursor.takeAny(["LOW_PRIORITY", "IGNORE", "OR", "ROLLBACK", "ABORT", "REPLACE", "FAIL"]) != nil {}
    guard let table = cursor.name() else { return }
    while !cursor.isAtEnd, !cursor.take("SET") { cursor.skip() }
    let targets = TokenCursor.parts(cursor.tokens).compactMap { part -> String? in
      var part = TokenCursor(part)
      return part.name()?.lowercased()
    }
    let isBackfill = targets.allSatisfy { createdColumns.contains(SchemaObject(.column, $0, table: table)) }
    if cursor.contains("WHERE") || cursor.contains("LIMIT") || isBackfill {
      effect(.update, SchemaObject(.table, table))
    } else {
      rows(.update, "update-without-where", "overwrites columns in every row of", table)
    }
  }

  private mutating func insert(_ cursor: inout TokenCursor) {
    while cursor.takeAny(["LOW_PRIORITY", "IGNORE", "OR", "ROLLBACK", "ABORT", "REPLACE", "FAIL", "INTO"])
      != nil
    {}
    guard let table = cursor.name() else { return }
    let columns = TokenCursor.parts(cursor.parenthesized() ?? []).compactMap { $0.first?.text.lowercased() }
    guard cursor.take("SELECT") else {
      effect(.insert, SchemaObject(.table, table))
      return
    }
    var values: [SQLToken] = []
    while !cursor.isAtEnd, cursor.upper != "FROM" {
      values.append(cursor.tokens[cursor.tokens.startIndex])
      cursor.skip()
    }
    guard cursor.take("FROM"), let source = cursor.name() else {
      effect(.insert, SchemaObject(.table, table))
      return
    }
    effect(.copy(from: source.lowercased()), SchemaObject(.table, table))
    // All columns as they are: none is new.
    if values.last?.isSymbol("*") == true, TokenCursor.parts(values).count == 1 {
      requiredInNewTables[table.lowercased()] = nil
    }
    // A column that is copied under its own name was there before.
    for (column, value) in zip(columns, TokenCursor.parts(values))
    where value.last?.text.lowercased() == column {
      requiredInNewTables[table.lowercased()]?.remove(column)
    }
  }

  /// A table that takes another's place must not ask for more than that one did.
  private mutating func judgeRebuiltTables() {
    for effect in effects {
      guard case .copy = effect.verb else { continue }
      for column in (requiredInNewTables[effect.object.name] ?? []).sorted() {
        issue(
          "adding-required-field", .breaking,
          "\(effect.object.name).\(column) must be given, and the version before does not know it",
          "\(effect.object.name).\(column)", line: effect.line)
      }
    }
  }
}

/// What follows a column's name.
struct ColumnDefinition {
  let isRequired: Bool
  let hasDefault: Bool
  let isUnique: Bool
  let type: ColumnType?

  init(_ cursor: TokenCursor) {
    let words = cursor.tokens.map(\.upper)
    let isNotNull = zip(words, words.dropFirst()).contains { $0 == "NOT" && $1 == "NULL" }
    hasDefault = cursor.contains("DEFAULT")
    let fillsItself = ["AUTO_INCREMENT", "AUTOINCREMENT", "GENERATED", "AS"].contains { cursor.contains($0) }
    let isPrimary = cursor.contains("PRIMARY")
    isRequired = isNotNull && !hasDefault && !fillsItself && !isPrimary
    isUnique = cursor.contains("UNIQUE")
    var rest = cursor
    var name: String?
    if rest.tokens.first?.kind == .word { name = rest.name() }
    if name?.uppercased() == "DOUBLE" { _ = rest.take("PRECISION") }
    if name?.uppercased() == "CHARACTER", rest.take("VARYING") { name = "varchar" }
    let numbers = rest.parenthesized()?.compactMap { $0.kind == .number ? Int($0.text) : nil } ?? []
    type = name.map { ColumnType($0, modifiers: numbers) }
  }

  static func isNotNull(_ cursor: TokenCursor) -> Bool {
    let words = cursor.tokens.map(\.upper)
    return zip(words, words.dropFirst()).contains { $0 == "NOT" && $1 == "NULL" }
  }
}
