import JSONValues

extension JSONPathParser {
  /// What stands on one side of an operator or alone in a filter.
  private enum Term {
    case literal(JSONValue)
    case query(JSONPath.Query)
    case function(JSONPath.Function)
  }

  /// Conditions joined by `||` and `&&`.
  mutating func condition() throws(JSONPathError) -> JSONPath.Condition {
    var alternatives = [try conjunction()]
    while takeOperator("||") { alternatives.append(try conjunction()) }
    return alternatives.count == 1 ? alternatives[0] : .or(alternatives)
  }

  private mutating func conjunction() throws(JSONPathError) -> JSONPath.Condition {
    var parts = [try basicCondition()]
    while takeOperator("&&") { parts.append(try basicCondition()) }
    return parts.count == 1 ? parts[0] : .and(parts)
  }

  private mutating func takeOperator(_ sign: String) -> Bool {
    let mark = index
    skipSpace()
    guard take(sign) else {
      index = mark
      return false
    }
    skipSpace()
    return true
  }

  private mutating func basicCondition() throws(JSONPathError) -> JSONPath.Condition {
    if take("!") {
      skipSpace()
      if peek == "(" { return .not(try parenthesized()) }
      let start = index
      return .not(try test(try term(), at: start))
    }
    if peek == "(" { return try parenthesized() }
    let start = index
    let left = try term()
    guard let comparison = takeComparison() else { return try test(left, at: start) }
    let leftOperand = try operand(left, at: start)
    let rightStart = index
    return .compare(leftOperand, comparison, try operand(try term(), at: rightStart))
  }

  private mutating func parenthesized() throws(JSONPathError) -> JSONPath.Condition {
    try nested { (parser) throws(JSONPathError) in
      parser.index += 1
      parser.skipSpace()
      let condition = try parser.condition()
      parser.skipSpace()
      guard parser.take(")") else { throw parser.error("expected )") }
      return condition
    }
  }

  private mutating func takeComparison() -> JSONPath.Comparison? {
    let mark = index
    skipSpace()
    for sign in ["==", "!=", "<=", ">=", "<", ">"] where take(sign) {
      skipSpace()
      return JSONPath.Comparison(rawValue: sign)
    }
    index = mark
    return nil
  }

  /// A term that stands alone: a path that must lead somewhere, or a function that is true or false.
  private func test(_ term: Term, at start: Int) throws(JSONPathError) -> JSONPath.Condition {
    switch term {
    case .query(let query): return .exists(query)
    case .function(let function) where function.isLogical: return .function(function)
    case .function: throw error("the result of this function must be compared", at: start)
    case .literal: throw error("a literal must be compared", at: start)
    }
  }

  /// A term that is compared or given to a function: it must be one value.
  private func operand(_ term: Term, at start: Int) throws(JSONPathError) -> JSONPath.Operand {
    switch term {
    case .literal(let value): return .literal(value)
    case .query(let query) where query.isSingular: return .query(query)
    case .query: throw error("expected a path to at most one value", at: start)
    case .function(let function) where !function.isLogical: return .function(function)
    case .function: throw error("the result of this function cannot be compared", at: start)
    }
  }

  private mutating func term() throws(JSONPathError) -> Term {
    switch peek {
    case "@", "$": return .query(try query())
    case "'", "\"": return .literal(.string(try string()))
    case let scalar? where scalar == "-" || scalar.isASCIIDigit: return .literal(.number(try number()))
    default:
      let start = index
      while let scalar = peek,
        ("a"..."z").contains(scalar) || (index > start && (scalar == "_" || scalar.isASCIIDigit))
      { index += 1 }
      let name = String(String.UnicodeScalarView(scalars[start..<index]))
      if take("(") { return .function(try function(name, at: start)) }
      switch name {
      case "true": return .literal(.bool(true))
      case "false": return .literal(.bool(false))
      case "null": return .literal(.null)
      default: throw error("expected a path, a literal or a function", at: start)
      }
    }
  }

  private mutating func query() throws(JSONPathError) -> JSONPath.Query {
    let isFromRoot = peek == "$"
    index += 1
    return JSONPath.Query(isFromRoot: isFromRoot, segments: try segments())
  }

  private mutating func number() throws(JSONPathError) -> JSONNumber {
    let start = index
    _ = take("-")
    let digits = index
    while let scalar = peek, scalar.isASCIIDigit { index += 1 }
    guard index > digits, scalars[digits] != "0" || index == digits + 1 else {
      throw error("expected a number", at: start)
    }
    if take(".") { try takeDigits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try takeDigits()
    }
    return JSONNumber(literal: String(String.UnicodeScalarView(scalars[start..<index])))
  }

  private mutating func takeDigits() throws(JSONPathError) {
    let start = index
    while let scalar = peek, scalar.isASCIIDigit { index += 1 }
    if index == start { throw error("expected a digit") }
  }

  // MARK: Functions

  private mutating func function(_ name: String, at start: Int) throws(JSONPathError) -> JSONPath.Function {
    let expected = ["length": 1, "count": 1, "value": 1, "match": 2, "search": 2]
    guard let count = expected[name] else { throw error("there is no function \(name)", at: start) }
    let arguments = try arguments()
    if arguments.count != count {
      throw error("\(name) takes \(count) argument\(count == 1 ? "" : "s")", at: start)
    }
    switch name {
    case "length": return .length(try operand(arguments[0].term, at: arguments[0].start))
    case "count", "value":
      guard case .query(let query) = arguments[0].term else { throw error("\(name) takes a path", at: start) }
      return name == "count" ? .count(query) : .value(query)
    default:
      let text = try operand(arguments[0].term, at: arguments[0].start)
      let pattern = try operand(arguments[1].term, at: arguments[1].start)
      return name == "match" ? .match(text, pattern) : .search(text, pattern)
    }
  }

  private mutating func arguments() throws(JSONPathError) -> [(term: Term, start: Int)] {
    skipSpace()
    if take(")") { return [] }
    return try nested { (parser) throws(JSONPathError) in
      var arguments: [(term: Term, start: Int)] = []
      while true {
        parser.skipSpace()
        let start = parser.index
        arguments.append((try parser.term(), start))
        parser.skipSpace()
        if parser.take(")") { return arguments }
        guard parser.take(",") else { throw parser.error("expected , or )") }
      }
    }
  }
}
