import JSONValues

/// Transactions, settings, maintenance, types, rights.
extension PostgresJudge {
  mutating func judgeTransaction(_ body: JSONValue) {
    switch body["kind"]?.string {
    case "TRANS_STMT_BEGIN", "TRANS_STMT_START":
      if isInTransaction, beginLine != nil || settings.runsInTransaction {
        issue("transaction-nesting", .advice, "a transaction is open already", "begin")
      }
      isInTransaction = true
      beginLine = currentLine
      notValidHere = []
      tablesOfTransaction = []
    case "TRANS_STMT_COMMIT":
      if beginLine == nil { issue("transaction-nesting", .advice, "no transaction is open here", "commit") }
      isInTransaction = false
      beginLine = nil
      notValidHere = []
      tablesOfTransaction = []
    case "TRANS_STMT_ROLLBACK":
      if beginLine == nil { issue("transaction-nesting", .advice, "no transaction is open here", "rollback") }
      isInTransaction = false
      beginLine = nil
      notValidHere = []
    default: break
    }
  }

  mutating func noteVariable(_ body: JSONValue) {
    let isSet = body["kind"]?.string == "VAR_SET_VALUE"
    switch body["name"]?.string?.lowercased() {
    case "lock_timeout": lockTimeoutSet = isSet
    case "statement_timeout": statementTimeoutSet = isSet
    default: break
    }
  }

  /// Statements that may wait for a lock, or hold one for long, want limits.
  mutating func judgeTimeouts(_ statement: PostgresStatement) {
    let body = statement.body
    let waits =
      switch statement.kind {
      case "VacuumStmt": body.flag("is_vacuumcmd")
      // Nobody holds a lock on a table that is not there; one that it refers to is.
      case "CreateStmt": body.mentions("CONSTR_FOREIGN")
      case "SelectStmt": body["intoClause"] != nil
      case "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CopyStmt", "GrantStmt", "GrantRoleStmt",
        "TransactionStmt", "VariableSetStmt", "VariableShowStmt", "CallStmt", "DoStmt", "ExplainStmt",
        "PrepareStmt", "ExecuteStmt", "DeallocateStmt", "DeclareCursorStmt", "FetchStmt", "ClosePortalStmt",
        "ListenStmt", "NotifyStmt", "UnlistenStmt", "CheckPointStmt", "DiscardStmt", "LoadStmt",
        "ConstraintsSetStmt":
        false
      default: true
      }
    guard waits else { return }
    if !lockTimeoutSet || !statementTimeoutSet {
      issue(
        "require-timeout-settings", .advice, "SET lock_timeout and statement_timeout before it", "timeouts")
    }
    if !lockTimeoutSet { issue("require-lock-timeout", .advice, "SET lock_timeout before it", "timeouts") }
    if !statementTimeoutSet {
      issue("require-statement-timeout", .advice, "SET statement_timeout before it", "timeouts")
    }
  }

  /// PostgreSQL cuts names at 63 bytes.
  mutating func judgeNames(in statement: [UInt8]) {
    for token in SQLTokenizer.tokens(of: statement, dialect: .postgresql)
    where (token.kind == .word || token.kind == .quoted) && token.text.utf8.count > 63 {
      issue("identifier-too-long", .advice, "\(token.text) is cut to 63 bytes", token.text)
    }
  }

  mutating func judgeMaintenance(_ kind: String, _ body: JSONValue) {
    switch kind {
    case "VacuumStmt" where body.option("full", in: "options") == true:
      issue(
        "prefer-repack", .locking, "VACUUM FULL rewrites the table under a full lock: pg_repack", "vacuum")
    case "ClusterStmt" where body["indexname"] != nil:
      issue("prefer-repack", .locking, "CLUSTER rewrites the table under a full lock: pg_repack", "cluster")
    case "ReindexStmt" where body.option("concurrently", in: "params") != true:
      issue(
        "require-concurrent-reindex", .locking, "writers wait while the index is built: REINDEX CONCURRENTLY",
        body["relation"]?.relationName ?? body["name"]?.string ?? "")
    case "RefreshMatViewStmt" where !body.flag("concurrent"):
      issue("refresh-locks-readers", .advice, "readers wait: REFRESH … CONCURRENTLY", "refresh")
    default: break
    }
  }

  mutating func judgeEnum(_ body: JSONValue) {
    let type = body["typeName"]?.lastName ?? ""
    let value = body["newVal"]?.string ?? ""
    if let old = body["oldVal"]?.string {
      effect(.rename(to: value.lowercased()), SchemaObject(.enumValue, old, table: type))
      issue("renaming-object", .breaking, "the value \(old) of \(type) is called \(value)", "\(type).\(old)")
      return
    }
    effect(.create, SchemaObject(.enumValue, value, table: type))
    if body["newValNeighbor"] == nil {
      issue("require-enum-value-ordering", .advice, "say BEFORE or AFTER which value \(value) stands", type)
    }
  }

  mutating func judgeDomain(_ kind: String, _ body: JSONValue) {
    if kind == "CreateDomainStmt" {
      let name = body["domainname"]?.lastName ?? ""
      effect(.create, SchemaObject(.type, name))
      createdObjects.insert(SchemaObject(.type, name))
      if !body.list("constraints").isEmpty {
        issue(
          "ban-create-domain-with-constraint", .advice, "changing the constraint later locks every table",
          name)
      }
    } else if body["subtype"]?.string == "C" {
      issue(
        "ban-alter-domain-with-add-constraint", .locking, "checks every column of the domain under a lock",
        body["typeName"]?.lastName ?? "")
    }
  }

  mutating func judgeGrant(_ body: JSONValue) {
    guard !body.flag("is_grant") else { return }
    issue("ban-revoke", .breaking, "takes rights away that the version before may use", "revoke")
  }

  // MARK: - The end of the script

  mutating func finish() {
    if let beginLine, isInTransaction {
      // A tool that runs the script in a transaction commits this one, too.
      issue(
        "ban-uncommitted-transaction", beganOutside ? .advice : .breaking,
        "the transaction is never committed: nothing of it happens",
        "begin", line: beginLine)
    }
    finishRenames()
    finishSecurity()
    finishTriggers()
    finishOutsiders()
    for drop in pendingDrops {
      issue(
        drop.rule, .breaking, "drops \(drop.words) \(drop.object.name)", drop.object.name, line: drop.line)
    }
    for (column, state) in defaults where !state.has {
      let isRequired = requiredColumns.contains(column) || !createdColumns.contains(column)
      guard isOld(column.table ?? ""), isRequired else { continue }
      issue(
        "dropped-default", .breaking,
        "\(column.table ?? "").\(column.name) has no default any more: the version before may not give a value",
        "\(column.table ?? "").\(column.name)", line: state.line)
    }
    for (column, line) in notNull where defaults[column]?.has != true {
      if createdColumns.contains(column) {
        // Filled here, and then required: what is written by the version before has no value for it.
        guard !filledByThemselves.contains(column), defaults[column] == nil else { continue }
        issue(
          "adding-required-field", .breaking,
          "\(column.table ?? "").\(column.name) must be given, and the version before does not know it: give it a default",
          "\(column.table ?? "").\(column.name)", line: line)
        continue
      }
      issue(
        "required-existing-column", .breaking,
        "\(column.table ?? "").\(column.name) must be given from now on: the version before may leave it out",
        "\(column.table ?? "").\(column.name)", line: line)
    }
  }
}
