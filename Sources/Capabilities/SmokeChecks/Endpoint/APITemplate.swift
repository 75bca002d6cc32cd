import YAMLDocuments

/// What a template says about the routes of its API.
enum APITemplate {
  /// The methods that `text` describes one by one; nil where it does not: an API may be described by an OpenAPI document
  /// in the template, or elsewhere.
  static func routes(_ text: String) -> [APIRoute]? {
    // A template that cannot be read tells nothing; CloudFormation has read it.
    guard let root = try? YAMLNode.parse(Array(text.utf8)),
      let resources = root["Resources"]?.mapping
    else { return nil }
    let routes = resources.members.compactMap { route($0.value, resources) }
    return routes.isEmpty ? nil : routes
  }

  private static func route(_ resource: YAMLNode, _ resources: YAMLMapping) -> APIRoute? {
    let properties = resource["Properties"]
    let isOpen = ["NONE", nil].contains(properties?["AuthorizationType"]?.text)
    let wantsKey = properties?["ApiKeyRequired"]?.bool ?? false
    switch resource["Type"]?.text {
    case "AWS::ApiGateway::Method":
      guard let method = properties?["HttpMethod"]?.text,
        let path = path(properties?["ResourceId"], resources, depth: 0)
      else { return nil }
      return APIRoute(
        method: method, path: path.isEmpty ? "/" : path, wantsKey: wantsKey, wantsMore: !isOpen)
    case "AWS::ApiGatewayV2::Route":
      guard let key = properties?["RouteKey"]?.text else { return nil }
      let parts = key.split(separator: " ", maxSplits: 1).map(String.init)
      return APIRoute(
        method: parts.first ?? "", path: parts.count > 1 ? parts[1] : "", wantsKey: wantsKey,
        wantsMore: !isOpen)
    default: return nil
    }
  }

  /// The path of the resource that `reference` leads to, `""` for the root; nil where that is not in the template.
  private static func path(_ reference: YAMLNode?, _ resources: YAMLMapping, depth: Int) -> String? {
    guard let reference, depth < 32 else { return nil }
    if isRoot(reference) { return "" }
    guard let name = reference.tag == "!Ref" ? reference.text : reference["Ref"]?.text,
      let resource = resources[name], resource["Type"]?.text == "AWS::ApiGateway::Resource",
      let part = resource["Properties"]?["PathPart"]?.text,
      let above = path(resource["Properties"]?["ParentId"], resources, depth: depth + 1)
    else { return nil }
    return "\(above)/\(part)"
  }

  private static func isRoot(_ reference: YAMLNode) -> Bool {
    let attribute = reference.tag == "!GetAtt" ? reference : reference["Fn::GetAtt"]
    if let text = attribute?.scalar?.text { return text.hasSuffix(".RootResourceId") }
    return attribute?.sequence?.last?.text == "RootResourceId"
  }
}
