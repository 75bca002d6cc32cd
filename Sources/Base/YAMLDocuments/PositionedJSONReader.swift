import JSONValues

/// Reads RFC 8259 JSON into nodes that know their line and column.
struct PositionedJSONReader {
  /// What stopped the reader, and whether reading the text as YAML could still succeed.
  struct Failure: Error {
    let error: YAMLError
    let isFinal: Bool
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0
  private var line = 1
  private var lineStart = 0
  private var depth = 0
  private var budget: YAMLBudget

  static func read(_ bytes: [UInt8], _ limits: YAMLLimits) throws(Failure) -> YAMLNode {
    let result = bytes.withUnsafeBufferPointer { buffer -> Result<YAMLNode, Failure> in
      var reader = PositionedJSONReader(bytes: buffer, budget: YAMLBudget(limits))
      do throws(Failure) {
        let node = try reader.value()
        reader.skipSpace()
        guard reader.peek == nil else { throw reader.failure("expected nothing more after the value") }
        return .success(node)
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  private init(bytes: UnsafeBufferPointer<UInt8>, budget: YAMLBudget) {
    self.bytes = bytes
    self.budget = budget
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0D: position += 1
      case 0x0A:
        position += 1
        line += 1
        lineStart = position
      default: return
      }
    }
  }

  private func failure(_ message: String, final: Bool = false) -> Failure {
    Failure(
      error: YAMLError(line: line, column: position - lineStart + 1, message: message), isFinal: final)
  }

  private mutating func value() throws(Failure) -> YAMLNode {
    skipSpace()
    guard budget.take() else { throw failure(budget.tooMany, final: true) }
    let line = line
    let column = position - lineStart + 1
    let kind: YAMLNode.Kind
    switch peek {
    case UInt8(ascii: "{"): kind = try object()
    case UInt8(ascii: "["): kind = try array()
    case UInt8(ascii: "\""): kind = .scalar(YAMLScalar(try string()))
    default: kind = .scalar(try word())
    }
    return YAMLNode(kind, line: line, column: column)
  }

  private mutating func enter() throws(Failure) {
    depth += 1
    if depth > budget.limits.depth { throw failure(budget.tooDeep, final: true) }
    position += 1
    skipSpace()
  }

  private mutating func object() throws(Failure) -> YAMLNode.Kind {
    try enter()
    defer { depth -= 1 }
    var members: [YAMLMapping.Member] = []
    if take("}") { return .mapping(YAMLMapping()) }
    repeat {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw failure("expected a member name in double quotes") }
      let line = line
      let column = position - lineStart + 1
      let name = try string()
      skipSpace()
      guard take(":") else { throw failure("expected a colon after the member name") }
      members.append(.init(name: name, line: line, column: column, value: try value()))
      skipSpace()
    } while take(",")
    guard take("}") else { throw failure("expected a comma or the end of the object") }
    if budget.limits.lastNameCounts {
      members = YAMLBudget.lastOfEqualNames(members)
    } else if let twice = YAMLBudget.duplicate(in: members) {
      let error = YAMLError(
        line: twice.line, column: twice.column, message: "\(YAMLError.duplicatePrefix)\"\(twice.name)\"")
      throw Failure(error: error, isFinal: true)
    }
    return .mapping(YAMLMapping(members))
  }

  private mutating func array() throws(Failure) -> YAMLNode.Kind {
    try enter()
    defer { depth -= 1 }
    var elements: [YAMLNode] = []
    if take("]") { return .sequence([]) }
    repeat {
      elements.append(try value())
      skipSpace()
    } while take(",")
    guard take("]") else { throw failure("expected a comma or the end of the array") }
    return .sequence(elements)
  }

  private mutating func word() throws(Failure) -> YAMLScalar {
    let start = position
    while let byte = peek, isWordByte(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    let scalar = YAMLScalar(text, isPlain: true)
    switch scalar.resolved {
    case .number where text.utf8.first != 0x2B && text.utf8.first != 0x2E: return scalar
    case .null where text == "null", .bool where text == "true" || text == "false": return scalar
    default:
      position = start
      throw failure("expected a value")
    }
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E: true
    default: false
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func string() throws(Failure) -> String {
    position += 1
    var text = ""
    while true {
      let start = position
      while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
        position += 1
      }
      // The whole text is valid UTF-8, and what ends a run is ASCII.
      if position > start { text += String(decoding: bytes[start..<position], as: UTF8.self) }
      switch peek {
      case UInt8(ascii: "\""):
        position += 1
        return text
      case UInt8(ascii: "\\"):
        position += 1
        text.unicodeScalars.append(try escape())
      case nil: throw failure("expected the end of the string")
      default: throw failure("expected no control character inside a string")
      }
    }
  }

  private mutating func escape() throws(Failure) -> Unicode.Scalar {
    defer { position += 1 }
    switch peek {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let first = try hexadecimal(at: position + 1)
      position += 4
      if (0xD800..<0xDC00).contains(first), position + 2 < bytes.count,
        bytes[position + 1] == UInt8(ascii: "\\"), bytes[position + 2] == UInt8(ascii: "u")
      {
        let second = try hexadecimal(at: position + 3)
        if (0xDC00..<0xE000).contains(second) {
          position += 6
          return Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)) ?? "\u{FFFD}"
        }
      }
      // A lone surrogate has no character of its own.
      return Unicode.Scalar(first) ?? "\u{FFFD}"
    default: throw failure("expected one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
    }
  }

  private func hexadecimal(at start: Int) throws(Failure) -> UInt32 {
    guard start + 4 <= bytes.count,
      let value = UInt32(String(decoding: bytes[start..<start + 4], as: UTF8.self), radix: 16),
      bytes[start] != 0x2B, bytes[start] != 0x2D
    else { throw failure("expected four hexadecimal digits") }
    return value
  }
}
