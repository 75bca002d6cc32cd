extension HurlParser {
  /// The lines of `[Options]`.
  mutating func options() throws(HurlSyntaxError) -> [HurlOption] {
    var lines: [HurlOption] = []
    while true {
      let mark = scanner.mark
      scanner.skipBlankLines()
      let position = scanner.position
      let name = scanner.takeWhile {
        $0.isASCIILetter || $0.isASCIIDigit || $0 == "-" || $0 == "." || $0 == "_"
      }
      scanner.skipSpaces()
      guard !name.isEmpty, scanner.take(":") else {
        scanner.reset(to: mark)
        return lines
      }
      scanner.skipSpaces()
      if name == "ntlm" || name == "negotiate" {
        throw scanner.unsupported("the option \(name)", at: position)
      }
      guard let option = HurlOptionName(rawValue: name) else {
        throw scanner.error("\(name) is no option", at: position)
      }
      let value = try value(of: option)
      try scanner.endLine(after: "the option's value")
      lines.append(HurlOption(position: position, name: option, value: value))
    }
  }

  private mutating func value(of option: HurlOptionName) throws(HurlSyntaxError) -> HurlOption.Value {
    switch option {
    case .compressed, .digest, .http10, .http11, .http2, .http3, .insecure, .ipv4, .ipv6, .location,
      .locationTrusted,
      .netrc, .netrcOptional, .noJSONPathCoercion, .pathAsIs, .skip, .verbose, .veryVerbose:
      return try bool()
    case .limitRate: return try number(smallest: 0)
    case .maxRedirects, .repeat, .retry: return try number(smallest: -1)
    case .connectTimeout, .maxTime, .delay, .retryInterval:
      // Hurl counts bare numbers of these in seconds and of those in milliseconds.
      return try duration(
        bareUnit: option == .connectTimeout || option == .maxTime ? .seconds(1) : .milliseconds(1))
    case .caCertificate, .clientKey, .output: return .text(try fileName())
    case .clientCertificate: return .text(try fileName(keepingEscapedColons: true))
    case .awsSigV4, .connectTo, .header, .netrcFile, .noHeader, .pinnedPublicKey, .proxy, .resolve,
      .unixSocket, .user:
      return .text(try unquoted())
    case .verbosity: return .text(try verbosity())
    case .variable: return try variable()
    }
  }

  private mutating func bool() throws(HurlSyntaxError) -> HurlOption.Value {
    if scanner.isNext("{{") { return .placeholder(try placeholder(), unit: nil) }
    if scanner.takeWord("true") { return .bool(true) }
    if scanner.takeWord("false") { return .bool(false) }
    throw scanner.error("expected true, false or a placeholder")
  }

  private mutating func verbosity() throws(HurlSyntaxError) -> HurlTemplate {
    let text = try unquoted()
    guard HurlOptions.Verbosity(rawValue: text.source) != nil || !text.variableNames.isEmpty else {
      throw scanner.error("expected brief, verbose or debug, not \(text.source)", at: text.position)
    }
    return text
  }

  private mutating func number(smallest: Int) throws(HurlSyntaxError) -> HurlOption.Value {
    if scanner.isNext("{{") { return .placeholder(try placeholder(), unit: nil) }
    let start = scanner.position
    let number = try integer()
    guard number >= smallest else {
      throw scanner.error("expected a number of at least \(smallest)", at: start)
    }
    return .number(number)
  }

  private mutating func duration(bareUnit: Duration) throws(HurlSyntaxError) -> HurlOption.Value {
    if scanner.isNext("{{") { return .placeholder(try placeholder(), unit: bareUnit) }
    let start = scanner.position
    let number = try integer()
    guard number >= 0, number <= 1_000_000_000 else {
      throw scanner.error("expected a length of time, such as 500ms or 2s", at: start)
    }
    let unitStart = scanner.position
    switch scanner.takeWhile(\.isASCIILetter) {
    case "": return .duration(bareUnit * number)
    case "ms": return .duration(.milliseconds(number))
    case "s": return .duration(.seconds(number))
    case "m": return .duration(.seconds(60 * number))
    case "h": return .duration(.seconds(3600 * number))
    case let unit: throw scanner.error("\(unit) is no unit of time; expected ms, s, m or h", at: unitStart)
    }
  }

  private mutating func variable() throws(HurlSyntaxError) -> HurlOption.Value {
    let start = scanner.position
    let name = scanner.takeWhile { $0.isAlphanumeric || $0 == "_" || $0 == "-" }
    if name.isEmpty { throw scanner.error("expected the name of a variable", at: start) }
    if HurlExpression.Kind.functions[name] != nil || name == "getEnv" {
      throw scanner.error("\(name) is a function and cannot be set", at: start)
    }
    scanner.skipSpaces()
    guard scanner.take("=") else {
      throw scanner.error("expected = after the variable's name, not \(described(scanner.peek))")
    }
    scanner.skipSpaces()
    if scanner.peek == "\"" { return .variable(name: name, .text(try quoted())) }
    let text = try unquoted()
    if case .text(let plain)? = text.parts.first, text.parts.count == 1, text.source == plain,
      case let value = HurlValue(inferredFrom: plain), value != .string(plain)
    {
      return .variable(name: name, .literal(value))
    }
    return .variable(name: name, .text(text))
  }

  /// A whole number, possibly negative.
  mutating func integer() throws(HurlSyntaxError) -> Int {
    let start = scanner.position
    let sign = scanner.take("-") ? "-" : ""
    let digits = scanner.takeWhile(\.isASCIIDigit)
    guard !digits.isEmpty, let number = Int(sign + digits), digits == "0" || !digits.hasPrefix("0") else {
      throw scanner.error("expected a whole number", at: start)
    }
    return number
  }
}
