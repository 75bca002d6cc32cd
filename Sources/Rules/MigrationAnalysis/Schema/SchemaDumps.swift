/// Files that say what a whole schema is, compared as schemas: what they say of tables, columns, types and views is judged,
/// and what else differs is named.
public enum SchemaDumps {
  /// What became of a schema.
  public struct Comparison: Hashable, Sendable {
    /// What is lost or breaks.
    public var issues: [SQLIssue] = []
    /// What differs and is not judged: keys, constraints, defaults, options of a table.
    public var rest: [String] = []
  }

  /// Compares two versions of a dump in SQL; nil: there is none.
  public static func compare(old: String, new: String?, dialect: SQLDialect?, path: String) -> Comparison {
    func catalog(_ text: String?) -> SchemaCatalog {
      var catalog = SchemaCatalog()
      if let text { catalog.apply(SQLAnalysis.analyze(Array(text.utf8), dialect: dialect, path: path)) }
      return catalog
    }
    let dialect = dialect ?? SQLDialect.detect(new ?? old, path: path)
    return compare(
      catalog(old), catalog(new), DumpParts.sql(old, dialect), new.map { DumpParts.sql($0, dialect) } ?? [])
  }

  /// Compares two versions of Rails' `schema.rb`.
  public static func compareRuby(old: String, new: String?) -> Comparison {
    compare(
      RubySchema.catalog(old), new.map(RubySchema.catalog) ?? SchemaCatalog(), RubySchema.parts(old),
      new.map(RubySchema.parts) ?? [])
  }

  private static func compare(
    _ old: SchemaCatalog, _ new: SchemaCatalog, _ before: [DumpPart], _ after: [DumpPart]
  ) -> Comparison {
    var found = Comparison(issues: old.issues(goingTo: new))
    let tables = Set(before.compactMap(\.table)).union(old.tables.keys)
    let (first, second) = (Dictionary(grouping: before, by: \.key), Dictionary(grouping: after, by: \.key))
    for part in before where part.column == nil {
      // A table that is gone took all this along, which is told.
      if let table = part.table, !new.tables.keys.contains(table), old.tables.keys.contains(table) {
        continue
      }
      if second[part.key] == nil { found.rest.append(part.words) }
    }
    for part in after {
      if let earlier = first[part.key] {
        if part.column != nil, !earlier.contains(where: { $0.words == part.words }) {
          change(earlier[0], part, &found)
        }
      } else if let table = part.table, tables.contains(table) {
        add(part, to: table, &found)
      }
    }
    found.rest = Array(Set(found.rest)).sorted()
    return found
  }

  private static func change(_ old: DumpPart, _ new: DumpPart, _ found: inout Comparison) {
    guard let table = new.table, let column = new.column else { return }
    if new.isRequired, !old.isRequired {
      found.issues.append(
        SQLIssue(
          rule: "required-existing-column", risk: .breaking,
          message: "\(table).\(column) must be given from now on: the version before may leave it out",
          line: new.line,
          subject: "column \(table).\(column)"))
    } else {
      found.rest.append("\(table).\(column)")
    }
  }

  private static func add(_ part: DumpPart, to table: String, _ found: inout Comparison) {
    guard let column = part.column else {
      found.rest.append(part.words)
      return
    }
    guard part.isRequired, !part.hasDefault else { return }
    found.issues.append(
      SQLIssue(
        rule: "adding-required-field", risk: .breaking,
        message:
          "\(table).\(column) must be given, and the version before does not know it: give it a default",
        line: part.line, subject: "column \(table).\(column)"))
  }
}

/// A column, a constraint or an option in a dump.
struct DumpPart: Hashable, Sendable {
  var table: String?
  var column: String?
  /// What is said of it beyond name and type.
  var words: String
  var isRequired = false
  var hasDefault = false
  var line = 1

  /// What the same part of another version is found by.
  var key: String {
    if let column { return "\(table ?? "").\(column)" }
    return "\(table ?? "") \(words)"
  }
}

/// What a dump in SQL says beyond tables, columns and their types.
enum DumpParts {
  /// Words that begin what is said of a column after its type.
  private static let afterType: Set<String> = [
    "NOT", "NULL", "DEFAULT", "PRIMARY", "UNIQUE", "REFERENCES", "CHECK", "GENERATED", "COLLATE",
    "AUTO_INCREMENT",
    "AUTOINCREMENT", "COMMENT", "CONSTRAINT", "ON", "CODEC", "TTL", "MATERIALIZED", "ALIAS", "KEY",
    "CHARACTER", "CHARSET",
    "IDENTITY", "STORAGE", "AS",
  ]
  /// Words that begin an item of a table that is no column.
  private static let noColumn: Set<String> = [
    "CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "EXCLUDE", "KEY", "INDEX", "FULLTEXT", "SPATIAL",
    "LIKE",
    "PERIOD", "PROJECTION",
  ]

  static func sql(_ text: String, _ dialect: SQLDialect) -> [DumpPart] {
    let bytes = Array(text.utf8)
    let lines = LineIndex(bytes)
    return TolerantScript(bytes, dialect: dialect).statements().flatMap { statement -> [DumpPart] in
      let words = statement.map { $0.kind == .word ? $0.upper : $0.text }
      guard let first = words.first else { return [] }
      let line = lines.line(at: statement[0].start)
      switch first {
      case "SET", "SELECT", "COMMENT", "LOCK", "UNLOCK", "BEGIN", "COMMIT", "PRAGMA", "USE", "DELIMITER":
        return []
      case "INSERT": return []
      case "CREATE" where words.prefix(4).contains("TABLE"): return table(statement, words, lines)
      case "CREATE" where words.prefix(3).contains("INDEX") && !words.prefix(3).contains("UNIQUE"): return []
      case "CREATE" where words.prefix(3).contains("EXTENSION"), "DROP": return []
      case "ALTER" where words.contains("OWNER"): return []
      case "ALTER" where words.prefix(2).contains("TABLE"): return [other(statement, words, "TABLE", line)]
      case "CREATE" where words.contains("ON"): return [other(statement, words, "ON", line)]
      default: return [DumpPart(table: nil, column: nil, words: said(words), line: line)]
      }
    }
  }

  /// What is said of a table outside of its definition.
  private static func other(_ statement: [SQLToken], _ words: [String], _ mark: String, _ line: Int)
    -> DumpPart
  {
    let start = (words.firstIndex(of: mark) ?? 0) + 1
    let name = statement[min(start, statement.count)...].first {
      $0.kind == .quoted || $0.kind == .word && !["ONLY", "IF", "EXISTS"].contains($0.upper)
    }
    return DumpPart(
      table: name.map { unqualified($0, in: statement) }, column: nil, words: said(words), line: line)
  }

  /// The last part of `public.users`.
  private static func unqualified(_ name: SQLToken, in statement: [SQLToken]) -> String {
    guard let index = statement.firstIndex(where: { $0.start == name.start }), index + 2 < statement.count,
      statement[index + 1].isSymbol(".")
    else { return name.text.lowercased() }
    return statement[index + 2].text.lowercased()
  }

  private static func said(_ words: [String]) -> String { words.prefix(60).joined(separator: " ") }

  private static func table(_ statement: [SQLToken], _ words: [String], _ lines: LineIndex) -> [DumpPart] {
    guard let open = statement.firstIndex(where: { $0.isSymbol("(") }), open > 0 else {
      return [DumpPart(table: nil, column: nil, words: said(words))]
    }
    let name = statement[open - 1].text.lowercased()
    var items: [[SQLToken]] = [[]]
    var depth = 0
    var end = statement.count
    for (index, token) in statement.enumerated().dropFirst(open) {
      if token.isSymbol("(") { depth += 1 }
      if token.isSymbol(")") { depth -= 1 }
      if depth == 0 {
        end = index
        break
      }
      if depth == 1, token.isSymbol(",") {
        items.append([])
      } else if index > open {
        items[items.count - 1].append(token)
      }
    }
    var parts: [DumpPart] = items.compactMap { item in
      guard let first = item.first else { return nil }
      let words = item.map { $0.kind == .word ? $0.upper : $0.text }
      let line = lines.line(at: first.start)
      if first.kind == .word, noColumn.contains(first.upper) {
        // `KEY name (column)` of MySQL is an index as any other.
        if ["KEY", "INDEX", "FULLTEXT", "SPATIAL"].contains(first.upper) { return nil }
        return DumpPart(table: name, column: nil, words: said(words), line: line)
      }
      var said = words.dropFirst().drop { !afterType.contains($0) }
      if let comment = said.firstIndex(of: "COMMENT"), comment + 1 < said.endIndex {
        said.removeSubrange(comment...(comment + 1))
      }
      let text = said.joined(separator: " ")
      return DumpPart(
        table: name, column: first.text.lowercased(), words: text,
        isRequired: text.contains("NOT NULL") || text.contains("PRIMARY KEY"),
        hasDefault: ["DEFAULT", "GENERATED", "AUTO", "IDENTITY", "MATERIALIZED"].contains(
          where: text.contains)
          || words.contains { $0.hasSuffix("SERIAL") }, line: line)
    }
    var options = words[min(end + 1, words.count)...].filter { $0 != "=" }
    if let counter = options.firstIndex(of: "AUTO_INCREMENT"), counter + 1 < options.endIndex {
      options.removeSubrange(counter...(counter + 1))
    }
    if !options.isEmpty {
      parts.append(DumpPart(table: name, column: nil, words: said(Array(options))))
    }
    return parts
  }
}
