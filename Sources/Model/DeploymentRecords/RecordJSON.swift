import FoundationEssentials
import JSONValues

/// Typed values as JSON and back, in one way for all records.
public enum RecordJSON {
  private static let envelope = [
    "schemaVersion", "step", "tool", "environment", "application", "deployment", "liveStacks", "commit",
    "verdict", "startedAt", "finishedAt", "summary",
    "findings", "inputs",
  ]

  /// `value` as a JSON tree: the envelope's members first, in their documented order, all others by name.
  public static func tree(_ value: some Encodable) throws -> JSONValue {
    if value is any DirectText {
      var json = JSONText()
      try write(value, to: &json)
      return try JSONValue(parsing: json.bytes)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let tree = try JSONValue(parsing: encoder.encode(value))
    guard case .object(let object) = tree else { return tree }
    let first = envelope.compactMap { name in object[name].map { JSONObject.Member(name, $0) } }
    return .object(JSONObject(first + object.members.filter { !envelope.contains($0.name) }))
  }

  /// Writes `value` as `tree` orders it.
  static func write(_ value: some Encodable, to json: inout JSONText) throws {
    if let direct = value as? any DirectText { return try direct.write(to: &json) }
    json.value(try tree(value))
  }

  /// The typed value of a JSON tree.
  public static func value<Value: Decodable>(_ type: Value.Type, from tree: JSONValue) throws -> Value {
    if let direct = type as? any DirectText.Type, let value = try direct.init(directTree: tree) as? Value {
      return value
    }
    return try decoded(type, from: tree)
  }

  private static func decoded<Value: Decodable>(_ type: Value.Type, from tree: JSONValue) throws -> Value {
    try JSONDecoder().decode(type, from: Data(tree.serialized().utf8))
  }

  /// What went wrong in a decoding, for a person: which member, and why.
  public static func explanation(_ error: any Error) -> String {
    switch error {
    case let error as JSONSyntaxError: return error.description
    case DecodingError.keyNotFound(let name, let context):
      return "\(path(context.codingPath + [name])): missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      let place = path(context.codingPath)
      return place.isEmpty ? context.debugDescription : "\(place): \(context.debugDescription)"
    default: return "\(error)"
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
  }
}
