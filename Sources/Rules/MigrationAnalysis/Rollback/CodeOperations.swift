/// Calls of migration tools that destroy, break or hold up something, beyond those whose names alone tell: each with
/// what its arguments have to say.
enum CodeOperations {
  /// One kind of call.
  struct Operation {
    /// How the call begins: with its parenthesis, or with a blank where a language calls without one.
    let words: [String]
    let rule: String
    let risk: SQLRisk
    let what: String
    var tools: Set<MigrationTool>?
    /// What the arguments must hold; nothing: whatever they are.
    var requires: (@Sendable (String) -> Bool)?

    init(
      _ words: [String], _ rule: String, _ risk: SQLRisk, _ what: String, tools: Set<MigrationTool>? = nil,
      _ requires: (@Sendable (String) -> Bool)? = nil
    ) {
      (self.words, self.rule, self.risk, self.what, self.tools) = (words, rule, risk, what, tools)
      self.requires = requires
    }
  }

  /// What the calls of a way forward do; tables that it makes itself are left out.
  static func issues(in lines: [CodeText.Line], tool: MigrationTool) -> [SQLIssue] {
    let code = CodeText(lines)
    let made = madeTables(code)
    var found: [SQLIssue] = []
    for operation in operations where operation.tools?.contains(tool) ?? true {
      for word in operation.words {
        for call in code.calls(word, endsAtLine: !word.hasSuffix("(")) {
          guard operation.requires?(call.arguments) ?? true else { continue }
          let subject = CodeText.quoted(call.arguments) ?? "line \(call.line)"
          let table = subject.split(separator: ".").first.map { $0.lowercased() } ?? ""
          if made.contains(table) { continue }
          found.append(
            SQLIssue(
              rule: operation.rule, risk: operation.risk, message: "\(operation.what): \(subject)",
              line: call.line,
              subject: subject.lowercased()))
        }
      }
    }
    return found
  }

  /// Tables that the way forward makes.
  static func madeTables(_ code: CodeText) -> Set<String> {
    var made: Set<String> = []
    for word in [
      "create_table(", "createTable(", "CreateModel(", "CreateTable(", "Schema::create(", "create table(",
    ] {
      made.formUnion(code.calls(word).compactMap { CodeText.firstQuoted($0.arguments) })
    }
    made.formUnion(
      code.calls("create_table ", endsAtLine: true).filter { !$0.arguments.contains("force:") }
        .compactMap { CodeText.firstQuoted($0.arguments) })
    return made
  }

  private static func has(_ texts: String...) -> @Sendable (String) -> Bool {
    { arguments in texts.allSatisfy(arguments.contains) }
  }
  private static func lacks(_ texts: String...) -> @Sendable (String) -> Bool {
    { arguments in !texts.contains(where: arguments.contains) }
  }

  private static let dropsColumn = "drops a column and the data in it"
  private static let dropsTable = "drops a table and all its rows"
  private static let changesType =
    "a column is defined anew: whether that loses values depends on the definition before"
  private static let required = "a column must be given from now on: the version before may leave it out"
  private static let unique = "the version before may write rows that the new uniqueness refuses"
  private static let check = "the version before may write rows that the new check refuses"
  private static let index = "writers wait while the index is built"
  private static let foreignKey = "locks both tables while rows are checked"

  private static let rails: Set<MigrationTool> = [.rails]
  private static let alembic: Set<MigrationTool> = [.alembic]
  private static let builders: Set<MigrationTool> = [.knex, .script]
  private static let php: Set<MigrationTool> = [.laravel, .phinx, .doctrine]

  private static let operations: [Operation] = [
    // Rails, by the operations that strong_migrations knows.
    Operation(
      [
        "remove_timestamps ", "remove_timestamps(", "remove_reference ", "remove_reference(",
        "remove_belongs_to ",
        "t.remove ", "t.remove(", "t.remove_timestamps", "t.remove_references ", "t.remove_belongs_to ",
      ],
      "ban-drop-column", .irreversible, dropsColumn, tools: rails),
    Operation(
      ["drop_join_table ", "drop_join_table("], "ban-drop-table", .irreversible, dropsTable, tools: rails),
    Operation(
      ["create_table ", "create_table("], "ban-drop-table", .irreversible,
      "drops the table that is there first",
      tools: rails
    ) { $0.contains("force: true") || $0.contains("force: :cascade") },
    Operation(
      ["drop_schema ", "drop_schema("], "ban-drop-schema", .irreversible, "drops a schema", tools: rails),
    Operation(
      ["rename_schema ", "rename_enum ", "rename_enum_value "], "renaming-object", .breaking,
      "the version before does not find the old name", tools: rails),
    Operation(["drop_enum "], "ban-drop-type", .breaking, "drops a type", tools: rails),
    Operation(
      ["disable_extension ", "disable_extension("], "drop-cascade", .irreversible,
      "drops an extension, and by CASCADE the columns of its types", tools: rails),
    Operation(["drop_view ", "drop_view("], "ban-drop-view", .breaking, "drops a view", tools: rails),
    Operation(
      ["add_column ", "add_column("], "adding-numbered-field", .locking,
      "numbers the rows, which rewrites the table",
      tools: rails
    ) { arguments in
      [":serial", ":bigserial", ":smallserial", ":primary_key"].contains { mark in
        arguments.contains(", \(mark)") && !arguments.contains("\(mark)_")
      }
    },
    Operation(
      ["add_column ", "add_column("], "adding-field-with-default", .locking,
      "every row gets a value of its own, which rewrites the table", tools: rails
    ) { $0.contains("stored: true") || $0.contains("default: ->") },
    Operation(["t.rename "], "renaming-column", .breaking, "renames a column", tools: rails),
    Operation(
      ["t.change ", "change_columns "], "changing-column-type",
      .notUnderstood,
      changesType, tools: rails),
    Operation(
      ["change_column_null ", "change_column_null(", "t.change_null "], "required-existing-column", .breaking,
      required,
      tools: rails
    ) { $0.contains("false") },
    Operation(
      ["change_column_default ", "change_column_default("], "dropped-default", .breaking,
      "the version before may not give a value"
    ) { $0.contains("to: nil") || $0.hasSuffix(", nil") },
    Operation(
      ["add_check_constraint ", "add_check_constraint("], "narrower-check", .breaking, check, tools: rails),
    Operation(
      ["add_unique_constraint ", "add_exclusion_constraint "], "new-unique", .breaking, unique, tools: rails),
    Operation(
      ["add_index ", "add_index("], "new-unique", .breaking, unique, tools: rails, has("unique: true")),
    Operation(
      ["add_index ", "add_index("], "require-concurrent-index-creation", .locking, index, tools: rails,
      lacks(":concurrently")),
    Operation(
      ["remove_index ", "remove_index("], "require-concurrent-index-deletion", .locking,
      "the table is locked",
      tools: rails, lacks(":concurrently")),
    Operation(
      ["add_foreign_key ", "add_foreign_key("], "adding-foreign-key-constraint", .locking, foreignKey,
      tools: rails,
      lacks("validate: false")),
    Operation(
      ["add_reference ", "add_reference(", "add_belongs_to "], "require-concurrent-index-creation", .locking,
      index,
      tools: rails, lacks("index: false", ":concurrently")),
    Operation(
      ["update_all", "update_all("], "update-without-where", .notUnderstood,
      "overwrites rows, and which is not known", tools: rails),
    Operation(["destroy_all"], "delete-without-where", .irreversible, "deletes rows", tools: rails),
    // Alembic.
    Operation(
      ["alter_column("], "required-existing-column", .breaking, required, tools: alembic
    ) {
      $0.contains("nullable=False")
        && !($0.contains("server_default=") && !$0.contains("server_default=None"))
    },
    Operation(
      ["alter_column("], "dropped-default", .breaking, "a column has no default any more", tools: alembic,
      has("server_default=None")),
    Operation(["create_unique_constraint("], "new-unique", .breaking, unique, tools: alembic),
    Operation(["create_check_constraint("], "narrower-check", .breaking, check, tools: alembic),
    Operation(["create_exclude_constraint("], "new-unique", .breaking, unique, tools: alembic),
    Operation(["create_index("], "new-unique", .breaking, unique, tools: alembic, has("unique=True")),
    Operation(
      ["create_index("], "require-concurrent-index-creation", .locking, index, tools: alembic,
      lacks("postgresql_concurrently=True")),
    Operation(
      ["create_foreign_key("], "adding-foreign-key-constraint", .locking, foreignKey, tools: alembic,
      lacks("postgresql_not_valid=True")),
    Operation(["drop_table_comment("], "drop-comment", .advice, "drops a comment", tools: alembic),
    // Django.
    Operation(
      ["AlterUniqueTogether("], "new-unique", .notUnderstood, unique, tools: [.django]),
    Operation(["AddConstraint("], "new-unique", .breaking, unique, tools: [.django], has("UniqueConstraint")),
    Operation(
      ["AddConstraint("], "narrower-check", .breaking, check, tools: [.django], has("CheckConstraint")),
    Operation(["AddIndex("], "require-concurrent-index-creation", .locking, index, tools: [.django]),
    Operation(["AlterModelTable("], "renaming-table", .breaking, "renames a table", tools: [.django]),
    // JavaScript and TypeScript.
    Operation(["dropAllTables("], "ban-drop-table", .irreversible, "drops every table", tools: [.sequelize]),
    Operation(
      ["dropSchema(", "dropSchemaIfExists(", "dropAllSchemas("], "ban-drop-schema", .irreversible,
      "drops a schema"),
    Operation(
      ["bulkDelete("], "delete-without-where", .irreversible, "deletes every row of a table",
      tools: [.sequelize]
    ) {
      let rest =
        $0.split(separator: ",", maxSplits: 2).dropFirst().first?.filter { !$0.isWhitespace } ?? "null"
      return ["null", "{}", "undefined"].contains(String(rest))
    },
    Operation(
      ["changeColumn(", "alterColumn("], "changing-column-type", .notUnderstood, changesType,
      tools: [.sequelize, .typeorm, .nodePgMigrate, .knex, .script]),
    Operation(
      ["changeColumn("], "required-existing-column", .breaking, required, tools: [.sequelize, .typeorm]
    ) {
      let plain = $0.filter { !$0.isWhitespace }
      return (plain.contains("allowNull:false") || plain.contains("isNullable:false"))
        && !plain.contains("efault")
    },
    Operation(
      ["addConstraint("], "new-unique", .breaking, unique, tools: [.sequelize]
    ) {
      $0.contains("'unique'") || $0.contains("\"unique\"")
    },
    Operation(["createUniqueConstraint("], "new-unique", .breaking, unique, tools: [.typeorm]),
    Operation(["createCheckConstraint("], "narrower-check", .breaking, check, tools: [.typeorm]),
    Operation(
      ["clearTable(", "clearDatabase("], "truncate", .irreversible, "empties a table", tools: [.typeorm]),
    Operation(["alterColumn("], "required-existing-column", .breaking, required, tools: [.nodePgMigrate]) {
      $0.filter { !$0.isWhitespace }.contains("notNull:true")
    },
    Operation(
      ["dropType(", "dropDomain("], "ban-drop-type", .breaking, "drops a type", tools: [.nodePgMigrate]),
    // knex and Kysely.
    Operation(["dropTimestamps("], "ban-drop-column", .irreversible, dropsColumn, tools: builders),
    Operation(
      [".alter(", ".setDataType("], "changing-column-type", .notUnderstood, changesType, tools: builders),
    Operation(
      ["dropNullable(", ".setNotNull("], "required-existing-column", .breaking, required, tools: builders),
    Operation(
      [".dropDefault("], "dropped-default", .breaking, "the version before may not give a value",
      tools: builders),
    Operation(
      ["dropView(", "dropViewIfExists(", "dropMaterializedView(", "dropMaterializedViewIfExists("],
      "ban-drop-view",
      .breaking, "drops a view", tools: builders.union([.nodePgMigrate, .typeorm])),
    Operation(
      ["renameView("], "renaming-object", .breaking, "renames a view", tools: builders.union([.nodePgMigrate])
    ),
    // PHP.
    Operation(["dropAllTables("], "ban-drop-table", .irreversible, "drops every table", tools: php),
    Operation(["dropAllViews("], "ban-drop-view", .breaking, "drops every view", tools: php),
    Operation(["dropAllTypes("], "ban-drop-type", .breaking, "drops every type", tools: php),
    Operation(["->truncate("], "truncate", .irreversible, "empties a table", tools: [.phinx]),
    Operation(
      ["Schema::drop(", "Schema::dropIfExists(", "dropIfExists("], "ban-drop-table", .irreversible,
      dropsTable,
      tools: php),
    Operation(["Schema::rename("], "renaming-table", .breaking, "renames a table", tools: php),
    Operation(
      [
        "dropTimestamps(", "dropTimestampsTz(", "dropSoftDeletes(", "dropSoftDeletesTz(",
        "dropRememberToken(",
        "dropMorphs(", "dropConstrainedForeignId(", "->removeColumn(",
      ],
      "ban-drop-column", .irreversible, dropsColumn, tools: [.laravel]),
    // Elixir.
    Operation(
      ["drop table(", "drop_if_exists table(", "drop(table("], "ban-drop-table", .irreversible, dropsTable,
      tools: [.ecto]),
    Operation(
      ["remove :", "remove(:", "remove_if_exists :", "remove_if_exists(:"], "ban-drop-column", .irreversible,
      dropsColumn, tools: [.ecto]),
    Operation(
      ["rename table(", "rename(table("], "renaming-table", .breaking, "renames a table or a column",
      tools: [.ecto]),
    Operation(["modify :", "modify(:"], "changing-column-type", .notUnderstood, changesType, tools: [.ecto]),
    Operation(
      ["modify :", "modify(:"], "required-existing-column", .breaking, required, tools: [.ecto],
      has("null: false")),
    Operation(
      ["create unique_index(", "create(unique_index("], "new-unique", .breaking, unique, tools: [.ecto]),
    Operation(
      ["create constraint(", "create(constraint("], "narrower-check", .breaking, check, tools: [.ecto]),
    Operation(
      ["create index(", "create(index("], "require-concurrent-index-creation", .locking, index,
      tools: [.ecto],
      lacks("concurrently: true")),
    // .NET.
    Operation(["DropTable("], "ban-drop-table", .irreversible, dropsTable, tools: [.entityFramework]),
    Operation(["DropColumn("], "ban-drop-column", .irreversible, dropsColumn, tools: [.entityFramework]),
    Operation(["DropSchema("], "ban-drop-schema", .irreversible, "drops a schema", tools: [.entityFramework]),
    Operation(["RenameTable("], "renaming-table", .breaking, "renames a table", tools: [.entityFramework]),
    Operation(["RenameColumn("], "renaming-column", .breaking, "renames a column", tools: [.entityFramework]),
    Operation(["DeleteData("], "delete-rows", .losesRows, "deletes rows", tools: [.entityFramework]),
    Operation(["AddUniqueConstraint("], "new-unique", .breaking, unique, tools: [.entityFramework]),
    Operation(["AddCheckConstraint("], "narrower-check", .breaking, check, tools: [.entityFramework]),
    Operation(
      ["CreateIndex("], "new-unique", .breaking, unique, tools: [.entityFramework], has("unique: true")),
  ]
}
