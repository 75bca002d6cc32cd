import JSONValues
import SystemInterfaces
import YAMLDocuments

/// Reads one operation of a document, references resolved.
struct OpenAPIOperationReader {
  let root: YAMLNode

  enum Outcome {
    case operation(OpenAPIDocument.Operation)
    case omitted(String)
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
    for parameter in parameters(item, operation) {
      let name = parameter["name"]?.text ?? ""
      let place = parameter["in"]?.text ?? ""
      // Nothing is asked with a body.
      if place == "body" || place == "formData" {
        if parameter["required"]?.bool == true { return .omitted("it needs a body") }
        continue
      }
      guard parameter["required"]?.bool == true || place == "path" else { continue }
      guard let value = value(of: parameter) else {
        return .omitted("its \(place) parameter \(name) has no example and no default")
      }
      let encoded = PercentEncoding.encode(value)
      switch place {
      case "path": made.path = made.path.replacing("{\(name)}", with: encoded)
      case "query": query.append("\(PercentEncoding.encode(name))=\(encoded)")
      // By the specification these three are described elsewhere.
      case "header" where ["accept", "content-type", "authorization"].contains(name.lowercased()): continue
      case "header": made.headers[name] = value
      case "cookie":
        made.headers["Cookie"] = (made.headers["Cookie"].map { $0 + "; " } ?? "") + "\(name)=\(value)"
      default: return .omitted("its parameter \(name) stands in '\(place)'")
      }
    }
    if made.path.contains("{") { return .omitted("its path has a parameter that is not described") }
    if !query.isEmpty { made.path += "?" + query.joined(separator: "&") }
    switch key(operation) {
    case .none: break
    case .key(let place): made.apiKey = place
    case .unknown(let scheme): return .omitted("it needs the credentials of \(scheme)")
    }
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

  /// An example before a default before the only value there is.
  private func value(of parameter: YAMLNode) -> String? {
    let schema = parameter["schema"].map(resolved) ?? parameter
    let named = parameter["examples"]?.mapping?.members.first.map { resolved($0.value)["value"] }
    let candidates = [
      parameter["example"], named ?? nil, parameter["x-example"], schema["example"], schema["examples"]?[0],
      schema["default"], schema["const"], schema["enum"]?.sequence?.count == 1 ? schema["enum"]?[0] : nil,
    ]
    for candidate in candidates {
      guard let candidate else { continue }
      if let text = candidate.scalarText { return text }
      // The default styles of path and query write a list with commas between.
      if let list = candidate.sequence {
        let texts = list.compactMap(\.scalarText)
        if texts.count == list.count, !texts.isEmpty { return texts.joined(separator: ",") }
      }
    }
    return nil
  }

  // MARK: - Security

  private enum Key {
    case none
    case key(OpenAPIDocument.KeyPlace)
    case unknown(String)
  }

  private func key(_ operation: YAMLNode) -> Key {
    guard let choices = (operation["security"] ?? root["security"])?.sequence, !choices.isEmpty else {
      return .none
    }
    let schemes = (root["components"]?["securitySchemes"] ?? root["securityDefinitions"])?.mapping
    var unknown = ""
    for choice in choices {
      let needed = choice.mapping?.members.map(\.name) ?? []
      if needed.isEmpty { return .none }
      unknown = needed.joined(separator: " and ")
      guard needed.count == 1, let scheme = schemes?[needed[0]].map(resolved),
        scheme["type"]?.text == "apiKey", let name = scheme["name"]?.text,
        // So API Gateway describes signatures and authorisers.
        scheme["x-amazon-apigateway-authtype"] == nil
      else { continue }
      switch scheme["in"]?.text {
      case "header": return .key(.header(name))
      case "query": return .key(.query(name))
      default: continue
      }
    }
    return .unknown(unknown)
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
