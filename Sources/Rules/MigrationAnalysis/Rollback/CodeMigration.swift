/// A migration written as code (Alembic, Django, Rails, knex) or as a Liquibase change log: whether it has a way back
/// and what it destroys, read without running it.
public struct CodeMigration: Hashable, Sendable {
  /// Whether the way back is there and does something.
  public private(set) var hasDownMigration = false
  /// Whether the way forward does something.
  public private(set) var doesSomething = false
  /// Why there is no way back.
  public private(set) var whyNoDownMigration = ""
  /// Where the way back should be, counted from 1.
  public private(set) var wayBackLine: Int?
  /// What it destroys or breaks.
  public private(set) var issues: [SQLIssue] = []
  /// What stays lost.
  public private(set) var losses: [String] = []
  /// Whether the way forward was found: else nothing is known about it.
  public private(set) var isUnderstood = true

  private let earlier: EarlierDefinitions
  /// What its SQL deletes or overwrites of the rows that it names.
  private var deletedRows: [String] = []

  /// Reads a migration.
  /// - Parameter earlier: what is known of columns that it defines anew.
  public init(_ text: String, tool: MigrationTool, earlier: EarlierDefinitions = EarlierDefinitions()) {
    self.earlier = earlier
    let code = CodeText(text)
    switch tool {
    case .alembic: readPair(code, tool, forward: "def upgrade", back: "def downgrade", blocks: .indentation)
    case .rails: readRails(code)
    case .django: readDjango(code)
    case .knex, .sequelize, .typeorm, .mikroORM, .nodePgMigrate, .script: readKnex(code, tool)
    case .laravel, .phinx, .doctrine: readPHP(code, tool)
    case .entityFramework: readPair(code, tool, forward: "void Up(", back: "void Down(", blocks: .braces)
    case .ecto: readEcto(code)
    case .gooseGo: readGoose(code)
    default: readLiquibase(code)
    }
    if ![.knex, .sequelize, .typeorm, .mikroORM, .nodePgMigrate, .script].contains(tool) {
      judgeConcurrency(code, tool)
    }
    removeRepeated()
    for issue in issues where issue.risk == .irreversible {
      losses.append("what \(issue.subject) held")
    }
    for loss in deletedRows
      + issues.filter({ $0.rule == "delete-rows" }).map({ "the rows deleted from \($0.subject)" })
    where !losses.contains(loss) {
      losses.append(loss)
    }
  }

  // MARK: - Tools

  private mutating func readPair(
    _ code: CodeText, _ tool: MigrationTool, forward: String, back: String, blocks: CodeText.Blocks
  ) {
    let up = code.block(forward, blocks)
    let down = code.block(back, blocks)
    wayBackLine = down?.first?.number ?? up?.first?.number
    doesSomething = up.map(CodeText.doesSomething) ?? true
    isUnderstood = up != nil
    judge(up ?? [], tool)
    guard let down else {
      whyNoDownMigration = "there is no \(back.split(separator: " ").last ?? "")"
      return
    }
    let body = down.map(\.text).joined(separator: "\n").lowercased()
    if body.contains("notimplementederror") || body.contains("irreversible") || body.contains("throw ") {
      whyNoDownMigration = "the way back only raises an error"
    } else if !CodeText.doesSomething(down) {
      whyNoDownMigration = "the way back does nothing"
    } else {
      hasDownMigration = true
    }
  }

  private mutating func readRails(_ code: CodeText) {
    if code.block("def up", .end) != nil {
      readPair(code, .rails, forward: "def up", back: "def down", blocks: .end)
      return
    }
    let change = code.block("def change", .end) ?? []
    wayBackLine = change.first?.number
    doesSomething = CodeText.doesSomething(change)
    judge(change, .rails)
    hasDownMigration = true
    let body = change.map(\.text).joined(separator: "\n")
    guard !body.contains("reversible do") else { return }
    for line in change {
      let words = line.text.split { !($0.isLetter || $0 == "_") }.map(String.init)
      let isIrreversible =
        words.first == "execute" || words.first == "change_column"
        || words.first == "remove_column" && line.text.split(separator: ",").count < 3
        || words.first == "drop_table" && !line.text.contains(" do")
      if isIrreversible {
        hasDownMigration = false
        wayBackLine = line.number
        whyNoDownMigration = "Rails cannot reverse \(words.first ?? "") by itself"
      }
    }
  }

  private mutating func readDjango(_ code: CodeText) {
    doesSomething = code.lines.contains { $0.text.contains("migrations.") && $0.text.contains("(") }
    judge(code.lines, .django)
    issues += DjangoOperations.open(in: code)
    hasDownMigration = true
    for call in ["RunPython(", "RunSQL("] {
      for (arguments, line) in code.calls(call) {
        let isReversible =
          arguments.contains("reverse_code") || arguments.contains("reverse_sql")
          || CodeText.topLevelArguments(arguments) >= 2
        if !isReversible {
          hasDownMigration = false
          wayBackLine = line
          whyNoDownMigration = "\(call.dropLast()) has no reverse"
        }
      }
    }
  }

  private mutating func readKnex(_ code: CodeText, _ tool: MigrationTool) {
    let heads = [
      ("exports.up", "exports.down"), ("function up", "function down"), ("up(", "down("), ("up (", "down ("),
      ("up:", "down:"),
      ("up =", "down ="),
    ]
    let (up, down) = heads.first { code.block($0.0, .braces) != nil } ?? ("exports.up", "exports.down")
    // The way back may be written in another of these manners.
    let back =
      heads.map(\.1).first { $0 == down && code.block($0, .braces) != nil }
      ?? heads.map(\.1).first { code.block($0, .braces) != nil } ?? down
    readPair(code, tool, forward: up, back: back, blocks: .braces)
    judgeConcurrency(code, tool)
  }

  private mutating func readPHP(_ code: CodeText, _ tool: MigrationTool) {
    guard code.block("function up", .braces) == nil, let change = code.block("function change", .braces)
    else {
      readPair(code, tool, forward: "function up", back: "function down", blocks: .braces)
      return
    }
    readChange(change, tool, irreversible: ["->execute(", "->drop()", "->removeColumn(", "->changeColumn("])
  }

  /// One method for both ways: the tool turns back what it can.
  private mutating func readChange(_ change: [CodeText.Line], _ tool: MigrationTool, irreversible: [String]) {
    wayBackLine = change.first?.number
    doesSomething = CodeText.doesSomething(change)
    judge(change, tool)
    hasDownMigration = true
    for line in change {
      guard let call = irreversible.first(where: line.text.contains) else { continue }
      hasDownMigration = false
      wayBackLine = line.number
      whyNoDownMigration = "\(call.filter { $0.isLetter || $0 == "_" }) cannot be turned back by the tool"
      return
    }
  }

  private mutating func readEcto(_ code: CodeText) {
    guard let change = code.block("def change", .end) else {
      readPair(code, .ecto, forward: "def up", back: "def down", blocks: .end)
      return
    }
    readChange(
      change, .ecto,
      irreversible: ["drop table(", "drop(table(", "drop_if_exists", "remove_if_exists"]
        + (change.contains { $0.text.contains("execute") && !$0.text.contains(",") } ? ["execute"] : []))
  }

  /// goose's migrations in Go are two functions that are registered together.
  private mutating func readGoose(_ code: CodeText) {
    let names =
      ["AddMigrationContext(", "AddMigrationNoTxContext(", "AddMigration(", "AddMigrationNoTx("].flatMap {
        code.calls($0).map(\.arguments)
      }.first?.split(separator: ",").map { $0.filter { !$0.isWhitespace } } ?? []
    guard names.count == 2 else {
      isUnderstood = false
      doesSomething = true
      whyNoDownMigration = "its functions were not found"
      return
    }
    readPair(code, .gooseGo, forward: "func \(names[0])(", back: "func \(names[1])(", blocks: .braces)
  }

  /// CONCURRENTLY in a migration that its tool runs in a transaction.
  private mutating func judgeConcurrency(_ code: CodeText, _ tool: MigrationTool) {
    let text = code.lines.map(\.text).joined(separator: "\n")
    let plain = text.filter { !$0.isWhitespace }
    let isOutside: Bool
    switch tool {
    case .rails: isOutside = text.contains("disable_ddl_transaction!")
    case .ecto: isOutside = text.contains("@disable_ddl_transaction true")
    case .django: isOutside = plain.contains("atomic=False")
    case .alembic: isOutside = text.contains("autocommit_block") || text.contains("isolation_level")
    case .knex: isOutside = plain.contains("transaction:false")
    case .typeorm: isOutside = plain.contains("transaction=false")
    case .laravel: isOutside = plain.contains("$withinTransaction=false")
    case .entityFramework: isOutside = plain.contains("suppressTransaction:true")
    case .nodePgMigrate: isOutside = text.contains("noTransaction")
    case .gooseGo: isOutside = text.contains("NoTx")
    case .mikroORM: isOutside = text.contains("isTransactional")
    default: return
    }
    guard !isOutside else { return }
    let marks = [
      "algorithm: :concurrently", "concurrently: true", "AddIndexConcurrently(", "RemoveIndexConcurrently(",
      "postgresql_concurrently=True", "CONCURRENTLY", "concurrently: true",
    ]
    guard
      let line = code.lines.first(where: { line in
        marks.contains(where: line.text.contains) && !line.text.contains("import")
      })
    else { return }
    issues.append(
      SQLIssue(
        rule: "ban-concurrent-index-creation-in-transaction", risk: .breaking,
        message:
          "CONCURRENTLY fails here: \(tool.rawValue) runs the migration in a transaction unless it says otherwise",
        line: line.number, subject: "concurrently"))
  }

  private mutating func readLiquibase(_ code: CodeText) {
    let text = code.lines.map(\.text).joined(separator: "\n")
    doesSomething = true
    judge(code.lines, .liquibase)
    // Liquibase writes the way back of most changes itself; these it cannot.
    let own = [
      "<sql", "<sqlFile", "<dropTable", "<dropColumn", "<update", "<delete", "<insert", "- sql:",
      "- dropTable:", "- dropColumn:",
    ]
    let needsOne = own.contains(where: text.contains)
    hasDownMigration = !needsOne || text.contains("rollback")
    whyNoDownMigration = "a change that Liquibase cannot reverse has no rollback"
  }

  /// One call may be seen by two rules of one name: the surer of them stays.
  private mutating func removeRepeated() {
    var seen: [String: Int] = [:]
    var kept: [SQLIssue] = []
    for issue in issues {
      let key = "\(issue.rule) \(issue.line)"
      if let index = seen[key] {
        if kept[index].risk == .notUnderstood { kept[index] = issue }
      } else {
        seen[key] = kept.count
        kept.append(issue)
      }
    }
    issues = kept
  }

  /// Leaves out what an older version did as well: environments have run it. What could not be read may be another thing
  /// by now, and stays open.
  public mutating func leaveOut(_ older: CodeMigration) {
    var known: [String: Int] = [:]
    for issue in older.issues { known["\(issue.rule) \(issue.message)", default: 0] += 1 }
    issues.removeAll { issue in
      let key = "\(issue.rule) \(issue.message)"
      guard issue.risk != .notUnderstood, let count = known[key], count > 0 else { return false }
      known[key] = count - 1
      return true
    }
    losses.removeAll(where: older.losses.contains)
  }

  // MARK: - What is destroyed

  private mutating func judge(_ lines: [CodeText.Line], _ tool: MigrationTool) {
    issues += RequiredColumns.find(in: lines, tool: tool)
    issues +=
      CodeColumns.issues(in: lines, tool: tool, earlier) + CodeOperations.issues(in: lines, tool: tool)
    let calls: [(words: [String], rule: String, risk: SQLRisk, what: String)] = [
      (
        [
          "drop_table(", "drop_table :", "drop_table \"", "DeleteModel(", "dropTable(", "dropTableIfExists(",
          "<dropTable", "dropTable:",
        ],
        "ban-drop-table", .irreversible, "drops a table and all its rows"
      ),
      (
        [
          "drop_column(", "remove_column ", "remove_columns ", "remove_column(", "RemoveField(",
          "dropColumn(", "dropColumns(", "removeColumn(", "<dropColumn", "dropColumn:",
        ],
        "ban-drop-column", .irreversible, "drops a column and the data in it"
      ),
      (
        ["rename_table(", "rename_table ", "RenameModel(", "renameTable(", "<renameTable", "renameTable:"],
        "renaming-table", .breaking, "renames a table: the version before does not find it"
      ),
      (
        [
          "rename_column ", "rename_column(", "RenameField(", "renameColumn(", "<renameColumn",
          "renameColumn:", "new_column_name=",
        ],
        "renaming-column", .breaking, "renames a column: the version before does not find it"
      ),
      (
        ["delete_all", ".truncate(", "truncate_table"], "truncate", .irreversible,
        "deletes every row of a table"
      ),
    ]
    for line in lines {
      for call in calls where call.words.contains(where: line.text.contains) {
        let subject =
          CodeText.quoted(line.text) ?? CodeText.quoted(lines, after: line.number) ?? "line \(line.number)"
        issues.append(
          SQLIssue(
            rule: call.rule, risk: call.risk, message: "\(call.what): \(subject)", line: line.number,
            subject: subject.lowercased()))
      }
    }
    // On a table that the migration makes, nobody waits and nothing is lost.
    var made = CodeOperations.madeTables(CodeText(lines)).filter { name in
      name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } && !name.isEmpty
    }
    for (sql, line) in CodeText.sql(in: lines, tool: tool) {
      let before = made.sorted().map { "CREATE TABLE \($0) (); " }.joined()
      let isPlain = SQLDialect.detect(sql) == .postgresql
      let report = SQLAnalysis.analyze(
        Array(((isPlain ? before : "") + sql).utf8), dialect: isPlain ? .postgresql : nil)
      made.formUnion(
        report.effects.filter { $0.verb == .create && $0.object.kind == .table }.map(\.object.name))
      if report.issues.contains(where: { ["delete-rows", "replace-rows"].contains($0.rule) }) {
        deletedRows += RollbackHonesty.losses(of: report)
      }
      for var issue in report.issues
      where [.irreversible, .breaking, .losesRows, .notUnderstood].contains(issue.risk) {
        issue.line += line - 1
        issues.append(issue)
      }
      if CodeText.isSurelySQL(sql), report.issues.contains(where: { $0.risk == .syntax }) {
        issues.append(
          SQLIssue(
            rule: "migration-code-open", risk: .notUnderstood,
            message: "this SQL is put together while the code runs, and is not read", line: line,
            subject: "sql \(sql.prefix(80))"))
      }
    }
    issues += CodeVocabulary.issues(in: lines, tool: tool)
  }
}
