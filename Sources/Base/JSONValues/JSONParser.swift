/// Text that is no JSON: where, and what was expected there.
public struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Counted from 1; columns in bytes.
  public let line: Int, column: Int
  /// What was expected or found.
  public let message: String
  public var description: String { "line \(line), column \(column): \(message)" }
}

extension JSONValue {
  /// Reads one RFC 8259 document; white space may surround it, nothing else may follow.
  /// - Parameter maximumDepth: arrays and objects nested deeper than this are refused.
  public init(parsing bytes: some Sequence<UInt8>, maximumDepth: Int = 512) throws(JSONSyntaxError) {
    let bytes = Array(bytes)
    let result = bytes.withUnsafeBufferPointer { buffer -> Result<JSONValue, JSONSyntaxError> in
      var parser = JSONParser(buffer, maximumDepth: maximumDepth)
      do throws(JSONSyntaxError) { return .success(try parser.document()) } catch { return .failure(error) }
    }
    self = try result.get()
  }

  /// Reads one RFC 8259 document.
  public init(parsing text: String, maximumDepth: Int = 512) throws(JSONSyntaxError) {
    try self.init(parsing: text.utf8, maximumDepth: maximumDepth)
  }
}

private struct JSONParser {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0
  private var depth = 0
  private let maximumDepth: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
  }

  mutating func document() throws(JSONSyntaxError) -> JSONValue {
    let value = try value()
    skipSpace()
    if position < bytes.count { throw error("nothing more after the value") }
    return value
  }

  private mutating func value() throws(JSONSyntaxError) -> JSONValue {
    skipSpace()
    guard let byte = peek else { throw error("a value, not the end of the text") }
    switch byte {
    case UInt8(ascii: "{"): return try nested { (parser) throws(JSONSyntaxError) in try parser.object() }
    case UInt8(ascii: "["): return try nested { (parser) throws(JSONSyntaxError) in try parser.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func nested(
    _ read: (inout JSONParser) throws(JSONSyntaxError) -> JSONValue
  ) throws(JSONSyntaxError) -> JSONValue {
    depth += 1
    if depth > maximumDepth { throw error("at most \(maximumDepth) levels of nesting") }
    defer { depth -= 1 }
    return try read(&self)
  }

  private mutating func object() throws(JSONSyntaxError) -> JSONValue {
    position += 1
    var members: [JSONObject.Member] = []
    skipSpace()
    if take("}") { return .object(JSONObject()) }
    while true {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw error("a member name in double quotes") }
      let name = try string()
      skipSpace()
      guard take(":") else { throw error("a colon after the member name") }
      let value = try value()
      // At once what would be asked for in three steps.
      if members.isEmpty { members.reserveCapacity(4) }
      members.append(JSONObject.Member(name, value))
      skipSpace()
      if take("}") { return .object(JSONObject(members)) }
      guard take(",") else { throw error("a comma or the end of the object") }
    }
  }

  private mutating func array() throws(JSONSyntaxError) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return .array([]) }
    while true {
      let value = try value()
      if elements.isEmpty { elements.reserveCapacity(4) }
      elements.append(value)
      skipSpace()
      if take("]") { return .array(elements) }
      guard take(",") else { throw error("a comma or the end of the array") }
    }
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    position += 1
    let start = position
    // The common case: no escape, so the text is the bytes between the quotes.
    while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
      position += 1
    }
    if peek == UInt8(ascii: "\"") {
      let text = try text(start..<position)
      position += 1
      return text
    }
    var out = try text(start..<position)
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return out
      case UInt8(ascii: "\\"):
        position += 1
        try escape(into: &out)
      case ..<0x20: throw error("no control character inside a string")
      default:
        let run = position
        while let next = peek, next != UInt8(ascii: "\""), next != UInt8(ascii: "\\"), next >= 0x20 {
          position += 1
        }
        out += try text(run..<position)
      }
    }
    throw error("the end of the string")
  }

  private func text(_ range: Range<Int>) throws(JSONSyntaxError) -> String {
    let part = UnsafeBufferPointer(rebasing: bytes[range])
    if part.allSatisfy({ $0 < 0x80 }) { return String(decoding: part, as: UTF8.self) }
    guard let text = String(validating: part, as: UTF8.self) else { throw error("valid UTF-8") }
    return text
  }

  private mutating func escape(into out: inout String) throws(JSONSyntaxError) {
    guard let byte = peek else { throw error("the end of the string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""): out.unicodeScalars.append("\"")
    case UInt8(ascii: "\\"): out.unicodeScalars.append("\\")
    case UInt8(ascii: "/"): out.unicodeScalars.append("/")
    case UInt8(ascii: "b"): out.unicodeScalars.append("\u{8}")
    case UInt8(ascii: "f"): out.unicodeScalars.append("\u{C}")
    case UInt8(ascii: "n"): out.unicodeScalars.append("\n")
    case UInt8(ascii: "r"): out.unicodeScalars.append("\r")
    case UInt8(ascii: "t"): out.unicodeScalars.append("\t")
    case UInt8(ascii: "u"):
      let first = try hexadecimal()
      if (0xD800..<0xDC00).contains(first), peek == UInt8(ascii: "\\"), position + 1 < bytes.count,
        bytes[position + 1] == UInt8(ascii: "u")
      {
        let mark = position
        position += 2
        let second = try hexadecimal()
        if (0xDC00..<0xE000).contains(second),
          let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        {
          out.unicodeScalars.append(scalar)
          return
        }
        position = mark
      }
      // A lone surrogate has no character of its own.
      out.unicodeScalars.append(Unicode.Scalar(first) ?? "\u{FFFD}")
    default:
      position -= 1
      throw error("one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
    }
  }

  private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw error("four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private mutating func number() throws(JSONSyntaxError) -> JSONValue {
    let start = position
    _ = take("-")
    if take("0") {
    } else {
      guard digits() else {
        position = start
        throw error("a value")
      }
    }
    if take(".") { guard digits() else { throw error("a digit after the decimal point") } }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      guard digits() else { throw error("a digit in the exponent") }
    }
    return .number(JSONNumber(literal: String(decoding: bytes[start..<position], as: UTF8.self)))
  }

  private mutating func digits() -> Bool {
    let start = position
    while let byte = peek, byte >= 48, byte <= 57 { position += 1 }
    return position > start
  }

  private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
    let count = text.utf8CodeUnitCount
    guard position + count <= bytes.count,
      bytes[position..<position + count].elementsEqual(
        UnsafeBufferPointer(start: text.utf8Start, count: count))
    else { throw error("a value") }
    position += count
    return value
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private func error(_ expected: String) -> JSONSyntaxError {
    let read = bytes[..<min(position, bytes.count)]
    let line = read.count { $0 == 0x0A } + 1
    let start = read.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return JSONSyntaxError(line: line, column: position - start + 1, message: "expected \(expected)")
  }
}
