/// I-Regexp patterns, RFC 9485, as PCRE2 reads them. `^` and `$` at the ends are taken as anchors.
struct IRegexpPattern {
  private var reader: PatternReader
  private var depth = 0

  static func translated(_ pattern: String) throws(PatternError) -> String {
    var translator = IRegexpPattern(reader: PatternReader(pattern))
    try translator.alternatives()
    if translator.reader.peek != nil {
      throw PatternError(message: "a parenthesis is closed that was not opened")
    }
    return translator.reader.output
  }

  private init(reader: PatternReader) { self.reader = reader }

  private mutating func alternatives() throws(PatternError) {
    depth += 1
    if depth > 100 { throw PatternError(message: "at most 100 levels of nesting") }
    defer { depth -= 1 }
    while let scalar = reader.peek, scalar != ")" {
      if scalar == "|" {
        reader.copy()
        continue
      }
      try atom()
      try quantifier()
    }
  }

  private mutating func atom() throws(PatternError) {
    switch reader.peek {
    case "(":
      reader.skip()
      reader.write("(?:")
      try alternatives()
      guard reader.peek == ")" else { throw PatternError(message: "a parenthesis is not closed") }
      reader.copy()
    case ".":
      reader.skip()
      reader.write("[^\\n\\r]")
    case "[": try characterClass()
    case "\\": try escape()
    case "*", "+", "?", "{", "}", "]":
      throw PatternError(message: "\(described(reader.peek)) stands where a character is expected")
    default: reader.copy()
    }
  }

  private mutating func quantifier() throws(PatternError) {
    switch reader.peek {
    case "*", "+", "?": reader.copy()
    case "{":
      guard let repetition = reader.takeRepetition() else {
        throw PatternError(message: "a brace counts no repetition here")
      }
      reader.write(repetition)
    default: break
    }
  }

  private mutating func escape() throws(PatternError) {
    guard let scalar = reader.peek(1) else { throw PatternError(message: "the pattern ends in a backslash") }
    switch scalar {
    case "p", "P": try property()
    case "n", "r", "t", "(", ")", "*", "+", "-", ".", "?", "[", "\\", "]", "^", "{", "|", "}", "$":
      reader.copy(2)
    default: throw PatternError(message: "\\\(Character(scalar)) is no escape")
    }
  }

  private mutating func property() throws(PatternError) {
    let isNegated = reader.peek(1) == "P"
    reader.skip(2)
    guard reader.peek == "{" else { throw PatternError(message: "expected { after \\p") }
    reader.skip()
    let name = reader.takeWhile(\.isASCIILetter)
    guard reader.peek == "}", let first = name.unicodeScalars.first, "LMNPZSC".unicodeScalars.contains(first),
      name.unicodeScalars.count <= 2
    else { throw PatternError(message: "\(name) is no category of characters") }
    reader.skip()
    reader.write(isNegated ? "\\P{\(name)}" : "\\p{\(name)}")
  }

  private mutating func characterClass() throws(PatternError) {
    reader.copy()
    if reader.peek == "^" { reader.copy() }
    var isFirst = true
    while let scalar = reader.peek {
      switch scalar {
      case "]":
        if isFirst { throw PatternError(message: "a character class is empty") }
        return reader.copy()
      case "\\": try escape()
      case "[": throw PatternError(message: "a bracket inside a character class is written \\[")
      default: reader.copy()
      }
      isFirst = false
    }
    throw PatternError(message: "a character class is not closed")
  }
}
