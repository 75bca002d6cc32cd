/// Whether two values of an expression are the same, once on each side of an update.
enum Likeness: Hashable, Sendable {
  case same
  case different
  /// It depends on these inputs.
  case open(Set<UnknownInput>)

  /// Both have to be the same.
  static func && (left: Likeness, right: Likeness) -> Likeness {
    switch (left, right) {
    case (.different, _), (_, .different): .different
    case (.same, let other), (let other, .same): other
    case (.open(let first), .open(let second)): .open(first.union(second))
    }
  }

  /// One of two branches decides, and which of them is not known.
  static func either(_ left: Likeness, _ right: Likeness, _ inputs: Set<UnknownInput>) -> Likeness {
    switch (left, right) {
    case (.same, .same): .same
    case (.different, .different): .different
    case (.open(let first), .open(let second)): .open(first.union(second).union(inputs))
    case (.open(let some), _), (_, .open(let some)): .open(some.union(inputs))
    default: .open(inputs)
    }
  }

  /// Whether only values that CloudFormation looks up elsewhere decide.
  var isLookUpOnly: Bool {
    guard case .open(let inputs) = self, !inputs.isEmpty else { return false }
    return inputs.allSatisfy { input in
      if case .lookedUp = input { true } else { false }
    }
  }
}

/// Compares resolved values, asking what became of a resource wherever both refer to it.
struct ValueComparison {
  /// What became of `Ref` or an attribute of a resource that both sides name.
  let reference: (_ logicalId: String, _ attribute: String?) -> Likeness
  /// Whether both values stand on the same side, where every input equals itself.
  var isOneSided = false
  /// Logical ids of the left side that are called otherwise on the right one.
  var aliases: [String: String] = [:]
  // Nested choices over different conditions could multiply; beyond this the answer is "open".
  private let budget = Budget()

  private final class Budget { var steps = 200_000 }

  init(
    isOneSided: Bool = false, aliases: [String: String] = [:],
    reference: @escaping (String, String?) -> Likeness
  ) {
    self.aliases = aliases
    self.reference = reference
    self.isOneSided = isOneSided
  }

  /// Two values of the same template.
  static func onOneSide(_ left: ResolvedValue, _ right: ResolvedValue) -> Likeness {
    ValueComparison(isOneSided: true) { _, _ in .same }.compare(left, right)
  }

  func compare(_ left: ResolvedValue, _ right: ResolvedValue) -> Likeness {
    budget.steps -= 1
    guard budget.steps > 0 else { return .open([.undefined("an expression with too many cases")]) }
    switch (left, right) {
    case (.absent, .absent): return .same
    case (.choice(let first, let then, let otherwise), .choice(let second, let then2, let otherwise2)):
      if compare(first, second) == .same {
        return .either(compare(then, then2), compare(otherwise, otherwise2), inputs(first))
      }
      return .either(compare(then, right), compare(otherwise, right), inputs(first))
    case (.choice(let condition, let then, let otherwise), let other),
      (let other, .choice(let condition, let then, let otherwise)):
      return .either(compare(then, other), compare(otherwise, other), inputs(condition))
    case (.absent, _), (_, .absent): return .different
    case (.list(let first), .list(let second)): return lists(first, second)
    case (.map, .map): return maps(left, right)
    case (.list, .text), (.text, .list), (.list, .number), (.number, .list), (.map, .text), (.text, .map),
      (.map, .number), (.number, .map), (.map, .list), (.list, .map):
      return .different
    case (.unknown(let first), .unknown(let second)): return unknowns(first, second)
    case (.call(let name, let first), .call(let name2, let second)):
      return calls(name, first, name2, second)
    case (.joined(let first), .joined(let second)): return joined(first, second)
    case (.joined(let parts), .text(let text)), (.text(let text), .joined(let parts)):
      return joined(parts, with: text)
    default:
      if let first = left.text, let second = right.text { return texts(left, first, right, second) }
      return .open(inputs(left).union(inputs(right)))
    }
  }

  /// Strings differ by one character; a number also equals every spelling of it, as quotes do not matter.
  private func texts(
    _ left: ResolvedValue, _ first: String, _ right: ResolvedValue, _ second: String
  ) -> Likeness {
    if first == second { return .same }
    if case .text = left, case .text = right { return .different }
    guard let a = Double(first), let b = Double(second), a == b else { return .different }
    return .same
  }

  private func lists(_ left: [ResolvedValue], _ right: [ResolvedValue]) -> Likeness {
    if (left + right).contains(where: \.mayBeAbsentElement) {
      // Which elements there are is not known; equal expressions still give equal lists.
      var result = Likeness.same
      if left.count == right.count { for (a, b) in zip(left, right) { result = result && compare(a, b) } }
      if left.count == right.count, result == .same { return .same }
      return .open(inputs(.list(left)).union(inputs(.list(right))))
    }
    guard left.count == right.count else { return .different }
    var result = Likeness.same
    for (a, b) in zip(left, right) where result != .different { result = result && compare(a, b) }
    return result
  }

  private func maps(_ left: ResolvedValue, _ right: ResolvedValue) -> Likeness {
    var result = Likeness.same
    for (a, b) in ResolvedValue.pairs(left, right).map({ ($0.old, $0.new) }) where result != .different {
      result = result && compare(a, b)
    }
    return result
  }

  private func unknowns(_ left: UnknownInput, _ right: UnknownInput) -> Likeness {
    if isOneSided { return left == right ? .same : .open([left, right]) }
    switch (left, right) {
    case (.reference(let id, let attribute), .reference(let id2, let attribute2)):
      if (aliases[id] ?? id) != id2 { return .different }
      return attribute == attribute2 ? reference(id2, attribute) : .open([left, right])
    case (.lookedUp(_, let name), .lookedUp(let parameter, let name2)):
      // The same name may hold another value by now; another name is a change of its own.
      return name == name2 ? .open([right]) : .open([right, .parameter(parameter)])
    case (.tooLarge, .tooLarge): return .open([right])
    case (.handedDown(let name, let likeness), .handedDown(let name2, _)) where name == name2: return likeness
    default: return left == right ? .same : .open([left, right])
    }
  }

  private func calls(
    _ name: String, _ left: [ResolvedValue], _ name2: String, _ right: [ResolvedValue]
  ) -> Likeness {
    let all = inputs(.call(name, left)).union(inputs(.call(name2, right)))
    guard name == name2, left.count == right.count else { return .open(all) }
    var result = Likeness.same
    for (a, b) in zip(left, right) { result = result && compare(a, b) }
    switch result {
    case .same: return .same
    // Zones and address blocks of one list are all different.
    case .different where name == "Fn::Select" && isAnotherOfDistinct(left, right): return .different
    // These give different values for different arguments.
    case .different where ["Fn::Base64", "Fn::ToJsonString", "Fn::GetAZs"].contains(name): return .different
    case .different: return .open(all)
    case .open: return result
    }
  }

  /// Whether both select from the same list of distinct elements, by another position.
  private func isAnotherOfDistinct(_ left: [ResolvedValue], _ right: [ResolvedValue]) -> Bool {
    guard left.count == 2, right.count == 2, left[0].text != nil, right[0].text != nil,
      case .call(let name, _) = left[1], ["Fn::GetAZs", "Fn::Cidr"].contains(name)
    else { return false }
    return compare(left[0], right[0]) == .different && compare(left[1], right[1]) == .same
  }

  private func joined(_ left: [ResolvedValue], _ right: [ResolvedValue]) -> Likeness {
    let open = inputs(.joined(left)).union(inputs(.joined(right)))
    guard left.count == right.count else { return .open(open) }
    var known = Likeness.same
    var unknown = Likeness.same
    for (a, b) in zip(left, right) {
      if a.text != nil, b.text != nil {
        known = known && compare(a, b)
      } else if a.text != nil || b.text != nil {
        return .open(open)
      } else {
        unknown = unknown && compare(a, b)
      }
    }
    // Where everything else is the same, one different part makes a different string.
    switch (known, unknown) {
    case (.same, let other): return other
    case (_, .same): return .different
    default: return .open(open)
    }
  }

  /// A known text that the known beginning or end contradicts is another one.
  private func joined(_ parts: [ResolvedValue], with text: String) -> Likeness {
    if let start = parts.first?.text, !text.hasPrefix(start) { return .different }
    if let end = parts.last?.text, !text.hasSuffix(end) { return .different }
    return .open(inputs(.joined(parts)))
  }

  /// The unknown inputs of a value, or that it is not known at all.
  func inputs(_ value: ResolvedValue) -> Set<UnknownInput> {
    var found = Set<UnknownInput>()
    value.forEachUnknown { found.insert($0) }
    if found.isEmpty, !value.isKnown { found.insert(.undefined(value.summary)) }
    return found
  }
}

extension ResolvedValue {
  /// Whether as an element of a list it may be left out.
  fileprivate var mayBeAbsentElement: Bool {
    if case .choice(_, let then, let otherwise) = self {
      return then == .absent || otherwise == .absent || then.mayBeAbsentElement
        || otherwise.mayBeAbsentElement
    }
    return false
  }

  /// The members of two maps side by side, `absent` where one lacks a name, in the new one's order.
  static func pairs(
    _ old: ResolvedValue, _ new: ResolvedValue
  ) -> [(name: String, old: ResolvedValue, new: ResolvedValue)] {
    guard case .map(let first) = old, case .map(let second) = new else { return [] }
    let before = Dictionary(first.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    let names = Set(second.map(\.name))
    return second.map { ($0.name, before[$0.name] ?? .absent, $0.value) }
      + first.filter { !names.contains($0.name) }.map { ($0.name, $0.value, .absent) }
  }
}
