extension JSONValue {
  /// This value as JSON text.
  /// - Parameter pretty: two spaces a level and a line for each member; else no white space at all.
  public func serialized(pretty: Bool = false) -> String {
    var json = JSONText(pretty: pretty)
    json.value(self)
    return json.text
  }

  /// This value with the members of every object sorted by name: equal values give equal text.
  public var canonical: JSONValue {
    switch self {
    case .array(let elements): .array(elements.map(\.canonical))
    case .object(let object):
      .object(
        JSONObject(
          object.members.map { JSONObject.Member($0.name, $0.value.canonical) }.sorted { $0.name < $1.name }))
    default: self
    }
  }
}

// MARK: - Codable

extension JSONValue: Codable {
  /// Any value; numbers keep what the decoder tells of them.
  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: AnyKey.self) {
      self = .object(
        JSONObject(
          try container.allKeys.map {
            JSONObject.Member($0.stringValue, try container.decode(JSONValue.self, forKey: $0))
          }.sorted { $0.name < $1.name }))
      return
    }
    if var container = try? decoder.unkeyedContainer() {
      var elements: [JSONValue] = []
      while !container.isAtEnd { elements.append(try container.decode(JSONValue.self)) }
      self = .array(elements)
      return
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .number(JSONNumber(value))
    } else if let value = try? container.decode(Double.self) {
      self = .number(JSONNumber(value))
    } else {
      self = .string(try container.decode(String.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .null:
      var container = encoder.singleValueContainer()
      try container.encodeNil()
    case .bool(let value):
      var container = encoder.singleValueContainer()
      try container.encode(value)
    case .number(let number):
      var container = encoder.singleValueContainer()
      if let whole = number.int { try container.encode(whole) } else { try container.encode(number.double) }
    case .string(let text):
      var container = encoder.singleValueContainer()
      try container.encode(text)
    case .array(let elements):
      var container = encoder.unkeyedContainer()
      for element in elements { try container.encode(element) }
    case .object(let object):
      var container = encoder.container(keyedBy: AnyKey.self)
      for member in object.members { try container.encode(member.value, forKey: AnyKey(member.name)) }
    }
  }
}

private struct AnyKey: CodingKey {
  let stringValue: String
  let intValue: Int? = nil
  init(_ name: String) { stringValue = name }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
