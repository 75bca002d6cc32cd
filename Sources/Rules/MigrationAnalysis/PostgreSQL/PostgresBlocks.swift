import JSONValues

/// The body of a function that a script makes: it runs where the script calls it.
struct FunctionBody {
  var content: [UInt8]
  /// Where it begins in the script.
  var offset: Int
  /// Whether it is plain SQL rather than a block of PL/pgSQL.
  var isSQL: Bool
}

/// Statements inside of others: blocks, functions, dynamic SQL.
extension PostgresJudge {
  /// DO runs a block in which statements stand: they are judged, what is put together at run time is not.
  mutating func judgeBlock(_ body: JSONValue, _ range: Range<Int>) {
    guard let (content, offset) = firstString(in: range) else { return }
    judgeBlock(content, offset: offset)
  }

  /// The content of the first string of a statement, and where it begins in the script.
  private func firstString(in range: Range<Int>) -> ([UInt8], Int)? {
    let outer = SQLTokenizer.tokens(of: Array(bytes[range]), dialect: .postgresql)
    guard let string = outer.first(where: { $0.kind == .dollarString || $0.kind == .string }) else {
      return nil
    }
    let content = Array(string.text.utf8)
    let closing = string.kind == .dollarString ? (string.end - string.start - content.count) / 2 : 1
    return (content, range.lowerBound + string.start + closing)
  }

  private mutating func judgeBlock(_ content: [UInt8], offset base: Int) {
    let starts: Set<String> = [
      "DROP", "ALTER", "TRUNCATE", "DELETE", "UPDATE", "CREATE", "WITH", "MERGE", "PERFORM",
    ]
    let before: Set<String> = ["BEGIN", "THEN", "ELSE", "LOOP", ""]
    var tokenizer = SQLTokenizer(content, dialect: .postgresql)
    var previous = ""
    let blockLine = currentLine
    while let token = tokenizer.next() {
      if token.upper == "EXECUTE" {
        var rest: [SQLToken] = []
        while let next = tokenizer.next(), !next.isSymbol(";") { rest.append(next) }
        judgeDynamic(rest, token, base)
        previous = ""
      } else if starts.contains(token.upper), before.contains(previous) {
        var end = token
        while let next = tokenizer.next(), !next.isSymbol(";") { end = next }
        // PERFORM is a SELECT whose result nobody wants.
        let text =
          token.upper == "PERFORM"
          ? Array("SELECT ".utf8) + content[token.end..<end.end] : Array(content[token.start..<end.end])
        visitInner(text, token.upper, base + token.start..<base + end.end)
        previous = ""
      } else {
        previous = token.isSymbol(";") ? "" : token.kind == .word ? token.upper : token.text
      }
    }
    restore(line: blockLine)
  }

  private mutating func visitInner(_ text: [UInt8], _ word: String, _ range: Range<Int>) {
    guard let parsed = try? PostgresParser.parse(text) else {
      issue(
        "sql-not-understood", .notUnderstood, "\(word) … in a block could not be read", word,
        line: lines.line(at: range.lowerBound))
      return
    }
    for var statement in parsed {
      statement.range = range
      visit(statement, count: 1)
    }
  }

  /// EXECUTE of a text that stands there as a whole is what the text says.
  private mutating func judgeDynamic(_ tokens: [SQLToken], _ execute: SQLToken, _ base: Int) {
    let end = tokens.last?.end ?? execute.end
    if let text = PostgresJudge.constantText(tokens) {
      visitInner(Array(text.utf8), "EXECUTE", base + execute.start..<base + end)
    } else {
      issue(
        "sql-not-understood", .notUnderstood, "EXECUTE runs SQL that is put together at run time", "execute",
        line: lines.line(at: base + execute.start))
    }
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

  // MARK: - Functions

  mutating func noteFunction(_ body: JSONValue, _ range: Range<Int>) {
    guard let name = body["funcname"]?.lastName?.lowercased() else { return }
    var language = ""
    for option in body.list("options") {
      guard let element = option["DefElem"], element["defname"]?.string == "language" else { continue }
      language = element["arg"]?.name?.lowercased() ?? ""
    }
    guard ["sql", "plpgsql"].contains(language), let (content, offset) = firstString(in: range) else {
      return
    }
    functions[name] = FunctionBody(content: content, offset: offset, isSQL: language == "sql")
  }

  /// Judges the bodies of functions of this script that a statement calls.
  mutating func judgeCalls(_ body: JSONValue) {
    guard !functions.isEmpty else { return }
    var called: [String] = []
    PostgresJudge.collectCalls(body, &called)
    for name in called {
      // Each once, and none from within itself.
      guard let function = functions.removeValue(forKey: name) else { continue }
      let line = currentLine
      if function.isSQL {
        for statement in (try? PostgresParser.parse(function.content)) ?? [] {
          var statement = statement
          statement.range =
            statement.range.lowerBound + function.offset..<statement.range.upperBound + function.offset
          visit(statement, count: 1)
        }
      } else {
        judgeBlock(function.content, offset: function.offset)
      }
      restore(line: line)
    }
  }

  private static func collectCalls(_ value: JSONValue, _ names: inout [String]) {
    switch value {
    case .array(let elements): for element in elements { collectCalls(element, &names) }
    case .object(let object):
      for member in object.members {
        if member.name == "FuncCall" || member.name == "funccall",
          let name = member.value["funcname"]?.lastName
        {
          names.append(name.lowercased())
        }
        collectCalls(member.value, &names)
      }
    default: break
    }
  }

  // MARK: - Rows changed on the way

  /// Statements in WITH change rows like others.
  mutating func judgeCommonTables(_ body: JSONValue) {
    for element in body["withClause"]?.list("ctes") ?? [] {
      guard let (kind, query) = element["CommonTableExpr"]?["ctequery"]?.node else { continue }
      judgeRows(kind, query)
    }
  }

  private mutating func judgeRows(_ kind: String, _ query: JSONValue) {
    switch kind {
    case "DeleteStmt": judgeDelete(query)
    case "UpdateStmt": judgeUpdate(query)
    case "InsertStmt": noteInsert(query)
    case "MergeStmt": judgeMerge(query)
    default: break
    }
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
          clause["condition"] == nil ? .irreversible : .advice,
          "MERGE deletes rows of \(table) that only a backup brings back", table)
      case "CMD_UPDATE": effect(.update, SchemaObject(.table, table))
      case "CMD_INSERT": effect(.insert, SchemaObject(.table, table))
      default: break
      }
    }
  }
}
