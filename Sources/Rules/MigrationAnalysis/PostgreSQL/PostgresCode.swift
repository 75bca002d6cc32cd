import JSONValues
import SystemInterfaces

/// The body of a function that a script makes: it is judged where the script calls it, and not before.
struct PostgresFunction {
  var content: [UInt8]
  /// The byte of the script at which it begins, and where that is known to be so throughout.
  var base: Int
  var isPLpgSQL: Bool
}

/// DO blocks, and functions that the script both makes and calls.
extension PostgresJudge {
  /// DO runs a block in which statements stand: they are judged, what is put together at run time is not.
  mutating func judgeBlock(_ range: Range<Int>) {
    guard let body = body(in: range, after: "DO") else { return }
    let line = currentLine
    judge(PostgresFunction(content: body.content, base: body.base, isPLpgSQL: true))
    restore(line: line)
  }

  /// Keeps the body of a function that is made here.
  mutating func noteFunction(_ body: JSONValue, _ range: Range<Int>) {
    guard let name = body["funcname"]?.lastName else { return }
    let language = body.list("options").compactMap { $0["DefElem"] }
      .first { $0["defname"]?.string == "language" }?["arg"]?.name?.lowercased()
    if let text = self.body(in: range, after: "AS") {
      functions[name.lowercased()] = PostgresFunction(
        content: text.content, base: text.base, isPLpgSQL: language != "sql")
    } else if let start = atomicBody(in: range) {
      functions[name.lowercased()] = PostgresFunction(
        content: Array(bytes[start..<range.upperBound]), base: start, isPLpgSQL: true)
    }
  }

  /// A function that is a trigger's: it runs when the script writes to the trigger's table.
  mutating func noteTrigger(_ body: JSONValue) {
    guard let function = body["funcname"]?.lastName?.lowercased() else { return }
    triggers[body["relation"]?.relationName.lowercased() ?? "", default: []].append(function)
  }

  /// Judges the functions made here that a statement calls, by name and parenthesis.
  mutating func judgeCalls(_ kind: String, _ body: JSONValue, _ range: Range<Int>) {
    guard !functions.isEmpty else { return }
    switch kind {
    // They name functions without calling them.
    case "CreateFunctionStmt", "DropStmt", "AlterFunctionStmt", "CommentStmt", "GrantStmt", "RenameStmt",
      "AlterOwnerStmt", "AlterObjectSchemaStmt", "CreateTrigStmt":
      return
    case "InsertStmt", "UpdateStmt", "DeleteStmt":
      for name in triggers[body["relation"]?.relationName.lowercased() ?? ""] ?? [] { call(name) }
    default: break
    }
    for name in calledNames(in: Array(bytes[range])) { call(name) }
  }

  private mutating func call(_ name: String) {
    // Once each: what it calls itself is found in its body.
    guard let function = functions.removeValue(forKey: name) else { return }
    let line = currentLine
    judge(function)
    restore(line: line)
  }

  private func calledNames(in text: [UInt8]) -> [String] {
    var tokenizer = SQLTokenizer(text, dialect: .postgresql)
    var found: [String] = []
    var previous = ""
    while let token = tokenizer.next() {
      if token.isSymbol("("), functions[previous] != nil { found.append(previous) }
      previous = token.kind == .word || token.kind == .quoted ? token.text.lowercased() : ""
    }
    return found
  }

  // MARK: - Bodies

  /// The string behind a word.
  private func body(in range: Range<Int>, after word: String) -> (content: [UInt8], base: Int)? {
    var previous = ""
    var last: SQLToken?
    for token in SQLTokenizer.tokens(of: Array(bytes[range]), dialect: .postgresql) {
      let isString = token.kind == .dollarString || token.kind == .string
      // DO LANGUAGE plpgsql $$…$$ has its word further ahead.
      if isString, previous == word || word == "DO" && last == nil { last = token }
      previous = token.upper
    }
    guard let string = last else { return nil }
    var content = Array(string.text.utf8)
    let closing = string.kind == .dollarString ? (string.end - string.start - content.count) / 2 : 1
    if string.kind == .string { PostgresJudge.undouble(&content) }
    return (content, range.lowerBound + string.end - closing - content.count)
  }

  /// A doubled quote as a blank and a quote, so that offsets stay.
  private static func undouble(_ content: inout [UInt8]) {
    var index = 0
    while index + 1 < content.count {
      if content[index] == UInt8(ascii: "'"), content[index + 1] == UInt8(ascii: "'") {
        content[index] = 0x20
        index += 1
      }
      index += 1
    }
  }

  /// Where `BEGIN ATOMIC` begins.
  private func atomicBody(in range: Range<Int>) -> Int? {
    var previous: SQLToken?
    for token in SQLTokenizer.tokens(of: Array(bytes[range]), dialect: .postgresql) {
      if token.upper == "ATOMIC", previous?.upper == "BEGIN" { return range.lowerBound + token.end }
      previous = token
    }
    return nil
  }

  private mutating func judge(_ function: PostgresFunction) {
    guard codeDepth < 16 else { return }
    codeDepth += 1
    defer { codeDepth -= 1 }
    if function.isPLpgSQL {
      judgeCode(function.content, base: function.base)
    } else {
      judgeStatements(function.content, base: function.base)
    }
  }

  /// Statements of SQL in a body; nil where they cannot be read.
  @discardableResult
  private mutating func judgeStatements(_ content: [UInt8], base: Int) -> Bool {
    guard let parsed = try? PostgresParser.parse(content) else { return false }
    for var statement in parsed {
      statement.range = base + statement.range.lowerBound..<base + statement.range.upperBound
      visit(statement, count: 1)
    }
    return true
  }

  /// PL/pgSQL: its own words are passed over, statements of SQL between them are judged.
  private mutating func judgeCode(_ content: [UInt8], base: Int) {
    let writing: Set<String> = [
      "DROP", "ALTER", "TRUNCATE", "DELETE", "UPDATE", "INSERT", "MERGE", "CREATE", "WITH", "REVOKE",
    ]
    let before: Set<String> = ["BEGIN", "THEN", "ELSE", "LOOP", "IN", "QUERY", "ATOMIC", "", ">"]
    var tokenizer = SQLTokenizer(content, dialect: .postgresql)
    var previous = ""
    var calls: [UInt8] = []
    while let token = tokenizer.next() {
      calls += content[token.start..<token.end] + [0x20]
      if writing.contains(token.upper), before.contains(previous) {
        var last = token
        var next = tokenizer.next()
        // A loop over what a statement returns ends with LOOP.
        while let found = next, !found.isSymbol(";"), !(previous == "IN" && found.upper == "LOOP") {
          last = found
          next = tokenizer.next()
        }
        judgeInner(Array(content[token.start..<last.end]), word: token.upper, base: base + token.start)
        previous = next?.upper == "LOOP" ? "LOOP" : ""
      } else if token.upper == "EXECUTE" {
        var rest: [SQLToken] = []
        while let next = tokenizer.next(), !next.isSymbol(";") {
          calls += content[next.start..<next.end] + [0x20]
          rest.append(next)
        }
        judgeDynamic(rest, at: base + token.start)
        previous = ""
      } else {
        previous = token.isSymbol(";") ? "" : token.kind == .word ? token.upper : token.text
      }
    }
    for name in calledNames(in: calls) { call(name) }
  }

  /// EXECUTE of a text that stands there as a whole is what the text says.
  private mutating func judgeDynamic(_ tokens: [SQLToken], at base: Int) {
    // What follows USING or INTO is no part of the text.
    let text = Array(tokens.prefix { !["USING", "INTO"].contains($0.upper) })
    // An event trigger's and a prepared statement's own words.
    if ["FUNCTION", "PROCEDURE", "ON"].contains(text.first?.upper ?? "") { return }
    guard let written = PostgresJudge.constantText(text) else {
      issue(
        "sql-not-understood", .notUnderstood, "EXECUTE runs SQL that is put together at run time", "execute",
        line: lines.line(at: base))
      return
    }
    let line = currentLine
    guard let parsed = try? PostgresParser.parse(Array(written.utf8)) else {
      issue(
        "sql-not-understood", .notUnderstood, "EXECUTE … in a block could not be read", "execute",
        line: lines.line(at: base))
      return
    }
    for var statement in parsed {
      statement.range = base..<base + 1
      visit(statement, count: 1)
    }
    restore(line: line)
  }

  /// The text of strings joined by `||`, or of `format` with strings alone; nil where something else takes part.
  private static func constantText(_ tokens: [SQLToken]) -> String? {
    func isText(_ token: SQLToken) -> Bool { token.kind == .string || token.kind == .dollarString }
    if tokens.first?.upper == "FORMAT", tokens.count > 3, tokens[1].isSymbol("("),
      tokens.last?.isSymbol(")") == true
    {
      let arguments = TokenCursor.parts(tokens[2..<(tokens.count - 1)])
      guard arguments.allSatisfy({ $0.count == 1 && isText($0[0]) }) else { return nil }
      return formatted(arguments.map { $0[0].text })
    }
    var text = ""
    for token in tokens {
      if isText(token) { text += token.text } else if !token.isSymbol("|") { return nil }
    }
    return text.isEmpty ? nil : text.replacing("''", with: "'")
  }

  private static func formatted(_ texts: [String]) -> String? {
    guard let pattern = texts.first else { return nil }
    var values = texts.dropFirst()
    var out = ""
    var isMark = false
    for character in pattern {
      guard isMark else {
        if character == "%" { isMark = true } else { out.append(character) }
        continue
      }
      isMark = false
      switch character {
      case "%": out.append("%")
      case "I", "s", "L":
        guard let value = values.popFirst() else { return nil }
        out += character == "I" ? "\"\(value)\"" : character == "L" ? "'\(value)'" : value
      default: return nil
      }
    }
    return out
  }

  private mutating func judgeInner(_ statement: [UInt8], word: String, base: Int) {
    if judgeStatements(statement, base: base) { return }
    // `… INTO variable` is PL/pgSQL's own.
    if let plain = PostgresJudge.withoutInto(statement), judgeStatements(plain, base: base) { return }
    guard word != "INSERT", word != "WITH" || statement.holds("DELETE") else {
      return
    }
    issue(
      "sql-not-understood", .notUnderstood, "\(word) … in a block could not be read", word,
      line: lines.line(at: base))
  }

  /// The statement without what stands from INTO to its end.
  private static func withoutInto(_ statement: [UInt8]) -> [UInt8]? {
    var tokenizer = SQLTokenizer(statement, dialect: .postgresql)
    var previous = ""
    while let token = tokenizer.next() {
      if token.upper == "INTO", !["INSERT", "MERGE"].contains(previous) {
        return Array(statement[..<token.start])
      }
      previous = token.upper
    }
    return nil
  }
}

/// Statements inside others.
extension PostgresJudge {
  /// What `WITH`, `EXPLAIN ANALYZE`, `PREPARE` and `COPY (…)` hold and run.
  mutating func judgeInside(_ kind: String, _ body: JSONValue, _ range: Range<Int>) {
    for table in body["withClause"]?.list("ctes") ?? [] {
      visitInner(table["CommonTableExpr"]?["ctequery"], range)
    }
    switch kind {
    case "ExplainStmt" where body.option("analyze", in: "options") == true: visitInner(body["query"], range)
    case "PrepareStmt", "CreateTableAsStmt", "CopyStmt", "DeclareCursorStmt": visitInner(body["query"], range)
    case "InsertStmt": visitInner(body["selectStmt"], range)
    default: break
    }
  }

  private mutating func visitInner(_ node: JSONValue?, _ range: Range<Int>) {
    guard let (kind, body) = node?.node else { return }
    switch kind {
    case "DeleteStmt": judgeDelete(body)
    case "UpdateStmt": judgeUpdate(body)
    case "InsertStmt": noteInsert(body)
    case "MergeStmt": judgeMerge(body)
    case "SelectStmt": break
    default: return
    }
    judgeInside(kind, body, range)
  }

  mutating func judgeMerge(_ body: JSONValue) {
    guard let table = body["relation"]?.relationName else { return }
    for element in body.list("mergeWhenClauses") {
      guard let clause = element["MergeWhenClause"] else { continue }
      switch clause["commandType"]?.string {
      case "CMD_DELETE":
        effect(.delete, SchemaObject(.table, table))
        guard isOld(table) else { continue }
        issue(
          clause["condition"] == nil ? "delete-without-where" : "delete-rows",
          clause["condition"] == nil ? .irreversible : .losesRows,
          "MERGE deletes rows of \(table) that only a backup brings back", table)
      case "CMD_UPDATE": effect(.update, SchemaObject(.table, table))
      case "CMD_INSERT": effect(.insert, SchemaObject(.table, table))
      default: break
      }
    }
  }
}
