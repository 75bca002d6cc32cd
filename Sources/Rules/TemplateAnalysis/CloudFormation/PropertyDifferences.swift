/// One place where the properties of a resource differ, or may.
struct PropertyDifference {
  /// Steps from the properties down: names, and positions in lists.
  let path: [String]
  /// Never `same`.
  let likeness: Likeness
  let old: ResolvedValue
  let new: ResolvedValue
}

extension ValueComparison {
  /// The deepest places at which two property maps differ.
  func differences(_ old: ResolvedValue, _ new: ResolvedValue) -> [PropertyDifference] {
    var out: [PropertyDifference] = []
    collect(old, new, [], &out)
    return out
  }

  private func collect(
    _ old: ResolvedValue, _ new: ResolvedValue, _ path: [String], _ out: inout [PropertyDifference]
  ) {
    switch (old, new) {
    case (.map, .map):
      for pair in ResolvedValue.pairs(old, new) { collect(pair.old, pair.new, path + [pair.name], &out) }
    case (.list(let first), .list(let second)) where first.count == second.count:
      for (position, pair) in zip(first, second).enumerated() {
        collect(pair.0, pair.1, path + [String(position)], &out)
      }
    default:
      let likeness = compare(old, new)
      if likeness != .same {
        out.append(PropertyDifference(path: path, likeness: likeness, old: old, new: new))
      }
    }
  }
}

extension ResolvedValue {
  /// What stands at a schema's pointer: `*` and a step into a list mean every element.
  func value(at pointer: ArraySlice<String>) -> ResolvedValue {
    guard let step = pointer.first else { return self }
    switch self {
    case .map: return self[step].value(at: pointer.dropFirst())
    case .list(let elements):
      let rest = step == "*" ? pointer.dropFirst() : pointer
      let values = elements.map { $0.value(at: rest) }.filter { $0 != .absent }
      return values.isEmpty ? .absent : .list(values)
    case .choice(let condition, let then, let otherwise):
      let first = then.value(at: pointer)
      let second = otherwise.value(at: pointer)
      return first == second ? first : .choice(condition, then: first, otherwise: second)
    case .absent, .text, .number: return .absent
    case .joined, .call, .unknown: return .call("a part", [self, .text(pointer.joined(separator: "/"))])
    }
  }
}
