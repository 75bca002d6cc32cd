extension HurlParser {
  /// Whether a JSON value begins here.
  var startsJSON: Bool {
    switch scanner.peek {
    case "{", "[", "\"", "-": return true
    case let scalar? where scalar.isASCIIDigit: return true
    default: return HurlParser.jsonWords.contains(where: scanner.isWord)
    }
  }
  private static let jsonWords: [StaticString] = ["true", "false", "null"]

  /// A JSON value as a text: white space, digits and escapes stay as written. Placeholders may stand for values and
  /// inside strings; those inside strings are marked by the quotes around them.
  mutating func json() throws(HurlSyntaxError) -> HurlTemplate {
    let start = (scanner.position, scanner.index)
    var builder = HurlTemplateBuilder()
    try jsonValue(&builder, depth: 0)
    return builder.template(at: start.0, source: scanner.text(from: start.1))
  }

  private mutating func jsonValue(
    _ builder: inout HurlTemplateBuilder, depth: Int
  ) throws(HurlSyntaxError) {
    guard depth < 256 else { throw scanner.error("expected at most 256 levels of nesting in JSON") }
    if scanner.isNext("{{") { return builder.append(try placeholder()) }
    switch scanner.peek {
    case "{": try jsonMembers(&builder, depth: depth)
    case "[": try jsonElements(&builder, depth: depth)
    case "\"": try jsonString(&builder)
    default:
      for word in HurlParser.jsonWords where scanner.takeWord(word) {
        return builder.append(word.description)
      }
      try jsonNumber(&builder)
    }
  }

  private mutating func jsonMembers(
    _ builder: inout HurlTemplateBuilder, depth: Int
  ) throws(HurlSyntaxError) {
    copy(&builder)
    jsonSpace(&builder)
    if scanner.peek == "}" { return copy(&builder) }
    while true {
      jsonSpace(&builder)
      guard scanner.peek == "\"" else {
        throw scanner.error("expected the name of a member in double quotes, not \(described(scanner.peek))")
      }
      try jsonString(&builder)
      jsonSpace(&builder)
      guard scanner.peek == ":" else {
        throw scanner.error("expected a colon after the member's name, not \(described(scanner.peek))")
      }
      copy(&builder)
      jsonSpace(&builder)
      try jsonValue(&builder, depth: depth + 1)
      jsonSpace(&builder)
      if scanner.peek == "}" { return copy(&builder) }
      guard scanner.peek == "," else {
        throw scanner.error("expected a comma or } after the member, not \(described(scanner.peek))")
      }
      copy(&builder)
    }
  }

  private mutating func jsonElements(
    _ builder: inout HurlTemplateBuilder, depth: Int
  ) throws(HurlSyntaxError) {
    copy(&builder)
    jsonSpace(&builder)
    if scanner.peek == "]" { return copy(&builder) }
    while true {
      jsonSpace(&builder)
      try jsonValue(&builder, depth: depth + 1)
      jsonSpace(&builder)
      if scanner.peek == "]" { return copy(&builder) }
      guard scanner.peek == "," else {
        throw scanner.error("expected a comma or ] after the element, not \(described(scanner.peek))")
      }
      copy(&builder)
    }
  }

  private mutating func jsonString(_ builder: inout HurlTemplateBuilder) throws(HurlSyntaxError) {
    let start = scanner.position
    copy(&builder)
    while let scalar = scanner.peek, scalar != "\"" {
      if scanner.isNext("{{") {
        builder.appendInJSONString(try placeholder())
      } else if scalar == "\\" {
        try jsonEscape(&builder)
      } else if scalar.value < 0x20 {
        throw scanner.error("\(described(scalar)) cannot stand in a JSON string: write it as an escape")
      } else {
        copy(&builder)
      }
    }
    guard scanner.peek == "\"" else {
      throw scanner.error("expected a quote at the end of this string", at: start)
    }
    copy(&builder)
  }

  private mutating func jsonEscape(_ builder: inout HurlTemplateBuilder) throws(HurlSyntaxError) {
    let start = scanner.position
    copy(&builder)
    switch scanner.peek {
    case "\"", "\\", "/", "b", "f", "n", "r", "t": copy(&builder)
    case "u":
      let first = try jsonCodeUnit(&builder)
      guard (0xD800..<0xE000).contains(first) else { return }
      guard first < 0xDC00, scanner.isNext("\\u") else {
        throw scanner.error("expected both halves of a character outside the basic plane", at: start)
      }
      copy(&builder)
      guard (0xDC00..<0xE000).contains(try jsonCodeUnit(&builder)) else {
        throw scanner.error("expected both halves of a character outside the basic plane", at: start)
      }
    default:
      throw scanner.error("expected one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u", at: start)
    }
  }

  /// The `u` and four digits of an escape.
  private mutating func jsonCodeUnit(
    _ builder: inout HurlTemplateBuilder
  ) throws(HurlSyntaxError) -> UInt32 {
    copy(&builder)
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = scanner.peek?.hexDigit else {
        throw scanner.error("expected a hexadecimal digit, not \(described(scanner.peek))")
      }
      value = value << 4 | digit
      copy(&builder)
    }
    return value
  }

  private mutating func jsonNumber(_ builder: inout HurlTemplateBuilder) throws(HurlSyntaxError) {
    let start = (scanner.position, scanner.index)
    _ = scanner.take("-")
    if !scanner.take("0"), scanner.takeWhile(\.isASCIIDigit).isEmpty {
      throw scanner.error("expected a JSON value, not \(described(scanner.peek))", at: start.0)
    }
    if scanner.take("."), scanner.takeWhile(\.isASCIIDigit).isEmpty {
      throw scanner.error("expected a digit after the decimal point")
    }
    if scanner.take("e") || scanner.take("E") {
      if !scanner.take("+") { _ = scanner.take("-") }
      guard !scanner.takeWhile(\.isASCIIDigit).isEmpty else {
        throw scanner.error("expected a digit in the exponent")
      }
    }
    builder.append(scanner.text(from: start.1))
  }

  private mutating func jsonSpace(_ builder: inout HurlTemplateBuilder) {
    while let scalar = scanner.peek, scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" {
      copy(&builder)
    }
  }

  private mutating func copy(_ builder: inout HurlTemplateBuilder) {
    guard let scalar = scanner.peek else { return }
    builder.append(scalar)
    scanner.advance()
  }
}
