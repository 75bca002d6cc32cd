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
      let (language, value) = try multilineWithLanguage()
      return switch value {
      case .text(let text): .multiline(language: language, text)
      case .bytes(let bytes): .bytes(bytes)
      }
    }
    if scanner.peek == "`" { return .text(try quoted("`")) }
    if scanner.isNext("base64,") { return .bytes(try base64()) }
    if scanner.isNext("hex,") { return .bytes(try hex()) }
    if scanner.isNext("file,") { return .file(try file()) }
    if scanner.peek == "<" { return .xml(try xml()) }
    if startsJSON { return .json(try json()) }
    return nil
  }

  // MARK: Bytes

  /// `hex,…;`
  mutating func hex() throws(HurlSyntaxError) -> [UInt8] {
    scanner.advance(4)
    scanner.skipSpaces()
    let digits = scanner.takeWhile { $0.hexDigit != nil }
    let bytes = try hexDigits(digits)
    scanner.skipSpaces()
    try semicolon(after: "the hexadecimal digits")
    return bytes
  }

  /// The bytes that `text`, all hexadecimal digits, stands for; the scanner stands behind it.
  func hexDigits(_ text: String) throws(HurlSyntaxError) -> [UInt8] {
    let digits = text.unicodeScalars.compactMap(\.hexDigit)
    guard digits.count.isMultiple(of: 2) else {
      throw scanner.error("expected an even number of hexadecimal digits")
    }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  /// `base64,…;`, white space allowed inside.
  mutating func base64() throws(HurlSyntaxError) -> [UInt8] {
    scanner.advance(7)
    let start = scanner.position
    let text = base64Digits()
    try semicolon(after: "the Base64 text")
    guard let bytes = Base64.decode(text) else { throw scanner.error("this is no Base64 text", at: start) }
    return bytes
  }

  /// The Base64 digits that follow, white space between them left out.
  mutating func base64Digits() -> [UInt8] {
    scanner.takeWhile {
      $0.isASCIILetter || $0.isASCIIDigit || $0 == "+" || $0 == "/" || $0 == "=" || $0 == " " || $0 == "\t"
        || $0 == "\n" || $0 == "\r"
    }.utf8.filter { $0 > 0x20 }
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
}
