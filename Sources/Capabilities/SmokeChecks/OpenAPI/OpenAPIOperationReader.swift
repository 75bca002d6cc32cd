import JSONValues
import SystemInterfaces
import YAMLDocuments

/// Reads one operation of a document, references resolved.
struct OpenAPIOperationReader {
  let root: YAMLNode
  /// The name of the examples that are wanted.
  var example: String?

  enum Outcome {
    case operation(OpenAPIDocument.Operation)
    case omitted(OpenAPIDocument.Omission.Need, String)
  }

  /// What a chain of `$ref`s within the document ends at; the node itself where a reference leads out of it or round
  /// in a circle.
  func resolved(_ node: YAMLNode) -> YAMLNode {
    var node = node
    for _ in 0..<32 {
      guard let reference = node["$ref"]?.text, reference.hasPrefix("#/") else { return node }
      var target = root
      for part in reference.dropFirst(2).split(separator: "/") {
        let name = part.replacing("~1", with: "/").replacing("~0", with: "~")
        guard let next = target[PercentEncoding.decode(String(name)) ?? String(name)] else { return node }
        target = next
      }
      node = target
    }
    return node
  }

  func read(_ template: String, _ item: YAMLNode, _ get: YAMLMapping.Member) -> Outcome {
    let operation = get.value
    var made = OpenAPIDocument.Operation(template: template, path: template, line: get.line)
    var query: [String] = []
    let parameters = parameters(item, operation).filter {
      $0["required"]?.bool == true || $0["in"]?.text == "path"
    }
    // Nothing is asked with a body.
    if parameters.contains(where: { ["body", "formData"].contains($0["in"]?.text) })
      || operation["requestBody"].map(resolved)?["required"]?.bool == true
    {
      return .omitted(.body, "it needs a body")
    }
    let chosen = exampleName(of: parameters, operation)
    for node in parameters {
      let parameter = OpenAPIParameter(node, isSwagger: root["swagger"] != nil)
      let name = parameter.name
      // By the specification these three are described elsewhere.
      let elsewhere = ["accept", "content-type", "authorization"]
      if parameter.place == "header", elsewhere.contains(name.lowercased()) { continue }
      guard let value = value(of: node, example: chosen), let text = parameter.text(of: value) else {
        return .omitted(.example, "its \(parameter.place) parameter \(name) has no example and no default")
      }
      switch parameter.place {
      case "path": made.path = made.path.replacing("{\(name)}", with: text)
      // A list without elements leaves nothing to write.
      case "query", "querystring": if !text.isEmpty { query.append(text) }
      case "header": made.headers[name] = text
      case "cookie": made.headers["Cookie"] = (made.headers["Cookie"].map { $0 + "; " } ?? "") + text
      default: break
      }
    }
    if made.path.contains("{") { return .omitted(.example, "a part of its path is described nowhere") }
    if !query.isEmpty { made.path += "?" + query.joined(separator: "&") }
    made.security = security(operation)
    made.answers = answers(operation)
    return .operation(made)
  }

  // MARK: - Parameters

  /// The operation's and those of its path that it does not replace.
  private func parameters(_ item: YAMLNode, _ operation: YAMLNode) -> [YAMLNode] {
    let own = (operation["parameters"]?.sequence ?? []).map(resolved)
    func identity(_ node: YAMLNode) -> String { "\(node["in"]?.text ?? "") \(node["name"]?.text ?? "")" }
    let replaced = Set(own.map(identity))
    return (item["parameters"]?.sequence ?? []).map(resolved).filter { !replaced.contains(identity($0)) }
      + own
  }

  /// The name under which parameters and answers are described together: the one that is wanted; else one that all
  /// parameters with named examples have, best one that a success has too.
  private func exampleName(of parameters: [YAMLNode], _ operation: YAMLNode) -> String? {
    let named = parameters.compactMap { examples(of: $0)?.members.map(\.name) }.filter { !$0.isEmpty }
    if let example, named.contains(where: { $0.contains(example) }) { return example }
    guard let first = named.first else { return nil }
    let common = first.filter { name in named.allSatisfy { $0.contains(name) } }
    let successes = (operation["responses"]?.mapping?.members ?? []).filter { $0.name.hasPrefix("2") }
    let answered = successes.flatMap { resolved($0.value)["content"]?.mapping?.members ?? [] }
      .flatMap { $0.value["examples"]?.mapping?.members.map(\.name) ?? [] }
    return common.first { answered.contains($0) } ?? common.first
  }

  private func examples(of parameter: YAMLNode) -> YAMLMapping? {
    (parameter["examples"] ?? parameter["content"]?.mapping?.members.first?.value["examples"])?.mapping
  }

  /// An example before a default before a value that is allowed.
  private func value(of parameter: YAMLNode, example: String?) -> YAMLNode? {
    let content = parameter["content"]?.mapping?.members.first?.value
    let named = examples(of: parameter)
    let chosen = (example.flatMap { named?[$0] } ?? named?.members.first?.value).map(resolved)
    let candidates = [
      chosen.flatMap { $0["value"] ?? $0["dataValue"] ?? $0["serializedValue"] }, parameter["example"],
      content?["example"], parameter["x-example"],
    ]
    if let found = candidates.compactMap({ $0 }).first { return found }
    return value(of: (parameter["schema"] ?? content?["schema"]).map(resolved) ?? parameter, depth: 0)
  }

  /// A value that a schema gives.
  private func value(of schema: YAMLNode, depth: Int) -> YAMLNode? {
    guard depth < 8 else { return nil }
    let candidates = [
      schema["example"], schema["examples"]?[0], schema["default"], schema["const"], schema["enum"]?[0],
    ]
    if let found = candidates.compactMap({ $0 }).first(where: { !$0.isNull }) { return found }
    if let items = schema["items"].map(resolved), let element = value(of: items, depth: depth + 1) {
      return YAMLNode(.sequence([element]), line: schema.line)
    }
    let choices = (schema["oneOf"] ?? schema["anyOf"])?.sequence ?? []
    for part in (schema["allOf"]?.sequence ?? []) + choices.prefix(1) {
      if let found = value(of: resolved(part), depth: depth + 1) { return found }
    }
    return nil
  }

  // MARK: - Security

  private func security(_ operation: YAMLNode) -> [[OpenAPIDocument.Credential]] {
    let schemes = (root["components"]?["securitySchemes"] ?? root["securityDefinitions"])?.mapping
    return ((operation["security"] ?? root["security"])?.sequence ?? []).map { choice in
      (choice.mapping?.members ?? []).map { credential($0.name, schemes?[$0.name].map(resolved)) }
    }
  }

  private func credential(_ name: String, _ scheme: YAMLNode?) -> OpenAPIDocument.Credential {
    switch scheme?["type"]?.text {
    case "oauth2", "openIdConnect": return .bearer(name)
    case "http":
      return scheme?["scheme"]?.text?.lowercased() == "bearer" ? .bearer(name) : .authorization(name)
    case "basic": return .authorization(name)
    case "apiKey":
      let field = scheme?["name"]?.text ?? ""
      // So API Gateway describes signatures and authorisers.
      let isOfGateway = scheme?["x-amazon-apigateway-authtype"] != nil
      if isOfGateway || field.lowercased() == "authorization" { return .authorization(name) }
      switch scheme?["in"]?.text {
      case "header": return .headerKey(field)
      case "query": return .queryKey(field)
      case "cookie": return .cookieKey(field)
      default: return .other(name)
      }
    default: return .other(name)
    }
  }

  // MARK: - Answers

  private func answers(_ operation: YAMLNode) -> [OpenAPIDocument.Answer] {
    let produced = (operation["produces"] ?? root["produces"])?.sequence?.compactMap(\.text) ?? []
    return (operation["responses"]?.mapping?.members ?? []).map { member in
      let answer = resolved(member.value)
      let content = answer["content"]?.mapping?.members ?? []
      var types = content.map(\.name)
      var schemas: [String: OpenAPISchema] = [:]
      for type in content where OpenAPIRules.isJSON(type.name) {
        schemas[type.name] = type.value["schema"].map { OpenAPISchema(root: root, node: $0) }
      }
      if root["swagger"] != nil, let schema = answer["schema"] {
        types = produced
        for type in types where OpenAPIRules.isJSON(type) {
          schemas[type] = OpenAPISchema(root: root, node: schema)
        }
      }
      return OpenAPIDocument.Answer(status: member.name.uppercased(), mediaTypes: types, schemas: schemas)
    }
  }
}
