/// A piece of SQL as PostgreSQL parts it.
public struct PostgresToken: Hashable, Sendable {
  /// What a piece is.
  public enum Kind: Hashable, Sendable {
    /// A keyword or a name without quotes.
    case word
    /// A name in double quotes.
    case quotedName
    /// `'…'`, in which a backslash is a backslash.
    case string
    /// `E'…'`, in which a backslash begins an escape.
    case escapeString
    /// `$$…$$` or `$tag$…$tag$`.
    case dollarString
    case number
    /// One byte of anything else.
    case symbol
    /// A backslash outside quotes: what follows is a command for psql, not for the server.
    case backslash
  }
  /// What it is.
  public var kind: Kind
  /// Byte offsets, quotes included.
  public var range: Range<Int>
  /// The bytes between the quotes; the same as `range` where there are none.
  public var content: Range<Int>
  /// Whether a string is put together of several across lines, so that `content` holds more than its text.
  public var isContinued = false
}

/// Parts SQL as the server's own lexer does (`src/backend/parser/scan.l`, `standard_conforming_strings` on), and psql's,
/// which is made after it.
public struct PostgresLexer: Sendable {
  private let bytes: [UInt8]
  private var position: Int
  /// Where a comment begins that the text ends in.
  public private(set) var openComment: Int?

  /// A lexer of `bytes`.
  public init(_ bytes: [UInt8], from start: Int = 0) {
    self.bytes = bytes
    position = start
  }

  /// The next piece that is neither blank nor comment; nil at the end.
  public mutating func next() -> PostgresToken? {
    skipBlanks()
    guard position < bytes.count else { return nil }
    let start = position
    let byte = bytes[position]
    switch byte {
    case UInt8(ascii: "'"): return string(.string, from: start)
    case UInt8(ascii: "e"), UInt8(ascii: "E"):
      if at(1) == UInt8(ascii: "'") {
        position += 1
        return string(.escapeString, from: start)
      }
      return word(start)
    case UInt8(ascii: "\""):
      let content = quoted(UInt8(ascii: "\""), escapes: false)
      return PostgresToken(kind: .quotedName, range: start..<position, content: content)
    case UInt8(ascii: "$"): return dollar(start)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return number(start)
    case _ where PostgresLexer.beginsWord(byte): return word(start)
    default:
      position += 1
      return plain(byte == UInt8(ascii: "\\") ? .backslash : .symbol, start)
    }
  }

  /// Whether an unquoted name may begin with `byte`.
  static func beginsWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
      0x80...:
      true
    default: false
    }
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x61...0x66).contains(byte | 0x20)
  }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func endsLine(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  private func at(_ offset: Int) -> UInt8 { position + offset < bytes.count ? bytes[position + offset] : 0 }

  private func plain(_ kind: PostgresToken.Kind, _ start: Int) -> PostgresToken {
    PostgresToken(kind: kind, range: start..<position, content: start..<position)
  }

  private mutating func word(_ start: Int) -> PostgresToken {
    while position < bytes.count,
      PostgresLexer.beginsWord(bytes[position]) || PostgresLexer.isDigit(bytes[position])
        || bytes[position] == UInt8(ascii: "$")
    {
      position += 1
    }
    return plain(.word, start)
  }

  private mutating func number(_ start: Int) -> PostgresToken {
    // Version 16 parts digits by underscores, and knows other bases.
    func digits() {
      while position < bytes.count,
        PostgresLexer.isDigit(bytes[position])
          || bytes[position] == UInt8(ascii: "_") && PostgresLexer.isDigit(at(1))
      {
        position += 1
      }
    }
    if at(0) == UInt8(ascii: "0"), "xob".utf8.contains(at(1) | 0x20), PostgresLexer.isHexDigit(at(2)) {
      position += 2
      while PostgresLexer.isHexDigit(at(0)) || at(0) == UInt8(ascii: "_") { position += 1 }
      if PostgresLexer.beginsWord(at(0)) { _ = word(start) }
      return plain(.number, start)
    }
    digits()
    // Two points are a range of PL/pgSQL.
    if at(0) == UInt8(ascii: "."), at(1) != UInt8(ascii: ".") {
      position += 1
      digits()
    }
    if at(0) | 0x20 == UInt8(ascii: "e") {
      let sign = [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(at(1)) ? 1 : 0
      if PostgresLexer.isDigit(at(1 + sign)) {
        position += 1 + sign
        digits()
      } else if sign == 1 {
        // `1e-` without digits: since version 15 one piece, which the server refuses; before, a number, a name and a sign.
        position += 2
        return plain(.number, start)
      }
    }
    // So is a number with a name at its end: what follows is neither an escape string (`1E'`) nor a dollar quote (`1a$b$`).
    if PostgresLexer.beginsWord(at(0)) { _ = word(start) }
    return plain(.number, start)
  }

  // MARK: - What is passed over

  private mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x09...0x0D, 0x20: position += 1
      case UInt8(ascii: "-") where at(1) == UInt8(ascii: "-"): skipLine()
      case UInt8(ascii: "/") where at(1) == UInt8(ascii: "*"): skipComment()
      default: return
      }
    }
  }

  /// A carriage return ends a comment as a line feed does.
  private mutating func skipLine() {
    while position < bytes.count, !PostgresLexer.endsLine(bytes[position]) { position += 1 }
  }

  /// Comments nest.
  private mutating func skipComment() {
    let start = position
    var depth = 0
    repeat {
      if at(0) == UInt8(ascii: "/"), at(1) == UInt8(ascii: "*") {
        depth += 1
        position += 2
      } else if at(0) == UInt8(ascii: "*"), at(1) == UInt8(ascii: "/") {
        depth -= 1
        position += 2
      } else {
        position += 1
      }
    } while depth > 0 && position < bytes.count
    position = min(position, bytes.count)
    if depth > 0 { openComment = start }
  }

  // MARK: - Quotes

  /// A string, and those that go on with it after the end of a line.
  private mutating func string(_ kind: PostgresToken.Kind, from start: Int) -> PostgresToken {
    var content = quoted(UInt8(ascii: "'"), escapes: kind == .escapeString)
    var isContinued = false
    while let next = continuation() {
      position = next
      content = content.lowerBound..<quoted(UInt8(ascii: "'"), escapes: kind == .escapeString).upperBound
      isContinued = true
    }
    return PostgresToken(kind: kind, range: start..<position, content: content, isContinued: isContinued)
  }

  /// From the opening quote to behind the closing one.
  /// - Returns: what stands between them.
  private mutating func quoted(_ quote: UInt8, escapes: Bool) -> Range<Int> {
    position += 1
    let start = position
    while position < bytes.count {
      if escapes, bytes[position] == UInt8(ascii: "\\") {
        position += 2
      } else if bytes[position] == quote {
        // Twice is the character itself.
        guard at(1) == quote else {
          position += 1
          return start..<position - 1
        }
        position += 2
      } else {
        position += 1
      }
    }
    position = bytes.count
    return min(start, position)..<position
  }

  /// Where a string goes on: behind blanks and comments with the end of a line among them.
  private func continuation() -> Int? {
    var cursor = position
    var hasLineEnd = false
    while cursor < bytes.count {
      let byte = bytes[cursor]
      if PostgresLexer.endsLine(byte) {
        hasLineEnd = true
        cursor += 1
      } else if byte == 0x20 || byte == 0x09 || byte == 0x0C || byte == 0x0B {
        cursor += 1
      } else if byte == UInt8(ascii: "-"), cursor + 1 < bytes.count, bytes[cursor + 1] == byte {
        while cursor < bytes.count, !PostgresLexer.endsLine(bytes[cursor]) { cursor += 1 }
      } else {
        return byte == UInt8(ascii: "'") && hasLineEnd ? cursor : nil
      }
    }
    return nil
  }

  /// `$$…$$` and `$tag$…$tag$`; `$1` is a parameter.
  private mutating func dollar(_ start: Int) -> PostgresToken {
    var end = start + 1
    while end < bytes.count,
      PostgresLexer.beginsWord(bytes[end]) || end > start + 1 && PostgresLexer.isDigit(bytes[end])
    {
      end += 1
    }
    guard end < bytes.count, bytes[end] == UInt8(ascii: "$") else {
      position += 1
      return plain(.symbol, start)
    }
    let tag = bytes[start...end]
    var cursor = end + 1
    while cursor + tag.count <= bytes.count {
      if bytes[cursor] == UInt8(ascii: "$"), bytes[cursor..<cursor + tag.count].elementsEqual(tag) {
        position = cursor + tag.count
        return PostgresToken(kind: .dollarString, range: start..<position, content: end + 1..<cursor)
      }
      cursor += 1
    }
    position = bytes.count
    return PostgresToken(
      kind: .dollarString, range: start..<position, content: min(end + 1, position)..<position)
  }
}
