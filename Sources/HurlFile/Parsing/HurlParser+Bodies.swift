import CryptoDigests

extension HurlParser {
  /// The body that may follow.
  mutating func optionalBody() throws(HurlSyntaxError) -> HurlBody? {
    let mark = scanner.mark
    scanner.skipBlankLines()
    let start = scanner.position
    guard let content = try bodyContent() else {
      scanner.reset(to: mark)
      return nil
    }
    try scanner.endLine(after: "the body")
    return HurlBody(position: start, content: content)
  }

  private mutating func bodyContent() throws(HurlSyntaxError) -> HurlBody.Content? {
    if scanner.isNext("```") {
      let (language, text) = try multiline()
      return .multiline(language: language, text)
    }
    if scanner.peek == "`" { return .text(try quoted("`")) }
    if scanner.isNext("base64,") { return .bytes(try base64()) }
    if scanner.isNext("hex,") { return .bytes(try hex()) }
    if scanner.isNext("file,") { return .file(try file()) }
    if scanner.peek == "<" { throw scanner.unsupported("an XML body", at: scanner.position) }
    if startsJSON { return .json(try json()) }
    return nil
  }

  // MARK: Bytes

  /// `hex,…;`
  mutating func hex() throws(HurlSyntaxError) -> [UInt8] {
    scanner.advance(4)
    scanner.skipSpaces()
    let digits = scanner.takeWhile { $0.hexDigit != nil }.unicodeScalars.compactMap(\.hexDigit)
    guard digits.count.isMultiple(of: 2) else {
      throw scanner.error("expected an even number of hexadecimal digits")
    }
    scanner.skipSpaces()
    try semicolon(after: "the hexadecimal digits")
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  /// `base64,…;`, white space allowed inside.
  mutating func base64() throws(HurlSyntaxError) -> [UInt8] {
    scanner.advance(7)
    let start = scanner.position
    let text = scanner.takeWhile {
      $0.isASCIILetter || $0.isASCIIDigit || $0 == "+" || $0 == "/" || $0 == "=" || $0 == " " || $0 == "\t"
        || $0 == "\n" || $0 == "\r"
    }
    try semicolon(after: "the Base64 text")
    let digits = text.utf8.filter { $0 > 0x20 }
    guard let bytes = Base64.decode(digits) else { throw scanner.error("this is no Base64 text", at: start) }
    return bytes
  }

  /// `file,…;`
  mutating func file() throws(HurlSyntaxError) -> HurlTemplate {
    scanner.advance(5)
    scanner.skipSpaces()
    let name = try fileName()
    scanner.skipSpaces()
    try semicolon(after: "the file's name")
    return name
  }

  private mutating func semicolon(after what: String) throws(HurlSyntaxError) {
    guard scanner.take(";") else {
      throw scanner.error("expected ; after \(what), not \(described(scanner.peek))")
    }
  }

  // MARK: Several lines

  /// Text between three backquotes: the lines between them, or the rest of the one line.
  mutating func multiline() throws(HurlSyntaxError) -> (language: HurlBody.Language?, text: HurlTemplate) {
    let position = scanner.position
    scanner.advance(3)
    let afterMarks = scanner.mark
    let header = scanner.takeWhile { $0 != "\n" && $0 != "\r" && $0 != "`" }
    guard scanner.takeNewline() else {
      scanner.reset(to: afterMarks)
      return (nil, try lines(escapes: false, placeholders: true, isOneLine: true))
    }
    let words = header.split(separator: ",", omittingEmptySubsequences: false).map {
      String($0).trimmingSpaces
    }
    var language: HurlBody.Language?
    var escapes = false, placeholders = true
    for (offset, word) in words.enumerated() where !(offset == 0 && word.isEmpty) {
      switch word {
      case "escape": escapes = true
      case "novariable": placeholders = false
      case "graphql": throw scanner.unsupported("a GraphQL body", at: position)
      case "base64", "hex": throw scanner.unsupported("a \(word) body in several lines", at: position)
      default:
        guard offset == 0, let found = HurlBody.Language(rawValue: word) else {
          throw scanner.error(
            "'\(word)' cannot follow ```; expected json, xml, graphql, escape, novariable or the end of the line",
            at: position)
        }
        language = found
      }
    }
    return (language, try lines(escapes: escapes, placeholders: placeholders, isOneLine: false))
  }

  private mutating func lines(
    escapes: Bool, placeholders: Bool, isOneLine: Bool
  ) throws(HurlSyntaxError) -> HurlTemplate {
    let start = (scanner.position, scanner.index)
    var builder = HurlTemplateBuilder()
    while let scalar = scanner.peek, !scanner.isNext("```") {
      if isOneLine, scalar == "\n" { break }
      if placeholders, scanner.isNext("{{") {
        builder.append(try placeholder())
      } else if escapes, scalar == "\\" {
        builder.append(try escape(["`": "`", "\"": "\"", "#": "#"]))
      } else {
        builder.append(scalar)
        scanner.advance()
      }
    }
    let text = builder.template(at: start.0, source: scanner.text(from: start.1))
    guard scanner.take("```") else {
      throw scanner.error("expected ``` at the end of the text that begins here", at: start.0)
    }
    return text
  }
}
