import JSONValues

/// Follows paths in one document, with a bound on the values looked at.
struct JSONPathEvaluator {
  let root: JSONValue
  private var visits = 0
  private var patterns: [String: RegularExpression?] = [:]

  /// The most values that one evaluation looks at.
  private static let maximumVisits = 2_000_000

  init(root: JSONValue) { self.root = root }

  mutating func values(
    _ segments: [JSONPath.Segment], from start: JSONValue
  ) throws(JSONPathError) -> [JSONValue] {
    var current = [start]
    for segment in segments {
      var next: [JSONValue] = []
      for value in current {
        if segment.isDescendant {
          try selectDescendants(segment.selectors, of: value, into: &next)
        } else {
          try select(segment.selectors, of: value, into: &next)
        }
      }
      current = next
      if current.isEmpty { break }
    }
    return current
  }

  private mutating func selectDescendants(
    _ selectors: [JSONPath.Selector], of value: JSONValue, into result: inout [JSONValue]
  ) throws(JSONPathError) {
    try select(selectors, of: value, into: &result)
    for child in value.children { try selectDescendants(selectors, of: child, into: &result) }
  }

  private mutating func select(
    _ selectors: [JSONPath.Selector], of value: JSONValue, into result: inout [JSONValue]
  ) throws(JSONPathError) {
    try visit()
    for selector in selectors {
      switch (selector, value) {
      case (.name(let name), .object(let object)):
        if let member = object.value(ofExactly: name) { result.append(member) }
      case (.index(let index), .array(let elements)):
        let position = index < 0 ? elements.count + index : index
        if elements.indices.contains(position) { result.append(elements[position]) }
      case (.slice(let start, let end, let step), .array(let elements)):
        for position in slice(start, end, step, count: elements.count) {
          try visit()
          result.append(elements[position])
        }
      case (.wildcard, _):
        for child in value.children {
          try visit()
          result.append(child)
        }
      case (.filter(let condition), _):
        for child in value.children {
          try visit()
          if try holds(condition, for: child) { result.append(child) }
        }
      default: break
      }
    }
  }

  private mutating func visit() throws(JSONPathError) {
    visits += 1
    if visits > JSONPathEvaluator.maximumVisits {
      throw JSONPathError(offset: nil, message: "the path leads to too many values and was given up")
    }
  }

  /// The positions of a slice, RFC 9535 section 2.3.4.2.
  private func slice(_ start: Int?, _ end: Int?, _ step: Int, count: Int) -> StrideTo<Int> {
    func normal(_ index: Int) -> Int { index >= 0 ? index : count + index }
    if step > 0 {
      let lower = min(max(normal(start ?? 0), 0), count)
      return stride(from: lower, to: min(max(normal(end ?? count), 0), count), by: step)
    }
    if step == 0 { return stride(from: 0, to: 0, by: 1) }
    let upper = min(max(start.map(normal) ?? count - 1, -1), count - 1)
    let lower = min(max(end.map(normal) ?? -1, -1), count - 1)
    return stride(from: upper, to: lower, by: step)
  }

  // MARK: Filters

  private mutating func holds(
    _ condition: JSONPath.Condition, for current: JSONValue
  ) throws(JSONPathError) -> Bool {
    switch condition {
    case .or(let parts):
      for part in parts where try holds(part, for: current) { return true }
      return false
    case .and(let parts):
      for part in parts where try !holds(part, for: current) { return false }
      return true
    case .not(let part): return try !holds(part, for: current)
    case .exists(let query): return try !values(query, current).isEmpty
    case .function(let function): return try logical(function, current)
    case .compare(let left, let comparison, let right):
      return JSONPathComparison.holds(try value(left, current), comparison, try value(right, current))
    }
  }

  private mutating func values(
    _ query: JSONPath.Query, _ current: JSONValue
  ) throws(JSONPathError) -> [JSONValue] {
    try values(query.segments, from: query.isFromRoot ? root : current)
  }

  /// The value of an operand; nil stands for nothing.
  private mutating func value(
    _ operand: JSONPath.Operand, _ current: JSONValue
  ) throws(JSONPathError) -> JSONValue? {
    switch operand {
    case .literal(let value): return value
    case .query(let query): return try values(query, current).first
    case .function(let function): return try result(function, current)
    }
  }

  private mutating func result(
    _ function: JSONPath.Function, _ current: JSONValue
  ) throws(JSONPathError) -> JSONValue? {
    switch function {
    case .length(let operand):
      switch try value(operand, current) {
      case .string(let text)?: return .number(JSONNumber(text.unicodeScalars.count))
      case .array(let elements)?: return .number(JSONNumber(elements.count))
      case .object(let object)?: return .number(JSONNumber(object.uniqueMembers.count))
      default: return nil
      }
    case .count(let query): return .number(JSONNumber(try values(query, current).count))
    case .value(let query):
      let found = try values(query, current)
      return found.count == 1 ? found[0] : nil
    case .match, .search: return nil
    }
  }

  private mutating func logical(
    _ function: JSONPath.Function, _ current: JSONValue
  ) throws(JSONPathError) -> Bool {
    switch function {
    case .match(let text, let pattern): return try isMatch(text, pattern, .wholeIRegexp, current)
    case .search(let text, let pattern): return try isMatch(text, pattern, .iRegexp, current)
    case .length, .count, .value: return false
    }
  }

  private mutating func isMatch(
    _ text: JSONPath.Operand, _ pattern: JSONPath.Operand, _ syntax: RegularExpression.Syntax,
    _ current: JSONValue
  ) throws(JSONPathError) -> Bool {
    guard case .string(let text)? = try value(text, current),
      case .string(let pattern)? = try value(pattern, current),
      let expression = compiled(pattern, syntax)
    else { return false }
    do throws(PatternError) { return try expression.isFound(in: text) } catch {
      throw JSONPathError(offset: nil, message: "the pattern \(pattern): \(error.message)")
    }
  }

  /// The pattern compiled; nil where it is no I-Regexp, which then matches nothing (RFC 9535 section 2.4.6).
  private mutating func compiled(_ pattern: String, _ syntax: RegularExpression.Syntax) -> RegularExpression?
  {
    let key = "\(syntax) \(pattern)"
    if let known = patterns[key] { return known }
    let made: RegularExpression?
    do throws(PatternError) { made = try RegularExpression(pattern, syntax: syntax) } catch { made = nil }
    patterns[key] = .some(made)
    return made
  }
}
