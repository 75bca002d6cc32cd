import CryptoDigests
import JSONValues

extension HurlParser {
  /// What stands between three backquotes.
  enum Multiline {
    case text(HurlTemplate)
    case bytes([UInt8])
  }

  /// Text between three backquotes: the lines between them, or the rest of the one line.
  mutating func multiline() throws(HurlSyntaxError) -> Multiline { try multilineWithLanguage().value }

  /// As `multiline()`, with the language named behind the backquotes.
  mutating func multilineWithLanguage() throws(HurlSyntaxError) -> (
    language: HurlBody.Language?, value: Multiline
  ) {
    let position = scanner.position
    scanner.advance(3)
    let afterMarks = scanner.mark
    let header = scanner.takeWhile { $0 != "\n" && $0 != "\r" && $0 != "`" }
    guard scanner.takeNewline() else {
      scanner.reset(to: afterMarks)
      return (nil, .text(try lines(escapes: false, placeholders: true, isOneLine: true)))
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
      case "base64" where words.count == 1: return (nil, .bytes(try base64Lines(from: position)))
      case "hex" where words.count == 1: return (nil, .bytes(try hexLines(from: position)))
      default:
        guard offset == 0, let found = HurlBody.Language(rawValue: word) else {
          throw scanner.error(
            "'\(word)' cannot follow ```; expected json, xml, graphql, base64, hex, escape, novariable or the end of the line",
            at: position)
        }
        language = found
      }
    }
    if language == .graphql {
      return (.graphql, .text(try graphQL(escapes: escapes, placeholders: placeholders)))
    }
    return (language, .text(try lines(escapes: escapes, placeholders: placeholders, isOneLine: false)))
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
    try endMarks(start.0)
    return text
  }

  private mutating func endMarks(_ start: HurlPosition) throws(HurlSyntaxError) {
    guard scanner.take("```") else {
      throw scanner.error("expected ``` at the end of the text that begins here", at: start)
    }
  }

  // MARK: Bytes

  private mutating func base64Lines(from start: HurlPosition) throws(HurlSyntaxError) -> [UInt8] {
    let digits = base64Digits()
    try endMarks(start)
    guard let bytes = Base64.decode(digits) else { throw scanner.error("this is no Base64 text", at: start) }
    return bytes
  }

  private mutating func hexLines(from start: HurlPosition) throws(HurlSyntaxError) -> [UInt8] {
    let text = scanner.takeWhile {
      $0.hexDigit != nil || $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r"
    }
    let bytes = try hexDigits(text)
    try endMarks(start)
    return bytes
  }

  // MARK: GraphQL

  /// A GraphQL document and its variables, as the JSON that is sent: `{"query":…,"variables":…}`.
  private mutating func graphQL(escapes: Bool, placeholders: Bool) throws(HurlSyntaxError) -> HurlTemplate {
    let start = (scanner.position, scanner.index)
    var query = GraphQLQuery()
    var variables: HurlTemplate?
    var isLineStart = true
    while let scalar = scanner.peek, !scanner.isNext("```") {
      if isLineStart, let found = try graphQLVariables() {
        variables = found
        break
      }
      isLineStart = scalar == "\n" || isLineStart && (scalar == " " || scalar == "\t")
      if placeholders, scanner.isNext("{{") {
        query.append(try placeholder())
      } else if escapes, scalar == "\\" {
        query.append(try escape(["`": "`", "\"": "\"", "#": "#"]))
      } else {
        query.append(scalar)
        scanner.advance()
      }
    }
    let source = scanner.text(from: start.1)
    try endMarks(start.0)
    var builder = HurlTemplateBuilder()
    builder.append("{\"query\":\"")
    query.write(to: &builder)
    builder.append("\"")
    if let variables {
      builder.append(",\"variables\":")
      for part in variables.parts { builder.append(part) }
    }
    builder.append("}")
    return builder.template(at: start.0, source: source)
  }

  /// The JSON object after the word `variables` at the beginning of a line, where it is the last thing before the end;
  /// anything else of that name belongs to the document.
  private mutating func graphQLVariables() throws(HurlSyntaxError) -> HurlTemplate? {
    let mark = scanner.mark
    guard scanner.take("variables") else { return nil }
    skipWhiteSpace()
    guard scanner.peek == "{" else {
      scanner.reset(to: mark)
      return nil
    }
    let object = try json()
    skipWhiteSpace()
    guard scanner.isNext("```") else {
      throw scanner.error("expected ``` after the variables, not \(described(scanner.peek))")
    }
    return object
  }

  private mutating func skipWhiteSpace() {
    while let scalar = scanner.peek, scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" {
      scanner.advance()
    }
  }
}

/// A GraphQL document on its way into a JSON string, without white space at its ends.
private struct GraphQLQuery {
  private enum Piece {
    case text(String)
    case placeholder(HurlExpression)
  }
  private var pieces: [Piece] = []
  private var text = ""

  mutating func append(_ scalar: Unicode.Scalar) { text.unicodeScalars.append(scalar) }
  mutating func append(_ expression: HurlExpression) {
    pieces += [.text(text), .placeholder(expression)]
    text = ""
  }

  func write(to builder: inout HurlTemplateBuilder) {
    let all = pieces + [.text(text)]
    for (offset, piece) in all.enumerated() {
      switch piece {
      case .placeholder(let expression): builder.appendInJSONString(expression)
      case .text(var text):
        if offset == 0 { text = text.trimmingSpacesAtStart }
        if offset == all.count - 1 { text = text.trimmingSpacesAtEnd }
        builder.append(String(JSONValue.string(text).serialized().dropFirst().dropLast()))
      }
    }
  }
}
