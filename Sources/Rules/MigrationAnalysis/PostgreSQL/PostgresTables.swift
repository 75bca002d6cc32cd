import JSONValues

/// CREATE TABLE, and what a column may be.
extension PostgresJudge {
  mutating func judgeCreateTable(_ body: JSONValue) {
    guard let relation = body["relation"] else { return }
    let table = relation.relationName
    let isTemporary = relation.isTemporary
    if relation["schemaname"] == nil, !isTemporary { adviseSchema(table) }
    adviseRobust(
      !body.flag("if_not_exists") && !(isTemporary && body["oncommit"]?.string == "ONCOMMIT_DROP"),
      "CREATE TABLE \(table) fails on a second run: IF NOT EXISTS")
    note(createdTable: table, isTemporary: isTemporary)
    if body["partbound"] != nil, let parent = body.list("inhRelations").first?["RangeVar"]?.relationName,
      isOld(parent)
    {
      issue(
        "adding-partition", .advice,
        "attaches \(table) to \(parent) and locks it; ATTACH PARTITION locks less",
        parent)
    }
    for element in body.list("tableElts") {
      guard let column = element["ColumnDef"] else { continue }
      define(column, of: table)
      judgeType(column["typeName"], of: column["colname"]?.string ?? "", in: table)
    }
  }

  mutating func judgeCreateTableAs(_ body: JSONValue) {
    guard let relation = body["into"]?["rel"] else { return }
    let table = relation.relationName
    if relation["schemaname"] == nil, !relation.isTemporary, body["objtype"]?.string == "OBJECT_TABLE" {
      adviseSchema(table)
    }
    if body["objtype"]?.string == "OBJECT_MATVIEW" {
      effect(.create, SchemaObject(.view, table))
      createdTables.insert(table.lowercased())
    } else {
      note(createdTable: table, isTemporary: relation.isTemporary)
    }
  }

  /// `SELECT … INTO` makes a table.
  mutating func noteSelectInto(_ body: JSONValue) {
    guard let relation = body["intoClause"]?["rel"] else { return }
    note(createdTable: relation.relationName, isTemporary: relation.isTemporary)
  }

  private mutating func note(createdTable table: String, isTemporary: Bool) {
    createdTables.insert(table.lowercased())
    if isInTransaction { tablesOfTransaction.insert(table.lowercased()) }
    if isTemporary {
      temporaryTables.insert(table.lowercased())
    } else {
      effect(.create, SchemaObject(.table, table))
    }
  }

  // MARK: - Types

  mutating func judgeType(_ node: JSONValue?, of column: String, in table: String) {
    guard let type = PostgresType(node) else { return }
    let subject = "\(table).\(column)"
    func advise(_ rule: String, _ message: String) -> (String, String) { (rule, message) }
    var found: [(String, String)] = []
    switch type.name {
    case "bpchar", "character", "char":
      found.append(advise("ban-char-field", "\(column) is padded with blanks: text"))
    case "int4", "integer", "int", "serial", "serial4":
      found.append(advise("prefer-bigint-over-int", "\(column) ends at 2,147,483,647: bigint"))
    case "int2", "smallint", "smallserial", "serial2":
      found.append(advise("prefer-bigint-over-smallint", "\(column) ends at 32,767: bigint"))
    case "varchar" where type.hasModifiers:
      found.append(advise("prefer-text-field", "changing the length of \(column) locks the table: text"))
    case "timestamp": found.append(advise("prefer-timestamp-tz", "\(column) has no time zone: timestamptz"))
    default: break
    }
    if ["serial", "serial2", "serial4", "serial8", "bigserial", "smallserial"].contains(type.name) {
      found.append(advise("prefer-identity", "\(column): GENERATED … AS IDENTITY follows the standard"))
    }
    for (rule, message) in found { issue(rule, .advice, message, subject) }
  }

  mutating func adviseSchema(_ table: String) {
    issue("require-table-schema", .advice, "\(table) is found by search_path: name its schema", table)
  }

  /// A statement that fails on a second run is bad where the first may have failed half way.
  mutating func adviseRobust(_ isFragile: Bool, _ message: String, evenInTransaction: Bool = false) {
    guard isFragile, !isInTransaction || evenInTransaction else { return }
    issue("prefer-robust-stmts", .advice, message, "")
  }
}
