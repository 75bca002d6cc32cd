/// Columns that code defines anew where the call says both definitions, and operations on rows whose condition stands in
/// a chain of calls.
enum CodeColumns {
  static func issues(
    in lines: [CodeText.Line], tool: MigrationTool, _ earlier: EarlierDefinitions
  ) -> [SQLIssue] {
    let code = CodeText(lines)
    switch tool {
    case .django:
      return code.calls("AlterField(").compactMap {
        earlier.fields.issue(altering: $0.arguments, line: $0.line)
      }
    case .rails:
      return (code.calls("change_column ", endsAtLine: true) + code.calls("change_column(")).map {
        rails($0.arguments, $0.line, earlier.catalog)
      }
    case .alembic: return code.calls("alter_column(").compactMap { alembic($0.arguments, $0.line) }
    case .entityFramework:
      return code.calls("AlterColumn<").compactMap { entityFramework($0.arguments, $0.line) }
        + code.calls("AddColumn<").compactMap { newColumn($0.arguments, $0.line) }
    case .laravel: return laravel(lines)
    case .phinx: return phinx(lines)
    case .knex, .script: return chains(lines, deletes: [".del()", ".delete()", ".update("])
    default: return []
    }
  }

  private static func issue(
    _ rule: String, _ risk: SQLRisk, _ message: String, _ line: Int, _ subject: String
  ) -> SQLIssue {
    SQLIssue(rule: rule, risk: risk, message: message, line: line, subject: subject.lowercased())
  }

  /// What a change from one type to another comes to.
  private static func change(_ old: ColumnType?, _ new: ColumnType?, _ subject: String, _ line: Int)
    -> SQLIssue
  {
    guard let old, let new else {
      return issue(
        "changing-column-type", .notUnderstood,
        "\(subject) is of another type: whether that loses values depends on the one before", line, subject)
    }
    switch old.change(to: new) {
    case .widens:
      return issue(
        "changing-column-type", .advice, "\(subject) gets wider, and every value stays", line, subject)
    case .rewrites:
      return issue(
        "changing-column-type", .locking,
        "\(subject) gets wider: the table is rewritten, and every value stays", line,
        subject)
    case .loses:
      return issue(
        "changing-column-type", .irreversible,
        "\(subject) goes from \(old.name) to \(new.name): values that do not fit are lost or refused", line,
        subject)
    case .unknown:
      return issue(
        "changing-column-type", .notUnderstood,
        "\(subject) goes from \(old.name) to \(new.name): whether values are lost is not known", line, subject
      )
    }
  }

  /// `change_column :users, :name, :text, limit: 50`.
  private static func rails(_ arguments: String, _ line: Int, _ catalog: SchemaCatalog) -> SQLIssue {
    let words = arguments.split(separator: ",").map { $0.filter { !$0.isWhitespace && !":'\"".contains($0) } }
    let subject = CodeText.quoted(arguments) ?? "a column"
    guard words.count >= 3 else { return change(nil, nil, subject, line) }
    func number(_ option: String) -> Int? {
      words.first { $0.hasPrefix(option) }.flatMap { Int($0.dropFirst(option.count)) }
    }
    let new = RubySchema.type(
      words[2].lowercased(), limit: number("limit"), precision: number("precision"), scale: number("scale"))
    let old = catalog.type(of: SchemaObject(.column, words[1], table: words[0]))
    return change(old, new, subject, line)
  }

  private static func alembic(_ arguments: String, _ line: Int) -> SQLIssue? {
    // `existing_type=` says what it was.
    let plain = arguments.replacing("existing_type=", with: "existing=")
    guard let new = value(after: "type_=", in: plain) else { return nil }
    let subject = CodeText.quoted(arguments) ?? "a column"
    return change(value(after: "existing=", in: plain).map(sqlalchemy), sqlalchemy(new), subject, line)
  }

  /// `sa.String(length=50)`.
  private static func sqlalchemy(_ text: String) -> ColumnType {
    let name = text.prefix { $0 != "(" }.split(separator: ".").last.map(String.init) ?? text
    let numbers = text.drop { $0 != "(" }.split { !$0.isNumber }.compactMap { Int($0) }
    return ColumnType(name, modifiers: numbers)
  }

  private static func entityFramework(_ arguments: String, _ line: Int) -> SQLIssue? {
    let subject = CodeText.quoted(arguments) ?? "a column"
    let isRequired =
      arguments.contains("nullable: false") && arguments.contains("oldNullable: true")
      && !arguments.contains("defaultValue")
    if isRequired {
      return issue(
        "required-existing-column", .breaking,
        "\(subject) must be given from now on: the version before may leave it out", line, subject)
    }
    guard let new = value(after: " type:", in: arguments), let old = value(after: "oldType:", in: arguments)
    else {
      return nil
    }
    func type(_ text: String) -> ColumnType {
      let plain = text.filter { $0 != "\"" && $0 != " " }
      let numbers = plain.drop { $0 != "(" }.split { !$0.isNumber }.compactMap { Int($0) }
      return ColumnType(String(plain.prefix { $0 != "(" }), modifiers: numbers)
    }
    return old == new ? nil : change(type(old), type(new), subject, line)
  }

  private static func newColumn(_ arguments: String, _ line: Int) -> SQLIssue? {
    guard arguments.contains("nullable: false"), !arguments.contains("defaultValue"),
      !arguments.contains("Identity")
    else { return nil }
    let subject = CodeText.quoted(arguments) ?? "a column"
    return issue(
      "adding-required-field", .breaking,
      "\(subject) must be given, and the version before does not know it: give it a default", line, subject)
  }

  /// What stands after a named argument, up to the comma that ends it.
  private static func value(after name: String, in text: String) -> String? {
    guard let range = text.firstRange(of: name) else { return nil }
    var depth = 0
    var found = ""
    for character in text[range.upperBound...] {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if depth < 0 || character == "," && depth == 0 { break }
      found.append(character)
    }
    return found.filter { !$0.isNewline }
  }

  // MARK: - PHP

  private static func laravel(_ lines: [CodeText.Line]) -> [SQLIssue] {
    var found: [SQLIssue] = []
    var isExisting = false
    for (text, line) in statements(lines) {
      if ["Schema::create(", "->create("].contains(where: text.contains) { isExisting = false }
      if ["Schema::table(", "->table("].contains(where: text.contains),
        text.contains("function") || text.contains("fn")
      {
        isExisting = true
      }
      let subject = CodeText.quoted(text) ?? "line \(line)"
      if text.contains("->change()") {
        let isRequired = text.contains("nullable(false)")
        found.append(
          isRequired
            ? issue(
              "required-existing-column", .breaking,
              "\(subject) must be given from now on: the version before may leave it out", line, subject)
            : issue(
              "changing-column-type", .notUnderstood,
              "\(subject) is defined anew: whether that loses values depends on the definition before", line,
              subject))
        continue
      }
      guard isExisting, text.contains("->") else { continue }
      if text.contains("->unique(") {
        found.append(
          issue(
            "new-unique", .breaking,
            "the version before may write rows that the new uniqueness refuses: \(subject)",
            line, subject))
      }
      let isNew = columnTypes.contains { type in
        guard let place = text.firstRange(of: "->\(type)(") else { return false }
        // Of the variable that the function is given: `$table->string(`.
        let name = text[..<place.lowerBound].reversed().prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return !name.isEmpty && text[..<place.lowerBound].dropLast(name.count).last == "$"
      }
      let isOptional = [
        "nullable(", "default(", "useCurrent", "storedAs", "virtualAs", "autoIncrement", "generatedAs",
      ].contains(where: text.contains)
      if isNew, !isOptional {
        found.append(
          issue(
            "adding-required-field", .breaking,
            "\(subject) must be given, and the version before does not know it: give it a default", line,
            subject))
      }
    }
    return found + chains(lines, deletes: ["->delete()", "->truncate()", "->update("])
  }

  /// Methods that add a column which must be given, unless something says otherwise.
  private static let columnTypes = [
    "string", "text", "mediumText", "longText", "tinyText", "char", "integer", "bigInteger", "mediumInteger",
    "smallInteger", "tinyInteger", "unsignedInteger", "unsignedBigInteger", "unsignedMediumInteger",
    "unsignedSmallInteger", "unsignedTinyInteger", "float", "double", "decimal", "boolean", "enum", "set",
    "json",
    "jsonb", "date", "dateTime", "dateTimeTz", "time", "timeTz", "timestamp", "timestampTz", "year", "binary",
    "uuid",
    "ulid", "foreignId", "foreignUuid", "foreignUlid", "foreignIdFor", "morphs", "uuidMorphs", "ulidMorphs",
    "ipAddress", "macAddress", "geometry", "point", "polygon", "vector",
  ]

  /// The statements of PHP, each with the line on which it begins: a chain of calls goes over several lines.
  private static func statements(_ lines: [CodeText.Line]) -> [(text: String, line: Int)] {
    var found: [(text: String, line: Int)] = []
    var current = ""
    var start: Int?
    var quote: Character?
    for line in lines {
      for character in line.text {
        if let open = quote {
          if character == open { quote = nil }
        } else if "'\"".contains(character) {
          quote = character
        }
        if quote == nil, ";{}".contains(character) {
          if let start { found.append((current, start)) }
          (current, start) = ("", nil)
          continue
        }
        if start == nil, !character.isWhitespace { start = line.number }
        current.append(character)
      }
      current.append("\n")
    }
    if let start { found.append((current, start)) }
    return found
  }

  private static func phinx(_ lines: [CodeText.Line]) -> [SQLIssue] {
    let calls: [(String, String, SQLRisk, String)] = [
      ("->drop()", "ban-drop-table", .irreversible, "drops a table and all its rows"),
      ("->removeColumn(", "ban-drop-column", .irreversible, "drops a column and the data in it"),
      ("->renameColumn(", "renaming-column", .breaking, "renames a column"),
      ("->rename(", "renaming-table", .breaking, "renames a table"),
      ("->changeColumn(", "changing-column-type", .notUnderstood, "a column is defined anew"),
    ]
    return lines.flatMap { line in
      calls.filter { line.text.contains($0.0) }.map { call in
        let subject = CodeText.quoted(line.text) ?? "line \(line.number)"
        return issue(call.1, call.2, "\(call.3): \(subject)", line.number, subject)
      }
    }
  }

  /// The first name in quotes of a chain: `DB::table('users')`, `knex('users')`.
  private static func table(in chain: String) -> String? {
    guard let start = chain.firstIndex(where: { "'\"`".contains($0) }) else { return nil }
    let name = chain[chain.index(after: start)...].prefix { !"'\"`".contains($0) }
    return name.isEmpty ? nil : String(name)
  }

  /// Deletions at the end of a chain.
  private static func chains(_ lines: [CodeText.Line], deletes: [String]) -> [SQLIssue] {
    lines.enumerated().compactMap { index, line in
      guard deletes.contains(where: line.text.contains) else { return nil }
      let chain = lines[max(0, index - 4)...index].map(\.text).joined(separator: " ")
      let own = chain.split(separator: ";").last.map(String.init) ?? chain
      if own.lowercased().contains("where") {
        guard !line.text.contains("update(") else { return nil }
        let subject = table(in: own) ?? "line \(line.number)"
        return issue(
          "delete-rows", .losesRows, "deletes rows of \(subject) that only a backup brings back", line.number,
          subject)
      }
      // `$reminder->delete()` is about one row, whichever that is.
      if line.text.contains("->"), !own.contains("::"), !own.contains("DB") {
        return issue(
          "migration-code-open", .notUnderstood, "rows are changed one by one, and which is not known",
          line.number,
          "rows at line \(line.number)")
      }
      let subject = table(in: own) ?? "line \(line.number)"
      if line.text.contains("update(") {
        return issue(
          "update-without-where", .irreversible, "overwrites every row of \(subject)", line.number, subject)
      }
      return issue(
        "delete-without-where", .irreversible, "deletes every row of \(subject)", line.number, subject)
    }
  }
}
