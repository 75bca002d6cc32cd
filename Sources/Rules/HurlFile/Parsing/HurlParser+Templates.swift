/// Collects the parts of a text with placeholders.
struct HurlTemplateBuilder {
  private var parts: [HurlTemplate.Part] = []
  private var text = ""

  mutating func append(_ scalar: Unicode.Scalar) { text.unicodeScalars.append(scalar) }
  mutating func append(_ string: String) { if text.isEmpty { text = string } else { text += string } }
  mutating func append(_ expression: HurlExpression) {
    flush()
    parts.append(.placeholder(expression))
  }
  mutating func appendInJSONString(_ expression: HurlExpression) {
    flush()
    parts.append(.jsonStringPlaceholder(expression))
  }
  mutating func append(_ part: HurlTemplate.Part) {
    switch part {
    case .text(let string): append(string)
    case .placeholder(let expression): append(expression)
    case .jsonStringPlaceholder(let expression): appendInJSONString(expression)
    }
  }
  var isEmpty: Bool { parts.isEmpty && text.isEmpty }

  mutating func template(at position: HurlPosition, source: String) -> HurlTemplate {
    flush()
    return HurlTemplate(position: position, parts: parts, source: source)
  }
  /// The template of what was read since `start`.
  mutating func template(from start: (HurlPosition, Int), in scanner: HurlScanner) -> HurlTemplate {
    flush()
    if parts.count == 1, case .text(let text) = parts[0], scanner.isAsLong(text, since: start.1) {
      return HurlTemplate(position: start.0, parts: parts, source: text)
    }
    return HurlTemplate(position: start.0, parts: parts, source: scanner.text(from: start.1))
  }
  private mutating func flush() {
    if text.isEmpty { return }
    // Mostly it is the only one: an array of one is made at once.
    if parts.isEmpty { parts = [.text(text)] } else { parts.append(.text(text)) }
    text = ""
  }
}

extension HurlParser {
  // MARK: Placeholders

  /// `{{name}}`, the scanner standing at the first brace.
  mutating func placeholder() throws(HurlSyntaxError) -> HurlExpression {
    scanner.advance(2)
    scanner.skipSpaces()
    let start = scanner.position
    let name = scanner.takeWhile { $0.isAlphanumeric || $0 == "_" || $0 == "-" }
    if name.isEmpty { throw scanner.error("expected the name of a variable after {{") }
    if name == "getEnv" { throw scanner.unsupported("the function getEnv", at: start) }
    if scanner.skipSpaces(), let next = scanner.peek, next.isASCIILetter {
      throw scanner.unsupported("a filter in a placeholder", at: scanner.position)
    }
    guard scanner.take("}}") else {
      throw scanner.error("expected }} after {{\(name), not \(described(scanner.peek))")
    }
    return HurlExpression(position: start, kind: HurlExpression.Kind.functions[name] ?? .variable(name))
  }

  // MARK: Kinds of text

  /// A URL: no white space, no quotes, no angle brackets; begins with http://, https:// or a placeholder.
  mutating func url() throws(HurlSyntaxError) -> HurlTemplate {
    guard scanner.isNext("http://") || scanner.isNext("https://") || scanner.isNext("{{") else {
      throw scanner.error("expected a URL that begins with http://, https:// or {{")
    }
    let start = (scanner.position, scanner.index)
    var builder = HurlTemplateBuilder()
    while let scalar = scanner.peek {
      if scanner.isNext("{{") {
        builder.append(try placeholder())
      } else if scalar.isAlphanumeric || HurlParser.urlMarks.contains(scalar) {
        builder.append(scanner.takeWhile { $0.isAlphanumeric || HurlParser.urlMarks.contains($0) })
      } else {
        break
      }
    }
    if let next = scanner.peek, next != " ", next != "\t", next != "\n", next != "\r", next != "#" {
      throw scanner.error("\(described(next)) cannot stand in a URL: write it percent-encoded")
    }
    return builder.template(from: start, in: scanner)
  }
  private static let urlMarks = ASCIISet("/:.-?=&_%*,@~+!$'()[];")

  /// The name before a colon.
  mutating func key() throws(HurlSyntaxError) -> HurlTemplate? {
    let start = (scanner.position, scanner.index)
    if scanner.peek == "[" { return nil }
    var builder = HurlTemplateBuilder()
    while let scalar = scanner.peek {
      if scanner.isNext("{{") {
        builder.append(try placeholder())
      } else if scalar == "\\" {
        builder.append(try escape(["#": "#", ":": ":"]))
      } else if scalar.isAlphanumeric || HurlParser.keyMarks.contains(scalar) {
        builder.append(scanner.takeWhile { $0.isAlphanumeric || HurlParser.keyMarks.contains($0) })
      } else {
        break
      }
    }
    return builder.isEmpty ? nil : builder.template(from: start, in: scanner)
  }
  private static let keyMarks = ASCIISet("_-.[]@$")

  /// The rest of a line up to a comment, without white space at its end.
  mutating func unquoted() throws(HurlSyntaxError) -> HurlTemplate {
    let start = (scanner.position, scanner.index)
    var builder = HurlTemplateBuilder()
    var spaces = ""
    var end = scanner.mark
    // A tab ends the text too: inside one it is written \t.
    while let scalar = scanner.peek, scalar != "#", scalar != "\n", scalar != "\r", scalar != "\t" {
      if scalar == " " {
        spaces.unicodeScalars.append(scalar)
        scanner.advance()
        continue
      }
      builder.append(spaces)
      spaces = ""
      if scanner.isNext("{{") {
        builder.append(try placeholder())
      } else if scalar == "\\" {
        builder.append(try escape(["#": "#", "\"": "\"", "`": "`"]))
      } else {
        // One character at least: a brace that stands alone is none of a placeholder.
        let run = scanner.index
        scanner.advance()
        scanner.skipWhile { !HurlParser.valueMarks.contains($0) }
        builder.append(scanner.text(from: run))
      }
      end = scanner.mark
    }
    scanner.reset(to: end)
    return builder.template(from: start, in: scanner)
  }

  private static let valueMarks = ASCIISet(" \t\r\n#{\\")

  /// Text between `delimiter`s, which is `"` or a backquote.
  mutating func quoted(_ delimiter: Unicode.Scalar = "\"") throws(HurlSyntaxError) -> HurlTemplate {
    let start = (scanner.position, scanner.index)
    guard scanner.peek == delimiter else {
      throw scanner.error("expected a text in \(delimiter), not \(described(scanner.peek))")
    }
    scanner.advance()
    var builder = HurlTemplateBuilder()
    while let scalar = scanner.peek, scalar != delimiter {
      if scanner.isNext("{{") {
        builder.append(try placeholder())
      } else if scalar == "\\" {
        builder.append(try escape(["#": "#", "\"": "\"", "`": "`"]))
      } else if scalar == "\n" || scalar == "\r" || scalar == "\t" || scalar == "\u{8}" || scalar == "\u{C}" {
        break
      } else {
        let run = scanner.index
        scanner.advance()
        scanner.skipWhile { !HurlParser.quotedMarks.contains($0) }
        builder.append(scanner.text(from: run))
      }
    }
    guard scanner.peek == delimiter else {
      throw scanner.error("expected \(delimiter) at the end of the text, not \(described(scanner.peek))")
    }
    scanner.advance()
    return builder.template(from: start, in: scanner)
  }

  private static let quotedMarks = ASCIISet("\"`{\\\n\r\t\u{8}\u{C}")

  /// A file name; spaces and semicolons in it are escaped. Where a colon begins a passphrase, one of the name stays escaped.
  mutating func fileName(keepingEscapedColons: Bool = false) throws(HurlSyntaxError) -> HurlTemplate {
    let start = (scanner.position, scanner.index)
    let isSection = scanner.peek == "["
    var builder = HurlTemplateBuilder()
    while let scalar = scanner.peek {
      if scanner.isNext("{{") {
        builder.append(try placeholder())
      } else if scalar == "\\" {
        let scalar = try escape(["#": "#", ";": ";", " ": " ", "{": "{", "}": "}", ":": ":"])
        if keepingEscapedColons, scalar == ":" || scalar == "\\" { builder.append("\\") }
        builder.append(scalar)
      } else if HurlParser.fileNameEnds.contains(scalar) {
        break
      } else {
        builder.append(scalar)
        scanner.advance()
      }
    }
    if builder.isEmpty || isSection {
      throw scanner.error("expected the name of a file", at: start.0)
    }
    return builder.template(from: start, in: scanner)
  }
  private static let fileNameEnds = ASCIISet("#;{} \t\r\n")

  // MARK: Escapes

  /// A backslash and what follows it; `special` are the escapes beyond the common ones.
  mutating func escape(
    _ special: [Unicode.Scalar: Unicode.Scalar]
  ) throws(HurlSyntaxError) -> Unicode.Scalar {
    scanner.advance()
    let start = scanner.position
    guard let scalar = scanner.peek else { throw scanner.error("expected a character after the backslash") }
    scanner.advance()
    switch scalar {
    case "\\", "/": return scalar
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u": return try unicodeEscape()
    default:
      guard let result = special[scalar] else {
        throw scanner.error("\\\(Character(scalar)) is no escape; write \\\\ for a backslash", at: start)
      }
      return result
    }
  }

  /// `{1F600}` after `\u`.
  private mutating func unicodeEscape() throws(HurlSyntaxError) -> Unicode.Scalar {
    guard scanner.take("{") else { throw scanner.error("expected { after \\u, as in \\u{e9}") }
    let start = scanner.position
    let digits = scanner.takeWhile { $0.hexDigit != nil }
    guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
      throw scanner.error("expected the hexadecimal digits of a character after \\u{", at: start)
    }
    guard scanner.take("}") else { throw scanner.error("expected } after \\u{\(digits)") }
    return scalar
  }
}
