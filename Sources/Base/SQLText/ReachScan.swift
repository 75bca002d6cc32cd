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

  /// The first words of the statement that is under way, and what they say.
  private struct Statement {
    var words: [String] = []
    /// Whether it may be the tail of one that makes code: a word that begins a block stands in expressions as well.
    var isTailOfCode = false
    var makesCode: Bool {
      isTailOfCode || words.first == "do"
        || words.first == "create" && words.contains { $0 == "function" || $0 == "procedure" }
    }
    /// What is made of functions, and calls them without parentheses.
    var makesCaller: Bool {
      words.first == "create" && words.prefix(4).contains { ["operator", "aggregate", "type"].contains($0) }
    }
  }

  /// What statements of PL/pgSQL stand behind.
  private static let openings: Set<String> = ["begin", "then", "else", "loop", "atomic"]

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
      if isBody, token.kind == .word, ReachScan.openings.contains(name(token)) {
        statement = Statement(isTailOfCode: statement.makesCode)
      }
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
      judgeSetting(token, before: next, in: statement)
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
    case .number:
      if !endsAsNumber(token) {
        note(.unreadable, "a number does not end, and what follows is read differently by versions", token)
      }
    case .symbol, .backslash: break
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
    judgeSetting(token, before: next, in: statement)
    if next.map({ isSymbol($0, "(") }) == true || statement.makesCaller {
      switch ServerReach.ofFunction(text) {
      case .outside: note(.outside, "\(text)() reaches outside the database", token)
      case .unreadable: note(.unreadable, "\(text)() runs SQL that is given to it as text", token)
      case .program, nil: break
      }
      if text == "set_config", !setsPlainly(next) {
        note(.unreadable, "set_config() sets what nobody can read before it runs", token)
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
    if text == "superuser", token.kind == .word, first == "create" || first == "alter",
      statement.words.count > 2, ["role", "user", "group"].contains(statement.words[1])
    {
      note(.program, "SUPERUSER lets a role reach the server's files and programs", token)
    }
    if before == "language" { judgeLanguage(token) }
    if text == "program", before == "from" || before == "to",
      let next, [.string, .escapeString, .dollarString].contains(next.kind)
    {
      note(.program, "COPY … PROGRAM runs a program on the server", token)
    }
    let changes: Set<String> = ["update", "insert", "delete", "merge"]
    if ServerReach.rightsTables.contains(text),
      changes.contains(first) || statement.words.suffix(3).contains(where: { $0 == "update" || $0 == "into" })
    {
      note(.program, "\(text) says who may do what on the server, and which code it runs", token)
    }
    switch first {
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

  /// What decides how the rest of a script is read, unless it is set to what it is read by here.
  private mutating func judgeSetting(
    _ token: PostgresToken, before next: PostgresToken?, in statement: Statement
  ) {
    let text = name(token)
    let words = statement.words
    if token.kind == .word, text == "all" || text == "names", words.count == 2 {
      if ["reset", "discard"].contains(words[0]), text == "all" {
        note(.unreadable, "\(words[0].uppercased()) ALL puts back settings by which a script is read", token)
      } else if words[0] == "set", text == "names", !isValue(next, of: "client_encoding") {
        note(.unreadable, "SET NAMES decides how the rest of the script is read", token)
      }
    }
    for setting in ReachScan.readings.keys.sorted() where text.contains(setting) {
      if token.kind == .word, words.first == "set", let next, isSymbol(next, "=") || name(next) == "to" {
        var lexer = PostgresLexer(bytes, from: next.range.upperBound)
        if isValue(lexer.next(), of: setting) { continue }
      }
      let what = setting == "client_encoding" ? "which bytes are which characters" : "where a string ends"
      note(.unreadable, "\(setting) decides \(what), and is not changed here", token)
    }
  }

  /// The settings that decide how a script is read, and what it is read by here.
  private static let readings: [String: Set<String>] = [
    "standard_conforming_strings": ["on", "true", "yes", "1"],
    "client_encoding": ["utf8", "utf-8", "unicode"],
  ]

  private func isValue(_ token: PostgresToken?, of setting: String) -> Bool {
    guard let token, token.kind != .escapeString else { return false }
    return ReachScan.readings[setting]?.contains(name(token)) == true
  }

  /// Whether what follows an opening parenthesis is one plain string and a comma.
  private func setsPlainly(_ parenthesis: PostgresToken?) -> Bool {
    guard let parenthesis, isSymbol(parenthesis, "(") else { return true }
    var lexer = PostgresLexer(bytes, from: parenthesis.range.upperBound)
    guard let setting = lexer.next(), setting.kind == .string, let comma = lexer.next() else { return false }
    return isSymbol(comma, ",")
  }

  private mutating func judgeLanguage(_ token: PostgresToken) {
    let text = name(token)
    if token.kind == .escapeString, text.contains("\\") {
      note(.unreadable, "the name of a language is written in escapes", token)
    }
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

  /// With a digit, a point, or the hexadecimal digits of `0x…`.
  private func endsAsNumber(_ token: PostgresToken) -> Bool {
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    let text = bytes[token.range]
    if text.count > 2, "xob".utf8.contains(text[text.startIndex + 1] | 0x20) {
      return text.dropFirst(2).allSatisfy { isDigit($0) || (0x61...0x66).contains($0 | 0x20) || $0 == 0x5F }
    }
    return text.last.map { isDigit($0) || $0 == UInt8(ascii: ".") } ?? true
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
