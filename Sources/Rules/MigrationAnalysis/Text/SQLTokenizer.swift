import SQLText

/// A piece of SQL text.
struct SQLToken: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    /// A keyword or an identifier without quotes.
    case word
    /// An identifier in quotes.
    case quoted
    case string, dollarString, number
    /// One byte of anything else.
    case symbol
    /// To the end of its line, without the backslash.
    case metaCommand
  }
  var kind: Kind
  /// Without quotes.
  var text: String
  /// Byte offsets in the script.
  var start: Int, end: Int
  /// The quote that it stood in.
  var quote: UInt8 = 0

  /// Words only: in capitals.
  var upper: String { kind == .word ? text.uppercased() : "" }
  func isSymbol(_ symbol: Character) -> Bool { kind == .symbol && text == String(symbol) }
}

/// Parts SQL into tokens without knowing its grammar: comments, quotes and dollar quotes are all it has to know.
struct SQLTokenizer {
  private let bytes: [UInt8]
  private let dialect: SQLDialect?
  private var position = 0

  /// All tokens; at most `limit`.
  static func tokens(of bytes: [UInt8], dialect: SQLDialect?, from start: Int = 0, limit: Int = .max)
    -> [SQLToken]
  {
    var tokenizer = SQLTokenizer(bytes, dialect: dialect, from: start)
    var tokens: [SQLToken] = []
    while tokens.count < limit, let token = tokenizer.next() { tokens.append(token) }
    return tokens
  }

  /// The comments of a PostgreSQL script, without their marks, and where each ends.
  static func comments(of bytes: [UInt8]) -> [(text: String, end: Int)] {
    var found: [(text: String, end: Int)] = []
    var tokenizer = SQLTokenizer(bytes, dialect: .postgresql)
    var gap = 0
    while true {
      let token = tokenizer.next()
      var start = gap
      let end = token?.start ?? bytes.count
      for line in bytes[gap..<max(gap, end)].split(separator: 0x0A, omittingEmptySubsequences: false) {
        let text = String(decoding: line, as: UTF8.self)
        let content = text.drop { $0.isWhitespace || "-/*".contains($0) }
        start += line.count
        if content.count < text.count, text.contains("--") || text.contains("*") {
          found.append((String(content).replacing("*/", with: ""), start))
        }
        start += 1
      }
      guard let token else { return found }
      gap = token.end
    }
  }

  init(_ bytes: [UInt8], dialect: SQLDialect?, from start: Int = 0) {
    self.bytes = bytes
    self.dialect = dialect
    position = start
  }

  mutating func next() -> SQLToken? {
    if dialect == .postgresql { return nextOfPostgres() }
    skipBlanks()
    guard position < bytes.count else { return nil }
    let start = position
    let byte = bytes[position]
    switch byte {
    case UInt8(ascii: "'"): return string(escapes: dialect == .mysql)
    case UInt8(ascii: "\""), UInt8(ascii: "`"):
      return quoted(byte, closing: byte)
    case UInt8(ascii: "[") where dialect == .sqlite || dialect == .other:
      return quoted(byte, closing: UInt8(ascii: "]"))
    case UInt8(ascii: "$"):
      if dialect == nil, let token = dollarString() { return token }
      position += 1
      return token(.symbol, start)
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      while position < bytes.count, isWordByte(bytes[position]) || bytes[position] == UInt8(ascii: ".") {
        position += 1
      }
      return token(.number, start)
    case _ where isWordByte(byte):
      while position < bytes.count, isWordByte(bytes[position]) { position += 1 }
      if position - start == 1, position < bytes.count, bytes[position] == UInt8(ascii: "'"),
        byte | 0x20 == UInt8(ascii: "e")
      {
        return string(escapes: true)
      }
      return token(.word, start)
    default:
      position += 1
      return token(.symbol, start)
    }
  }

  /// As the server's lexer parts it; a backslash outside quotes, which only psql knows, goes to the end of its line.
  private mutating func nextOfPostgres() -> SQLToken? {
    var lexer = PostgresLexer(bytes, from: position)
    guard let found = lexer.next() else {
      position = bytes.count
      return nil
    }
    position = found.range.upperBound
    let text = String(decoding: bytes[found.content], as: UTF8.self)
    func token(_ kind: SQLToken.Kind, _ text: String, quote: UInt8 = 0) -> SQLToken {
      SQLToken(kind: kind, text: text, start: found.range.lowerBound, end: position, quote: quote)
    }
    switch found.kind {
    case .word: return token(.word, text)
    case .quotedName:
      return token(.quoted, text.replacing("\"\"", with: "\""), quote: UInt8(ascii: "\""))
    case .string, .escapeString: return token(.string, text, quote: UInt8(ascii: "'"))
    case .dollarString: return token(.dollarString, text, quote: UInt8(ascii: "$"))
    case .number: return token(.number, text)
    case .symbol: return token(.symbol, text)
    case .backslash:
      let start = position
      // psql reads on behind a carriage return that nothing follows; the line's own is no part of the command.
      while position < bytes.count, bytes[position] != 0x0A { position += 1 }
      return token(.metaCommand, String(decoding: bytes[start..<position], as: UTF8.self))
    }
  }

  private func token(_ kind: SQLToken.Kind, _ start: Int) -> SQLToken {
    SQLToken(
      kind: kind, text: String(decoding: bytes[start..<position], as: UTF8.self), start: start, end: position)
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
      true
    default: false
    }
  }

  private func at(_ offset: Int) -> UInt8 { position + offset < bytes.count ? bytes[position + offset] : 0 }

  private mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D, 0x0C, 0x0B: position += 1
      case UInt8(ascii: "-") where at(1) == UInt8(ascii: "-"): skipLine()
      case UInt8(ascii: "#") where dialect == .mysql: skipLine()
      case UInt8(ascii: "/") where at(1) == UInt8(ascii: "*"):
        // MySQL runs what stands in /*! … */: read it as if the comment were not there.
        // So does MariaDB with /*M! … */.
        let isMaria = at(2) == UInt8(ascii: "M") && at(3) == UInt8(ascii: "!")
        if dialect == .mysql, at(2) == UInt8(ascii: "!") || isMaria {
          position += isMaria ? 4 : 3
          while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        } else {
          skipComment()
        }
      case UInt8(ascii: "*") where dialect == .mysql && at(1) == UInt8(ascii: "/"): position += 2
      default: return
      }
    }
  }

  private mutating func skipLine() {
    while position < bytes.count, bytes[position] != 0x0A { position += 1 }
  }

  /// They do not nest, unlike those of PostgreSQL.
  private mutating func skipComment() {
    var depth = 0
    while position < bytes.count {
      if at(0) == UInt8(ascii: "/"), at(1) == UInt8(ascii: "*") {
        if depth == 0 { depth += 1 }
        position += 2
      } else if at(0) == UInt8(ascii: "*"), at(1) == UInt8(ascii: "/") {
        depth -= 1
        position += 2
        if depth == 0 { return }
      } else {
        position += 1
      }
    }
  }

  private mutating func string(escapes: Bool) -> SQLToken {
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "'") { position += 1 }
    position += 1
    let content = position
    while position < bytes.count {
      if escapes, bytes[position] == UInt8(ascii: "\\") {
        position += 2
      } else if bytes[position] == UInt8(ascii: "'") {
        guard at(1) == UInt8(ascii: "'") else { break }
        position += 2
      } else {
        position += 1
      }
    }
    position = min(position, bytes.count)
    let text = String(decoding: bytes[min(content, position)..<position], as: UTF8.self)
    position = min(position + 1, bytes.count)
    return SQLToken(kind: .string, text: text, start: start, end: position, quote: UInt8(ascii: "'"))
  }

  private mutating func quoted(_ quote: UInt8, closing: UInt8) -> SQLToken {
    let start = position
    position += 1
    while position < bytes.count {
      if bytes[position] == closing {
        guard at(1) == closing else { break }
        position += 2
      } else {
        position += 1
      }
    }
    var text = String(decoding: bytes[start + 1..<max(start + 1, min(position, bytes.count))], as: UTF8.self)
    let mark = String(decoding: [closing], as: UTF8.self)
    if text.contains(mark) { text = text.replacing(mark + mark, with: mark) }
    position = min(position + 1, bytes.count)
    return SQLToken(kind: .quoted, text: text, start: start, end: position, quote: quote)
  }

  private mutating func dollarString() -> SQLToken? {
    var end = position + 1
    while end < bytes.count, isWordByte(bytes[end]), bytes[end] != UInt8(ascii: "$") { end += 1 }
    guard end < bytes.count, bytes[end] == UInt8(ascii: "$") else { return nil }
    if end > position + 1, (0x30...0x39).contains(bytes[position + 1]) { return nil }
    let tag = Array(bytes[position...end])
    let start = position
    var cursor = end + 1
    while cursor + tag.count <= bytes.count {
      if bytes[cursor] == UInt8(ascii: "$"), bytes[cursor..<cursor + tag.count].elementsEqual(tag) {
        position = cursor + tag.count
        return SQLToken(
          kind: .dollarString, text: String(decoding: bytes[end + 1..<cursor], as: UTF8.self), start: start,
          end: position, quote: UInt8(ascii: "$"))
      }
      cursor += 1
    }
    return nil
  }
}

/// Line numbers of byte offsets.
struct LineIndex: Sendable {
  private let starts: [Int]

  init(_ bytes: [UInt8]) {
    var starts = [0]
    for (offset, byte) in bytes.enumerated() where byte == 0x0A { starts.append(offset + 1) }
    self.starts = starts
  }

  /// Counted from 1.
  func line(at offset: Int) -> Int {
    var low = 0
    var high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= offset { low = middle } else { high = middle }
    }
    return low + 1
  }
}
