/// Whether a predicate holds of a value.
struct PredicateEvaluation {
  /// The judgement and, where it failed, what to tell about it.
  struct Result {
    var passed: Bool
    var expected: String
    var actual: String
    /// What the eye does not see of it.
    var hint: String?
  }
  /// What a predicate says of a value before `not` is looked at.
  private enum Outcome {
    case holds, fails
    /// The value has a type that the predicate does not judge: neither the predicate nor its opposite holds.
    case unfit
    init(_ holds: Bool) { self = holds ? .holds : .fails }
  }

  let renderer: HurlRenderer

  /// Judges what a query found.
  func judge(_ predicate: HurlPredicate, _ found: FoundValue) throws(HurlRuntimeError) -> Result {
    let argument = try argument(predicate.kind)
    // What only a list can be asked is asked of a list of one.
    let value = predicate.kind.isOfLists(found) ? found.asList : found.value
    let outcome: Outcome
    if let value {
      outcome = try self.outcome(predicate, value, argument)
    } else {
      // Even a pattern that nothing is matched against has to be one.
      if case .matches(let pattern) = predicate.kind { _ = try renderer.regularExpression(pattern) }
      outcome = .fails
    }
    // What passed needs no words, which may be long.
    if outcome == (predicate.isNegated ? .fails : .holds) {
      return Result(passed: true, expected: "", actual: "")
    }
    let words = [predicate.isNegated ? "not" : "", predicate.name, argument.map(\.summary) ?? ""]
    var expected = words.filter { !$0.isEmpty }.joined(separator: " ")
    if case .matches(let pattern) = predicate.kind { expected += " /\(try patternText(pattern))/" }
    let actual = value?.summary ?? "nothing"
    let why = outcome == .unfit ? ", which \(predicate.name) does not apply to" : ""
    let hint = predicate.isNegated ? nil : value?.unseenDifference(from: argument)
    return Result(passed: false, expected: expected, actual: actual + why, hint: hint)
  }

  private func outcome(
    _ predicate: HurlPredicate, _ value: HurlValue, _ argument: HurlValue?
  ) throws(HurlRuntimeError) -> Outcome {
    if case .matches(let pattern) = predicate.kind { return try matches(value, pattern) }
    if let argument { return outcome(predicate.kind, value, argument) }
    switch predicate.kind {
    case .exists: return Outcome(value != .nodeset(0))
    case .isInteger: return Outcome(value.typeName == "integer")
    case .isFloat: return Outcome(value.typeName == "float")
    case .isNumber: return Outcome(value.double != nil)
    case .isBoolean: return Outcome(value.typeName == "boolean")
    case .isString: return Outcome(value.typeName == "string")
    case .isDate: return Outcome(value.typeName == "date")
    case .isCollection: return Outcome(["bytes", "list", "nodeset", "object"].contains(value.typeName))
    case .isList: return Outcome(["bytes", "list"].contains(value.typeName) || value == .nodeset(0))
    case .isObject: return Outcome(["nodeset", "object"].contains(value.typeName) && value != .nodeset(0))
    case .isISODate: return onText(value, DateText.isRFC3339)
    case .isIPv4: return onText(value, AddressText.isIPv4)
    case .isIPv6: return onText(value, AddressText.isIPv6)
    case .isUUID: return onText(value, AddressText.isUUID)
    case .isEmpty:
      switch value {
      case .string(let text): return Outcome(text.isEmpty)
      case .bytes(let bytes): return Outcome(bytes.isEmpty)
      case .list(let values): return Outcome(values.isEmpty)
      case .object(let members): return Outcome(members.isEmpty)
      case .nodeset(let count): return Outcome(count == 0)
      default: return .unfit
      }
    default: return .unfit
    }
  }

  /// The predicates that compare with another value.
  private func outcome(_ kind: HurlPredicate.Kind, _ value: HurlValue, _ other: HurlValue) -> Outcome {
    switch kind {
    case .equal: return value == .unit ? .unfit : Outcome(value.isSame(as: other))
    // Where nothing was found, nothing can be said to differ.
    case .notEqual where value == .nodeset(0): return .fails
    case .notEqual: return value == .unit ? .unfit : Outcome(!value.isSame(as: other))
    case .greaterThan: return value.order(to: other).map { Outcome($0 == .greater) } ?? .unfit
    case .greaterThanOrEqual: return value.order(to: other).map { Outcome($0 != .less) } ?? .unfit
    case .lessThan: return value.order(to: other).map { Outcome($0 == .less) } ?? .unfit
    case .lessThanOrEqual: return value.order(to: other).map { Outcome($0 != .greater) } ?? .unfit
    case .includes:
      guard let values = value.elements else { return .unfit }
      return Outcome(values.contains { $0.isSame(as: other) })
    case .contains where value.elements != nil:
      return Outcome(value.elements?.contains { $0.isSame(as: other) } ?? false)
    case .startsWith, .endsWith, .contains:
      guard let (whole, part) = bytes(value, other) else { return .unfit }
      switch kind {
      case .startsWith: return Outcome(whole.starts(with: part))
      case .endsWith: return Outcome(whole.suffix(part.count).elementsEqual(part))
      default: return Outcome(whole.firstOccurrence(of: part) != nil)
      }
    default: return .unfit
    }
  }

  /// Both as bytes, where both are texts or both are bytes.
  private func bytes(_ value: HurlValue, _ other: HurlValue) -> (whole: [UInt8], part: [UInt8])? {
    switch (value, other) {
    case (.string(let whole), .string(let part)): (Array(whole.utf8), Array(part.utf8))
    case (.bytes(let whole), .bytes(let part)): (whole, part)
    default: nil
    }
  }

  private func onText(_ value: HurlValue, _ holds: (String) -> Bool) -> Outcome {
    guard case .string(let text) = value else { return .unfit }
    return Outcome(holds(text))
  }

  private func matches(_ value: HurlValue, _ pattern: HurlPattern) throws(HurlRuntimeError) -> Outcome {
    let expression = try renderer.regularExpression(pattern)
    guard case .string(let text) = value else { return .unfit }
    do throws(PatternError) { return Outcome(try expression.isFound(in: text)) } catch {
      throw HurlRuntimeError(position: pattern.position, message: error.message)
    }
  }

  // MARK: Arguments

  private func patternText(_ pattern: HurlPattern) throws(HurlRuntimeError) -> String {
    switch pattern {
    case .literal(let text, _): text
    case .template(let template): try renderer.text(template)
    }
  }

  /// The value that a predicate compares with.
  private func argument(_ kind: HurlPredicate.Kind) throws(HurlRuntimeError) -> HurlValue? {
    switch kind {
    case .equal(let expected), .notEqual(let expected), .greaterThan(let expected),
      .greaterThanOrEqual(let expected), .lessThan(let expected), .lessThanOrEqual(let expected),
      .startsWith(let expected), .endsWith(let expected), .contains(let expected), .includes(let expected):
      return try renderer.value(expected)
    default: return nil
    }
  }
}

extension HurlPredicate.Kind {
  /// Whether it is asked of a list, where one value was found that is none: whether it includes something, and whether it
  /// is empty, which only texts, objects and lists can be.
  fileprivate func isOfLists(_ found: FoundValue) -> Bool {
    guard found.isOnlyOne, let value = found.value else { return false }
    switch (self, value) {
    case (.includes, _): return true
    case (.isEmpty, .string), (.isEmpty, .object), (.isEmpty, .list): return false
    case (.isEmpty, _): return true
    default: return false
    }
  }
}

extension HurlPattern {
  /// Where it stands.
  var position: HurlPosition {
    switch self {
    case .literal(_, let position): position
    case .template(let template): template.position
    }
  }
}
