/// What PostgreSQL 16 to 18 write and the parser's grammar does not know, put in older words that come to the same for
/// the rules: only tried where a statement does not parse as it stands.
enum NewerGrammar {
  /// The statement in older words; nil where nothing of it is known to be newer.
  static func inOlderWords(_ statement: [UInt8]) -> [UInt8]? {
    let tokens = SQLTokenizer.tokens(of: statement, dialect: .postgresql)
    var result: [UInt8] = []
    var copied = 0
    var changed = false
    func word(_ index: Int) -> String { tokens.indices.contains(index) ? tokens[index].upper : "" }
    func replace(_ range: ClosedRange<Int>, with text: String) {
      result += statement[copied..<tokens[range.lowerBound].start] + Array(text.utf8)
      copied = tokens[range.upperBound].end
      changed = true
    }
    var index = 0
    while index < tokens.count {
      switch (word(index), word(index + 1)) {
      // A constraint of a table (18): [CONSTRAINT name] NOT NULL column.
      case ("NOT", "NULL")
      where (word(index - 2) == "CONSTRAINT" || word(index - 1) == "ADD") && isColumn(index + 2, tokens):
        let column = tokens[index + 2]
        let name = String(decoding: statement[column.start..<column.end], as: UTF8.self)
        replace(index...index + 2, with: "CHECK (\(name) IS NOT NULL)")
        index += 2
      // A column that is computed when it is read (18): GENERATED ALWAYS AS (…) VIRTUAL stores nothing.
      case ("VIRTUAL", _):
        if let start = startOfGenerated(index, tokens), tokens[start].start >= copied {
          replace(start...index, with: "")
        }
      case ("NOT", "ENFORCED"), ("WITHOUT", "OVERLAPS"):
        replace(index...index + 1, with: "")
        index += 1
      case ("ENFORCED", _): replace(index...index, with: "")
      case ("PERIOD", _) where isColumn(index + 1, tokens): replace(index...index, with: "")
      default: break
      }
      index += 1
    }
    return changed ? result + statement[copied...] : nil
  }

  /// Where `GENERATED ALWAYS AS (…)` before `index` begins.
  private static func startOfGenerated(_ index: Int, _ tokens: [SQLToken]) -> Int? {
    var depth = 0
    for position in stride(from: index - 1, through: 3, by: -1) {
      if tokens[position].isSymbol(")") { depth += 1 }
      if tokens[position].isSymbol("(") { depth -= 1 }
      guard depth <= 0 else { continue }
      let words = tokens[position - 3..<position].map(\.upper)
      return words == ["GENERATED", "ALWAYS", "AS"] ? position - 3 : nil
    }
    return nil
  }

  /// Whether a name stands there, and not the next part of a column's definition.
  private static func isColumn(_ index: Int, _ tokens: [SQLToken]) -> Bool {
    guard tokens.indices.contains(index) else { return false }
    let parts: Set<String> = [
      "DEFAULT", "PRIMARY", "UNIQUE", "REFERENCES", "CHECK", "GENERATED", "COLLATE", "CONSTRAINT",
      "DEFERRABLE",
    ]
    return tokens[index].kind == .quoted
      || tokens[index].kind == .word && !parts.contains(tokens[index].upper)
  }
}
