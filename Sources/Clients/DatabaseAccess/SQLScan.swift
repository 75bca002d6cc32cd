import SQLText

/// Looks through SQL for its statements, and for what decides whether it may be run at all.
public enum SQLScan {
  /// What was found.
  public struct Findings: Hashable, Sendable {
    /// The statements that are not empty.
    public var statements: [Statement] = []
    /// The line of the first backslash outside quotes: what follows is a command for psql, not for the server.
    public var commandLine: Int?
    /// What reaches outside the database or cannot be read, each with its line.
    public var reaches: [Reach] = []
    /// Whether a semicolon stands where it ends no statement, in parentheses or a body.
    public var hasInnerSemicolon = false
  }

  /// Where a statement begins and with which word.
  public struct Statement: Hashable, Sendable {
    /// In capitals; empty where it begins with no word.
    public var word: String
    /// Counted from 1.
    public var line: Int
    /// Its bytes, without the semicolon.
    public var range: Range<Int>

    /// Whether it is a COPY that waits for rows from the client.
    func copiesFromInput(_ sql: String) -> Bool {
      guard word == "COPY" else { return false }
      let words = String(decoding: Array(sql.utf8)[range], as: UTF8.self).uppercased()
        .split { !($0.isLetter || $0 == "_") }
      return words.contains("FROM") && words.contains("STDIN")
    }
  }

  /// What takes SQL out of its database.
  public struct Reach: Hashable, Sendable {
    /// Counted from 1.
    public var line: Int
    /// In words.
    public var words: String
  }

  /// Goes through `sql` once.
  public static func scan(_ sql: String) -> Findings {
    let bytes = Array(sql.utf8)
    var scanner = Scanner(bytes)
    scanner.run()
    var lines = LineCount(bytes)
    scanner.findings.reaches = ReachScan.find(in: bytes).sorted { $0.offset < $1.offset }.map {
      Reach(line: lines.line(at: $0.offset), words: $0.words)
    }
    return scanner.findings
  }

  /// Line numbers of offsets that only grow.
  private struct LineCount {
    let bytes: [UInt8]
    var offset = 0
    var line = 1

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func line(at end: Int) -> Int {
      while offset < end {
        if bytes[offset] == UInt8(ascii: "\n") { line += 1 }
        offset += 1
      }
      return line
    }
  }

  private struct Scanner {
    let bytes: [UInt8]
    var findings = Findings()
    private var lines: LineCount
    /// The first words of the statement that is under way.
    private var words: [String] = []
    private var parentheses = 0
    /// `BEGIN ATOMIC … END` in a function's definition, and `CASE … END` in it.
    private var blocks = 0
    private var isInStatement = false

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
      lines = LineCount(bytes)
    }

    mutating func run() {
      var lexer = PostgresLexer(bytes)
      while let token = lexer.next() {
        let line = lines.line(at: token.range.lowerBound)
        let byte = bytes[token.range.lowerBound]
        if token.kind == .symbol, byte == UInt8(ascii: ";"), parentheses == 0, blocks == 0 {
          isInStatement = false
          continue
        }
        let word = token.kind == .word ? String(decoding: bytes[token.range], as: UTF8.self).uppercased() : ""
        if token.kind == .backslash {
          if findings.commandLine == nil { findings.commandLine = line }
          continue
        }
        open(word, line, token.range)
        note(token, byte, word, line)
      }
    }

    /// A statement begins, unless one is under way.
    private mutating func open(_ word: String, _ line: Int, _ range: Range<Int>) {
      if isInStatement {
        let last = findings.statements.count - 1
        findings.statements[last].range = findings.statements[last].range.lowerBound..<range.upperBound
      } else {
        isInStatement = true
        words = []
        (parentheses, blocks) = (0, 0)
        findings.statements.append(Statement(word: word, line: line, range: range))
      }
    }

    private mutating func note(_ token: PostgresToken, _ byte: UInt8, _ word: String, _ line: Int) {
      switch token.kind {
      case .symbol where byte == UInt8(ascii: "("): parentheses += 1
      case .symbol where byte == UInt8(ascii: ")"): parentheses = max(0, parentheses - 1)
      case .symbol where byte == UInt8(ascii: ";"): findings.hasInnerSemicolon = true
      case .word:
        if words.count < 4 { words.append(word) }
        noteBlock(word)
      case .string, .escapeString, .dollarString, .quotedName, .symbol, .number, .backslash: break
      }
    }

    /// As psql counts: a semicolon in the body of a function in the standard's own style ends nothing.
    private mutating func noteBlock(_ word: String) {
      let kinds: Set<String> = ["FUNCTION", "PROCEDURE"]
      guard parentheses == 0, words.count > 1, words[0] == "CREATE",
        kinds.contains(words[1])
          || words.count > 3 && words[1] == "OR" && words[2] == "REPLACE" && kinds.contains(words[3])
      else { return }
      switch word {
      case "BEGIN": blocks += 1
      case "CASE" where blocks > 0: blocks += 1
      case "END" where blocks > 0: blocks -= 1
      default: break
      }
    }
  }
}
