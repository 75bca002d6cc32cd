extension HurlParser {
  /// What is looked at in an answer, such as `jsonpath "$.id"`.
  mutating func query() throws(HurlSyntaxError) -> HurlQuery {
    guard let query = try optionalQuery() else {
      throw scanner.error(
        "expected a query, such as status or jsonpath \"$.id\", not \(described(scanner.peek))")
    }
    return query
  }

  /// The query that stands here; nil, and nothing passed over, where the word is none.
  mutating func optionalQuery() throws(HurlSyntaxError) -> HurlQuery? {
    let mark = scanner.mark
    let position = scanner.position
    let name = scanner.word
    scanner.advance(name.utf8.count)
    guard let kind = try queryKind(name) else {
      scanner.reset(to: mark)
      return nil
    }
    return HurlQuery(position: position, kind: kind)
  }

  private mutating func queryKind(_ name: String) throws(HurlSyntaxError) -> HurlQuery.Kind? {
    switch name {
    case "jsonpath": return .jsonpath(try argument(of: name))
    case "header": return .header(try argument(of: name))
    case "status": return .status
    case "version": return .version
    case "url": return .url
    case "body": return .body
    case "duration": return .duration
    case "bytes": return .bytes
    case "rawbytes": return .rawBytes
    case "sha256": return .sha256
    case "md5": return .md5
    case "ip": return .ip
    case "redirects": return .redirects
    case "xpath": return .xpath(try argument(of: name))
    case "variable": return .variable(try argument(of: name))
    case "regex": return .regex(try pattern(of: name))
    case "cookie": return try cookie()
    case "certificate": return .certificate(try certificateField())
    default: return nil
    }
  }

  private mutating func certificateField() throws(HurlSyntaxError) -> HurlQuery.CertificateField {
    try space(after: "certificate")
    let start = scanner.position
    let names = HurlQuery.CertificateField.allCases.map(\.rawValue)
    guard scanner.take("\""), case let name = scanner.takeWhile({ $0.isASCIILetter || $0 == "-" }),
      let field = HurlQuery.CertificateField(rawValue: name), scanner.take("\"")
    else {
      throw scanner.error("expected one of \(names.map { "\"\($0)\"" }.joined(separator: ", "))", at: start)
    }
    return field
  }

  /// `"name"` or `"name[Attribute]"`.
  private mutating func cookie() throws(HurlSyntaxError) -> HurlQuery.Kind {
    let path = try argument(of: "cookie")
    var name: [HurlTemplate.Part] = []
    for (offset, part) in path.parts.enumerated() {
      guard case .text(let text) = part, let bracket = text.firstIndex(of: "[") else {
        name.append(part)
        continue
      }
      if bracket > text.startIndex { name.append(.text(String(text[..<bracket]))) }
      let inside = text[text.index(after: bracket)...]
      let word = String(inside.prefix { $0 != "]" }).trimmingSpaces
      guard offset == path.parts.count - 1, inside.last == "]",
        inside.firstIndex(of: "]") == inside.indices.last,
        let attribute = HurlQuery.CookieAttribute.allCases.first(where: {
          $0.rawValue.lowercased() == word.lowercased()
        })
      else {
        let names = HurlQuery.CookieAttribute.allCases.map(\.rawValue).joined(separator: ", ")
        throw scanner.error("expected one of \(names) in brackets after the cookie's name", at: path.position)
      }
      return .cookie(
        HurlTemplate(position: path.position, parts: name, source: path.source), attribute: attribute)
    }
    return .cookie(path, attribute: nil)
  }

  // MARK: Filters

  /// The filters that follow a query.
  mutating func filters() throws(HurlSyntaxError) -> [HurlFilter] {
    var filters: [HurlFilter] = []
    while true {
      let mark = scanner.mark
      guard scanner.skipSpaces() else { return filters }
      let position = scanner.position
      let name = scanner.word
      guard let kind = try filterKind(name) else {
        scanner.reset(to: mark)
        return filters
      }
      filters.append(HurlFilter(position: position, name: name, kind: kind))
    }
  }

  private static let plainFilters: [String: HurlFilter.Kind] = [
    "base64Decode": .base64Decode, "base64Encode": .base64Encode, "base64UrlSafeDecode": .base64URLSafeDecode,
    "base64UrlSafeEncode": .base64URLSafeEncode, "count": .count, "daysAfterNow": .daysAfterNow,
    "daysBeforeNow": .daysBeforeNow, "first": .first, "last": .last, "htmlEscape": .htmlEscape,
    "htmlUnescape": .htmlUnescape, "location": .location, "toFloat": .toFloat, "toHex": .toHex,
    "toInt": .toInt,
    "toString": .toString, "urlDecode": .urlDecode, "urlEncode": .urlEncode, "utf8Decode": .utf8Decode,
    "utf8Encode": .utf8Encode,
  ]

  /// The filter `name` with its arguments; nil where there is none of that name.
  private mutating func filterKind(_ name: String) throws(HurlSyntaxError) -> HurlFilter.Kind? {
    if name.isEmpty { return nil }
    let length = name.utf8.count
    if let kind = HurlParser.plainFilters[name] {
      scanner.advance(length)
      return kind
    }
    switch name {
    case "decode", "charsetDecode", "format", "dateFormat", "toDate", "jsonpath", "nth", "regex", "replace",
      "replaceRegex", "split", "urlQueryParam", "xpath":
      scanner.advance(length)
    default: return nil
    }
    switch name {
    case "decode", "charsetDecode": return .decode(try argument(of: name))
    case "format", "dateFormat": return .dateFormat(try argument(of: name))
    case "toDate": return .toDate(try argument(of: name))
    case "jsonpath": return .jsonpath(try argument(of: name))
    case "xpath": return .xpath(try argument(of: name))
    case "split": return .split(try argument(of: name))
    case "urlQueryParam": return .urlQueryParameter(try argument(of: name))
    case "nth":
      try space(after: name)
      if scanner.isNext("{{") { return .nth(.placeholder(try placeholder())) }
      return .nth(.literal(.integer(Int64(try integer()))))
    case "regex": return .regex(try pattern(of: name))
    case "replace": return .replace(try pattern(of: name), try argument(of: "the text to replace"))
    default: return .replaceRegex(try pattern(of: name), try argument(of: "the pattern"))
    }
  }

  // MARK: Arguments

  func spaceError(after name: String) -> HurlSyntaxError {
    scanner.error("expected a space after \(name), not \(described(scanner.peek))")
  }
  mutating func space(after name: String) throws(HurlSyntaxError) {
    guard scanner.skipSpaces() else { throw spaceError(after: name) }
  }

  /// A text in double quotes after `name`.
  private mutating func argument(of name: String) throws(HurlSyntaxError) -> HurlTemplate {
    try space(after: name)
    return try quoted()
  }

  /// A text in double quotes or a pattern between slashes after `name`.
  mutating func pattern(of name: String) throws(HurlSyntaxError) -> HurlPattern {
    try space(after: name)
    if scanner.peek == "\"" { return .template(try quoted()) }
    guard scanner.peek == "/" else {
      throw scanner.error("expected a text in \" or a pattern between /, not \(described(scanner.peek))")
    }
    return try patternLiteral()
  }

  /// A pattern between slashes; `\/` stands for a slash, all else belongs to the pattern.
  private mutating func patternLiteral() throws(HurlSyntaxError) -> HurlPattern {
    scanner.advance()
    let start = scanner.position
    var text = String.UnicodeScalarView()
    while let scalar = scanner.peek, scalar != "/", scalar != "\n" {
      scanner.advance()
      if scalar == "\\", let next = scanner.peek, next != "\n" {
        scanner.advance()
        if next != "/" { text.append(scalar) }
        text.append(next)
      } else {
        text.append(scalar)
      }
    }
    guard scanner.take("/") else {
      throw scanner.error("expected / at the end of the pattern, not \(described(scanner.peek))")
    }
    do throws(PatternError) { _ = try RegularExpression(String(text)) } catch {
      throw scanner.error("this is no pattern: \(error.message)", at: start)
    }
    return .literal(String(text), start)
  }
}
