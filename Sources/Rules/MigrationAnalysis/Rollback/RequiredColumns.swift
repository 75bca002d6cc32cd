/// Columns that a migration in code adds to a table that is there, and that must be given: the version before does not
/// know them, so that its inserts fail.
enum RequiredColumns {
  /// - Parameter lines: of the way forward alone.
  static func find(in lines: [CodeText.Line], tool: MigrationTool) -> [SQLIssue] {
    let code = CodeText(lines)
    switch tool {
    case .alembic:
      return issues(
        code.calls("add_column("), unlessMadeBy: code.calls("create_table("),
        requires: { $0.contains("nullable=False") && !holds($0, "server_default", "Identity(", "Computed(") })
    case .rails:
      return issues(
        code.calls("add_column ", endsAtLine: true) + code.calls("add_reference ", endsAtLine: true)
          + code.calls("add_column(") + code.calls("add_reference("),
        unlessMadeBy: code.calls("create_table ", endsAtLine: true),
        requires: { $0.contains("null: false") && !$0.contains("default:") })
    case .django:
      // Django gives the default of the code to the rows that are there, and keeps none in the database.
      return issues(
        code.calls("AddField("), unlessMadeBy: code.calls("CreateModel("), risk: .notUnderstood,
        requires: {
          $0.contains("models.")
            && !holds($0, "null=True", "db_default", "ManyToManyField", "GeneratedField", "AutoField")
        })
    case .knex:
      return (code.calls("alterTable(") + code.calls("schema.table(")).flatMap { call in
        let columns = call.arguments.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        return columns.compactMap { offset, text -> SQLIssue? in
          guard text.contains("notNullable()"), !holds(String(text), "defaultTo(", ".alter(", "increments(")
          else { return nil }
          return issue(CodeText.quoted(String(text)) ?? "a column", call.line + offset, .breaking)
        }
      }
    case .sequelize, .typeorm:
      return issues(
        code.calls("addColumn("), unlessMadeBy: code.calls("createTable("),
        requires: {
          let plain = $0.filter { !$0.isWhitespace }
          return holds(plain, "allowNull:false", "isNullable:false")
            && !holds(plain, "efault", "autoIncrement:true")
        })
    case .nodePgMigrate:
      return issues(
        code.calls("addColumn(") + code.calls("addColumns("), unlessMadeBy: code.calls("createTable("),
        requires: {
          let plain = $0.filter { !$0.isWhitespace }
          return plain.contains("notNull:true") && !plain.contains("default:")
        })
    case .ecto:
      guard lines.contains(where: { $0.text.contains("alter table(") }) else { return [] }
      return issues(
        code.calls("add :", endsAtLine: true), unlessMadeBy: code.calls("create table("),
        requires: { $0.contains("null: false") && !$0.contains("default:") })
    case .doctrine:
      // Of a table that is there; without `notnull` the library makes it one that must be given.
      guard !lines.contains(where: { $0.text.contains("createTable(") }) else { return [] }
      return issues(
        code.calls("addColumn("), unlessMadeBy: [],
        requires: {
          let plain = $0.filter { !$0.isWhitespace && !"'\"".contains($0) }
          return !holds(plain, "notnull=>false", "default=>", "autoincrement=>true")
        })
    default: return []
    }
  }

  private static func holds(_ text: String, _ words: String...) -> Bool {
    words.contains(where: text.contains)
  }

  private static func issues(
    _ calls: [(arguments: String, line: Int)], unlessMadeBy makers: [(arguments: String, line: Int)],
    risk: SQLRisk = .breaking, requires: (String) -> Bool
  ) -> [SQLIssue] {
    func table(_ arguments: String) -> String? {
      (CodeText.quoted(arguments) ?? "").split(separator: ".").first.map { $0.lowercased() }
    }
    let made = Set(makers.compactMap { table($0.arguments) })
    return calls.compactMap { call in
      guard requires(call.arguments), table(call.arguments).map(made.contains) != true else { return nil }
      return issue(CodeText.quoted(call.arguments) ?? "a column", call.line, risk)
    }
  }

  private static func issue(_ column: String, _ line: Int, _ risk: SQLRisk) -> SQLIssue {
    SQLIssue(
      rule: "adding-required-field", risk: risk,
      message: risk == .breaking
        ? "\(column) must be given, and the version before does not know it: give it a default in the database"
        : "\(column) must be given unless the database has a default for it, which Django does not leave there",
      line: line, subject: column.lowercased())
  }
}
