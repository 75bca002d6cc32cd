import YAMLDocuments

/// References to parameters, pseudo parameters, resources and their attributes.
extension TemplateEvaluator {
  func reference(_ name: String) -> ResolvedValue {
    if name.hasPrefix("AWS::") { return pseudoParameter(name) }
    if let value = parameters[name] { return value }
    guard let resource = resource(name) else { return .unknown(.undefined("undefined name \(name)")) }
    if presence(of: resource).truth == false {
      return .unknown(.undefined("\(name), whose condition is false"))
    }
    if let value = physicalName(of: resource), let text = value.text {
      return .text(TypeFacts.hasLowercaseName(resource.type) ? text.lowercased() : text)
    }
    return .unknown(.reference(logicalId: name, attribute: nil))
  }

  private func pseudoParameter(_ name: String) -> ResolvedValue {
    if name == "AWS::NoValue" { return .absent }
    if let value = pseudoParameters[name] { return .text(value) }
    guard let region = pseudoParameters["AWS::Region"] else { return .unknown(.pseudo(name)) }
    switch name {
    case "AWS::Partition":
      if region.hasPrefix("cn-") { return .text("aws-cn") }
      return .text(region.hasPrefix("us-gov-") ? "aws-us-gov" : "aws")
    case "AWS::URLSuffix":
      return .text(region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com")
    default: return .unknown(.pseudo(name))
    }
  }

  func attribute(_ node: YAMLNode) -> ResolvedValue {
    if let text = node.text {
      let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
      return attribute(parts.first ?? "", parts.count > 1 ? parts[1] : "")
    }
    let parts = arguments(node)
    // The attribute may be a Ref to a parameter.
    guard let id = parts.first?.text, parts.count > 1 else { return .call("Fn::GetAtt", parts) }
    let names = parts.dropFirst().compactMap(\.text)
    guard names.count == parts.count - 1 else { return .call("Fn::GetAtt", parts) }
    return attribute(id, names.joined(separator: "."))
  }

  /// A property that the template sets is its own attribute's value; what the service makes is not known.
  func attribute(_ id: String, _ name: String) -> ResolvedValue {
    guard let resource = resource(id) else { return .unknown(.undefined("undefined resource \(id)")) }
    let unknown = ResolvedValue.unknown(.reference(logicalId: id, attribute: name))
    guard !TypeFacts.hasOwnAttributes(resource.type), presence(of: resource).truth != false else {
      return unknown
    }
    var node = resource.node["Properties"]
    for step in name.split(separator: ".") {
      guard let next = node?[String(step)] else { return unknown }
      node = next
    }
    // Only plain values: a chain of attributes is left to the service.
    guard let node, node.sequence == nil, node.mapping == nil || Intrinsic(node) != nil else {
      return unknown
    }
    let value = evaluate(node)
    return value == .absent ? unknown : value
  }
}
