import Testing

@testable import MigrationAnalysis

@Suite struct `Schemas at hand` {
  @Test(arguments: [
    (
      ColumnType("varchar", modifiers: [50]), ColumnType("varchar", modifiers: [200]),
      ColumnType.Change.widens
    ),
    (ColumnType("varchar", modifiers: [200]), ColumnType("varchar", modifiers: [50]), .loses),
    (ColumnType("varchar", modifiers: [50]), ColumnType("text"), .widens),
    (ColumnType("text"), ColumnType("varchar", modifiers: [50]), .loses),
    (ColumnType("integer"), ColumnType("bigint"), .rewrites),
    (ColumnType("bigint"), ColumnType("integer"), .loses),
    (ColumnType("int", modifiers: [11]), ColumnType("int"), .widens),
    (ColumnType("numeric", modifiers: [10, 2]), ColumnType("numeric", modifiers: [12, 2]), .widens),
    (ColumnType("numeric", modifiers: [10, 2]), ColumnType("numeric", modifiers: [10, 4]), .loses),
    (ColumnType("timestamptz"), ColumnType("date"), .loses),
    (ColumnType("text"), ColumnType("int"), .unknown),
    (ColumnType("int", isArray: true), ColumnType("bigint"), .unknown),
  ])
  func `what becomes of values whose type changes`(
    _ old: ColumnType, _ new: ColumnType, _ change: ColumnType.Change
  ) {
    #expect(old.change(to: new) == change)
  }

  private func catalog(_ scripts: String..., dialect: SQLDialect = .postgresql) -> SchemaCatalog {
    var catalog = SchemaCatalog()
    for script in scripts { catalog.apply(SQLAnalysis.analyze(Array(script.utf8), dialect: dialect)) }
    return catalog
  }

  @Test(arguments: [SQLDialect.postgresql, .mysql])
  func `scripts one after the other leave a schema`(_ dialect: SQLDialect) {
    let made = catalog(
      "CREATE TABLE a (i int, n varchar(50), gone text);",
      "ALTER TABLE a ADD COLUMN b bigint;\nALTER TABLE a DROP COLUMN gone;",
      "ALTER TABLE a RENAME COLUMN n TO name;", "CREATE TABLE b (i int);\nDROP TABLE b;", dialect: dialect)
    #expect(made.tables["a"]?.keys.sorted() == ["b", "i", "name"])
    #expect(
      made.type(of: SchemaObject(.column, "name", table: "a")) == ColumnType("varchar", modifiers: [50]))
    #expect(made.tables["b"] == nil)
  }

  @Test func `two schemas: what goes, what narrows, what widens`() {
    let issues = catalog("CREATE TABLE a (i int, n varchar(50), t text);\nCREATE TABLE b (i int);").issues(
      goingTo: catalog("CREATE TABLE a (i bigint, n varchar(20));"))
    #expect(
      Set(issues.map { "\($0.rule) \($0.risk)" }) == [
        "ban-drop-table irreversible", "ban-drop-column irreversible", "changing-column-type locking",
        "changing-column-type irreversible",
      ])
  }

  @Test(arguments: [
    ("DROP TABLE a;", "-- why\ndrop   table a ;", true), ("SELECT 1; SELECT 2;", "SELECT 2; SELECT 1;", true),
    ("DROP TABLE a;", "DROP TABLE \"A\";", false), ("SELECT 'a';", "SELECT 'A';", false),
    ("SELECT 1;", "SELECT 1; SELECT 1;", false), ("SELECT 1; SELECT 2;", "SELECT 1;", false),
  ])
  func `two versions of a script by their statements`(_ old: String, _ new: String, _ isSame: Bool) {
    #expect(StatementComparison(old: old, new: new, dialect: .postgresql).isSame == isSame)
  }

  @Test func `only what is new in a script is judged`() {
    let comparison = StatementComparison(
      old: "DROP TABLE a;", new: "DROP TABLE a;\nDROP TABLE\n  b;\n", dialect: .postgresql)
    let report = comparison.restricted(SQLAnalysis.analyze(Array("DROP TABLE a;\nDROP TABLE\n  b;\n".utf8)))
    #expect(report.issues.filter { $0.rule == "ban-drop-table" }.map(\.subject) == ["b"])
  }
}
