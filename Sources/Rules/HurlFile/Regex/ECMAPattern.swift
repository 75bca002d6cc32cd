/// Patterns of ECMA-262, which JSON Schema uses, as PCRE2 reads them. What the two read differently is made the same where
/// that can be written, and else refused: nothing is judged by a pattern that may mean something else.
struct ECMAPattern {
  private var reader: PatternReader

  static func translated(_ pattern: String) throws(PatternError) -> String {
    var translator = ECMAPattern(reader: PatternReader(pattern))
    while let scalar = translator.reader.peek { try translator.part(scalar) }
    return translator.reader.output
  }

  /// White space and line ends, as `\s` has them.
  private static let space =
    "\\t\\n\\x{B}\\f\\r \\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}"
  private static let word = "A-Za-z0-9_"

  private func differs(_ what: String) -> PatternError {
    PatternError(message: "\(what) is not the same in all dialects")
  }

  private mutating func part(_ scalar: Unicode.Scalar) throws(PatternError) {
    switch scalar {
    case "\\": try escape()
    case "[": try characterClass()
    case ".":
      reader.skip()
      reader.write("[^\\n\\r\\x{2028}\\x{2029}]")
    case "(": try group()
    case "*", "+", "?": try quantifier(String(Character(scalar)), skipping: 1)
    case "{":
      guard let repetition = reader.takeRepetition() else { throw differs("a brace that counts nothing") }
      try quantifier(repetition, skipping: 0)
    case "}", "]": throw differs("a bracket that is not opened")
    // A comment or anything else of PCRE2 alone begins with none of these.
    default: reader.copy()
    }
  }

  private mutating func quantifier(_ text: String, skipping count: Int) throws(PatternError) {
    reader.skip(count)
    reader.write(text)
    if reader.peek == "?" { reader.copy() }
    if let next = reader.peek, "*+?{".unicodeScalars.contains(next) {
      throw differs("a repetition of a repetition")
    }
  }

  private mutating func group() throws(PatternError) {
    guard reader.peek(1) == "?" else { return reader.peek(1) == "*" ? try refuseVerb() : reader.copy() }
    for opening in ["(?:", "(?=", "(?!", "(?<=", "(?<!"] where reader.isNext(opening) {
      return reader.copy(opening.unicodeScalars.count)
    }
    guard reader.isNext("(?<") else { throw differs("a group with options") }
    reader.copy(3)
  }

  private func refuseVerb() throws(PatternError) { throw differs("(*") }

  private mutating func escape() throws(PatternError) {
    guard let scalar = reader.peek(1) else { throw PatternError(message: "the pattern ends in a backslash") }
    switch scalar {
    case "d": replace("[0-9]")
    case "D": replace("[^0-9]")
    case "w": replace("[\(Self.word)]")
    case "W": replace("[^\(Self.word)]")
    case "s": replace("[\(Self.space)]")
    case "S": replace("[^\(Self.space)]")
    case "b": replace("(?:(?<=[\(Self.word)])(?![\(Self.word)])|(?<![\(Self.word)])(?=[\(Self.word)]))")
    case "B": replace("(?:(?<=[\(Self.word)])(?=[\(Self.word)])|(?<![\(Self.word)])(?![\(Self.word)]))")
    default: try character(scalar)
    }
  }

  private mutating func replace(_ text: String) {
    reader.skip(2)
    reader.write(text)
  }

  /// An escape for one character, or for a category of characters.
  private mutating func character(_ scalar: Unicode.Scalar) throws(PatternError) {
    switch scalar {
    case "t", "n", "r", "f": reader.copy(2)
    case "v": replace("\\x{B}")
    case "0" where reader.peek(2).map { !$0.isASCIIDigit } ?? true: replace("\\x{0}")
    case "x": try codePoint(digits: 2)
    case "u": try codePoint(digits: 4)
    case "p", "P": try property()
    case _ where scalar.value < 0x80 && !scalar.isASCIILetter && !scalar.isASCIIDigit: reader.copy(2)
    default: throw differs("\\\(Character(scalar))")
    }
  }

  private mutating func codePoint(digits: Int) throws(PatternError) {
    reader.skip(2)
    var isBraced = false
    if digits == 4, reader.peek == "{" {
      isBraced = true
      reader.skip()
    }
    var text = ""
    while let scalar = reader.peek, scalar.hexDigit != nil, isBraced || text.utf8.count < digits {
      text.unicodeScalars.append(scalar)
      reader.skip()
    }
    if isBraced {
      guard reader.peek == "}" else { throw differs("\\u{") }
      reader.skip()
    }
    guard isBraced || text.utf8.count == digits, let value = UInt32(text, radix: 16),
      Unicode.Scalar(value) != nil
    else { throw differs("an escape by number that is no character") }
    reader.write("\\x{\(text)}")
  }

  /// General categories alone: their names are the same.
  private mutating func property() throws(PatternError) {
    let isNegated = reader.peek(1) == "P"
    reader.skip(2)
    guard reader.peek == "{" else { throw differs("\\p") }
    reader.skip()
    let name = reader.takeWhile(\.isASCIILetter)
    guard reader.peek == "}", let first = name.unicodeScalars.first, "LMNPZSC".unicodeScalars.contains(first),
      name.unicodeScalars.count <= 2
    else { throw differs("\\p{\(name)") }
    reader.skip()
    reader.write(isNegated ? "\\P{\(name)}" : "\\p{\(name)}")
  }

  private mutating func characterClass() throws(PatternError) {
    reader.copy()
    if reader.peek == "^" { reader.copy() }
    // Here one takes it for an empty class, there for a bracket that is meant.
    if reader.peek == "]" { throw differs("an empty character class") }
    while let scalar = reader.peek {
      switch scalar {
      case "]": return reader.copy()
      case "[":
        reader.skip()
        reader.write("\\[")
      case "\\":
        guard let next = reader.peek(1) else {
          throw PatternError(message: "the pattern ends in a backslash")
        }
        switch next {
        case "d": replace("0-9")
        case "w": replace(Self.word)
        case "s": replace(Self.space)
        case "b": replace("\\x{8}")
        default: try character(next)
        }
      default: reader.copy()
      }
    }
    throw PatternError(message: "a character class is not closed")
  }
}

/// Judges texts by patterns as JSON Schema writes them.
public enum SchemaPattern {
  /// Whether `pattern` is found in `text`; nil where that is not known: the pattern is none, means something else to
  /// PCRE2 than to ECMA-262, or took too long.
  public static func isFound(_ pattern: String, in text: String) -> Bool? {
    do throws(PatternError) {
      return try RegularExpression(pattern, syntax: .ecma).isFound(in: text)
    } catch {
      return nil
    }
  }
}

/// Judges texts by the formats of JSON Schema that all agree on.
public enum SchemaFormat {
  /// Whether `text` is a `format`; nil where that is not judged.
  public static func holds(_ format: String, _ text: String) -> Bool? {
    switch format {
    case "date-time":
      // A leap second is a time as well.
      return DateText.isRFC3339(text) || DateText.isRFC3339(text.replacing(":60", with: ":59"))
    case "date":
      return SchemaPattern.isFound(#"^\d{4}-\d\d-\d\d$"#, in: text).map {
        $0 && DateText.isRFC3339(text + "T00:00:00Z")
      }
    case "time": return DateText.isRFC3339("2000-01-01T" + text.replacing(":60", with: ":59"))
    case "uuid":
      return SchemaPattern.isFound(#"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"#, in: text)
    case "ipv4": return AddressText.isIPv4(text)
    case "ipv6": return AddressText.isIPv6(text)
    case "email": return SchemaPattern.isFound(#"^\S.*@\S+$"#, in: text)
    case "uri": return SchemaPattern.isFound(#"^[A-Za-z][A-Za-z0-9+.\-]*:\S*$"#, in: text)
    case "byte":
      return SchemaPattern.isFound(#"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"#, in: text)
    default: return nil
    }
  }
}
