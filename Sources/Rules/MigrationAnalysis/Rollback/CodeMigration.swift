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

  /// Reads a migration.
  public init(_ text: String, tool: MigrationTool) {
    let code = CodeText(text)
    switch tool {
    case .alembic: readPair(code, tool, forward: "def upgrade", back: "def downgrade", blocks: .indentation)
    case .rails: readRails(code)
    case .django: readDjango(code)
    case .knex: readKnex(code)
    default: readLiquibase(code)
    }
    for issue in issues where issue.risk == .irreversible {
      losses.append("what \(issue.subject) held")
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

  private mutating func readKnex(_ code: CodeText) {
    let names = code.lines.contains { $0.text.contains("exports.up") || $0.text.contains("exports.down") }
    if names {
      readPair(code, .knex, forward: "exports.up", back: "exports.down", blocks: .braces)
    } else if code.lines.contains(where: { $0.text.contains("function up") }) {
      readPair(code, .knex, forward: "function up", back: "function down", blocks: .braces)
    } else {
      readPair(code, .knex, forward: "up(", back: "down(", blocks: .braces)
    }
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

  // MARK: - What is destroyed

  private mutating func judge(_ lines: [CodeText.Line], _ tool: MigrationTool) {
    issues += RequiredColumns.find(in: lines, tool: tool)
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
    for (sql, line) in CodeText.sql(in: lines) {
      let report = SQLAnalysis.analyze(Array(sql.utf8))
      for var issue in report.issues where [.irreversible, .breaking].contains(issue.risk) {
        issue.line += line - 1
        issues.append(issue)
      }
    }
  }
}
