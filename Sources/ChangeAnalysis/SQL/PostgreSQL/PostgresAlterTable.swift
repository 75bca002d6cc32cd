import JSONValues

/// ALTER TABLE.
extension PostgresJudge {
  mutating func judgeAlterTable(_ body: JSONValue) {
    guard let relation = body["relation"] else { return }
    let kind = body["objtype"]?.string
    guard kind == "OBJECT_TABLE" || kind == "OBJECT_FOREIGN_TABLE" else { return }
    let table = relation.relationName
    if relation["schemaname"] == nil, !temporaryTables.contains(table.lowercased()) { adviseSchema(table) }
    for element in body.list("cmds") {
      guard let command = element["AlterTableCmd"] else { continue }
      judge(command, on: table)
    }
  }

  private mutating func judge(_ command: JSONValue, on table: String) {
    let name = command["name"]?.string ?? ""
    let column = SchemaObject(.column, name, table: table)
    let isNew = !isOld(table) || createdColumns.contains(column)
    switch command["subtype"]?.string ?? "" {
    case "AT_AddColumn":
      guard let definition = command["def"]?["ColumnDef"] else { return }
      adviseRobust(!command.flag("missing_ok"), "ADD COLUMN fails on a second run: IF NOT EXISTS")
      judgeNewColumn(definition, on: table)
    case "AT_DropColumn":
      adviseRobust(!command.flag("missing_ok"), "DROP COLUMN fails on a second run: IF EXISTS")
      if !isNew {
        issue(
          "ban-drop-column", .irreversible, "drops \(table).\(name) and the data in it", "\(table).\(name)")
      }
      effect(.drop, column)
    case "AT_AlterColumnType":
      judgeType(command["def"]?["ColumnDef"]?["typeName"], of: name, in: table)
      if !isNew { judgeTypeChange(command, of: column) }
    case "AT_SetNotNull":
      effect(.setNotNull, column)
      if !isNew { notNull.append((column, currentLine)) }
      judgeSetNotNull(column, isNew: !isOld(table))
    case "AT_DropNotNull":
      effect(.dropNotNull, column)
      notNull.removeAll { $0.column == column }
      if !isNew {
        issue(
          "ban-drop-not-null", .advice,
          "\(table).\(name) may be null from now on: the version before may not expect it", "\(table).\(name)"
        )
      }
    case "AT_ColumnDefault":
      if command["def"] != nil {
        effect(.setDefault, column)
        defaults[column] = (true, currentLine)
      } else {
        effect(.dropDefault, column)
        defaults[column] = (false, currentLine)
      }
    case "AT_DropIdentity", "AT_DropExpression":
      effect(.dropDefault, column)
      if !isNew { defaults[column] = (false, currentLine) }
    case "AT_AddConstraint":
      if let constraint = command["def"]?["Constraint"] { judgeConstraint(constraint, on: table) }
    case "AT_DropConstraint":
      adviseRobust(!command.flag("missing_ok"), "DROP CONSTRAINT fails on a second run: IF EXISTS")
      droppedConstraints.insert(name.lowercased())
      effect(.drop, SchemaObject(.constraint, name, table: table))
    case "AT_ValidateConstraint":
      validated.insert(name.lowercased())
      if isInTransaction, notValidHere.contains(name.lowercased()) {
        issue(
          "constraint-missing-not-valid", .locking,
          "validates \(name) in the transaction that adds it: the lock is held for the whole scan", name)
      }
    case "AT_DetachPartition":
      if !(command["def"]?["PartitionCmd"]?.flag("concurrent") ?? false) {
        issue(
          "require-concurrent-partition-detach", .locking, "locks \(table): DETACH PARTITION … CONCURRENTLY",
          table)
      }
    case "AT_SetUnLogged":
      issue("set-unlogged", .irreversible, "\(table) is emptied by a crash from now on", table)
    case "AT_SetTableSpace":
      if isOld(table) { issue("moving-tablespace", .locking, "rewrites \(table) under a full lock", table) }
    default: break
    }
  }

  // MARK: - New columns

  private mutating func judgeNewColumn(_ definition: JSONValue, on table: String) {
    let name = definition["colname"]?.string ?? ""
    let column = SchemaObject(.column, name, table: table)
    effect(.create, column)
    judgeType(definition["typeName"], of: name, in: table)
    createdColumns.insert(column)
    guard isOld(table) else { return }
    let constraints = definition.list("constraints").compactMap { $0["Constraint"] }
    func has(_ kind: String) -> Bool { constraints.contains { $0["contype"]?.string == kind } }
    let typeName = PostgresType(definition["typeName"])?.name ?? ""
    let fillsItself =
      has("CONSTR_DEFAULT") || has("CONSTR_IDENTITY") || has("CONSTR_GENERATED")
      || typeName.contains("serial")
    if has("CONSTR_DEFAULT") { defaults[column] = (true, currentLine) }
    if has("CONSTR_NOTNULL") || has("CONSTR_PRIMARY") { requiredColumns.insert(column) }
    if has("CONSTR_NOTNULL"), !fillsItself {
      issue(
        "adding-required-field", .breaking,
        "\(table).\(name) must be given, and the version before does not know it: give it a default",
        "\(table).\(name)")
    }
    for constraint in constraints {
      switch constraint["contype"]?.string {
      case "CONSTR_DEFAULT":
        if let value = constraint["raw_expr"], !isConstant(value) {
          issue(
            "adding-field-with-default", .locking,
            "the default of \(name) may differ from row to row, so \(table) is rewritten under a full lock",
            "\(table).\(name)")
        }
      case "CONSTR_GENERATED":
        issue(
          "adding-field-with-default", .locking, "\(name) is computed for every row: \(table) is rewritten",
          "\(table).\(name)")
      case "CONSTR_FOREIGN":
        if !constraint.flag("skip_validation") {
          issue(
            "adding-foreign-key-constraint", .locking,
            "locks \(table) and \(constraint["pktable"]?.relationName ?? "") while rows are checked: add the "
              + "constraint NOT VALID in a statement of its own, then VALIDATE", "\(table).\(name)")
        }
      case "CONSTR_UNIQUE":
        issue(
          "disallowed-unique-constraint", .locking,
          "builds an index on \(table) under a full lock: CREATE UNIQUE INDEX CONCURRENTLY, then USING INDEX",
          "\(table).\(name)")
      case "CONSTR_PRIMARY":
        issue(
          "adding-serial-primary-key-field", .locking, "builds the primary key of \(table) under a full lock",
          "\(table).\(name)")
      default: break
      }
    }
    if typeName.contains("serial") || has("CONSTR_IDENTITY"), !has("CONSTR_PRIMARY") {
      issue(
        "adding-field-with-default", .locking, "\(name) is numbered for every row: \(table) is rewritten",
        table)
    }
  }

  /// Whether a default is one value for all rows, so that PostgreSQL 11 and later do not rewrite the table.
  private func isConstant(_ value: JSONValue) -> Bool {
    guard let (kind, body) = value.node else { return false }
    switch kind {
    case "A_Const", "SQLValueFunction": return true
    case "TypeCast": return body["arg"].map(isConstant) ?? false
    case "A_ArrayExpr": return body.list("elements").allSatisfy(isConstant)
    case "CollateClause": return body["arg"].map(isConstant) ?? false
    case "A_Expr":
      return [body["lexpr"], body["rexpr"]].compactMap { $0 }.allSatisfy(isConstant)
    case "FuncCall":
      // Stable for the length of a transaction.
      let stable: Set<String> = ["now", "transaction_timestamp", "statement_timestamp"]
      return body["args"] == nil && stable.contains(body["funcname"]?.lastName?.lowercased() ?? "")
    default: return false
    }
  }

  // MARK: - Changed columns

  private mutating func judgeTypeChange(_ command: JSONValue, of column: SchemaObject) {
    let definition = command["def"]?["ColumnDef"]
    let type = PostgresType(definition?["typeName"])
    let table = column.table ?? ""
    effect(.changeType, column)
    // Without the old type only these are known to hold whatever was there.
    let widest: Set<String> = ["text", "jsonb", "json", "numeric"]
    let isWide =
      type.map { widest.contains($0.name) && !$0.hasModifiers && !$0.isArray } ?? false
      || type?.name == "varchar" && type?.hasModifiers == false
    if isWide {
      issue(
        "changing-column-type", .breaking,
        "\(table).\(column.name) becomes \(type?.name ?? ""): the table may be rewritten under a full lock, and the "
          + "version before may not read the new type", "\(table).\(column.name)")
    } else {
      issue(
        "changing-column-type", .irreversible,
        "\(table).\(column.name) becomes \(type?.name ?? "another type"): values that do not fit are lost or refused, "
          + "and the table may be rewritten under a full lock", "\(table).\(column.name)")
    }
  }

  private mutating func judgeSetNotNull(_ column: SchemaObject, isNew: Bool) {
    guard !isNew else { return }
    // PostgreSQL 12 skips the scan where a validated check says the same.
    let isProved = validated.contains { checks[$0].map { $0.contains(column.name) } ?? true }
    guard !isProved else { return }
    issue(
      "adding-not-nullable-field", .locking,
      "scans \(column.table ?? "") under a full lock: add CHECK (… IS NOT NULL) NOT VALID, VALIDATE it, then SET NOT "
        + "NULL", "\(column.table ?? "").\(column.name)")
  }
}
