import CryptoDigests
import JSONValues
import SystemInterfaces

extension HurlValue {
  /// This value as the text that takes a placeholder's place; nil for values that have none: lists, objects, bytes.
  public var rendered: String? {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .bigInteger(let text): text
    case .float(let value): HurlValue.text(of: value)
    case .string(let text): text
    case .date(let time): time.microsecondText
    case .bytes, .list, .object, .nodeset, .unit, .response: nil
    }
  }

  /// The name of this value's type.
  public var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .integer, .bigInteger: "integer"
    case .float: "float"
    case .string: "string"
    case .bytes: "bytes"
    case .date: "date"
    case .list: "list"
    case .object: "object"
    case .nodeset: "nodeset"
    case .unit: "attribute without a value"
    case .response: "response"
    }
  }

  /// Type and value for people. Cut only where it is very long: who shows it takes secrets out before shortening it
  /// further, as half a secret could not be recognised.
  public var summary: String {
    switch self {
    case .null, .unit: typeName
    case .bytes(let bytes):
      "\(bytes.count) bytes \(Digest.hex(Array(bytes.prefix(65_536))))\(bytes.count > 65_536 ? "…" : "")"
    case .nodeset(0): "nothing"
    case .nodeset(let count): "nodeset of \(count)"
    case .response(let url, let location, let status):
      "response \(status) of \(url)\(location.map { " to \($0)" } ?? "")"
    case .string(let text): "string \(HurlValue.quoted(text))"
    case .list, .object: "\(typeName) \(HurlValue.cut(json.serialized(), to: 262_144))"
    default: "\(typeName) \(rendered ?? "")"
    }
  }

  /// This value as JSON, for records; bytes in hexadecimal, dates as RFC 3339.
  public var json: JSONValue {
    switch self {
    case .null, .unit: .null
    case .bool(let value): .bool(value)
    case .integer(let value): .number(JSONNumber(literal: String(value)))
    case .bigInteger(let text): .number(JSONNumber(literal: text))
    case .float(let value): .number(JSONNumber(value))
    case .string(let text): .string(text)
    case .bytes(let bytes): .string(Digest.hex(bytes))
    case .date(let time): .string(time.microsecondText)
    case .list(let values): .array(values.map(\.json))
    case .object(let members): .object(JSONObject(members.map { JSONObject.Member($0.name, $0.value.json) }))
    case .nodeset(0): .array([])
    case .nodeset(let count): .number(JSONNumber(count))
    case .response(let url, let location, let status):
      [
        "url": .string(url), "location": location.map(JSONValue.string) ?? .null,
        "status": .number(JSONNumber(status)),
      ]
    }
  }

  /// The value of a JSON value: whole numbers stay whole, all others become floats.
  public init(_ json: JSONValue) {
    switch json {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .string(let text): self = .string(text)
    case .array(let elements): self = .list(elements.map(HurlValue.init))
    case .object(let object): self = .object(object.members.map { Member($0.name, HurlValue($0.value)) })
    case .number(let number):
      if number.text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || ($0 >= 48 && $0 <= 57) }) {
        self = Int64(number.text).map(HurlValue.integer) ?? .bigInteger(number.text)
      } else {
        self = .float(number.double)
      }
    }
  }

  /// A float with its fraction: `2.0`, not `2`.
  private static func text(of value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return "\(Int64(value)).0" }
    return String(value)
  }

  private static func quoted(_ text: String) -> String {
    JSONValue.string(cut(text, to: 262_144)).serialized()
  }

  private static func cut(_ text: String, to count: Int) -> String {
    guard text.utf8.count > count, text.unicodeScalars.count > count else { return text }
    return String(text.unicodeScalars.prefix(count)) + "…"
  }
}

extension Timestamp {
  /// RFC 3339 in UTC with microseconds.
  var microsecondText: String {
    let remainder = microseconds % 1_000_000
    let fraction = remainder < 0 ? remainder + 1_000_000 : remainder
    let digits = String(fraction)
    let seconds = formatted(milliseconds: false).dropLast()
    return "\(seconds).\(String(repeating: "0", count: 6 - digits.count))\(digits)Z"
  }
}
