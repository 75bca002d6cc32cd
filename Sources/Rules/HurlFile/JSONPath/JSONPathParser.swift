import JSONValues

/// Reads a path by the grammar of RFC 9535, appendix A.
struct JSONPathParser {
  let scalars: [Unicode.Scalar]
  let mode: JSONPath.Mode
  var index = 0
  private var depth = 0

  init(_ text: String, mode: JSONPath.Mode) {
    scalars = Array(text.unicodeScalars)
    self.mode = mode
  }

  mutating func path() throws(JSONPathError) -> [JSONPath.Segment] {
    guard take("$") else { throw error("expected $") }
    let segments = try segments()
    if index < scalars.count { throw error("expected a segment or the end of the path") }
    return segments
  }

  mutating func segments() throws(JSONPathError) -> [JSONPath.Segment] {
    var segments: [JSONPath.Segment] = []
    while true {
      let mark = index
      skipSpace()
      guard let segment = try segment() else {
        index = mark
        return segments
      }
      segments.append(segment)
    }
  }

  private mutating func segment() throws(JSONPathError) -> JSONPath.Segment? {
    if peek == "[" { return JSONPath.Segment(isDescendant: false, selectors: try brackets()) }
    guard take(".") else { return nil }
    let isDescendant = take(".")
    if peek == "[", isDescendant || mode == .lenient {
      return JSONPath.Segment(isDescendant: isDescendant, selectors: try brackets())
    }
    if take("*") { return JSONPath.Segment(isDescendant: isDescendant, selectors: [.wildcard]) }
    return JSONPath.Segment(isDescendant: isDescendant, selectors: [.name(try shorthand())])
  }

  /// A name after a dot.
  private mutating func shorthand() throws(JSONPathError) -> String {
    let start = index
    while let scalar = peek {
      let isFirst = index == start
      let isName =
        scalar.isASCIILetter || scalar == "_" || scalar.value >= 0x80 || (!isFirst && scalar.isASCIIDigit)
        || (mode == .lenient && !isFirst && scalar == "-")
      if !isName { break }
      index += 1
    }
    if index == start { throw error("expected a name, * or a bracket after the dot") }
    return String(scalars: scalars[start..<index])
  }

  private mutating func brackets() throws(JSONPathError) -> [JSONPath.Selector] {
    depth += 1
    if depth > 64 { throw error("expected at most 64 levels of nesting") }
    defer { depth -= 1 }
    index += 1
    var selectors: [JSONPath.Selector] = []
    while true {
      skipSpace()
      selectors.append(try selector())
      skipSpace()
      if take("]") { return selectors }
      guard take(",") else { throw error("expected , or ]") }
    }
  }

  private mutating func selector() throws(JSONPathError) -> JSONPath.Selector {
    switch peek {
    case "'", "\"": return .name(try string())
    case "*":
      index += 1
      return .wildcard
    case "?":
      index += 1
      skipSpace()
      return .filter(try condition())
    default: return try indexOrSlice()
    }
  }

  private mutating func indexOrSlice() throws(JSONPathError) -> JSONPath.Selector {
    let start = try integer()
    let afterStart = index
    skipSpace()
    guard take(":") else {
      index = afterStart
      guard let start else { throw error("expected a name in quotes, an index, a slice, * or ?") }
      return .index(start)
    }
    skipSpace()
    let end = try integer()
    let afterEnd = index
    skipSpace()
    guard take(":") else {
      index = afterEnd
      return .slice(start: start, end: end, step: 1)
    }
    let afterColon = index
    skipSpace()
    guard let step = try integer() else {
      index = afterColon
      return .slice(start: start, end: end, step: 1)
    }
    return .slice(start: start, end: end, step: step)
  }

  /// A whole number that I-JSON can carry, without leading zeros; nil where none stands.
  mutating func integer() throws(JSONPathError) -> Int? {
    let start = index
    let isNegative = take("-")
    let digits = index
    while let scalar = peek, scalar.isASCIIDigit { index += 1 }
    if index == digits {
      if isNegative { throw error("expected a digit after -") }
      return nil
    }
    let text = String(scalars: scalars[start..<index])
    guard scalars[digits] != "0" || (index == digits + 1 && !isNegative), let value = Int(text),
      abs(value) <= 9_007_199_254_740_991
    else { throw error("expected a whole number without leading zeros, of at most 2^53 - 1", at: start) }
    return value
  }

  // MARK: Strings

  /// A text in single or double quotes.
  mutating func string() throws(JSONPathError) -> String {
    guard let quote = peek else { throw error("expected a text in quotes") }
    let start = index
    index += 1
    var text = String.UnicodeScalarView()
    while let scalar = peek {
      index += 1
      if scalar == quote { return String(text) }
      if scalar.value < 0x20 { throw error("a control character is written as an escape", at: index - 1) }
      text.append(scalar == "\\" ? try escape(quote) : scalar)
    }
    throw error("expected \(Character(quote)) at the end of the text", at: start)
  }

  private mutating func escape(_ quote: Unicode.Scalar) throws(JSONPathError) -> Unicode.Scalar {
    guard let scalar = peek else { throw error("expected a character after the backslash") }
    index += 1
    switch scalar {
    case "b": return "\u{8}"
    case "t": return "\t"
    case "n": return "\n"
    case "f": return "\u{C}"
    case "r": return "\r"
    case "/", "\\", quote: return scalar
    case "u":
      let first = try codeUnit()
      if let scalar = Unicode.Scalar(first) { return scalar }
      guard first < 0xDC00, take("\\"), take("u"), case let second = try codeUnit(),
        (0xDC00..<0xE000).contains(second),
        let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
      else { throw error("expected both halves of a character outside the basic plane") }
      return scalar
    default: throw error("\\\(Character(scalar)) is no escape", at: index - 1)
    }
  }

  private mutating func codeUnit() throws(JSONPathError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = peek?.hexDigit else { throw error("expected four hexadecimal digits") }
      value = value << 4 | digit
      index += 1
    }
    return value
  }

  // MARK: Characters

  var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
  func isNext(_ text: String) -> Bool { scalars[index...].starts(with: text.unicodeScalars) }
  mutating func take(_ text: String) -> Bool {
    guard isNext(text) else { return false }
    index += text.unicodeScalars.count
    return true
  }
  mutating func skipSpace() {
    while let scalar = peek, scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" {
      index += 1
    }
  }
  func error(_ message: String, at offset: Int? = nil) -> JSONPathError {
    JSONPathError(offset: offset ?? index, message: message)
  }
  /// Runs `read` one level deeper, with a bound.
  mutating func nested<Result>(
    _ read: (inout JSONPathParser) throws(JSONPathError) -> Result
  ) throws(JSONPathError) -> Result {
    depth += 1
    if depth > 64 { throw error("expected at most 64 levels of nesting") }
    defer { depth -= 1 }
    return try read(&self)
  }
}

extension String {
  /// The text of `scalars`; made at once where all are ASCII.
  fileprivate init(scalars: ArraySlice<Unicode.Scalar>) {
    guard scalars.allSatisfy(\.isASCII) else {
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars)
      self.init(text)
      return
    }
    self.init(unsafeUninitializedCapacity: scalars.count) { bytes in
      for (offset, scalar) in scalars.enumerated() { bytes[offset] = UInt8(truncatingIfNeeded: scalar.value) }
      return scalars.count
    }
  }
}
