/// The calls that each migration tool has. Code that calls anything else does what nobody here has read: whether it loses
/// data is open then.
enum CodeVocabulary {
  /// What of a way forward is not read, as one issue; none where every call is known.
  static func issues(in lines: [CodeText.Line], tool: MigrationTool) -> [SQLIssue] {
    guard let words = words(of: tool) else { return [] }
    let strings = CodeStrings(lines, tool: tool)
    let rows = strings.code.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var unknown: [(name: String, line: Int)] = []
    for (index, row) in rows.enumerated() where index < lines.count {
      for name in calls(row, tool) where !isKnown(name, words, tool) {
        if !unknown.contains(where: { $0.name == name }) { unknown.append((name, lines[index].number)) }
      }
    }
    unknown += unreadSQL(strings, rows, lines, tool)
    guard let first = unknown.first else { return [] }
    let names = unknown.prefix(6).map(\.name).joined(separator: ", ")
    let more = unknown.count > 6 ? " and \(unknown.count - 6) more" : ""
    return [
      SQLIssue(
        rule: "migration-code-open", risk: .notUnderstood,
        message: "code is not run, and what it does here is not known: \(names)\(more)", line: first.line,
        subject: unknown.map(\.name).joined(separator: " "))
    ]
  }

  // MARK: - Calls

  /// The names that a line calls: before a parenthesis, and where a language calls without, at the head of a statement.
  private static func calls(_ row: String, _ tool: MigrationTool) -> [String] {
    var found: [String] = []
    let characters = Array(row)
    func isWord(_ character: Character) -> Bool {
      character.isLetter || character.isNumber || "_?!".contains(character)
    }
    for (index, character) in characters.enumerated() where character == "(" {
      var end = index
      // `AddColumn<string>(`.
      if end > 0, characters[end - 1] == ">", let open = characters[..<end].lastIndex(of: "<") { end = open }
      var start = end
      while start > 0, isWord(characters[start - 1]) { start -= 1 }
      let name = String(characters[start..<end])
      guard let first = name.first, first.isLetter || first == "_" else { continue }
      found.append(name)
    }
    if tool == .rails || tool == .ecto { found += bareCalls(row, isWord) }
    return found
  }

  /// `add_column :x, …`, `User.find_each do`, `|> execute`.
  private static func bareCalls(_ row: String, _ isWord: (Character) -> Bool) -> [String] {
    var found: [String] = []
    let trimmed = row.drop(while: \.isWhitespace)
    let head = String(trimmed.prefix(while: isWord))
    let rest = trimmed.dropFirst(head.count)
    let next = rest.drop(while: \.isWhitespace).first
    let isCall =
      rest.isEmpty || rest.first == " " && next.map { !"=+-*/<>&|,.?".contains($0) || $0 == "-" } ?? true
    if let first = head.first, first.isLowercase, isCall, !rest.hasPrefix(": ") { found.append(head) }
    // A method of something: `.update_all`, `.find_each`.
    var after = trimmed[...]
    while let dot = after.firstIndex(of: ".") {
      after = after[after.index(after: dot)...]
      let name = String(after.prefix(while: isWord))
      if let first = name.first, first.isLowercase, after.dropFirst(name.count).first != "(" {
        found.append(name)
      }
    }
    return found
  }

  private static func isKnown(_ name: String, _ words: Set<String>, _ tool: MigrationTool) -> Bool {
    if words.contains(name) { return true }
    // PHP tells no case apart in the names of methods.
    if [.laravel, .phinx, .doctrine].contains(tool),
      words.contains(where: { $0.lowercased() == name.lowercased() })
    {
      return true
    }
    switch tool {
    // Types of columns are classes.
    case .alembic: return name.first?.isUppercase == true
    default: return false
    }
  }

  // MARK: - SQL that is no literal

  /// Calls that run SQL without a string at their head: what they run is not known.
  private static func unreadSQL(
    _ strings: CodeStrings, _ rows: [String], _ lines: [CodeText.Line], _ tool: MigrationTool
  ) -> [(name: String, line: Int)] {
    let runners: [String] =
      switch tool {
      case .rails: ["execute(", "execute "]
      case .alembic: ["execute("]
      case .ecto: ["execute(", "execute "]
      case .laravel: ["statement(", "unprepared("]
      case .phinx: ["execute("]
      case .doctrine, .mikroORM: ["addSql("]
      case .entityFramework: ["Sql("]
      case .sequelize, .typeorm: ["query("]
      case .knex, .script: ["raw(", "sql("]
      case .nodePgMigrate: ["sql("]
      case .gooseGo: ["Exec(", "ExecContext("]
      default: []
      }
    var found: [(name: String, line: Int)] = []
    for (index, line) in lines.enumerated() where index < rows.count {
      for runner in runners {
        // The blanked code shows whether the call is code; the text behind it, whether a string follows.
        guard let place = rows[index].firstRange(of: runner) else { continue }
        let offset = rows[index].distance(from: rows[index].startIndex, to: place.upperBound)
        let text = lines[index].text
        guard offset <= text.count else { continue }
        var rest = String(text.dropFirst(offset))
        if rest.allSatisfy(\.isWhitespace), index + 1 < lines.count { rest = lines[index + 1].text }
        // `text("…")`, `sa.text("…")`, `"…" + name`, a context first in Go.
        let isLiteral = rest.prefix(60).contains { "'\"`<~".contains($0) } || rest.hasPrefix(")")
        if !isLiteral { found.append(("\(runner.filter { $0.isLetter }) of a value", line.number)) }
      }
    }
    return found
  }

  // MARK: - Words

  private static func set(_ text: String) -> Set<String> {
    Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
  }

  private static func words(of tool: MigrationTool) -> Set<String>? {
    switch tool {
    case .rails: rails
    case .alembic: alembic
    case .ecto: ecto
    case .laravel: laravel
    case .phinx: phinx
    case .doctrine: doctrine
    case .entityFramework: entityFramework
    case .sequelize: sequelize.union(script)
    case .typeorm: typeorm.union(script)
    case .mikroORM: mikro.union(script)
    case .nodePgMigrate: nodePgMigrate.union(script)
    case .knex, .script: knex.union(script)
    case .gooseGo: goose
    // Django's operations are looked at one by one, Liquibase's changes by their names.
    default: nil
    }
  }

  private static let rails = set(
    """
    def end do if unless else elsif return self then begin rescue ensure nil true false not and or super
    up down up_only reversible change_table change create_table create_join_table drop_table drop_join_table rename_table
    add_column remove_column remove_columns add_columns rename_column change_column change_column_null change_column_default
    change_column_comment change_table_comment add_index remove_index rename_index add_foreign_key remove_foreign_key
    add_reference add_belongs_to remove_reference remove_belongs_to add_timestamps remove_timestamps add_check_constraint
    remove_check_constraint validate_check_constraint validate_foreign_key validate_constraint add_exclusion_constraint
    remove_exclusion_constraint add_unique_constraint remove_unique_constraint enable_extension disable_extension create_enum
    drop_enum rename_enum add_enum_value rename_enum_value create_schema drop_schema rename_schema create_view drop_view
    update_view replace_view create_function create_trigger execute safety_assured disable_ddl_transaction!
    column_exists? table_exists? index_exists? foreign_key_exists? constraint_exists? view_exists? column_for connection
    set_column_comment say say_with_time string text integer bigint float decimal numeric datetime timestamp timestamptz
    time date binary blob boolean json jsonb uuid inet cidr macaddr hstore citext ltree tsvector tsrange daterange point
    references belongs_to timestamps attachment index foreign_key check_constraint primary_key column remove remove_index
    remove_references remove_belongs_to remove_timestamps rename change_default change_null enum virtual money bit xml
    remove_foreign_key rename_index current exclusion_constraint unique_constraint oid interval serial bigserial array
    raise fail puts update_all delete_all destroy_all exec_query quote quote_column_name quote_table_name squish strip
    strip_heredoc freeze freeze! lambda proc each private protected public primary_key_type foreign_key_type primary_and_foreign_key_types
    reset_column_information supports_datetime_with_precision? Rails env test? development? base postgresql mysql2 adapter_name Time now configurations lock_timeout statement_timeout
    """)

  private static let alembic = set(
    """
    upgrade f op add_column alter_column drop_column create_table drop_table rename_table create_index drop_index create_unique_constraint
    create_foreign_key create_primary_key create_check_constraint create_exclude_constraint drop_constraint execute batch_alter_table
    get_bind get_context autocommit_block begin_transaction text create_table_comment drop_table_comment inspect has_table
    get_columns get_table_names get_indexes get_foreign_keys get_unique_constraints create drop now func true false literal_column desc asc
    get_inspector invoke values len print isinstance str int list set dict any all column table bulk_insert f format dedent join
    if elif and or not in for while with return
    """)

  private static let ecto = set(
    """
    def end do if unless else use create create_if_not_exists drop drop_if_exists alter rename table index unique_index constraint
    add add_if_not_exists modify remove remove_if_exists timestamps references execute flush fragment repo prefix direction
    to enum soft_delete_fields nil true false fn when case cond from with
    """)

  private static let laravel = set(
    """
    up function create table drop dropIfExists rename hasTable hasColumn hasColumns hasIndex connection config getConnection
    statement unprepared raw select id increments bigIncrements mediumIncrements smallIncrements tinyIncrements string text
    mediumText longText tinyText char integer bigInteger mediumInteger smallInteger tinyInteger unsignedInteger unsignedBigInteger
    unsignedMediumInteger unsignedSmallInteger unsignedTinyInteger float double decimal unsignedDecimal boolean enum set json jsonb
    date dateTime dateTimeTz time timeTz timestamp timestampTz timestamps timestampsTz nullableTimestamps year binary uuid ulid
    ipAddress macAddress geometry point polygon morphs nullableMorphs uuidMorphs nullableUuidMorphs ulidMorphs nullableUlidMorphs
    numericMorphs rememberToken softDeletes softDeletesTz foreignId foreignUuid foreignUlid foreignIdFor constrained
    foreign references on onDelete onUpdate cascadeOnDelete cascadeOnUpdate nullOnDelete restrictOnDelete noActionOnDelete noActionOnUpdate
    primary unique index spatialIndex fullText fulltext dropColumn dropColumns dropForeign dropIndex dropUnique dropPrimary dropFullText
    dropAllTables dropAllViews dropAllTypes dropSpatialIndex dropTimestamps dropTimestampsTz dropSoftDeletes dropSoftDeletesTz dropRememberToken dropMorphs
    dropConstrainedForeignId dropConstrainedForeignIdFor renameColumn renameIndex removeColumn change nullable default after first
    comment charset collation unsigned useCurrent useCurrentOnUpdate autoIncrement from storedAs virtualAs generatedAs always invisible
    name engine temporary disableForeignKeyConstraints enableForeignKeyConstraints withoutForeignKeyConstraints getTable getTablePrefix
    if elseif foreach isset array in_array where delete truncate update insert insertOrIgnore updateOrInsert getDriverName
    defaultStringLength vector computed addColumn array_key_exists getDoctrineSchemaManager getSchemaBuilder listTableIndexes
    getIndexes introspectTable rawColumn now use fn
    """)

  private static let phinx = set(
    """
    up change function table addColumn addIndex addForeignKey addTimestamps addTimestampsWithTimezone create save update drop rename
    removeColumn renameColumn changeColumn removeIndex removeIndexByName dropForeignKey hasTable hasColumn hasIndex hasForeignKey
    truncate execute insert saveData changeComment changePrimaryKey if array isMigratingUp addForeignKeyWithName exists
    """)

  private static let doctrine = set(
    """
    up function addSql abortIf skipIf warnIf createTable dropTable renameTable getTable hasTable addColumn dropColumn setPrimaryKey
    dropPrimaryKey addIndex addUniqueIndex dropIndex renameIndex addForeignKeyConstraint removeForeignKey addUniqueConstraint
    removeUniqueConstraint hasColumn hasIndex setDefault setAutoincrement setComment
    setPlatformOption setCustomSchemaOption addOption createSequence dropSequence hasSequence getPlatform getDatabasePlatform getName
    if isset sprintf array
    """)

  private static let entityFramework = set(
    """
    Up CreateTable DropTable RenameTable AlterTable AddColumn DropColumn RenameColumn AlterColumn CreateIndex DropIndex RenameIndex
    AddPrimaryKey DropPrimaryKey AddForeignKey DropForeignKey AddUniqueConstraint DropUniqueConstraint AddCheckConstraint
    DropCheckConstraint CreateSequence DropSequence RenameSequence AlterSequence RestartSequence EnsureSchema DropSchema AlterDatabase
    InsertData UpdateData DeleteData Sql Column Annotation OldAnnotation PrimaryKey ForeignKey UniqueConstraint CheckConstraint
    Guid DateTime DateTimeOffset TimeSpan nameof string if
    """)

  /// Words of JavaScript that lead nowhere.
  private static let script = set(
    """
    async function up if for while catch switch return await then transaction commit rollback all resolve literal fn now join trim
    require import Error log push map describeTable showAllTables tableExists hasTable hasColumn includes keys Object Array forEach
    info warn startTransaction commitTransaction rollbackTransaction stringify
    """)

  private static let sequelize = set(
    """
    createTable dropTable dropAllTables renameTable addColumn removeColumn changeColumn renameColumn addIndex removeIndex addConstraint
    removeConstraint bulkInsert bulkDelete bulkUpdate query createSchema dropSchema ARRAY STRING ENUM DECIMAL CHAR TEXT INTEGER BIGINT FLOAT
    DOUBLE DATE JSONB GEOMETRY GEOGRAPHY BLOB VIRTUAL RANGE VECTOR col
    """)

  private static let typeorm = set(
    """
    query createTable dropTable renameTable addColumn addColumns dropColumn dropColumns changeColumn changeColumns renameColumn createIndex createIndices
    dropIndex dropIndices createForeignKey createForeignKeys dropForeignKey dropForeignKeys createPrimaryKey dropPrimaryKey
    createUniqueConstraint dropUniqueConstraint createCheckConstraint dropCheckConstraint createView dropView createSchema dropSchema
    Table TableColumn TableIndex TableForeignKey TableUnique TableCheck View clearTable clearDatabase getTable hasTable hasColumn
    """)

  private static let mikro = set("addSql execute isTransactional")

  private static let nodePgMigrate = set(
    """
    createTable dropTable renameTable alterTable addColumn addColumns dropColumn dropColumns renameColumn alterColumn createIndex
    dropIndex addConstraint dropConstraint createConstraint renameConstraint createType dropType renameType addTypeAttribute addTypeValue
    renameTypeValue createExtension dropExtension addExtension createSchema dropSchema renameSchema createSequence dropSequence
    createView dropView alterView renameView createMaterializedView dropMaterializedView refreshMaterializedView createFunction
    dropFunction createTrigger dropTrigger createPolicy dropPolicy alterPolicy sql func noTransaction createDomain dropDomain grantOnTables
    grantRoles revokeRoles createRole dropRole
    """)

  private static let knex = set(
    """
    createTable createTableIfNotExists createTableLike dropTable dropTableIfExists renameTable alterTable table schema raw alter
    dropSchemaIfExists createMaterializedView dropMaterializedView dropMaterializedViewIfExists refreshMaterializedView renameView
    createSchema dropSchema createSchemaIfNotExists createView createViewOrReplace dropView dropViewIfExists withSchema createExtension
    increments bigIncrements integer tinyint smallint mediumint bigint bigInteger text string float double decimal boolean date datetime
    timestamp timestamps time binary enum enu json jsonb uuid geometry point specificType primary unique index foreign references
    inTable onDelete onUpdate notNullable nullable defaultTo unsigned comment first after collate withKeyName checkPositive check
    dropColumn dropColumns renameColumn dropForeign dropUnique dropPrimary dropIndex dropTimestamps setNullable dropNullable
    queryContext uuid_generate_v4 knex into insert where whereNull whereNotNull whereIn del delete update truncate deferrable
    addColumn addForeignKeyConstraint addPrimaryKeyConstraint addUniqueConstraint addCheckConstraint modifyColumn createIndex column
    columns on using execute ifExists ifNotExists primaryKey notNull defaultTo references cascade alterColumn setDefault dropDefault
    setDataType setNotNull dropNotNull dropConstraint addIndex createType dropType asEnum expression generatedAlwaysAs addValue col identity
    renameTo setSchema sql deleteFrom nullsNotDistinct
    """)

  private static let goose = set("ExecContext Exec Background Errorf Wrap Wrapf New if return")
}

/// Django's operations, which stand in a list: those that run code, and those that Django does not have.
enum DjangoOperations {
  private static let known: Set<String> = [
    "CreateModel", "DeleteModel", "RenameModel", "AlterModelTable", "AlterModelTableComment",
    "AlterUniqueTogether",
    "AlterIndexTogether", "AlterOrderWithRespectTo", "AlterModelOptions", "AlterModelManagers", "AddField",
    "RemoveField",
    "AlterField", "RenameField", "AddIndex", "RemoveIndex", "RenameIndex", "AddConstraint",
    "RemoveConstraint",
    "AlterConstraint", "ValidateConstraint", "AddConstraintNotValid", "RunSQL", "RunPython",
    "SeparateDatabaseAndState",
    "AddIndexConcurrently", "RemoveIndexConcurrently", "CreateExtension", "TrigramExtension",
    "UnaccentExtension",
    "CITextExtension", "HStoreExtension", "BtreeGinExtension", "BtreeGistExtension", "CryptoExtension",
    "BloomExtension",
    "CreateCollation", "RemoveCollation",
  ]

  static func open(in code: CodeText) -> [SQLIssue] {
    var found: [(name: String, line: Int)] = []
    for (arguments, line) in code.calls("RunPython(") {
      guard DjangoFields.split(arguments).first?.contains("noop") != true else { continue }
      let function = arguments.prefix { $0 != "," }.filter { !$0.isWhitespace && !$0.isNewline }
      found.append(("RunPython(\(function))", line))
    }
    for (arguments, line) in code.calls("RunSQL(") where !arguments.contains(where: { "'\"".contains($0) }) {
      found.append(("RunSQL of a value", line))
    }
    for (arguments, line) in code.calls("operations = [") + code.calls("operations=[") {
      for element in DjangoFields.split(arguments) {
        let head = element.prefix { $0 != "(" }.filter { !$0.isWhitespace }
        let name = head.split(separator: ".").last.map(String.init) ?? head
        if !known.contains(name) { found.append((String(name.prefix(60)), line)) }
      }
    }
    guard let first = found.first else { return [] }
    return [
      SQLIssue(
        rule: "migration-code-open", risk: .notUnderstood,
        message:
          "code is not run, and what it does here is not known: \(found.prefix(6).map(\.name).joined(separator: ", "))",
        line: first.line, subject: found.map(\.name).joined(separator: " "))
    ]
  }
}
