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
      issue("delete-rows", .losesRows, "deletes rows of \(table) that only a backup brings back", table)
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
  static func takesAll(_ condition: JSONValue?) -> Bool {
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
}
