import JSONValues

/// ALTER TABLE.
extension PostgresJudge {
  mutating func judgeAlterTable(_ body: JSONValue) {
    guard let relation = body["relation"] else { return }
    let kind = body["objtype"]?.string
    if kind == "OBJECT_TYPE" { return judgeAlterType(relation.relationName, body) }
    guard kind == "OBJECT_TABLE" || kind == "OBJECT_FOREIGN_TABLE" else { return }
    let table = relation.relationName
    if relation["schemaname"] == nil, !temporaryTables.contains(table.lowercased()) { adviseSchema(table) }
    for element in body.list("cmds") {
      guard let command = element["AlterTableCmd"] else { continue }
      judge(command, on: table)
    }
  }

  private mutating func judge(_ command: JSONValue, on table: String) {
    adviseRobust(!PostgresJudge.runsTwice(command), "ALTER TABLE \(table) fails on a second run")
    let name = command["name"]?.string ?? ""
    let column = SchemaObject(.column, name, table: table)
    let isNew = !isOld(table) || createdColumns.contains(column)
    switch command["subtype"]?.string ?? "" {
    case "AT_AddColumn":
      guard let definition = command["def"]?["ColumnDef"] else { return }
      judgeNewColumn(definition, on: table)
    case "AT_DropColumn":
      issue(
        "ban-drop-column", isNew ? .advice : .irreversible, "drops \(table).\(name) and the data in it",
        "\(table).\(name)")
      effect(.drop, column)
    case "AT_AlterColumnType":
      judgeType(command["def"]?["ColumnDef"]?["typeName"], of: name, in: table)
      judgeTypeChange(command, of: column, isNew: isNew)
    case "AT_SetNotNull":
      effect(.setNotNull, column)
      if createdColumns.contains(column) { requiredColumns.insert(column) }
      if isOld(table) { notNull.append((column, currentLine)) }
      judgeSetNotNull(column, isNew: !isOld(table))
    case "AT_DropNotNull":
      effect(.dropNotNull, column)
      requiredColumns.remove(column)
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
        issue("ban-drop-default", .advice, "\(table).\(name) has no default any more", "\(table).\(name)")
      }
    case "AT_DropIdentity", "AT_DropExpression", "AT_AddIdentity", "AT_SetIdentity":
      let isExpression = command["subtype"]?.string == "AT_DropExpression"
      issue(
        isExpression ? "ban-drop-generated-expression" : "ban-alter-identity", .advice,
        "\(table).\(name) gets its values otherwise from now on", "\(table).\(name)")
      guard command["subtype"]?.string?.hasPrefix("AT_Drop") == true else { return }
      effect(.dropDefault, column)
      if !isNew { defaults[column] = (false, currentLine) }
    case "AT_AddConstraint":
      if let constraint = command["def"]?["Constraint"] { judgeConstraint(constraint, on: table) }
    case "AT_DropConstraint":
      issue(
        "ban-drop-constraint", .advice,
        "rows written without \(name) may be refused when it comes back", "\(table).\(name)")
      droppedConstraints.insert(name.lowercased())
      effect(.drop, SchemaObject(.constraint, name, table: table))
    case "AT_ValidateConstraint":
      validated.insert(SchemaObject(.constraint, name, table: table))
      if isInTransaction, notValidHere.contains(name.lowercased()) {
        issue(
          "constraint-missing-not-valid", .locking,
          "validates \(name) in the transaction that adds it: the lock is held for the whole scan", name)
      }
    case "AT_DetachPartition": judgeDetached(command["def"]?["PartitionCmd"], from: table)
    case "AT_EnableRowSecurity", "AT_ForceRowSecurity":
      if isOld(table) { securedTables[table.lowercased()] = currentLine }
    case "AT_DisableTrig": disable(trigger: name, of: table)
    case "AT_DisableTrigAll", "AT_DisableTrigUser": disable(trigger: nil, of: table)
    case "AT_EnableTrig", "AT_EnableAlwaysTrig": enable(trigger: name, of: table)
    case "AT_EnableTrigAll", "AT_EnableTrigUser": enable(trigger: nil, of: table)
    case "AT_SetUnLogged":
      issue("set-unlogged", .irreversible, "\(table) is emptied by a crash from now on", table)
    case "AT_SetTableSpace":
      if isOld(table) { issue("moving-tablespace", .locking, "rewrites \(table) under a full lock", table) }
    default: break
    }
  }

  private mutating func judgeDetached(_ partition: JSONValue?, from table: String) {
    if isOld(table) {
      let part = partition?["name"]?.relationName ?? "a partition"
      issue(
        "detached-partition", .breaking,
        "\(table) has the rows of \(part) no more: the version before does not find them", "\(table).\(part)")
    }
    if partition?.flag("concurrent") ?? false {
      outsiders.append((currentLine, "DETACH PARTITION CONCURRENTLY", table))
    } else {
      issue(
        "require-concurrent-partition-detach", .locking, "locks \(table): DETACH PARTITION … CONCURRENTLY",
        table)
    }
  }

  // MARK: - New columns

  private mutating func judgeNewColumn(_ definition: JSONValue, on table: String) {
    let name = definition["colname"]?.string ?? ""
    let column = SchemaObject(.column, name, table: table)
    effect(.create, column)
    judgeType(definition["typeName"], of: name, in: table)
    define(definition, of: table)
    createdColumns.insert(column)
    let constraints = definition.list("constraints").compactMap { $0["Constraint"] }
    func has(_ kind: String) -> Bool { constraints.contains { $0["contype"]?.string == kind } }
    let typeName = PostgresType(definition["typeName"])?.name ?? ""
    let fillsItself =
      has("CONSTR_DEFAULT") || has("CONSTR_IDENTITY") || has("CONSTR_GENERATED")
      || typeName.contains("serial")
    if has("CONSTR_DEFAULT") { defaults[column] = (true, currentLine) }
    if fillsItself, !has("CONSTR_DEFAULT") { filledByThemselves.insert(column) }
    if has("CONSTR_NOTNULL") || has("CONSTR_PRIMARY") { requiredColumns.insert(column) }
    if has("CONSTR_NOTNULL"), !fillsItself {
      issue(
        "adding-required-field", risk(.breaking, on: table),
        "\(table).\(name) must be given, and the version before does not know it: give it a default",
        "\(table).\(name)")
    }
    for constraint in constraints {
      switch constraint["contype"]?.string {
      case "CONSTR_DEFAULT":
        guard let value = constraint["raw_expr"] else { continue }
        if let version = settings.postgresVersion, version < 11 {
          issue(
            "adding-field-with-default", risk(.locking, on: table),
            "PostgreSQL \(version) writes the default of \(name) to every row of \(table) under a full lock",
            "\(table).\(name)")
        } else if !isConstant(value) {
          issue(
            "adding-field-with-default", risk(.locking, on: table),
            "the default of \(name) may differ from row to row, so \(table) is rewritten under a full lock",
            "\(table).\(name)")
        }
      case "CONSTR_GENERATED":
        issue(
          "adding-field-with-default", risk(.locking, on: table),
          "\(name) is computed for every row: \(table) is rewritten",
          "\(table).\(name)")
      case "CONSTR_FOREIGN":
        if !constraint.flag("skip_validation") {
          lock(
            "adding-foreign-key-constraint", on: table,
            "locks \(table) and \(constraint["pktable"]?.relationName ?? "") while rows are checked: add the "
              + "constraint NOT VALID in a statement of its own, then VALIDATE", "\(table).\(name)")
        }
      case "CONSTR_UNIQUE":
        lock(
          "disallowed-unique-constraint", on: table,
          "builds an index on \(table) under a full lock: CREATE UNIQUE INDEX CONCURRENTLY, then USING INDEX",
          "\(table).\(name)")
      case "CONSTR_PRIMARY":
        lock(
          "adding-serial-primary-key-field", on: table,
          "builds the primary key of \(table) under a full lock",
          "\(table).\(name)")
      default: break
      }
    }
    if typeName.contains("serial") || has("CONSTR_IDENTITY"), !has("CONSTR_PRIMARY") {
      issue(
        has("CONSTR_IDENTITY") ? "adding-field-with-default" : "adding-numbered-field",
        risk(.locking, on: table), "\(name) is numbered for every row: \(table) is rewritten",
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

  private mutating func judgeTypeChange(_ command: JSONValue, of column: SchemaObject, isNew: Bool) {
    let definition = command["def"]?["ColumnDef"]
    let type = PostgresType(definition?["typeName"])
    let table = column.table ?? ""
    effect(.changeType, column)
    let before = settings.catalog.type(of: column)
    if let type { define(column, .column(type.columnType)) }
    if !isNew, let before, let type, judgeKnownTypes(before, type.columnType, of: column) { return }
    // Without the old type only these are known to hold whatever was there.
    let widest: Set<String> = ["text", "jsonb", "json", "numeric"]
    let isWide =
      type.map { widest.contains($0.name) && !$0.hasModifiers && !$0.isArray } ?? false
      || type?.name == "varchar" && type?.hasModifiers == false
    if isWide || isNew {
      issue(
        "changing-column-type", isNew ? .advice : .breaking,
        "\(table).\(column.name) becomes \(type?.name ?? ""): the table may be rewritten under a full lock, and the "
          + "version before may not read the new type", "\(table).\(column.name)")
    } else {
      issue(
        "changing-column-type", .irreversible,
        "\(table).\(column.name) becomes \(type?.name ?? "another type"): values that do not fit are lost or refused, "
          + "and the table may be rewritten under a full lock", "\(table).\(column.name)")
    }
  }

  /// Where earlier scripts say what the type was, the two of them decide; false where they do not.
  private mutating func judgeKnownTypes(
    _ old: ColumnType, _ new: ColumnType, of column: SchemaObject
  ) -> Bool {
    let subject = "\(column.table ?? "").\(column.name)"
    switch old.change(to: new) {
    case .widens:
      issue("changing-column-type", .advice, "\(subject) gets wider, and every value stays", subject)
    case .rewrites:
      issue(
        "changing-column-type", .locking,
        "\(subject) goes from \(old.name) to \(new.name): the table is rewritten under a full lock, and every value stays",
        subject)
    case .loses, .unknown: return false
    }
    return true
  }

  private mutating func judgeSetNotNull(_ column: SchemaObject, isNew: Bool) {
    // PostgreSQL 12 skips the scan where a validated check says the same.
    let canSkip = settings.postgresVersion.map { $0 >= 12 } ?? true
    let isProved =
      canSkip
      && validated.contains {
        $0.table == column.table && checks[$0.name].map { $0.contains(column.name) } ?? true
      }
    guard !isProved else { return }
    issue(
      "adding-not-nullable-field", isNew ? .advice : .locking,
      "scans \(column.table ?? "") under a full lock: add CHECK (… IS NOT NULL) NOT VALID, VALIDATE it, then SET NOT "
        + "NULL", "\(column.table ?? "").\(column.name)")
  }

  /// Whether a part of ALTER TABLE does the same when it is run again.
  private static func runsTwice(_ command: JSONValue) -> Bool {
    switch command["subtype"]?.string {
    // Judged where the constraint's name is known.
    case "AT_AddConstraint": true
    case "AT_AddColumn", "AT_DropColumn", "AT_DropConstraint": command.flag("missing_ok")
    default: false
    }
  }

  /// ALTER TYPE of a composite type.
  private mutating func judgeAlterType(_ type: String, _ body: JSONValue) {
    for element in body.list("cmds") {
      guard let command = element["AlterTableCmd"] else { continue }
      let name = command["name"]?.string ?? ""
      switch command["subtype"]?.string {
      case "AT_DropColumn":
        effect(.drop, SchemaObject(.column, name, table: type))
        issue(
          "ban-drop-column", .irreversible, "drops \(name) of the type \(type) from every column of it",
          "\(type).\(name)")
      case "AT_AlterColumnType":
        effect(.changeType, SchemaObject(.column, name, table: type))
        issue(
          "changing-column-type", .irreversible, "\(name) of the type \(type) changes in every column of it",
          "\(type).\(name)")
      default: break
      }
    }
  }
}
