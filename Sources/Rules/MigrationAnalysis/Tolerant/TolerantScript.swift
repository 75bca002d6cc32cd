/// Reads MySQL and SQLite scripts by their tokens: what loses data or breaks the version before is found, the rest
/// is either known to be harmless or said to be not understood.
struct TolerantScript {
  private let bytes: [UInt8]
  private let dialect: SQLDialect
  private let lines: LineIndex

  private let catalog: SchemaCatalog

  init(_ bytes: [UInt8], dialect: SQLDialect, catalog: SchemaCatalog = SchemaCatalog()) {
    self.catalog = catalog
    self.bytes = bytes
    self.dialect = dialect
    lines = LineIndex(bytes)
  }

  func report() -> SQLScriptReport {
    var judge = TolerantJudge(dialect: dialect, catalog: catalog)
    for statement in statements() {
      judge.visit(TokenCursor(statement), line: lines.line(at: statement.first?.start ?? 0))
    }
    return judge.finished()
  }

  /// The tokens of each statement, parted at semicolons outside of bodies, or at MySQL's DELIMITER.
  func statements() -> [[SQLToken]] {
    var found: [[SQLToken]] = []
    var current: [SQLToken] = []
    var delimiter = ";"
    var depth = 0
    var tokens = SQLTokenizer.tokens(of: bytes, dialect: dialect)[...]
    while let token = tokens.popFirst() {
      if current.isEmpty, dialect == .mysql, token.upper == "DELIMITER" {
        let end = bytes[token.end...].firstIndex(of: 0x0A) ?? bytes.count
        delimiter = String(decoding: bytes[token.end..<end], as: UTF8.self).filter { !$0.isWhitespace }
        tokens = tokens.drop { $0.start < end }
        continue
      }
      if dialect == .other, token.upper == "GO", isAlone(token) {
        found.append(current)
        (current, depth) = ([], 0)
        continue
      }
      if delimiter == ";" {
        if TolerantScript.hasBody(current) {
          switch token.upper {
          case "BEGIN", "CASE": depth += 1
          case "END":
            // END IF, END LOOP and their kin close what opened nothing here.
            if !["IF", "LOOP", "WHILE", "REPEAT"].contains(tokens.first?.upper ?? "") {
              depth = max(0, depth - 1)
            }
          default: break
          }
        }
        if token.isSymbol(";"), depth == 0 {
          found.append(current)
          current = []
        } else {
          current.append(token)
        }
      } else if bytes[token.start...].starts(with: delimiter.utf8) {
        found.append(current)
        current = []
        tokens = tokens.drop { $0.start < token.start + delimiter.utf8.count }
      } else {
        current.append(token)
      }
    }
    found.append(current)
    return found.filter { !$0.isEmpty }
  }

  /// Whether a word has its line for itself, as `GO` between the batches of SQL Server has.
  private func isAlone(_ token: SQLToken) -> Bool {
    let before = bytes[..<token.start].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let after = bytes[token.end...].firstIndex(of: 0x0A) ?? bytes.count
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0D, UInt8(ascii: ";")]
    return bytes[before..<token.start].allSatisfy(blanks.contains)
      && bytes[token.end..<after].allSatisfy(blanks.contains)
  }

  private static func hasBody(_ tokens: [SQLToken]) -> Bool {
    guard tokens.first?.upper == "CREATE" else { return false }
    return tokens.prefix(8).contains { ["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"].contains($0.upper) }
  }
}

/// Goes through the tokens of one statement.
struct TokenCursor {
  private(set) var tokens: ArraySlice<SQLToken>

  init(_ tokens: some Sequence<SQLToken>) { self.tokens = Array(tokens)[...] }

  var isAtEnd: Bool { tokens.isEmpty }
  var upper: String { tokens.first?.upper ?? "" }

  /// Takes the words, all or none.
  mutating func take(_ words: String...) -> Bool {
    guard zip(tokens, words).allSatisfy({ $0.upper == $1 }), tokens.count >= words.count else { return false }
    tokens = tokens.dropFirst(words.count)
    return true
  }

  /// Takes whichever of the words comes next.
  mutating func takeAny(_ words: Set<String>) -> String? {
    guard words.contains(upper), !upper.isEmpty else { return nil }
    return tokens.popFirst()?.upper
  }

  /// Takes an identifier, with or without the names before its dots; the last part.
  mutating func name() -> String? {
    guard let first = tokens.first, first.kind == .word || first.kind == .quoted || first.kind == .string
    else {
      return nil
    }
    tokens.removeFirst()
    var last = first
    while tokens.first?.isSymbol(".") == true, tokens.count > 1 {
      tokens.removeFirst()
      last = tokens.removeFirst()
    }
    return last.text
  }

  /// Takes what stands between the parenthesis that comes next and its partner.
  mutating func parenthesized() -> [SQLToken]? {
    guard tokens.first?.isSymbol("(") == true else { return nil }
    var depth = 0
    var content: [SQLToken] = []
    while let token = tokens.popFirst() {
      if token.isSymbol("(") { depth += 1 }
      if token.isSymbol(")") { depth -= 1 }
      if depth == 0 { return Array(content.dropFirst()) }
      content.append(token)
    }
    return Array(content.dropFirst())
  }

  /// Goes past `WITH name AS (…), …` to the statement that it serves.
  mutating func skipCommonTables() {
    guard upper == "WITH" else { return }
    var rest = self
    rest.skip()
    _ = rest.take("RECURSIVE")
    while rest.name() != nil {
      _ = rest.parenthesized()
      guard rest.take("AS"), rest.parenthesized() != nil else { return }
      guard rest.tokens.first?.isSymbol(",") == true else { break }
      rest.skip()
    }
    self = rest
  }

  mutating func skip() { if !tokens.isEmpty { tokens.removeFirst() } }

  /// Whether a word stands outside of parentheses.
  func contains(_ word: String) -> Bool {
    var depth = 0
    for token in tokens {
      if token.isSymbol("(") { depth += 1 }
      if token.isSymbol(")") { depth -= 1 }
      if depth == 0, token.upper == word { return true }
    }
    return false
  }

  /// Parted at commas outside of parentheses.
  static func parts(_ tokens: some Sequence<SQLToken>) -> [[SQLToken]] {
    var parts: [[SQLToken]] = []
    var current: [SQLToken] = []
    var depth = 0
    for token in tokens {
      if token.isSymbol("(") { depth += 1 }
      if token.isSymbol(")") { depth -= 1 }
      if depth == 0, token.isSymbol(",") {
        parts.append(current)
        current = []
      } else {
        current.append(token)
      }
    }
    if !current.isEmpty { parts.append(current) }
    return parts
  }
}
