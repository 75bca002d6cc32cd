/// Looks through SQL as psql's scanner does: what is a string, a quoted name, a comment, and what is not.
public enum SQLScan {
  /// What stands outside strings and comments and decides whether SQL may be run.
  public struct Findings: Hashable, Sendable {
    /// The statements that are not empty.
    public var statements: [Statement] = []
    /// The line of the first backslash: what follows is a command for psql, not for the server.
    public var commandLine: Int?
  }

  /// Where a statement begins and with which word.
  public struct Statement: Hashable, Sendable {
    /// In capitals; empty where it begins with no word.
    public var word: String
    /// Counted from 1.
    public var line: Int
  }

  /// Goes through `sql` once.
  public static func scan(_ sql: String) -> Findings {
    var scanner = Scanner(Array(sql.utf8))
    scanner.run()
    return scanner.findings
  }

  private struct Scanner {
    let bytes: [UInt8]
    var position = 0
    var line = 1
    var isInStatement = false
    var findings = Findings()

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private func byte(_ offset: Int = 0) -> UInt8? {
      position + offset < bytes.count ? bytes[position + offset] : nil
    }

    private mutating func advance(_ count: Int = 1) {
      for _ in 0..<count where position < bytes.count {
        if bytes[position] == UInt8(ascii: "\n") { line += 1 }
        position += 1
      }
    }

    mutating func run() {
      while let byte = byte() {
        switch byte {
        case UInt8(ascii: ";"):
          isInStatement = false
          advance()
        case UInt8(ascii: "'"):
          open("")
          skip(to: byte, escapes: false)
        case UInt8(ascii: "\""):
          open("")
          skip(to: byte, escapes: false)
        case UInt8(ascii: "-") where self.byte(1) == byte:
          while let next = self.byte(), next != UInt8(ascii: "\n") { advance() }
        case UInt8(ascii: "/") where self.byte(1) == UInt8(ascii: "*"): comment()
        case UInt8(ascii: "$"):
          open("")
          dollar()
        case UInt8(ascii: "\\"):
          if findings.commandLine == nil { findings.commandLine = line }
          advance()
        case _ where isWordStart(byte): word()
        case 0x09, 0x0A, 0x0C, 0x0D, 0x20: advance()
        default:
          open("")
          advance()
        }
      }
    }

    /// A statement begins, unless one is under way.
    private mutating func open(_ word: String) {
      guard !isInStatement else { return }
      isInStatement = true
      findings.statements.append(Statement(word: word, line: line))
    }

    private mutating func word() {
      let start = position
      while let byte = byte(), isWordStart(byte) || isDigit(byte) || byte == UInt8(ascii: "$") { advance() }
      let text = String(decoding: bytes[start..<position], as: UTF8.self).uppercased()
      // E'…' knows backslashes, as B'…', X'…', N'…' and U&'…' do not.
      if text == "E", byte() == UInt8(ascii: "'") {
        open("")
        skip(to: UInt8(ascii: "'"), escapes: true)
      } else {
        open(text)
      }
    }

    private mutating func skip(to end: UInt8, escapes: Bool) {
      advance()
      while let byte = byte() {
        if escapes, byte == UInt8(ascii: "\\") {
          advance(2)
        } else if byte == end {
          advance()
          // Twice is the character itself.
          guard self.byte() == end else { return }
          advance()
        } else {
          advance()
        }
      }
    }

    /// Comments nest in PostgreSQL.
    private mutating func comment() {
      var depth = 0
      repeat {
        if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
          depth += 1
          advance(2)
        } else if byte() == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
          depth -= 1
          advance(2)
        } else {
          advance()
        }
      } while depth > 0 && position < bytes.count
    }

    /// `$$…$$` and `$tag$…$tag$`; `$1` is a parameter.
    private mutating func dollar() {
      var end = position + 1
      while end < bytes.count, isWordStart(bytes[end]) || end > position + 1 && isDigit(bytes[end]) {
        end += 1
      }
      guard end < bytes.count, bytes[end] == UInt8(ascii: "$") else {
        advance()
        return
      }
      let tag = bytes[position...end]
      advance(tag.count)
      while position < bytes.count {
        if bytes[position...].starts(with: tag) {
          advance(tag.count)
          return
        }
        advance()
      }
    }

    private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private func isWordStart(_ byte: UInt8) -> Bool {
      (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
        || byte >= 0x80
    }
  }
}
