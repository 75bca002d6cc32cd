/// Looks through SQL for what takes it out of its database, bodies of functions and blocks included.
public struct ReachScan: Sendable {
  /// One place.
  public struct Reach: Hashable, Sendable {
    /// What is reached.
    public var kind: ServerReach
    /// In words, to follow the place.
    public var words: String
    /// The byte at which it stands.
    public var offset: Int
  }

  /// How deep strings of SQL may stand in each other; what is deeper is not read, and said to be.
  static let depthLimit = 8

  private var reaches: [Reach] = []
  private let depth: Int
  private let isBody: Bool
  private let base: Int
  private let bytes: [UInt8]

  /// What is in `bytes`, in order.
  public static func find(in bytes: [UInt8]) -> [Reach] {
    var scan = ReachScan(bytes, base: 0, depth: 0, isBody: false)
    scan.run()
    return scan.reaches
  }

  private init(_ bytes: [UInt8], base: Int, depth: Int, isBody: Bool) {
    self.bytes = bytes
    self.base = base
    self.depth = depth
    self.isBody = isBody
  }

  /// The last tokens of the statement that is under way, and what its first words say.
  private struct Statement {
    var words: [String] = []
    var makesCode: Bool {
      words.first == "do"
        || words.first == "create" && words.contains { $0 == "function" || $0 == "procedure" }
    }
  }

  private mutating func run() {
    var lexer = PostgresLexer(bytes)
    var statement = Statement()
    var previous: PostgresToken?
    var current = lexer.next()
    while let token = current {
      let next = lexer.next()
      if token.kind == .symbol, bytes[token.range.lowerBound] == UInt8(ascii: ";") {
        statement = Statement()
        previous = nil
        current = next
        continue
      }
      if token.kind == .word, statement.words.count < 8 { statement.words.append(name(token)) }
      judge(token, after: previous, before: next, in: statement)
      previous = token
      current = next
    }
  }

  private mutating func judge(
    _ token: PostgresToken, after previous: PostgresToken?, before next: PostgresToken?,
    in statement: Statement
  ) {
    switch token.kind {
    case .word, .quotedName: judgeName(token, after: previous, before: next, in: statement)
    case .string, .escapeString:
      let before = previous.map { $0.kind == .word ? name($0) : "" } ?? ""
      if statement.words.first == "copy", before == "from" || before == "to" {
        note(.outside, "COPY reads or writes a file of the server", token)
      } else if before == "language" {
        judgeLanguage(token)
      } else if statement.makesCode || isDynamic(previous) {
        judgeBody(token)
      }
    case .dollarString:
      if statement.makesCode || isDynamic(previous) { judgeBody(token) }
    case .number, .symbol, .backslash: break
    }
  }

  private mutating func judgeName(
    _ token: PostgresToken, after previous: PostgresToken?, before next: PostgresToken?,
    in statement: Statement
  ) {
    let text = name(token)
    let before = previous.map { $0.kind == .word ? name($0) : "" } ?? ""
    let first = statement.words.first ?? ""
    if token.kind == .quotedName, isUnicodeName(token) {
      note(.unreadable, "a name is written in escapes", token)
    }
    if next.map({ isSymbol($0, "(") }) == true {
      switch ServerReach.ofFunction(text) {
      case .outside: note(.outside, "\(text)() reaches outside the database", token)
      case .unreadable: note(.unreadable, "\(text)() runs SQL that is given to it as text", token)
      case .program, nil: break
      }
      // aws_lambda.invoke
      if text == "invoke", previous.map({ isSymbol($0, ".") }) == true {
        note(.outside, "invoke() runs a function of Lambda", token)
      }
    }
    if let kind = ServerReach.ofSetting(text), first == "set" || first == "alter" || first == "create" {
      note(kind, "\(text) makes the server load or run a program", token)
    }
    if ServerReach.reachingRoles.contains(text), first != "revoke" {
      note(.program, "\(text) lets a role reach the server's files and programs", token)
    }
    if before == "language" { judgeLanguage(token) }
    switch first {
    case "copy" where text == "program" && (before == "from" || before == "to"):
      note(.program, "COPY … PROGRAM runs a program on the server", token)
    case "load" where statement.words.count == 1 && token.kind == .word:
      if let next, next.kind == .string || next.kind == .escapeString {
        note(.program, "LOAD loads code into the server", token)
      }
    case "create", "alter", "import": judgeDefinition(text, token, statement)
    default: break
    }
    if isBody, token.kind == .word, text == "execute" { judgeExecute(token, after: before, before: next) }
  }

  private mutating func judgeDefinition(_ text: String, _ token: PostgresToken, _ statement: Statement) {
    let words = statement.words
    if words.starts(with: ["create", "extension"]),
      token.kind == .quotedName || !["create", "extension", "if", "not", "exists"].contains(text)
    {
      // Only its name stands here; what follows it are a schema and a version.
      let names = words.dropFirst(2).filter { !["if", "not", "exists"].contains($0) }
      guard token.kind == .quotedName ? names.isEmpty : names.count == 1 else { return }
      switch ServerReach.ofExtension(text) {
      case .program: note(.program, "the extension \(text) runs any code on the server", token)
      case .outside: note(.outside, "the extension \(text) reaches outside the database", token)
      case .unreadable, nil: break
      }
      return
    }
    guard token.kind == .word, words.last == text else { return }
    let two = words.prefix(2)
    if words.count == 2, ["server", "subscription", "tablespace"].contains(text), two.first != "import" {
      note(.outside, "\(two.joined(separator: " ").uppercased()) reaches outside the database", token)
    } else if words.count == 3,
      words == ["create", "user", "mapping"] || words == ["import", "foreign", "schema"]
        || words == ["create", "foreign", "data"]
    {
      note(.outside, "\(words.joined(separator: " ").uppercased()) reaches another server", token)
    } else if words == ["alter", "system"] {
      note(.program, "ALTER SYSTEM changes the server for every database on it", token)
    }
  }

  private mutating func judgeLanguage(_ token: PostgresToken) {
    let text = name(token)
    guard let kind = ServerReach.ofLanguage(text) else { return }
    note(kind, "the language \(text) runs any code on the server", token)
  }

  /// `EXECUTE 'text';` can be read; what is put together cannot.
  private mutating func judgeExecute(
    _ token: PostgresToken, after before: String, before next: PostgresToken?
  ) {
    // Of a trigger, and of rights.
    guard let next else { return }
    let following = next.kind == .word ? name(next) : ""
    guard !["function", "procedure", "on"].contains(following), !["grant", "revoke"].contains(before) else {
      return
    }
    let isText = [.string, .escapeString, .dollarString].contains(next.kind)
    var lexer = PostgresLexer(bytes, from: next.range.upperBound)
    let after = lexer.next()
    let ends =
      after.map { isSymbol($0, ";") || $0.kind == .word && ["into", "using"].contains(name($0)) } ?? true
    guard !isText || !ends else { return }
    note(.unreadable, "EXECUTE runs SQL that is put together at run time", token)
  }

  /// Whether a string is what EXECUTE runs.
  private func isDynamic(_ previous: PostgresToken?) -> Bool {
    isBody && previous.map { $0.kind == .word && name($0) == "execute" } == true
  }

  private mutating func judgeBody(_ token: PostgresToken) {
    let content = Array(bytes[token.content])
    if token.kind == .escapeString, content.contains(UInt8(ascii: "\\")) || token.isContinued {
      note(.unreadable, "code is written in escapes", token)
      return
    }
    if token.range.lowerBound > 1, bytes[token.range.lowerBound - 1] == UInt8(ascii: "&"),
      content.contains(UInt8(ascii: "\\"))
    {
      note(.unreadable, "code is written in escapes", token)
      return
    }
    guard depth < ReachScan.depthLimit else {
      note(.unreadable, "SQL stands in SQL more than \(ReachScan.depthLimit) deep", token)
      return
    }
    // Doubled quotes become blanks and a quote, so that offsets stay.
    var inner = content
    if token.kind == .string || token.kind == .escapeString {
      var index = 0
      while index + 1 < inner.count {
        if inner[index] == UInt8(ascii: "'"), inner[index + 1] == UInt8(ascii: "'") {
          inner[index] = 0x20
          index += 1
        }
        index += 1
      }
    }
    var scan = ReachScan(inner, base: base + token.content.lowerBound, depth: depth + 1, isBody: true)
    scan.run()
    reaches += scan.reaches
  }

  // MARK: - Reading tokens

  /// In lower case where it has no quotes.
  private func name(_ token: PostgresToken) -> String {
    let text = String(decoding: bytes[token.content], as: UTF8.self)
    return token.kind == .word ? text.lowercased() : text.replacing("\"\"", with: "\"").lowercased()
  }

  private func isSymbol(_ token: PostgresToken, _ symbol: Unicode.Scalar) -> Bool {
    token.kind == .symbol && bytes[token.range.lowerBound] == UInt8(ascii: symbol)
  }

  /// `U&"…"` with an escape in it, whichever character UESCAPE makes one.
  private func isUnicodeName(_ token: PostgresToken) -> Bool {
    let start = token.range.lowerBound
    return start > 1 && bytes[start - 1] == UInt8(ascii: "&") && bytes[start - 2] | 0x20 == UInt8(ascii: "u")
  }

  private mutating func note(_ kind: ServerReach, _ words: String, _ token: PostgresToken) {
    let reach = Reach(kind: kind, words: words, offset: base + token.range.lowerBound)
    if reaches.last != reach { reaches.append(reach) }
  }
}
