import JSONValues

/// Goes over the statements of one script in order and remembers what the rules need: transactions, what was made
/// here, which constraints were validated. Each extension holds the rules of one kind of statement.
struct PostgresJudge {
  let bytes: [UInt8]
  let lines: LineIndex
  let settings: SQLSettings
  private var issues: [SQLIssue] = []
  /// The same, to find one among thousands.
  private var known: Set<SQLIssue> = []
  private var statements: [SQLStatement] = []
  private(set) var effects: [SchemaEffect] = []
  private var definitions: [SchemaDefinition] = []
  private(set) var currentLine = 1
  private(set) var statementCount = 0

  // State of the script.
  var isInTransaction = false
  var beganOutside = false
  var createdTables: Set<String> = []
  /// Those of them that the open transaction made: nobody else sees them yet.
  var tablesOfTransaction: Set<String> = []
  var temporaryTables: Set<String> = []
  var createdColumns: Set<SchemaObject> = []
  /// Columns made here that must not be null.
  var requiredColumns: Set<SchemaObject> = []
  /// New columns that the database gives a value by a sequence or an expression.
  var filledByThemselves: Set<SchemaObject> = []
  var createdObjects: Set<SchemaObject> = []
  /// Whether a column has a default, as far as the script says, and the line of its last DROP DEFAULT.
  var defaults: [SchemaObject: (has: Bool, line: Int)] = [:]
  /// NOT NULL set on columns, to be judged when it is known whether a default stays.
  var notNull: [(column: SchemaObject, line: Int)] = []
  /// `CHECK (column IS NOT NULL)` by constraint, and those whose definition this script does not hold.
  var checks: [String: Set<String>] = [:]
  var validated: Set<SchemaObject> = []
  /// Constraints added NOT VALID in the transaction that is open.
  var notValidHere: Set<String> = []
  var droppedConstraints: Set<String> = []
  var lockTimeoutSet = false
  var statementTimeoutSet = false
  var beginLine: Int?
  /// Objects without data that were dropped and not made again so far.
  var pendingDrops: [(rule: String, object: SchemaObject, line: Int, words: String)] = []
  /// Types that the script has renamed: their old names by the new ones.
  var renamedTypes: [String: String] = [:]
  /// Tables that the script has renamed: what they were called, to be judged when it is known whether a view takes the
  /// name.
  var renamedTables: [(old: String, new: String, line: Int)] = []
  /// Views made here, which may stand for a table under its old name.
  var standIns: [String: StandInView] = [:]
  /// Tables whose rows nobody sees without a policy, and where that was switched on.
  var securedTables: [String: Int] = [:]
  /// Triggers that are switched off and not on again; no name for all of a table's.
  var disabledTriggers: [(table: String, trigger: String?, line: Int)] = []
  /// Statements that refuse a transaction, and their tables.
  var outsiders: [(line: Int, words: String, subject: String)] = []
  /// Functions made here and not called so far, by name, and those that are triggers', by table.
  var functions: [String: PostgresFunction] = [:]
  var triggers: [String: [String]] = [:]
  /// How many bodies the current statement stands in.
  var codeDepth = 0
  /// Whether the current statement is CONCURRENTLY.
  private(set) var currentIsConcurrent = false

  init(bytes: [UInt8], lines: LineIndex, settings: SQLSettings) {
    self.bytes = bytes
    self.lines = lines
    self.settings = settings
  }

  // MARK: - Notes

  /// Notes that the current statement breaks a rule.
  mutating func issue(_ rule: String, _ risk: SQLRisk, _ message: String, _ subject: String, line: Int? = nil)
  {
    let line = line ?? currentLine
    let new = SQLIssue(
      rule: rule, risk: risk, message: message, line: line, subject: subject.lowercased())
    guard known.insert(new).inserted else { return }
    issues.append(new)
    if let index = statements.lastIndex(where: { $0.line == line }) {
      if !statements[index].rules.contains(rule) { statements[index].rules.append(rule) }
    } else {
      statements.append(SQLStatement(line: line, rules: [rule]))
    }
  }

  /// Takes in what another reader found in one statement, which it may not have understood in full.
  mutating func adopt(_ report: SQLScriptReport, line: Int) {
    statements.append(SQLStatement(line: line, rules: []))
    for issue in report.issues {
      self.issue(issue.rule, issue.risk, issue.message, issue.subject, line: issue.line)
    }
    issue(
      "sql-not-understood", .notUnderstood,
      "newer grammar than PostgreSQL \(PostgresParser.version)'s: read by words alone", "newer grammar",
      line: line)
    effects += report.effects
  }

  /// Notes what the current statement does.
  mutating func effect(_ verb: SchemaEffect.Verb, _ object: SchemaObject) {
    effects.append(SchemaEffect(verb, object, line: currentLine))
  }

  /// Whether a table was there before this script.
  func isOld(_ table: String) -> Bool { !createdTables.contains(table.lowercased()) }

  /// What a rule comes to: advice where this script made the table, since nobody uses it yet.
  func risk(_ risk: SQLRisk, on table: String) -> SQLRisk { isOld(table) ? risk : .advice }

  /// Notes a lock on a table: none where the open transaction made it, advice where the script did.
  mutating func lock(_ rule: String, on table: String, _ message: String, _ subject: String) {
    if isInTransaction, tablesOfTransaction.contains(table.lowercased()) { return }
    issue(rule, risk(.locking, on: table), message, subject)
  }

  /// Goes back to the line of a statement after its inner ones.
  mutating func restore(line: Int) { currentLine = line }

  func report() -> SQLScriptReport {
    SQLScriptReport(
      dialect: .postgresql, statements: statements.sorted { $0.line < $1.line },
      issues: issues.sorted { ($0.line, $0.rule) < ($1.line, $1.rule) }, effects: effects,
      definitions: definitions)
  }

  /// Notes the type of a column.
  mutating func define(_ column: JSONValue, of table: String) {
    guard let name = column["colname"]?.string, let type = PostgresType(column["typeName"]) else { return }
    define(SchemaObject(.column, name, table: table), .column(type.columnType))
  }

  /// Notes what something is.
  mutating func define(_ object: SchemaObject, _ content: SchemaDefinition.Content) {
    definitions.append(SchemaDefinition(object: object, content: content, line: currentLine))
  }

  // MARK: - Walk

  /// A script that ends a transaction before it begins one is run inside one, whatever the settings say.
  mutating func startsInTransaction(_ all: [PostgresStatement]) {
    let first = all.first { $0.kind == "TransactionStmt" }?.body["kind"]?.string
    beganOutside = settings.runsInTransaction || first == "TRANS_STMT_COMMIT"
    isInTransaction = beganOutside
  }

  mutating func visit(_ statement: PostgresStatement, count: Int) {
    statementCount = max(statementCount, count)
    var tokenizer = SQLTokenizer(bytes, dialect: .postgresql, from: statement.range.lowerBound)
    let start = tokenizer.next()?.start ?? statement.range.lowerBound
    currentLine = lines.line(at: start)
    statements.append(SQLStatement(line: currentLine, rules: []))
    judgeNames(in: Array(bytes[min(start, statement.range.upperBound)..<statement.range.upperBound]))
    judgeTimeouts(statement)
    let body = statement.body
    currentIsConcurrent = body.flag("concurrent")
    switch statement.kind {
    case "TransactionStmt": judgeTransaction(body)
    case "VariableSetStmt": noteVariable(body)
    case "CreateStmt": judgeCreateTable(body)
    case "CreateTableAsStmt": judgeCreateTableAs(body)
    case "AlterTableStmt": judgeAlterTable(body)
    case "RenameStmt": judgeRename(body)
    case "AlterObjectSchemaStmt": judgeMove(body)
    case "IndexStmt": judgeCreateIndex(body)
    case "DropStmt": judgeDrop(body)
    case "DropdbStmt":
      let name = body["dbname"]?.string ?? ""
      issue("ban-drop-database", .irreversible, "drops the database \(name) and all that is in it", name)
      effect(.drop, SchemaObject(.database, name))
    case "DropOwnedStmt":
      issue("drop-owned", .irreversible, "drops everything that a role owns", "owned")
    case "TruncateStmt": judgeTruncate(body)
    case "DeleteStmt": judgeDelete(body)
    case "UpdateStmt": judgeUpdate(body)
    case "InsertStmt": noteInsert(body)
    case "MergeStmt": judgeMerge(body)
    case "CreateFunctionStmt":
      noteCreation(statement.kind, body)
    case "ViewStmt":
      judgeView(body)
      noteCreation(statement.kind, body)
    case "SelectStmt": noteSelectInto(body)
    case "AlterSeqStmt": judgeSequence(body)
    case "AlterRoleStmt", "DropRoleStmt": judgeRole(statement.kind, body)
    case "RuleStmt": judgeRule(body)
    case "CreatePolicyStmt":
      judgePolicy(body)
      noteCreation(statement.kind, body)
    case "AlterEnumStmt": judgeEnum(body)
    case "CreateDomainStmt", "AlterDomainStmt": judgeDomain(statement.kind, body)
    case "VacuumStmt", "ClusterStmt", "ReindexStmt", "RefreshMatViewStmt":
      judgeMaintenance(statement.kind, body)
    case "GrantStmt", "GrantRoleStmt": judgeGrant(body)
    case "DoStmt": judgeBlock(statement.range)
    default: noteCreation(statement.kind, body)
    }
    judgeInside(statement.kind, body, statement.range)
    judgeCalls(statement.kind, body, statement.range)
    if statement.kind == "CreateFunctionStmt" { noteFunction(body, statement.range) }
    if statement.kind == "CreateTrigStmt" { noteTrigger(body) }
  }
}
