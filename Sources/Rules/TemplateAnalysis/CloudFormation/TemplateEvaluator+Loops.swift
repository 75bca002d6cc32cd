import YAMLDocuments

/// `Fn::ForEach`: members that are repeated for every value of a collection.
extension TemplateEvaluator {
  /// The members with every loop replaced by what it produces; a loop that cannot be expanded is a problem.
  func expandLoops(_ members: [CloudFormationTemplate.Member]) -> [CloudFormationTemplate.Member] {
    guard members.contains(where: { $0.name.hasPrefix("Fn::ForEach::") }) else { return members }
    return members.flatMap { member in
      member.name.hasPrefix("Fn::ForEach::") ? expand(member) : [member]
    }
  }

  private func expand(_ loop: CloudFormationTemplate.Member) -> [CloudFormationTemplate.Member] {
    func problem(_ message: String) -> [CloudFormationTemplate.Member] {
      problems.append((loop.name, loop.line, message))
      return []
    }
    var parts = loop.node.sequence ?? []
    // The identifier may be left out where it is the loop's own name.
    if parts.count == 2 {
      parts.insert(YAMLNode(.scalar(YAMLScalar(String(loop.name.dropFirst(13))))), at: 0)
    }
    guard parts.count == 3, let identifier = parts[0].text, let body = parts[2].mapping else {
      return problem("\(loop.name) has to be a list of an identifier, a collection and a mapping")
    }
    guard case .list(let values) = evaluate(parts[1]), values.allSatisfy({ $0.text != nil }) else {
      return problem("the collection of \(loop.name) is not known: what it makes is not judged")
    }
    var out: [CloudFormationTemplate.Member] = []
    for value in values.compactMap(\.text) {
      for member in body.members {
        guard let node = substitute(identifier, value, in: member.value) else {
          return problem("\(loop.name) makes more than can be read")
        }
        let name = Self.replace(identifier, value, in: member.name)
        out.append(.init(name: name, line: member.line, node: node))
      }
    }
    return expandLoops(out)
  }

  private func substitute(_ identifier: String, _ value: String, in node: YAMLNode) -> YAMLNode? {
    loopBudget -= 1
    guard loopBudget > 0 else { return nil }
    if let call = Intrinsic(node), call.name == "Ref", call.argument.text == identifier {
      return YAMLNode(.scalar(YAMLScalar(value)), line: node.line, column: node.column)
    }
    var out = node
    switch node.kind {
    case .scalar(var scalar):
      guard scalar.text.contains("{") else { return node }
      scalar.text = Self.replace(identifier, value, in: scalar.text)
      out.kind = .scalar(scalar)
    case .sequence(let elements):
      var changed: [YAMLNode] = []
      for element in elements {
        guard let element = substitute(identifier, value, in: element) else { return nil }
        changed.append(element)
      }
      out.kind = .sequence(changed)
    case .mapping(let mapping):
      var members: [YAMLMapping.Member] = []
      for var member in mapping.members {
        guard let inner = substitute(identifier, value, in: member.value) else { return nil }
        member.name = Self.replace(identifier, value, in: member.name)
        member.value = inner
        members.append(member)
      }
      out.kind = .mapping(YAMLMapping(members))
    }
    return out
  }

  /// `${Name}` becomes the value, `&{Name}` its letters and digits, as logical ids allow nothing else.
  private static func replace(_ identifier: String, _ value: String, in text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
    let name = Array("{\(identifier)}".utf8)
    let bytes = Array(text.utf8)
    let plain = Array(value.utf8)
    let alphanumeric = Array(value.filter { $0.isLetter || $0.isNumber }.utf8)
    var out: [UInt8] = []
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "$") || byte == UInt8(ascii: "&"), bytes[(position + 1)...].starts(with: name) {
        out += byte == UInt8(ascii: "$") ? plain : alphanumeric
        position += 1 + name.count
      } else {
        out.append(byte)
        position += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
