import CLibPgQuery
import JSONValues

/// A statement as PostgreSQL's own grammar reads it.
struct PostgresStatement {
  /// The node's name, such as `AlterTableStmt`.
  var kind: String
  var body: JSONValue
  /// The byte range in the text that was parsed.
  var range: Range<Int>
}

/// A refusal of the grammar.
struct PostgresSyntaxError: Error, Hashable {
  var message: String
  /// Byte offset; the end of the text where the grammar wanted more.
  var offset: Int
  /// The bytes of the statement; of a script that was parsed as a whole, none.
  var statement = 0..<0
}

/// The only place that calls libpg_query.
enum PostgresParser {
  /// The version of PostgreSQL whose grammar this is.
  static let version = Int(PG_MAJORVERSION) ?? 15

  /// Parses a script of any number of statements. The bytes hold no NUL.
  static func parse(_ bytes: [UInt8]) throws(PostgresSyntaxError) -> [PostgresStatement] {
    if let offset = NestingEstimate.tooDeep(bytes) {
      throw PostgresSyntaxError(message: "nested too deep to judge", offset: offset)
    }
    let result = (withoutBlockComments(bytes) + [0]).withUnsafeBufferPointer { buffer in
      buffer.withMemoryRebound(to: CChar.self) { pg_query_parse($0.baseAddress) }
    }
    defer { pg_query_free_parse_result(result) }
    if let error = result.error {
      throw PostgresSyntaxError(
        message: withoutLiterals(error.pointee.message.map { String(cString: $0) } ?? "syntax error"),
        offset: offset(ofCharacter: Int(error.pointee.cursorpos), in: bytes))
    }
    guard let tree = result.parse_tree else { return [] }
    let json: JSONValue
    do {
      json = try JSONValue(parsing: Array(String(cString: tree).utf8))
    } catch {
      throw PostgresSyntaxError(message: "too deeply nested to judge (\(error))", offset: 0)
    }
    return (json["stmts"]?.array ?? []).compactMap { entry in
      guard let member = entry["stmt"]?.object?.members.first else { return nil }
      let start = entry["stmt_location"]?.int ?? 0
      let length = entry["stmt_len"]?.int ?? 0
      return PostgresStatement(
        kind: member.name, body: member.value,
        range: start..<(length == 0 ? bytes.count : min(bytes.count, start + length)))
    }
  }

  /// The same text with blanks for each `/* … */`, so that every byte keeps its place: PostgreSQL's lexer takes the square
  /// of the length of a comment that is made of marks.
  private static func withoutBlockComments(_ bytes: [UInt8]) -> [UInt8] {
    func isMark(_ offset: Int, _ first: Character, _ second: Character) -> Bool {
      offset + 1 < bytes.count && bytes[offset] == first.asciiValue && bytes[offset + 1] == second.asciiValue
    }
    var result = bytes
    var tokenizer = SQLTokenizer(bytes, dialect: .postgresql)
    var position = 0
    while true {
      let token = tokenizer.next()
      let end = token?.start ?? bytes.count
      while position < end {
        if isMark(position, "-", "-") {
          while position < end, bytes[position] != 0x0A, bytes[position] != 0x0D { position += 1 }
        } else if isMark(position, "/", "*") {
          let start = position
          var depth = 0
          repeat {
            let opens = isMark(position, "/", "*")
            let isPair = opens || isMark(position, "*", "/")
            if isPair { depth += opens ? 1 : -1 }
            position = min(position + (isPair ? 2 : 1), bytes.count)
          } while depth > 0 && position < bytes.count
          // One that nobody closes stays open.
          for offset in (depth > 0 ? start + 2 : start)..<max(position, start + 2) { result[offset] = 0x20 }
        } else {
          position += 1
        }
      }
      guard let token else { return result }
      position = token.end
    }
  }

  /// The parser quotes the token that it stumbles over: of a string that would be its value, which may be a secret.
  static func withoutLiterals(_ message: String) -> String {
    guard let place = message.firstRange(of: " at or near \"") else { return message }
    let token = message[place.upperBound...]
    return token.contains("'") || token.hasPrefix("$")
      ? message[..<place.lowerBound] + " at or near a string" : message
  }

  /// PostgreSQL counts characters from 1, and 0 where it has no place.
  private static func offset(ofCharacter position: Int, in bytes: [UInt8]) -> Int {
    guard position > 0 else { return 0 }
    var seen = 0
    for (offset, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 {
      seen += 1
      if seen == position { return offset }
    }
    return max(0, bytes.count - 1)
  }
}

/// How deep the tree of a script would be, at most, by its tokens alone: libpg_query walks the tree recursively, and a
/// tree that is deep enough ends the process.
enum NestingEstimate {
  static let limit = 400

  /// The offset at which a statement becomes too deep; nil where none does.
  static func tooDeep(_ bytes: [UInt8]) -> Int? {
    var tokenizer = SQLTokenizer(bytes, dialect: .postgresql)
    // Operators in a row lean to one side, so that each adds a level: one count for each open parenthesis.
    var chains = [0]
    var total = 0
    while let token = tokenizer.next() {
      switch token.kind {
      case .symbol:
        switch token.text {
        case "(", "[":
          chains.append(1)
          total += 1
        case ")", "]":
          if chains.count > 1 { total -= chains.removeLast() }
        case ",":
          total -= chains[chains.count - 1]
          chains[chains.count - 1] = chains.count > 1 ? 1 : 0
          total += chains[chains.count - 1]
        case ";":
          chains = [0]
          total = 0
        case ".": break
        default:
          chains[chains.count - 1] += 1
          total += 1
        }
      case .word:
        let deepening: Set<String> = [
          "NOT", "UNION", "INTERSECT", "EXCEPT", "JOIN", "IS", "LIKE", "ILIKE", "COLLATE", "CASE", "WHEN",
          "ELSE",
          "AT", "BETWEEN", "IN",
        ]
        if deepening.contains(token.upper) {
          chains[chains.count - 1] += 1
          total += 1
        }
      default: break
      }
      if total > limit { return token.start }
    }
    return nil
  }
}
