extension HurlParser {
  /// The kinds of right side that a predicate takes.
  private enum Accepts { case anything, comparable, textOrBytes }

  /// What must hold of a value, such as `not == 3`.
  mutating func predicate() throws(HurlSyntaxError) -> HurlPredicate {
    let position = scanner.position
    var isNegated = false
    if scanner.takeWord("not") {
      try space(after: "not")
      isNegated = true
    }
    let (name, kind) = try predicateKind()
    return HurlPredicate(position: position, isNegated: isNegated, name: name, kind: kind)
  }

  private static let plainPredicates: [String: HurlPredicate.Kind] = [
    "exists": .exists, "isInteger": .isInteger, "isFloat": .isFloat, "isBoolean": .isBoolean,
    "isString": .isString,
    "isCollection": .isCollection, "isDate": .isDate, "isIsoDate": .isISODate, "isEmpty": .isEmpty,
    "isNumber": .isNumber, "isIpv4": .isIPv4, "isIpv6": .isIPv6, "isUuid": .isUUID, "isList": .isList,
    "isObject": .isObject,
  ]

  private static let signs: [(sign: StaticString, name: String)] = [
    ("==", "=="), ("!=", "!="), (">=", ">="), ("<=", "<="), (">", ">"), ("<", "<"),
  ]
  private static let wordsForSigns = [
    "equals": "==", "notEquals": "!=", "greaterThan": ">", "greaterThanOrEquals": ">=", "lessThan": "<",
    "lessThanOrEquals": "<=",
  ]

  private mutating func predicateKind() throws(HurlSyntaxError) -> (String, HurlPredicate.Kind) {
    for (sign, name) in HurlParser.signs where scanner.take(sign) {
      scanner.skipSpaces()
      return (name, try comparison(name))
    }
    let start = scanner.position
    let name = scanner.word
    if let kind = HurlParser.plainPredicates[name] {
      scanner.advance(name.utf8.count)
      return (name, kind)
    }
    switch name {
    case "startsWith", "endsWith", "contains", "includes", "matches":
      scanner.advance(name.utf8.count)
    default:
      guard let sign = HurlParser.wordsForSigns[name] else {
        let found = name.isEmpty ? described(scanner.peek) : name
        throw scanner.error("expected a filter or a predicate, such as == or exists, not \(found)", at: start)
      }
      scanner.advance(name.utf8.count)
      try space(after: name)
      return (name, try comparison(sign))
    }
    if name == "matches" { return (name, .matches(try pattern(of: name))) }
    try space(after: name)
    switch name {
    case "startsWith": return (name, .startsWith(try expected(.textOrBytes)))
    case "endsWith": return (name, .endsWith(try expected(.textOrBytes)))
    case "contains": return (name, .contains(try expected(.anything)))
    default: return (name, .includes(try expected(.anything)))
    }
  }

  private mutating func comparison(_ sign: String) throws(HurlSyntaxError) -> HurlPredicate.Kind {
    switch sign {
    case "==": .equal(try expected(.anything))
    case "!=": .notEqual(try expected(.anything))
    case ">": .greaterThan(try expected(.comparable))
    case ">=": .greaterThanOrEqual(try expected(.comparable))
    case "<": .lessThan(try expected(.comparable))
    default: .lessThanOrEqual(try expected(.comparable))
    }
  }

  private mutating func expected(_ accepts: Accepts) throws(HurlSyntaxError) -> HurlExpected {
    let start = scanner.position
    let value = try expected()
    switch (accepts, value) {
    case (.anything, _), (.comparable, .text), (.comparable, .placeholder), (.textOrBytes, .text),
      (.textOrBytes, .placeholder), (.textOrBytes, .literal(.bytes)), (.textOrBytes, .file):
      return value
    case (.comparable, .literal(.integer)), (.comparable, .literal(.float)),
      (.comparable, .literal(.bigInteger)):
      return value
    case (.comparable, _): throw scanner.error("expected a number, a text or a placeholder", at: start)
    case (.textOrBytes, _):
      throw scanner.error("expected a text in \" or bytes, such as hex,c3a9;", at: start)
    }
  }

  private mutating func expected() throws(HurlSyntaxError) -> HurlExpected {
    let start = scanner.position
    if scanner.isNext("{{") { return .placeholder(try placeholder()) }
    if scanner.isNext("```") {
      switch try multiline() {
      case .text(let template): return .text(template)
      case .bytes(let bytes): return .literal(.bytes(bytes))
      }
    }
    if scanner.peek == "\"" { return .text(try quoted()) }
    if scanner.peek == "`" { return .text(try quoted("`")) }
    if scanner.isNext("hex,") { return .literal(.bytes(try hex())) }
    if scanner.isNext("base64,") { return .literal(.bytes(try base64())) }
    if scanner.isNext("file,") { return .file(try file(), start) }
    if scanner.takeWord("null") { return .literal(.null) }
    if scanner.takeWord("true") { return .literal(.bool(true)) }
    if scanner.takeWord("false") { return .literal(.bool(false)) }
    return .literal(try number())
  }

  /// A number, with a fraction or without.
  private mutating func number() throws(HurlSyntaxError) -> HurlValue {
    let start = (scanner.position, scanner.index)
    _ = scanner.take("-")
    let whole = scanner.takeWhile(\.isASCIIDigit)
    guard !whole.isEmpty, whole == "0" || !whole.hasPrefix("0") else {
      throw scanner.error(
        "expected a value: a number, a text in \", true, false, null, bytes or a placeholder", at: start.0)
    }
    if scanner.take(".") {
      guard !scanner.takeWhile(\.isASCIIDigit).isEmpty else {
        throw scanner.error("expected a digit after the decimal point")
      }
      let text = scanner.text(from: start.1)
      guard let value = Double(text) else { throw scanner.error("\(text) is no number", at: start.0) }
      return .float(value)
    }
    let text = scanner.text(from: start.1)
    return Int64(text).map(HurlValue.integer) ?? .bigInteger(text)
  }
}
