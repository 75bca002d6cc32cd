import HurlFile
import JSONValues
import YAMLDocuments

/// The schema of a JSON body, as far as it says what fields there are and of what type: `type`, `nullable`, `properties`,
/// `required`, `additionalProperties`, `items`, `enum`, `const`, the limits of numbers, texts, lists and objects, `allOf`,
/// `anyOf`, `oneOf` and `$ref`; of `pattern` and `format` what all dialects agree on; `not` and `if` of schemas that hold
/// nothing else.
public struct OpenAPISchema: Hashable, Sendable {
  let root: YAMLNode
  let node: YAMLNode

  /// Something in a body that is not as documented.
  struct Problem: Hashable {
    /// Where in the document it is said.
    var line: Int
    /// Where in the body, what was found and what is documented.
    var message: String
  }

  /// What is wrong with `body`, in its order, at most ten things.
  /// - Parameter redact: takes secrets out of what is quoted of the body.
  func problems(with body: JSONValue, redact: @escaping (String) -> String) -> [Problem] {
    var reader = SchemaReader(resolver: OpenAPIOperationReader(root: root), redact: redact)
    return reader.problems(body, node, at: "$", depth: 0)
  }
}

private struct SchemaReader {
  let resolver: OpenAPIOperationReader
  let redact: (String) -> String
  /// How many values may still be looked at: a schema whose choices nest could ask for more than anyone waits for.
  private var looks = 200_000

  private static let most = 10
  /// Elements of one list that are judged: those that follow are made by the same code.
  private static let elements = 1000

  init(resolver: OpenAPIOperationReader, redact: @escaping (String) -> String) {
    self.resolver = resolver
    self.redact = redact
  }

  mutating func problems(
    _ value: JSONValue, _ unresolved: YAMLNode, at place: String, depth: Int
  ) -> [OpenAPISchema.Problem] {
    let schema = resolver.resolved(unresolved)
    looks -= 1
    guard depth < 64, looks > 0, let mapping = schema.mapping else {
      // `false` as a schema allows nothing (3.1).
      return schema.bool == false ? [.init(line: schema.line, message: "\(place) is not documented")] : []
    }
    let isNullable = schema["nullable"]?.bool == true || schema["x-nullable"]?.bool == true
    if value.isNull, isNullable { return [] }
    if let problem = typeProblem(value, schema, place) { return [problem] }
    var found =
      literalProblems(value, schema, place) + limitProblems(value, schema, place)
      + textProblems(value, schema, place)
    switch value {
    case .object(let object): found += problems(object, mapping, at: place, depth: depth)
    case .array(let elements):
      if let items = mapping["items"] {
        for (position, element) in elements.prefix(SchemaReader.elements).enumerated()
        where found.count < SchemaReader.most {
          found += problems(element, items, at: "\(place)[\(position)]", depth: depth + 1)
        }
      }
    default: break
    }
    for part in mapping["allOf"]?.sequence ?? [] {
      found += problems(value, part, at: place, depth: depth + 1)
    }
    for name in ["anyOf", "oneOf"] {
      guard let choices = mapping[name]?.sequence, !choices.isEmpty else { continue }
      // What fits none is shown by the choice that it is closest to.
      var closest: [OpenAPISchema.Problem]?
      for choice in choices {
        let wrong = problems(value, choice, at: place, depth: depth + 1)
        if wrong.count < closest?.count ?? .max { closest = wrong }
        if wrong.isEmpty { break }
      }
      found += closest ?? []
    }
    found += conditionProblems(value, mapping, place, depth)
    return Array(found.prefix(SchemaReader.most))
  }

  /// What a value must not be, and what holds where it is something.
  private mutating func conditionProblems(
    _ value: JSONValue, _ schema: YAMLMapping, _ place: String, _ depth: Int
  ) -> [OpenAPISchema.Problem] {
    let subset = SchemaSubset(resolver: resolver)
    var found: [OpenAPISchema.Problem] = []
    if let excluded = schema["not"], subset.holds(excluded),
      problems(value, excluded, at: place, depth: depth + 1).isEmpty, looks > 0
    {
      found.append(.init(line: excluded.line, message: "\(place) is what it is documented not to be"))
    }
    if let condition = schema["if"], schema["then"] != nil || schema["else"] != nil, subset.holds(condition) {
      let holds = problems(value, condition, at: place, depth: depth + 1).isEmpty
      if looks > 0, let branch = schema[holds ? "then" : "else"] {
        found += problems(value, branch, at: place, depth: depth + 1)
      }
    }
    return found
  }

  // MARK: - Types

  private func typeProblem(_ value: JSONValue, _ schema: YAMLNode, _ place: String) -> OpenAPISchema.Problem?
  {
    guard let named = schema["type"] else { return nil }
    let types = named.sequence?.compactMap(\.text) ?? [named.text ?? ""]
    guard !types.contains(where: { fits(value, $0) }) else { return nil }
    return .init(
      line: named.line,
      message: "\(place) is \(value.kindName), documented \(types.joined(separator: " or "))")
  }

  private func fits(_ value: JSONValue, _ type: String) -> Bool {
    switch (type, value) {
    case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("number", .number),
      ("null", .null):
      true
    case ("integer", .number(let number)): number.double == number.double.rounded()
    case ("object", _), ("array", _), ("string", _), ("boolean", _), ("number", _), ("null", _),
      ("integer", _):
      false
    // Swagger 2.0's `file`, and what later versions may bring.
    default: true
    }
  }

  private func literalProblems(
    _ value: JSONValue, _ schema: YAMLNode, _ place: String
  ) -> [OpenAPISchema.Problem] {
    func shown(_ value: JSONValue) -> String { String(redact(value.serialized()).prefix(80)) }
    if let allowed = schema["enum"]?.sequence, !allowed.contains(where: { $0.json.isSame(as: value) }) {
      let list = allowed.prefix(8).map { shown($0.json) }.joined(separator: ", ")
      return [
        .init(
          line: schema["enum"]?.line ?? schema.line,
          message: "\(place) is \(shown(value)), documented one of \(list)")
      ]
    }
    if let only = schema["const"], !only.json.isSame(as: value) {
      return [.init(line: only.line, message: "\(place) is \(shown(value)), documented \(shown(only.json))")]
    }
    return []
  }

  // MARK: - Limits

  private func limitProblems(
    _ value: JSONValue, _ schema: YAMLNode, _ place: String
  ) -> [OpenAPISchema.Problem] {
    var found: [OpenAPISchema.Problem] = []
    func limit(
      _ name: String, _ what: String, _ measured: Double, _ holds: (Double, Double) -> Bool, _ words: String
    ) {
      guard let node = schema[name], let bound = node.double, !holds(measured, bound) else { return }
      found.append(
        .init(
          line: node.line,
          message: "\(place) \(what) \(JSONNumber(measured)), documented \(words) \(JSONNumber(bound))"))
    }
    switch value {
    case .number(let number):
      // Up to 3.0 these say whether the limit itself is out; since 3.1 they are limits of their own.
      let isAbove = schema["exclusiveMinimum"]?.bool == true,
        isBelow = schema["exclusiveMaximum"]?.bool == true
      limit("minimum", "is", number.double, isAbove ? (>) : (>=), isAbove ? "more than" : "at least")
      limit("maximum", "is", number.double, isBelow ? (<) : (<=), isBelow ? "less than" : "at most")
      limit("exclusiveMinimum", "is", number.double, >, "more than")
      limit("exclusiveMaximum", "is", number.double, <, "less than")
      limit("multipleOf", "is", number.double, SchemaReader.isMultiple, "a multiple of")
    case .string(let text):
      let length = Double(text.unicodeScalars.count)
      limit("minLength", "has a length of", length, >=, "at least")
      limit("maxLength", "has a length of", length, <=, "at most")
    case .array(let elements):
      limit("minItems", "has a length of", Double(elements.count), >=, "at least")
      limit("maxItems", "has a length of", Double(elements.count), <=, "at most")
      if let node = schema["uniqueItems"], node.bool == true, elements.count <= SchemaReader.elements,
        SchemaReader.hasRepeated(elements)
      {
        found.append(.init(line: node.line, message: "\(place) holds an element twice, documented each once"))
      }
    case .object(let object):
      limit("minProperties", "has a number of members of", Double(object.count), >=, "at least")
      limit("maxProperties", "has a number of members of", Double(object.count), <=, "at most")
    default: break
    }
    return found
  }

  /// Whether `value` is a whole number of times `step`, as far as decimals can be held.
  private static func isMultiple(_ value: Double, _ step: Double) -> Bool {
    guard step > 0 else { return true }
    let times = value / step
    return abs(times - times.rounded()) <= 1e-9 * max(1, abs(times))
  }

  private static func hasRepeated(_ elements: [JSONValue]) -> Bool {
    var seen: [String: [JSONValue]] = [:]
    for element in elements {
      // Numbers and members may be written in several ways: what is written otherwise is compared by value.
      let kind = element.kindName
      if seen[kind, default: []].contains(where: { $0.isSame(as: element) }) { return true }
      seen[kind, default: []].append(element)
    }
    return false
  }

  // MARK: - Texts

  /// What a pattern or a format says of a text, and of a number's size.
  private func textProblems(
    _ value: JSONValue, _ schema: YAMLNode, _ place: String
  ) -> [OpenAPISchema.Problem] {
    var found: [OpenAPISchema.Problem] = []
    switch value {
    case .string(let text):
      let shown = String(redact(value.serialized()).prefix(80))
      if let node = schema["pattern"], let pattern = node.text,
        SchemaPattern.isFound(pattern, in: text) == false
      {
        found.append(
          .init(line: node.line, message: "\(place) is \(shown), documented with the pattern \(pattern)"))
      }
      if let node = schema["format"], let format = node.text, SchemaFormat.holds(format, text) == false {
        found.append(.init(line: node.line, message: "\(place) is \(shown), documented as \(format)"))
      }
    case .number(let number):
      guard let node = schema["format"], let bits = ["int32": 31, "int64": 63][node.text ?? ""] else { break }
      let limit = Double(sign: .plus, exponent: bits, significand: 1)
      let isExact = bits == 63 && Int64(number.text) != nil
      if !isExact, !(number.double >= -limit && number.double < limit) {
        found.append(
          .init(line: node.line, message: "\(place) is \(number), documented as \(node.text ?? "")"))
      }
    default: break
    }
    return found
  }

  // MARK: - Objects

  private mutating func problems(
    _ object: JSONObject, _ schema: YAMLMapping, at place: String, depth: Int
  ) -> [OpenAPISchema.Problem] {
    var found: [OpenAPISchema.Problem] = []
    let properties = schema["properties"]?.mapping
    for node in schema["required"]?.sequence ?? [] {
      guard let name = node.text, object[name] == nil else { continue }
      // What is only written never comes back.
      if let described = properties?[name], resolver.resolved(described)["writeOnly"]?.bool == true {
        continue
      }
      found.append(.init(line: node.line, message: "\(member(place, name)) is missing"))
    }
    for one in object.members where found.count < SchemaReader.most {
      if let described = properties?[one.name] {
        found += problems(one.value, described, at: member(place, one.name), depth: depth + 1)
      } else if let others = schema["additionalProperties"], schema["patternProperties"] == nil {
        if others.bool == false {
          found.append(.init(line: others.line, message: "\(member(place, one.name)) is not documented"))
        } else {
          found += problems(one.value, others, at: member(place, one.name), depth: depth + 1)
        }
      }
    }
    return found
  }

  private func member(_ place: String, _ name: String) -> String {
    let isPlain = !name.isEmpty && name.utf8.allSatisfy { ($0 | 32) >= 97 && ($0 | 32) <= 122 || $0 == 95 }
    return isPlain ? "\(place).\(name)" : "\(place)['\(redact(name).prefix(80))']"
  }
}

extension JSONValue {
  /// The type as JSON Schema names it, with an article.
  fileprivate var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number(let number): number.double == number.double.rounded() ? "an integer" : "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
