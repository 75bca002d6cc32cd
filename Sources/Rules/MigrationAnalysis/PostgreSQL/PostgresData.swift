import JSONValues

/// Statements about rows.
extension PostgresJudge {
  mutating func judgeTruncate(_ body: JSONValue) {
    for relation in body.list("relations") {
      guard let table = relation["RangeVar"]?.relationName else { continue }
      effect(.truncate, SchemaObject(.table, table))
      guard isOld(table) else { continue }
      issue("truncate", .irreversible, "empties the table \(table)", table)
    }
    if body["behavior"]?.string == "DROP_CASCADE" {
      issue(
        "ban-truncate-cascade", .irreversible, "CASCADE empties every table that refers to it, too", "cascade"
      )
    }
  }

  mutating func judgeDelete(_ body: JSONValue) {
    guard let table = body["relation"]?.relationName else { return }
    effect(.delete, SchemaObject(.table, table))
    guard isOld(table) else { return }
    if PostgresJudge.takesAll(body["whereClause"]) {
      issue("delete-without-where", .irreversible, "deletes every row of \(table)", table)
    } else {
      issue("delete-rows", .advice, "deletes rows of \(table) that only a backup brings back", table)
    }
  }

  mutating func judgeUpdate(_ body: JSONValue) {
    guard let table = body["relation"]?.relationName else { return }
    effect(.update, SchemaObject(.table, table))
    judgeAssignments(body.list("targetList"), of: table)
    let targets = Set(
      body.list("targetList").compactMap { $0["ResTarget"]?["name"]?.string?.lowercased() })
    guard isOld(table), PostgresJudge.takesAll(body["whereClause"]) else { return }
    // Filling columns that this script adds loses nothing.
    let isBackfill = targets.allSatisfy {
      createdColumns.contains(SchemaObject(.column, $0, table: table))
    }
    if !isBackfill {
      issue(
        "update-without-where", .irreversible,
        "overwrites \(targets.sorted().joined(separator: ", ")) in every row of \(table)", table)
    }
  }

  /// A column set twice in one statement; parts of it, such as elements of an array, may be.
  private mutating func judgeAssignments(_ list: [JSONValue], of table: String) {
    var seen: Set<String> = []
    for element in list {
      guard let target = element["ResTarget"], target["indirection"] == nil,
        let name = target["name"]?.string, !seen.insert(name).inserted
      else { continue }
      issue(
        "ban-duplicate-column-assignments", .breaking, "sets \(name) twice, which fails", "\(table).\(name)")
    }
  }

  mutating func noteInsert(_ body: JSONValue) {
    guard let table = body["relation"]?.relationName else { return }
    judgeAssignments(body.list("cols"), of: table)
    judgeAssignments(body["onConflictClause"]?.list("targetList") ?? [], of: table)
    let source = body["selectStmt"]?["SelectStmt"]?.list("fromClause").first?["RangeVar"]?.relationName
    if let source {
      effect(.copy(from: source.lowercased()), SchemaObject(.table, table))
    } else {
      effect(.insert, SchemaObject(.table, table))
    }
  }

  /// Whether a condition holds for every row by its looks: none, `true`, `1 = 1`.
  private static func takesAll(_ condition: JSONValue?) -> Bool {
    guard let condition else { return true }
    if let constant = condition["A_Const"]?["boolval"] { return constant["boolval"]?.bool ?? false }
    if let cast = condition["TypeCast"], cast["typeName"]?["names"]?.lastName == "bool" {
      return cast["arg"]?["A_Const"]?["sval"]?["sval"]?.string.map { $0.lowercased().hasPrefix("t") } ?? false
    }
    if let comparison = condition["A_Expr"], comparison.list("name").first?.name == "=",
      let left = comparison["lexpr"]?["A_Const"], let right = comparison["rexpr"]?["A_Const"]
    {
      func bare(_ value: JSONValue) -> [JSONObject.Member] {
        (value.object?.members ?? []).filter { $0.name != "location" }
      }
      return bare(left) == bare(right)
    }
    return false
  }

  /// DO runs a block in which statements stand: they are judged, what is put together at run time is not.
  mutating func judgeBlock(_ body: JSONValue, _ range: Range<Int>) {
    let outer = SQLTokenizer.tokens(of: Array(bytes[range]), dialect: .postgresql)
    guard let string = outer.first(where: { $0.kind == .dollarString || $0.kind == .string }) else { return }
    let content = Array(string.text.utf8)
    let closing = string.kind == .dollarString ? (string.end - string.start - content.count) / 2 : 1
    let base = range.lowerBound + string.start + closing
    let starts: Set<String> = ["DROP", "ALTER", "TRUNCATE", "DELETE", "UPDATE", "CREATE"]
    let before: Set<String> = ["BEGIN", "THEN", "ELSE", "LOOP", ""]
    var tokenizer = SQLTokenizer(content, dialect: .postgresql)
    var previous = ""
    let blockLine = currentLine
    while let token = tokenizer.next() {
      if token.upper == "EXECUTE" {
        issue(
          "sql-not-understood", .notUnderstood, "EXECUTE runs SQL that is put together at run time",
          "execute",
          line: lines.line(at: base + token.start))
      }
      if starts.contains(token.upper), before.contains(previous) {
        var end = token
        while let next = tokenizer.next(), !next.isSymbol(";") { end = next }
        if let parsed = try? PostgresParser.parse(Array(content[token.start..<end.end])) {
          for var statement in parsed {
            statement.range = base + token.start..<base + end.end
            visit(statement, count: 1)
          }
        } else {
          issue(
            "sql-not-understood", .notUnderstood, "\(token.upper) … in a block could not be read",
            token.upper,
            line: lines.line(at: base + token.start))
        }
        previous = ""
      } else {
        previous = token.isSymbol(";") ? "" : token.kind == .word ? token.upper : token.text
      }
    }
    restore(line: blockLine)
  }
}
