/// Patterns in the syntax of Rust's `regex` crate (docs.rs/regex/latest/regex/#syntax) as PCRE2 reads them.
///
/// What Rust refuses is refused: look-around, back references, unknown escapes, a brace that counts nothing. Of what
/// Rust knows, nested character classes and their set operations are refused too.
struct RustPattern {
  private var reader: PatternReader
  /// Whether something stands before that can be repeated.
  private var canRepeat = false
  private var wasQuantifier = false

  static func translated(_ pattern: String) throws(PatternError) -> String {
    var translator = RustPattern(reader: PatternReader(pattern))
    while translator.reader.peek != nil { try translator.next() }
    return translator.reader.output
  }

  private init(reader: PatternReader) { self.reader = reader }

  private mutating func next() throws(PatternError) {
    switch reader.peek {
    case "\\": try escape(inClass: false)
    case "[": try characterClass()
    case "(": return try group()
    case "*", "+", "?": return try quantifier()
    case "{":
      guard canRepeat, let repetition = reader.takeRepetition() else {
        throw PatternError(message: "a brace counts no repetition here; write \\{ for a brace")
      }
      return try quantifier(repetition)
    case "|", "^":
      let isAlternative = reader.peek == "|"
      reader.copy()
      canRepeat = !isAlternative
      wasQuantifier = false
      return
    default: reader.copy()
    }
    canRepeat = true
    wasQuantifier = false
  }

  private mutating func quantifier(_ repetition: String? = nil) throws(PatternError) {
    guard canRepeat else { throw PatternError(message: "there is nothing to repeat before the repetition") }
    if wasQuantifier { throw PatternError(message: "a repetition cannot be repeated; put it in a group") }
    if let repetition { reader.write(repetition) } else { reader.copy() }
    if reader.peek == "?" { reader.copy() }
    wasQuantifier = true
  }

  // MARK: Groups

  private mutating func group() throws(PatternError) {
    canRepeat = false
    wasQuantifier = false
    if reader.peek(1) == "*" { throw PatternError(message: "there is nothing to repeat after (") }
    guard reader.peek(1) == "?" else { return reader.copy() }
    if reader.isNext("(?P<") { return reader.copy(4) }
    if reader.isNext("(?<"), reader.peek(3) != "=", reader.peek(3) != "!" { return reader.copy(3) }
    reader.skip(2)
    let flags = reader.takeWhile { $0.isASCIILetter || $0 == "-" }
    guard let end = reader.peek, end == ")" || end == ":" else {
      throw PatternError(message: "look-around and other extensions after (? are not supported")
    }
    guard flags.unicodeScalars.allSatisfy("imsUux-".unicodeScalars.contains), flags != "-" else {
      throw PatternError(message: "(?\(flags) has an unknown flag; expected i, m, s, U, u or x")
    }
    if let minus = flags.firstIndex(of: "-"), flags[minus...].contains("u") {
      throw PatternError(message: "switching Unicode off is not supported")
    }
    // Unicode is always on.
    var kept = String(flags.unicodeScalars.filter { $0 != "u" })
    if kept == "-" { kept = "" }
    reader.skip()
    switch (end, kept.isEmpty) {
    case (")", true): break
    default: reader.write("(?\(kept)\(Character(end))")
    }
  }

  // MARK: Escapes

  private mutating func escape(inClass: Bool) throws(PatternError) {
    guard let scalar = reader.peek(1) else { throw PatternError(message: "the pattern ends in a backslash") }
    switch scalar {
    case "d", "D", "w", "W", "s", "S", "n", "r", "t", "f", "a": reader.copy(2)
    case "b", "B", "A", "z":
      if inClass { throw PatternError(message: "\\\(Character(scalar)) cannot stand in a character class") }
      if reader.peek(2) == "{" { throw PatternError(message: "\\b{…} is not supported") }
      reader.copy(2)
    case "<", ">":
      reader.skip(2)
      reader.write(inClass ? "\\\(Character(scalar))" : scalar == "<" ? "\\b(?=\\w)" : "\\b(?<=\\w)")
    case "v":
      reader.skip(2)
      reader.write("\\x0B")
    case "x": try codePoint(digits: 2)
    case "u": try codePoint(digits: 4)
    case "U": try codePoint(digits: 8)
    case "p", "P": try property()
    case let scalar where scalar.isASCIIDigit:
      throw PatternError(message: "back references are not supported")
    case let scalar where scalar.isASCIILetter || scalar.value > 0x7F:
      throw PatternError(message: "\\\(Character(scalar)) is no escape")
    default: reader.copy(2)
    }
  }

  private mutating func codePoint(digits count: Int) throws(PatternError) {
    reader.skip(2)
    var digits = ""
    if reader.peek == "{" {
      reader.skip()
      digits = reader.takeWhile { $0.hexDigit != nil }
      guard reader.peek == "}" else {
        throw PatternError(message: "expected } after the digits of a character")
      }
      reader.skip()
    } else {
      while digits.unicodeScalars.count < count, let scalar = reader.peek, scalar.hexDigit != nil {
        digits.unicodeScalars.append(scalar)
        reader.skip()
      }
      guard digits.unicodeScalars.count == count else {
        throw PatternError(message: "expected \(count) hexadecimal digits")
      }
    }
    guard let value = UInt32(digits, radix: 16), Unicode.Scalar(value) != nil else {
      throw PatternError(message: "\(digits) is no character")
    }
    reader.write("\\x{\(digits)}")
  }

  private static let longNames = [
    "Letter": "L", "Lowercase_Letter": "Ll", "Uppercase_Letter": "Lu", "Titlecase_Letter": "Lt", "Mark": "M",
    "Number": "N", "Decimal_Number": "Nd", "Punctuation": "P", "Symbol": "S", "Currency_Symbol": "Sc",
    "Separator": "Z", "Other": "C", "Control": "Cc",
  ]

  private mutating func property() throws(PatternError) {
    guard reader.peek(2) == "{" else { return reader.copy(3) }
    reader.copy(3)
    let name = reader.takeWhile { $0 != "}" }
    guard reader.peek == "}", !name.isEmpty else {
      throw PatternError(message: "expected } after a property")
    }
    let isScript = ["sc=", "Script=", "script="].first(where: name.hasPrefix)
    reader.write(isScript.map { "sc:\(name.dropFirst($0.count))" } ?? RustPattern.longNames[name] ?? name)
    reader.copy()
  }

  // MARK: Character classes

  private static let namedClasses = [
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": "\\x00-\\x7F", "blank": "\\t ",
    "cntrl": "\\x00-\\x1F\\x7F", "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~",
    "punct": "!-\\/:-@\\[-`{-~", "space": "\\t\\n\\x0B\\f\\r ", "upper": "A-Z", "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
  ]

  private mutating func characterClass() throws(PatternError) {
    reader.copy()
    if reader.peek == "^" { reader.copy() }
    var isFirst = true
    while let scalar = reader.peek {
      if scalar == "]", !isFirst { return reader.copy() }
      isFirst = false
      if scalar == "\\" {
        try escape(inClass: true)
      } else if scalar == "[" {
        try namedClass()
      } else if ["&&", "--", "~~"].contains(where: reader.isNext) {
        throw PatternError(message: "set operations in a character class are not supported")
      } else {
        reader.copy()
      }
    }
    throw PatternError(message: "a character class is not closed")
  }

  private mutating func namedClass() throws(PatternError) {
    guard reader.isNext("[:") else {
      throw PatternError(
        message: "a character class inside another is not supported; write \\[ for a bracket")
    }
    let mark = reader
    reader.skip(2)
    let name = reader.takeWhile(\.isASCIILetter)
    guard reader.isNext(":]"), let members = RustPattern.namedClasses[name] else {
      reader = mark
      throw PatternError(message: "[:\(name) is no class of characters")
    }
    reader.skip(2)
    reader.write(members)
  }
}
