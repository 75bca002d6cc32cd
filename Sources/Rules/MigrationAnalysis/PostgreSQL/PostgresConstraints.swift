import JSONValues

/// Constraints and indexes.
extension PostgresJudge {
  mutating func judgeConstraint(_ constraint: JSONValue, on table: String) {
    let name = constraint["conname"]?.string ?? ""
    let isNotValid = constraint.flag("skip_validation")
    let columns = constraint["raw_expr"]?.columnNames ?? []
    effect(
      .create,
      SchemaObject(
        .constraint, name.isEmpty ? PostgresJudge.name(of: constraint, on: table, checking: columns) : name,
        table: table))
    adviseRobust(
      !droppedConstraints.contains(name.lowercased()),
      "ADD CONSTRAINT fails on a second run: DROP CONSTRAINT IF EXISTS before it")
    if isNotValid { notValidHere.insert(name.lowercased()) }
    let keys = Set(
      (constraint.list("keys") + constraint.list("fk_attrs")).compactMap { $0.name?.lowercased() })
    let kind = constraint["contype"]?.string
    if kind == "CONSTR_CHECK", let expression = constraint["raw_expr"], !name.isEmpty {
      checks[name.lowercased()] = PostgresJudge.notNullColumns(expression)
    }
    switch kind {
    case "CONSTR_FOREIGN":
      guard !isNotValid else { return }
      let other = constraint["pktable"]?.relationName ?? ""
      lock(
        "adding-foreign-key-constraint", on: table,
        "locks \(table) and \(other) while rows are checked: NOT VALID, then VALIDATE CONSTRAINT", name)
      lock(
        "constraint-missing-not-valid", on: table, "checks every row of \(table) under a lock: NOT VALID",
        name)
    case "CONSTR_CHECK":
      if !isNotValid {
        lock(
          "constraint-missing-not-valid", on: table, "checks every row of \(table) under a lock: NOT VALID",
          name)
      }
      if isOld(table), !areNew(columns, on: table) {
        // A check that takes another's place may as well be the wider one.
        let replaces = !droppedConstraints.isEmpty
        issue(
          "narrower-check", replaces ? .notUnderstood : .breaking,
          "the version before may write rows to \(table) that \(name.isEmpty ? "the new check" : name) refuses",
          "\(table).\(name)")
      }
    case "CONSTR_UNIQUE":
      guard constraint["indexname"] == nil else { return }
      lock(
        "disallowed-unique-constraint", on: table,
        "builds an index on \(table) under a full lock: CREATE UNIQUE INDEX CONCURRENTLY, then USING INDEX",
        "\(table).\(name)")
      judgeNewUniqueness(keys, on: table, name)
      adviseValidity(table, name)
    case "CONSTR_PRIMARY":
      guard constraint["indexname"] == nil else { return }
      adviseValidity(table, name)
      lock(
        "adding-serial-primary-key-field", on: table,
        "builds the primary key of \(table) under a full lock: CREATE UNIQUE INDEX CONCURRENTLY, then USING INDEX",
        table)
    case "CONSTR_EXCLUSION":
      lock(
        "constraint-missing-not-valid", on: table, "builds the exclusion index of \(table) under a full lock",
        "\(table).\(name)")
      judgeNewUniqueness(keys, on: table, name)
    default: break
    }
  }

  /// A constraint by an index cannot be NOT VALID: it is said with the statement, and the index is the finding.
  private mutating func adviseValidity(_ table: String, _ name: String) {
    if isInTransaction, tablesOfTransaction.contains(table.lowercased()) { return }
    issue(
      "constraint-missing-not-valid", .advice, "checks every row of \(table) under a lock", "\(table).\(name)"
    )
  }

  /// The name that PostgreSQL gives to a constraint without one.
  private static func name(of constraint: JSONValue, on table: String, checking: Set<String>) -> String {
    let keys = (constraint.list("keys") + constraint.list("fk_attrs")).compactMap(\.name)
    let joined = ([table] + keys).joined(separator: "_")
    return switch constraint["contype"]?.string {
    case "CONSTR_CHECK": checking.count == 1 ? "\(table)_\(checking.first!)_check" : "\(table)_check"
    case "CONSTR_UNIQUE": "\(joined)_key"
    case "CONSTR_PRIMARY": "\(table)_pkey"
    case "CONSTR_FOREIGN": "\(joined)_fkey"
    default: "\(table)_excl"
    }
  }

  mutating func judgeCreateIndex(_ body: JSONValue) {
    guard let relation = body["relation"] else { return }
    let table = relation.relationName
    let name = body["idxname"]?.string ?? ""
    let isConcurrent = body.flag("concurrent")
    if !name.isEmpty {
      effect(.create, SchemaObject(.index, name))
      createdObjects.insert(SchemaObject(.index, name))
    }
    adviseRobust(
      !body.flag("if_not_exists") && !name.isEmpty, "CREATE INDEX fails on a second run: IF NOT EXISTS",
      evenInTransaction: isConcurrent)
    if isConcurrent { outsiders.append((currentLine, "CREATE INDEX CONCURRENTLY", table)) }
    if isConcurrent, isInTransaction {
      issue(
        "ban-concurrent-index-creation-in-transaction", .breaking,
        "CREATE INDEX CONCURRENTLY fails inside a transaction", table)
    }
    if !isConcurrent {
      lock(
        "require-concurrent-index-creation", on: table,
        "writers of \(table) wait while the index is built: CREATE INDEX CONCURRENTLY", "\(table).\(name)")
    }
    if body.flag("unique") {
      var columns = Set(
        body.list("indexParams").compactMap { $0["IndexElem"]?["name"]?.string?.lowercased() })
      for element in body.list("indexParams") {
        columns.formUnion(element["IndexElem"]?["expr"]?.columnNames ?? [])
      }
      judgeNewUniqueness(columns, on: table, name)
    }
  }

  private mutating func judgeNewUniqueness(_ columns: Set<String>, on table: String, _ name: String) {
    // A column that the version before does not write is null in its rows, and nulls are never equal.
    let hasNewColumn = columns.contains {
      let column = SchemaObject(.column, $0, table: table)
      return createdColumns.contains(column) && defaults[column]?.has != true
    }
    guard isOld(table), !hasNewColumn, !areNew(columns, on: table) else { return }
    issue(
      "new-unique", .breaking,
      "the version before may write rows to \(table) that \(name.isEmpty ? "the new uniqueness" : name) refuses",
      "\(table).\(columns.sorted().joined(separator: ","))")
  }

  /// Whether this script made all the columns, so that the version before does not write them.
  private func areNew(_ columns: Set<String>, on table: String) -> Bool {
    !columns.isEmpty
      && columns.allSatisfy { createdColumns.contains(SchemaObject(.column, $0, table: table)) }
  }

  /// The columns that `… IS NOT NULL`, alone or joined by AND, names.
  private static func notNullColumns(_ expression: JSONValue) -> Set<String> {
    if let test = expression["NullTest"], test["nulltesttype"]?.string == "IS_NOT_NULL" {
      return test["arg"]?.columnNames ?? []
    }
    if let both = expression["BoolExpr"], both["boolop"]?.string == "AND_EXPR" {
      return both.list("args").reduce(into: []) { $0.formUnion(notNullColumns($1)) }
    }
    return []
  }
}
