/// Which statements of a script an older version of it does not have: comments, layout and the case of words change
/// nothing that a database runs.
public struct StatementComparison: Hashable, Sendable {
  /// The lines of statements that the older version has not.
  public private(set) var newLines: [ClosedRange<Int>] = []
  /// Whether both versions have the same statements, each as often.
  public private(set) var isSame: Bool

  /// Compares two versions.
  public init(old: String, new: String, dialect: SQLDialect?) {
    let before = Self.statements(old, dialect)
    let after = Self.statements(new, dialect)
    var known: [[String]: Int] = [:]
    for statement in before { known[statement.words, default: 0] += 1 }
    for statement in after {
      if let count = known[statement.words], count > 0 {
        known[statement.words] = count - 1
      } else {
        newLines.append(statement.lines)
      }
    }
    isSame = newLines.isEmpty && known.values.allSatisfy { $0 == 0 }
  }

  /// Whether a line belongs to a statement that is new.
  public func isNew(_ line: Int) -> Bool { newLines.contains { $0.contains(line) } }

  /// The part of a report that is about new statements.
  public func restricted(_ report: SQLScriptReport) -> SQLScriptReport {
    var report = report
    report.issues.removeAll { !isNew($0.line) }
    report.effects.removeAll { !isNew($0.line) }
    report.statements.removeAll { !isNew($0.line) }
    return report
  }

  private static func statements(_ text: String, _ dialect: SQLDialect?) -> [(
    words: [String], lines: ClosedRange<Int>
  )] {
    let bytes = Array((text.first == "\u{FEFF}" ? text.dropFirst() : text[...]).utf8)
    let lines = LineIndex(bytes)
    var found: [(words: [String], lines: ClosedRange<Int>)] = []
    var words: [String] = []
    var range: Range<Int>?
    // In quotes it is the same name: formatters put them on and take them off.
    func isPlainName(_ token: SQLToken) -> Bool {
      guard token.kind == .quoted, dialect != .mysql || token.quote == UInt8(ascii: "`") else { return false }
      return token.text.first?.isNumber == false
        && token.text.utf8.allSatisfy { byte in
          (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
    }
    func finish() {
      if let range, !words.isEmpty {
        found.append(
          (
            words,
            lines.line(at: range.lowerBound)...lines.line(at: max(range.lowerBound, range.upperBound - 1))
          ))
      }
      words = []
      range = nil
    }
    for token in SQLTokenizer.tokens(of: bytes, dialect: dialect) {
      if token.isSymbol(";") {
        finish()
        continue
      }
      words.append(
        token.kind == .word || isPlainName(token) ? token.text.uppercased() : "\(token.quote) \(token.text)")
      range = (range?.lowerBound ?? token.start)..<token.end
    }
    finish()
    return found
  }
}
