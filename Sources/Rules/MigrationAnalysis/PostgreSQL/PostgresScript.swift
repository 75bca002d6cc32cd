import SQLText

/// Reads a PostgreSQL script and lets `PostgresJudge` go over its statements.
struct PostgresScript {
  private let text: PsqlText
  private let lines: LineIndex
  private let directives: SQLDirectives
  private let settings: SQLSettings

  init(_ bytes: [UInt8], _ settings: SQLSettings) {
    text = PsqlText(bytes)
    lines = LineIndex(bytes)
    directives = SQLDirectives(bytes, lines: lines)
    var settings = settings
    settings.runsInTransaction = directives.runsInTransaction ?? settings.runsInTransaction
    self.settings = settings
  }

  func report() -> SQLScriptReport {
    var bytes = text.bytes
    var parsed: [PostgresStatement] = []
    var failures: [PostgresSyntaxError] = []
    var openComment: Int?
    if let all = try? PostgresParser.parse(bytes) {
      parsed = all
    } else {
      // Once more without psql's variables, and then one statement at a time, so that one mistake hides nothing.
      bytes = text.withoutVariables()
      (parsed, failures) = PostgresScript.parseEach(bytes)
      openComment = PostgresScript.openComment(in: bytes)
    }
    // Grammar that is newer than the parser's: read by tokens for what loses data, and said to be open.
    let version = settings.postgresVersion ?? 0
    func isNewer(_ failure: PostgresSyntaxError) -> Bool {
      // PostgreSQL 16 lets the alias go, and the parser says so in these words alone.
      version > PostgresParser.version || failure.message.hasSuffix("in FROM must have an alias")
    }
    let unread = failures.filter(isNewer).map(\.statement)
    failures.removeAll(where: isNewer)
    var judge = PostgresJudge(bytes: bytes, lines: lines, settings: settings)
    judge.startsInTransaction(parsed)
    for statement in parsed { judge.visit(statement, count: parsed.count) }
    judge.finish()
    for failure in failures {
      judge.issue(
        "sql-syntax", .syntax,
        "PostgreSQL \(PostgresParser.version) does not understand this: \(failure.message)"
          + " (where it is newer syntax, set postgresql-version under diff-gate in the policy)", "",
        line: lines.line(at: failure.offset))
    }
    if let openComment {
      judge.issue(
        "sql-syntax", .syntax, "the comment that begins here has no end: nothing after it is run", "",
        line: lines.line(at: openComment))
    }
    for range in unread { judge.adopt(readByTokens(bytes, range), line: lines.line(at: range.lowerBound)) }
    for command in text.metaCommands { judgeMeta(command, &judge) }
    for reach in ReachScan.find(in: text.bytes) {
      let line = lines.line(at: reach.offset)
      switch reach.kind {
      case .program: judge.issue("sql-runs-programs", .irreversible, reach.words, reach.words, line: line)
      case .outside: judge.issue("sql-reaches-outside", .notUnderstood, reach.words, reach.words, line: line)
      case .unreadable: judge.issue("sql-not-understood", .notUnderstood, reach.words, "execute", line: line)
      }
    }
    var report = judge.report()
    directives.apply(to: &report)
    return report
  }

  /// Where a comment begins that takes in the end of the text.
  private static func openComment(in bytes: [UInt8]) -> Int? {
    var lexer = PostgresLexer(bytes)
    while lexer.next() != nil {}
    return lexer.openComment
  }

  /// One statement of newer grammar; the rest is blanked, so that lines stay.
  private func readByTokens(_ bytes: [UInt8], _ range: Range<Int>) -> SQLScriptReport {
    var alone = bytes.map { $0 == 0x0A ? $0 : 0x20 }
    alone.replaceSubrange(range, with: bytes[range])
    return TolerantScript(alone, dialect: .postgresql).report()
  }

  /// Statement by statement, for a script that does not parse as a whole.
  static func parseEach(_ bytes: [UInt8]) -> ([PostgresStatement], [PostgresSyntaxError]) {
    var parsed: [PostgresStatement] = []
    var failures: [PostgresSyntaxError] = []
    for range in statementRanges(bytes) {
      do throws(PostgresSyntaxError) {
        for var statement in try PostgresParser.parse(Array(bytes[range])) {
          statement.range =
            statement.range.lowerBound + range.lowerBound..<statement.range.upperBound + range.lowerBound
          parsed.append(statement)
        }
      } catch {
        if let older = NewerGrammar.inOlderWords(Array(bytes[range])),
          let understood = try? PostgresParser.parse(older)
        {
          for var statement in understood {
            statement.range = range
            parsed.append(statement)
          }
          continue
        }
        failures.append(
          PostgresSyntaxError(
            message: error.message, offset: range.lowerBound + error.offset, statement: range))
      }
    }
    return (parsed, failures)
  }

  /// The text between semicolons; those inside `BEGIN ATOMIC … END` and parentheses part nothing.
  static func statementRanges(_ bytes: [UInt8]) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start: Int?
    var end = 0
    var depth = 0
    var blocks = 0
    var previous = ""
    for token in SQLTokenizer.tokens(of: bytes, dialect: .postgresql) {
      if start == nil { start = token.start }
      end = token.end
      switch token.upper {
      case "ATOMIC" where previous == "BEGIN": blocks = 1
      case "CASE" where blocks > 0: blocks += 1
      case "END" where blocks > 0: blocks -= 1
      default: break
      }
      if token.isSymbol("(") { depth += 1 }
      if token.isSymbol(")") { depth = max(0, depth - 1) }
      if token.isSymbol(";"), blocks == 0, depth == 0, let first = start {
        ranges.append(first..<token.start)
        start = nil
      }
      previous = token.upper
    }
    if let start { ranges.append(start..<end) }
    return ranges.filter { !$0.isEmpty }
  }

  /// `\! …`, backquotes in any argument, a pipe, `\copy … program`.
  private static func runsProgram(_ text: String, _ words: [String]) -> Bool {
    let pipes: Set<String> = ["g", "gx", "o", "out", "w", "write"]
    return text.hasPrefix("!") || text.contains("`")
      || pipes.contains(words.first ?? "") && text.contains("|")
      || words.first == "copy" && words.contains { $0.lowercased() == "program" }
  }

  private func judgeMeta(_ command: PsqlText.MetaCommand, _ judge: inout PostgresJudge) {
    let words = command.text.split(whereSeparator: \.isWhitespace).map(String.init)
    let line = lines.line(at: command.offset)
    switch words.first ?? "" {
    case "i", "ir", "include", "include_relative":
      judge.issue(
        "sql-not-understood", .notUnderstood,
        "\\\(words[0]) runs \(words.dropFirst().first ?? "another file"), which is not judged here",
        words.dropFirst().first ?? "", line: line)
    case "gexec":
      judge.issue(
        "sql-not-understood", .notUnderstood,
        "\\gexec runs what a query returns, which only the database knows",
        "gexec", line: line)
    case _ where PostgresScript.runsProgram(command.text, words):
      judge.issue(
        "sql-runs-programs", .irreversible,
        "\\\(command.text.prefix(1)) … runs a program beside the database",
        "shell", line: line)
    default: break
    }
  }
}
