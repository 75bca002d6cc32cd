import YAMLDocuments

/// The intrinsic functions. What lacks a known argument stays a call with its resolved arguments.
extension TemplateEvaluator {
  func choose(_ node: YAMLNode) -> ResolvedValue {
    guard let parts = node.sequence, parts.count == 3 else {
      return .unknown(.undefined("Fn::If without condition and two values"))
    }
    let condition =
      parts[0].tag == nil && parts[0].text != nil
      ? self.condition(parts[0].text ?? "") : evaluate(parts[0], inCondition: true)
    if let truth = condition.truth { return evaluate(parts[truth ? 1 : 2]) }
    let then = evaluate(parts[1])
    let otherwise = evaluate(parts[2])
    return then == otherwise ? then : .choice(condition, then: then, otherwise: otherwise)
  }

  func combine(_ name: String, _ values: [ResolvedValue]) -> ResolvedValue {
    // One false decides an And, one true an Or, whatever the rest is.
    let decisive = name == "Fn::Or"
    if values.contains(where: { $0.truth == decisive }) { return .truth(decisive) }
    // What is said twice counts once.
    var open: [ResolvedValue] = []
    for value in values where value.truth == nil && !open.contains(value) { open.append(value) }
    if open.isEmpty { return .truth(!decisive) }
    return open.count == 1 ? open[0] : .call(name, open)
  }

  func negate(_ values: [ResolvedValue]) -> ResolvedValue {
    guard values.count == 1 else { return .call("Fn::Not", values) }
    if let truth = values[0].truth { return .truth(!truth) }
    if case .call("Fn::Not", let inner) = values[0], inner.count == 1 { return inner[0] }
    return .call("Fn::Not", values)
  }

  func equals(_ values: [ResolvedValue]) -> ResolvedValue {
    guard values.count == 2 else { return .call("Fn::Equals", values) }
    switch ValueComparison.onOneSide(values[0], values[1]) {
    case .same: return .truth(true)
    case .different: return .truth(false)
    case .open: return .call("Fn::Equals", values)
    }
  }

  func substitute(_ node: YAMLNode) -> ResolvedValue {
    let text: String
    var variables: [String: ResolvedValue] = [:]
    if let parts = node.sequence, parts.count == 2, let template = parts[0].text {
      text = template
      for member in parts[1].mapping?.members ?? [] { variables[member.name] = evaluate(member.value) }
    } else if let scalar = node.scalar {
      text = scalar.text
    } else {
      return .call("Fn::Sub", arguments(node))
    }
    var parts: [ResolvedValue] = []
    var rest = Substring(text)
    var size = 0
    while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
      parts.append(.text(String(rest[..<start.lowerBound])))
      let name = rest[start.upperBound..<end].drop { $0 == " " }
      if name.hasPrefix("!") {
        parts.append(.text("${\(name.dropFirst())}"))
      } else {
        parts.append(variable(String(name), variables))
      }
      size += parts[parts.count - 1].text?.utf8.count ?? 0
      if size > Self.maximumText { return .unknown(.undefined("a string longer than 1 MB")) }
      rest = rest[rest.index(after: end)...]
    }
    parts.append(.text(String(rest)))
    return .joining(parts)
  }

  private func variable(_ name: String, _ variables: [String: ResolvedValue]) -> ResolvedValue {
    let name = name.last == " " ? String(name.prefix { $0 != " " }) : name
    if let value = variables[name] { return value }
    if let dot = name.firstIndex(of: ".") {
      return attribute(String(name[..<dot]), String(name[name.index(after: dot)...]))
    }
    return reference(name)
  }

  func join(_ node: YAMLNode) -> ResolvedValue {
    let parts = arguments(node)
    guard parts.count == 2, let delimiter = parts[0].text, case .list(let elements) = parts[1],
      elements.allSatisfy({ !$0.mayBeAbsentOrList })
    else { return .call("Fn::Join", parts) }
    let size = elements.reduce(0) { $0 + ($1.text?.utf8.count ?? 0) + delimiter.utf8.count }
    if size > Self.maximumText { return .unknown(.undefined("a string longer than 1 MB")) }
    var out: [ResolvedValue] = []
    for (position, element) in elements.enumerated() {
      if position > 0 { out.append(.text(delimiter)) }
      out.append(element)
    }
    return .joining(out)
  }

  func split(_ node: YAMLNode) -> ResolvedValue {
    let parts = arguments(node)
    guard parts.count == 2, let delimiter = parts[0].text, !delimiter.isEmpty, let source = parts[1].text
    else {
      return .call("Fn::Split", parts)
    }
    var pieces: [ResolvedValue] = []
    var rest = Substring(source)
    while let range = rest.firstRange(of: delimiter) {
      pieces.append(.text(String(rest[..<range.lowerBound])))
      rest = rest[range.upperBound...]
    }
    return .list(pieces + [.text(String(rest))])
  }

  func select(_ node: YAMLNode) -> ResolvedValue {
    let parts = arguments(node)
    guard parts.count == 2, let index = parts[0].text.flatMap({ Int($0) }),
      case .list(let elements) = parts[1],
      elements.prefix(max(index, 0) + 1).allSatisfy({ !$0.mayBeAbsentOrList })
    else { return .call("Fn::Select", parts) }
    guard elements.indices.contains(index) else {
      return .unknown(.undefined("Fn::Select of element \(index) in a list of \(elements.count)"))
    }
    return elements[index]
  }

  func findInMap(_ node: YAMLNode) -> ResolvedValue {
    guard let nodes = node.sequence, nodes.count == 3 || nodes.count == 4 else {
      return .call("Fn::FindInMap", arguments(node))
    }
    let keys = nodes.prefix(3).map { evaluate($0) }
    let fallback = nodes.count == 4 ? nodes[3]["DefaultValue"].map { evaluate($0) } : nil
    var found = template.mappings
    for key in keys {
      guard let name = key.text else {
        // What the map holds belongs to the expression: a changed map may change the value.
        let held = found.map { evaluate($0) } ?? .absent
        return .call("Fn::FindInMap", keys + [held, fallback ?? .absent])
      }
      guard let next = found?[name] else {
        let path = keys.compactMap(\.text).joined(separator: ".")
        return fallback ?? .unknown(.undefined("no entry \(path) in Mappings"))
      }
      found = next
    }
    return found.map { evaluate($0) } ?? .absent
  }

  func length(_ value: ResolvedValue) -> ResolvedValue {
    guard case .list(let elements) = value, elements.allSatisfy({ !$0.mayBeAbsentOrList }) else {
      return .call("Fn::Length", [value])
    }
    return .number(String(elements.count))
  }

  func zones(_ value: ResolvedValue) -> ResolvedValue {
    .call("Fn::GetAZs", [value == .text("") || value == .absent ? reference("AWS::Region") : value])
  }
}

extension ResolvedValue {
  /// Whether as an element of a list it may be none or several.
  var mayBeAbsentOrList: Bool {
    switch self {
    case .absent, .list, .map: true
    case .choice(_, let then, let otherwise): then.mayBeAbsentOrList || otherwise.mayBeAbsentOrList
    case .text, .number, .joined, .call, .unknown: false
    }
  }
}
