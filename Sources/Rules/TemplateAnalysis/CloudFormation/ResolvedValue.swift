/// What a template's expression comes to, as far as the known values allow.
indirect enum ResolvedValue: Hashable, Sendable {
  /// `AWS::NoValue`, null, or simply not there.
  case absent
  /// A string, or a truth value as `true` and `false`, which CloudFormation takes for the same.
  case text(String)
  /// A number literal; equal to the string that spells it.
  case number(String)
  case list([ResolvedValue])
  case map([ResolvedMember])
  /// A string made of parts of which at least one is not known.
  case joined([ResolvedValue])
  /// The first where the condition holds, else the second.
  case choice(ResolvedValue, then: ResolvedValue, otherwise: ResolvedValue)
  /// A function with an argument that is not known.
  case call(String, [ResolvedValue])
  case unknown(UnknownInput)
}

/// A named value inside a resolved map.
struct ResolvedMember: Hashable, Sendable {
  let name: String
  let value: ResolvedValue
}

/// Something that the templates and the values handed in do not tell.
enum UnknownInput: Hashable, Sendable {
  /// A parameter without a value.
  case parameter(String)
  /// A parameter whose value CloudFormation looks up in Systems Manager by the name it was given.
  case lookedUp(parameter: String, name: String)
  /// A pseudo parameter, such as `AWS::AccountId`: the same on both sides.
  case pseudo(String)
  /// `Ref` (no attribute) or `Fn::GetAtt` of a resource.
  case reference(logicalId: String, attribute: String?)
  /// A parameter of a nested stack whose value the outer template hands down: whether it is the same on both sides.
  case handedDown(String, Likeness)
  /// A map's missing key, an undefined name, a malformed function: why.
  case undefined(String)
  /// More cases than are worth telling apart: never taken for the same on both sides.
  case tooLarge(String)
}

extension ResolvedValue {
  /// A number or string as text.
  var text: String? {
    switch self {
    case .text(let text), .number(let text): text
    default: nil
    }
  }

  /// The truth value of a condition, where it is known.
  var truth: Bool? {
    switch self {
    case .text("true"): true
    case .text("false"): false
    default: nil
    }
  }

  static func truth(_ value: Bool) -> ResolvedValue { .text(value ? "true" : "false") }

  /// The member of a map; `absent` without one.
  subscript(_ name: String) -> ResolvedValue {
    guard case .map(let members) = self else { return .absent }
    return members.first { $0.name == name }?.value ?? .absent
  }

  /// Whether nothing in it is unknown.
  var isKnown: Bool {
    switch self {
    case .absent, .text, .number: true
    case .list(let elements): elements.allSatisfy(\.isKnown)
    case .map(let members): members.allSatisfy(\.value.isKnown)
    case .joined, .choice, .call, .unknown: false
    }
  }

  /// How many parts a text may have.
  private static let maximumPieces = 20_000

  /// A string of parts: known neighbours become one.
  static func joining(_ parts: [ResolvedValue]) -> ResolvedValue {
    // A text of texts that nobody knows doubles at each step.
    let pieces = parts.reduce(0) { sum, part in
      if case .joined(let inner) = part { sum + inner.count } else { sum + 1 }
    }
    if pieces > maximumPieces { return .unknown(.undefined("a string of more than \(maximumPieces) parts")) }
    var out: [ResolvedValue] = []
    var text = ""
    func flush(_ out: inout [ResolvedValue]) {
      if !text.isEmpty { out.append(.text(text)) }
      text = ""
    }
    for part in parts {
      switch part {
      case .text(let piece), .number(let piece): text += piece
      case .joined(let inner):
        for piece in inner {
          if let known = piece.text {
            text += known
          } else {
            flush(&out)
            out.append(piece)
          }
        }
      default:
        flush(&out)
        out.append(part)
      }
    }
    if out.isEmpty { return .text(text) }
    flush(&out)
    return out.count == 1 ? out[0] : .joined(out)
  }

  /// Whether more than `limit` values stand in it.
  func isLarger(than limit: Int) -> Bool {
    var left = limit
    return takes(&left)
  }

  private func takes(_ left: inout Int) -> Bool {
    left -= 1
    guard left >= 0 else { return true }
    switch self {
    case .absent, .text, .number, .unknown: return false
    case .list(let values), .joined(let values), .call(_, let values):
      for value in values where value.takes(&left) { return true }
    case .map(let members): for member in members where member.value.takes(&left) { return true }
    case .choice(let condition, let then, let otherwise):
      return condition.takes(&left) || then.takes(&left) || otherwise.takes(&left)
    }
    return false
  }

  /// Calls `visit` with every unknown input in it.
  func forEachUnknown(_ visit: (UnknownInput) -> Void) {
    switch self {
    case .absent, .text, .number: break
    case .unknown(let input): visit(input)
    case .list(let values), .joined(let values), .call(_, let values):
      for value in values { value.forEachUnknown(visit) }
    case .map(let members): for member in members { member.value.forEachUnknown(visit) }
    case .choice(let condition, let then, let otherwise):
      condition.forEachUnknown(visit)
      then.forEachUnknown(visit)
      otherwise.forEachUnknown(visit)
    }
  }

  /// How a reader would write it, cut to a line.
  var summary: String {
    switch self {
    case .absent: return "nothing"
    case .text(let text): return "\"\(text.prefix(60))\""
    case .number(let text): return text
    case .list(let elements): return "a list of \(elements.count)"
    case .map: return "a map"
    case .joined(let parts):
      return "\"\(parts.map { $0.text ?? "${\($0.summary)}" }.joined().prefix(80))\""
    case .choice: return "Fn::If"
    case .call(let name, _): return name
    case .unknown(let input): return input.description
    }
  }
}

extension UnknownInput: CustomStringConvertible {
  var description: String {
    switch self {
    case .parameter(let name), .handedDown(let name, _): "parameter \(name)"
    case .lookedUp(_, let name): "Systems Manager parameter \(name)"
    case .pseudo(let name): name
    case .reference(let id, nil): "Ref \(id)"
    case .reference(let id, let attribute?): "\(id).\(attribute)"
    case .undefined(let why): why
    case .tooLarge(let what): "\(what), which has too many cases to be judged"
    }
  }
}
