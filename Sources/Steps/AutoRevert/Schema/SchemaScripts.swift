import DatabaseAccess
import MigrationAnalysis

/// What takes a range's migrations back, newest first: scripts with what they leave in the tool's history, and commands of
/// the policy.
struct SchemaScripts: Hashable, Sendable {
  /// One script.
  struct Script: Hashable, Sendable {
    /// Where it stands, and the migration that it undoes; the same where the file holds both ways.
    var path: String, migration: String
    /// Its SQL.
    var sql: String
    /// What leaves the history as the tool would.
    var books: HistoryUndo?

    /// What is run, each part with its name.
    var parts: [SQLPart] { pieces.map(\.sql) }

    /// What is run, and which of it changes the history.
    var pieces: [(sql: SQLPart, isHistory: Bool)] {
      let script = SQLPart(path, sql)
      guard let books else { return [(script, false)] }
      let history = SQLPart(
        "\(books.table), the row of \(migration)", books.statements.joined(separator: ";\n"))
      return [(script, false), (history, true)]
    }
  }
  /// What runs by itself.
  enum Step: Hashable, Sendable {
    /// Scripts, in one transaction or statement by statement.
    case scripts([Script], isTransaction: Bool)
    /// The tool's own undo.
    case command(UndoCommand)

    /// The migrations that it undoes, by the path that people know.
    var paths: [String] {
      switch self {
      case .scripts(let scripts, _): scripts.map(\.path)
      case .command(let command): command.paths
      }
    }
  }
  /// In the order in which they run, as few transactions as PostgreSQL allows: one, unless a script cannot run in it.
  private(set) var steps: [Step] = []
  /// What keeps them from being run.
  var obstacles: [String] = []
  /// What a person should know of how they run.
  var remarks: [String] = []

  /// Paths of scripts and, where the tool's own undo runs, of migrations.
  var paths: [String] { steps.flatMap(\.paths) }
  /// Paths of the migrations that are taken back.
  var migrations: [String] {
    steps.flatMap { step -> [String] in
      switch step {
      case .scripts(let scripts, _): scripts.map(\.migration)
      case .command(let command): command.paths
      }
    }
  }
  private var scripts: [Script] {
    steps.flatMap { step -> [Script] in
      guard case .scripts(let scripts, _) = step else { return [] }
      return scripts
    }
  }

  /// What `range` comes to.
  /// - Parameters:
  ///   - history: what the database's own history says; nil where none is kept.
  ///   - commands: by tool, the program that takes its migrations back.
  init(_ range: SchemaRange, history: HistoryJudgement?, commands: [MigrationTool: [String]] = [:]) {
    obstacles = range.obstacles + (history?.obstacles ?? [])
    remarks = history?.remarks ?? []
    var commanded: [MigrationTool: [HistoryJudgement.Entry]] = [:]
    var order: [(script: Script?, tool: MigrationTool)] = []
    for entry in range.entries {
      let file = entry.migration.file
      let answer = history?.answers[file.path]
      if answer == .notApplied { continue }
      if commands[file.tool] != nil {
        if commanded[file.tool] == nil { order.append((nil, file.tool)) }
        commanded[file.tool, default: []].append(entry)
        continue
      }
      guard let script = entry.script, let sql = script.sql else {
        obstacles.append(SchemaScripts.missing(file))
        continue
      }
      var books: HistoryUndo?
      if case .applied(let undo, _) = answer { books = undo }
      order.append(
        (
          Script(
            path: script.recordedPath(of: file.path) ?? file.path, migration: file.path, sql: sql,
            books: books), file.tool
        ))
    }
    for (script, tool) in order {
      if let script {
        add(script)
      } else if let words = commands[tool] {
        steps.append(.command(UndoCommand(words, tool: tool, commanded[tool] ?? [])))
      }
    }
    judge()
  }

  /// Scripts as given.
  init(_ scripts: [Script]) {
    for script in scripts { add(script) }
    judge()
  }

  private static func missing(_ file: MigrationFile) -> String {
    file.path.hasSuffix(".sql")
      ? "\(file.path) has no rollback script"
      : "\(file.path) is code of \(file.tool.rawValue): take it back with that tool, or name its command in the policy "
        + "(auto-revert: schema: undo: \(file.tool.rawValue))"
  }

  private mutating func add(_ script: Script) {
    let traits = ScriptTraits(script.sql)
    let fits = traits.outsideTransactions.isEmpty && !traits.hasTransactions
    if fits, case .scripts(let scripts, true) = steps.last {
      steps[steps.count - 1] = .scripts(scripts + [script], isTransaction: true)
    } else {
      steps.append(.scripts([script], isTransaction: fits))
    }
  }

  private mutating func judge() {
    let isOne = steps.count == 1
    for script in scripts {
      let traits = ScriptTraits(script.sql)
      if traits.isEmpty { obstacles.append("\(script.path) does nothing") }
      if let command = traits.metaCommands.first {
        obstacles.append("\(script.path) has \(command), which reaches outside the database: run it by hand")
      }
      if let reach = SQLScan.scan(script.sql).reaches.first {
        obstacles.append("\(script.path) (line \(reach.line)): \(reach.words): run it by hand")
      }
      if let statement = traits.outsideTransactions.first, !isOne {
        remarks.append(
          "\(script.path) cannot run in one transaction with the others (\(statement)): if one fails, those before it "
            + "stay done.")
      } else if traits.hasTransactions, !isOne {
        remarks.append(
          "\(script.path) has transactions of its own: if one fails, those before it stay done.")
      }
    }
    for case .command(let command) in steps where !isOne {
      remarks.append(
        "\(command.tool.rawValue)'s own undo runs outside the scripts' transaction: if one fails, those before it stay "
          + "done.")
    }
  }

  /// Compares runs of digits as numbers.
  static func isBefore(_ left: String, _ right: String) -> Bool {
    var (one, other) = (Substring(left), Substring(right))
    while let first = one.first, let second = other.first {
      let (digits, others) = (one.prefix(while: \.isNumber), other.prefix(while: \.isNumber))
      if !digits.isEmpty, !others.isEmpty {
        let (number, another) = (digits.drop { $0 == "0" }, others.drop { $0 == "0" })
        if number != another {
          return (number.count, String(number)) < (another.count, String(another))
        }
        one = one[digits.endIndex...]
        other = other[others.endIndex...]
      } else if first != second {
        return first < second
      } else {
        one.removeFirst()
        other.removeFirst()
      }
    }
    return one.count < other.count
  }
}
