/// ALTER TABLE and RENAME TABLE of MySQL and SQLite.
extension TolerantJudge {
  mutating func renameTables(_ cursor: inout TokenCursor) {
    for part in TokenCursor.parts(cursor.tokens) {
      var part = TokenCursor(part)
      guard let old = part.name(), part.take("TO"), let new = part.name() else { continue }
      rename(table: old, to: new)
    }
  }

  private mutating func rename(table: String, to new: String) {
    effect(.rename(to: new.lowercased()), SchemaObject(.table, table))
    note(renamed: table, to: new)
  }

  mutating func alterTable(_ cursor: inout TokenCursor) {
    _ = cursor.take("IF", "EXISTS")
    guard let table = cursor.name() else { return }
    for part in TokenCursor.parts(cursor.tokens) {
      var part = TokenCursor(part)
      alter(&part, table)
    }
  }

  private mutating func alter(_ cursor: inout TokenCursor, _ table: String) {
    let harmless: Set<String> = [
      "ALGORITHM", "LOCK", "COMMENT", "AUTO_INCREMENT", "ROW_FORMAT", "ENABLE", "DISABLE", "ORDER",
      "FORCE",
      "PARTITION", "DEFAULT", "CHARACTER", "COLLATE", "VALIDATE", "STATS_PERSISTENT",
    ]
    if cursor.take("ADD") {
      add(&cursor, table)
    } else if cursor.take("DROP") {
      drop(&cursor, table)
    } else if cursor.take("RENAME") {
      rename(&cursor, table)
    } else if cursor.take("CHANGE") {
      _ = cursor.take("COLUMN")
      guard let old = cursor.name(), let new = cursor.name() else { return }
      if old.lowercased() != new.lowercased() { rename(column: old, of: table, to: new) }
      modified(new, &cursor, table)
    } else if cursor.take("MODIFY") {
      _ = cursor.take("COLUMN")
      if let name = cursor.name() { modified(name, &cursor, table) }
    } else if cursor.take("ALTER") {
      _ = cursor.take("COLUMN")
      guard let name = cursor.name() else { return }
      let column = SchemaObject(.column, name, table: table)
      if cursor.take("SET", "DEFAULT") {
        effect(.setDefault, column)
        noteDefault(column, true)
      } else if cursor.take("DROP", "DEFAULT") {
        effect(.dropDefault, column)
        noteDefault(column, false)
      } else if cursor.takeAny(["SET", "DROP"]) == nil {
        // `ALTER COLUMN c TYPE t`, and SQL Server's `ALTER COLUMN c t`.
        _ = cursor.take("TYPE")
        modified(name, &cursor, table)
      } else if !cursor.take("VISIBLE"), !cursor.take("INVISIBLE") {
        issue(
          "sql-not-understood", .notUnderstood,
          "ALTER TABLE \(table) ALTER COLUMN \(name) … is not understood", "\(table).\(name)")
      }
    } else if cursor.take("ENGINE") {
      changeEngine(&cursor, table)
    } else if cursor.take("CONVERT") {
      convert(&cursor, table)
    } else if cursor.takeAny(["TRUNCATE", "DISCARD"]) != nil {
      issue("truncate", .irreversible, "empties a partition or the tablespace of \(table)", table)
    } else if cursor.takeAny(harmless) == nil, !cursor.isAtEnd {
      issue(
        "sql-not-understood", .notUnderstood,
        "ALTER TABLE \(table) \(cursor.tokens.prefix(2).map(\.text).joined(separator: " ")) … is not understood",
        table)
    }
  }

  /// Engines that keep their rows in memory, or none at all.
  private mutating func changeEngine(_ cursor: inout TokenCursor, _ table: String) {
    if cursor.tokens.first?.isSymbol("=") == true { cursor.skip() }
    let engine = cursor.name() ?? ""
    guard ["MEMORY", "HEAP", "BLACKHOLE"].contains(engine.uppercased()), isOld(table) else { return }
    issue(
      "set-unlogged", .irreversible, "\(table) is kept by the engine \(engine), which loses its rows", table)
  }

  /// Of the character sets only utf8mb4 has every character.
  private mutating func convert(_ cursor: inout TokenCursor, _ table: String) {
    guard cursor.take("TO"), cursor.take("CHARACTER", "SET") || cursor.takeAny(["CHARSET"]) != nil else {
      return
    }
    let set = cursor.name() ?? ""
    guard isOld(table) else { return }
    let isWider = set.lowercased() == "utf8mb4"
    issue(
      "changing-column-type", isWider ? .locking : .notUnderstood,
      isWider
        ? "\(table) is rewritten in \(set), and every character stays"
        : "the texts of \(table) are rewritten in \(set): whether it has all their characters is not known",
      table)
  }

  private mutating func add(_ cursor: inout TokenCursor, _ table: String) {
    var name = ""
    if cursor.take("CONSTRAINT") {
      let kinds: Set<String> = ["UNIQUE", "PRIMARY", "FOREIGN", "CHECK"]
      if !kinds.contains(cursor.upper) { name = cursor.name() ?? "" }
    }
    if cursor.take("UNIQUE") {
      _ = cursor.takeAny(["KEY", "INDEX"])
      if cursor.tokens.first?.isSymbol("(") == false { name = cursor.name() ?? name }
      if !name.isEmpty { effect(.create, SchemaObject(.constraint, name, table: table)) }
      newUniqueness(cursor.parenthesized() ?? [], on: table, name)
    } else if cursor.take("CHECK") {
      effect(.create, SchemaObject(.constraint, name, table: table))
      if isOld(table) {
        issue(
          "narrower-check", .breaking,
          "the version before may write rows to \(table) that the new check refuses",
          "\(table).\(name)")
      }
    } else if cursor.take("PRIMARY", "KEY") {
      effect(.create, SchemaObject(.constraint, "primary", table: table))
    } else if cursor.take("FOREIGN", "KEY") {
      if !name.isEmpty { effect(.create, SchemaObject(.constraint, name, table: table)) }
    } else if cursor.takeAny(["INDEX", "KEY", "FULLTEXT", "SPATIAL"]) != nil {
      _ = cursor.takeAny(["INDEX", "KEY"])
      if let index = cursor.name() { effect(.create, SchemaObject(.index, index)) }
    } else if cursor.take("PARTITION") {
      return
    } else {
      _ = cursor.take("COLUMN")
      _ = cursor.take("IF", "NOT", "EXISTS")
      if let list = cursor.parenthesized() {
        for part in TokenCursor.parts(list) {
          var part = TokenCursor(part)
          addColumn(&part, table)
        }
      } else {
        addColumn(&cursor, table)
      }
    }
  }

  private mutating func addColumn(_ cursor: inout TokenCursor, _ table: String) {
    guard let name = cursor.name() else { return }
    let definition = ColumnDefinition(cursor)
    let column = SchemaObject(.column, name, table: table)
    effect(.create, column)
    define(column, definition.type)
    note(newColumn: column, isRequired: ColumnDefinition.isNotNull(cursor))
    if definition.hasDefault { noteDefault(column, true) }
    if definition.isRequired, isOld(table) {
      issue(
        "adding-required-field", .breaking,
        "\(table).\(name) must be given, and the version before does not know it: give it a default",
        "\(table).\(name)")
    }
  }

  private mutating func drop(_ cursor: inout TokenCursor, _ table: String) {
    if cursor.takeAny(["INDEX", "KEY"]) != nil {
      _ = cursor.take("IF", "EXISTS")
      if let name = cursor.name() { effect(.drop, SchemaObject(.index, name)) }
    } else if cursor.take("FOREIGN", "KEY") || cursor.take("CONSTRAINT") || cursor.take("CHECK") {
      _ = cursor.take("IF", "EXISTS")
      if let name = cursor.name() { effect(.drop, SchemaObject(.constraint, name, table: table)) }
    } else if cursor.take("PRIMARY", "KEY") {
      effect(.drop, SchemaObject(.constraint, "primary", table: table))
    } else if cursor.take("PARTITION") {
      issue("truncate", .irreversible, "drops a partition of \(table) and its rows", table)
    } else {
      _ = cursor.take("COLUMN")
      _ = cursor.take("IF", "EXISTS")
      guard let name = cursor.name() else { return }
      let column = SchemaObject(.column, name, table: table)
      effect(.drop, column)
      guard isOld(table), !createdColumns.contains(column) else { return }
      issue("ban-drop-column", .irreversible, "drops \(table).\(name) and the data in it", "\(table).\(name)")
    }
  }

  private mutating func rename(_ cursor: inout TokenCursor, _ table: String) {
    if cursor.take("COLUMN") {
      guard let old = cursor.name(), cursor.take("TO"), let new = cursor.name() else { return }
      rename(column: old, of: table, to: new)
    } else if cursor.takeAny(["INDEX", "KEY"]) != nil {
      guard let old = cursor.name(), cursor.take("TO"), let new = cursor.name() else { return }
      effect(.rename(to: new.lowercased()), SchemaObject(.index, old))
    } else {
      _ = cursor.takeAny(["TO", "AS"])
      if let new = cursor.name() { rename(table: table, to: new) }
    }
  }

  private mutating func rename(column: String, of table: String, to new: String) {
    effect(.rename(to: new.lowercased()), SchemaObject(.column, column, table: table))
    guard isOld(table), !createdColumns.contains(SchemaObject(.column, column, table: table)) else { return }
    issue(
      "renaming-column", .breaking,
      "\(table).\(column) is called \(new): the version before does not find it",
      "\(table).\(column)")
  }

  /// MODIFY says the new definition alone, so whether it narrows the old one is open.
  private mutating func modified(_ name: String, _ cursor: inout TokenCursor, _ table: String) {
    let column = SchemaObject(.column, name, table: table)
    effect(.changeType, column)
    if ColumnDefinition(cursor).hasDefault { noteDefault(column, true) }
    let definition = ColumnDefinition(cursor)
    let before = catalog.type(of: column)
    define(column, definition.type)
    guard isOld(table) else { return }
    guard !createdColumns.contains(column) else {
      // Added, filled, and then required: the version before has no value for it.
      guard definition.isRequired else { return }
      issue(
        "adding-required-field", .breaking,
        "\(table).\(name) must be given, and the version before does not know it: give it a default",
        "\(table).\(name)")
      return
    }
    if let before, let after = definition.type {
      switch before.change(to: after) {
      case .widens, .rewrites:
        issue(
          "changing-column-type", .locking, "\(table).\(name) gets wider, and every value stays",
          "\(table).\(name)")
        return
      case .loses:
        issue(
          "changing-column-type", .irreversible,
          "\(table).\(name) goes from \(before.name) to \(after.name): values that do not fit are lost or refused",
          "\(table).\(name)")
        return
      case .unknown: break
      }
    }
    issue(
      "changing-column-type", .notUnderstood,
      "\(table).\(name) is defined anew: whether that loses values depends on the definition before",
      "\(table).\(name)")
  }
}
