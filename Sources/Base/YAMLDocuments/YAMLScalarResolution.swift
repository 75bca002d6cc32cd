public import JSONValues

extension YAMLNode {
  /// This node as a JSON value: tags are dropped, plain scalars resolved by `YAMLScalar.resolved`.
  public var json: JSONValue {
    switch kind {
    case .scalar(let scalar):
      if tag == "tag:yaml.org,2002:str" || tag == "!" { return .string(scalar.text) }
      return scalar.resolved
    case .sequence(let elements): return .array(elements.map(\.json))
    case .mapping(let mapping):
      return .object(JSONObject(mapping.members.map { JSONObject.Member($0.name, $0.value.json) }))
    }
  }
}

extension YAMLScalar {
  /// The value of the scalar by YAML 1.1's core types, as CloudFormation reads templates.
  ///
  /// `yes`, `no`, `on`, `off` (and `true`, `false`) in their three capitalisations are truth values; dates stay strings
  /// (CloudFormation supports no timestamps), and so do numbers to the base 60, since a time of day was meant.
  /// Numbers keep their digits; `0x1F`, `0644` and `1_000` are written as the decimal number they mean.
  public var resolved: JSONValue {
    guard isPlain else { return .string(text) }
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return .bool(false)
    default: return Self.number(text).map(JSONValue.number) ?? .string(text)
    }
  }

  private static func number(_ text: String) -> JSONNumber? {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, first == 0x2B || first == 0x2D || first == 0x2E || isDigit(first) else {
      return nil
    }
    let negative = first == 0x2D
    var digits = bytes[(first == 0x2B || negative ? 1 : 0)...].filter { $0 != 0x5F }
    // An underscore only separates digits.
    guard let head = digits.first, bytes.last != 0x5F, isDigit(head) || head == 0x2E else { return nil }
    if digits.count > 2, head == 0x30, digits[1] == 0x78 {
      return radix(digits.dropFirst(2), 16, negative)
    }
    if digits.count > 2, head == 0x30, digits[1] == 0x62 { return radix(digits.dropFirst(2), 2, negative) }
    if digits.count > 1, head == 0x30, digits.allSatisfy(isDigit) {
      return radix(digits.dropFirst(1), 8, negative)
    }
    return decimal(&digits, negative)
  }

  private static func radix(_ digits: ArraySlice<UInt8>, _ radix: Int, _ negative: Bool) -> JSONNumber? {
    guard let value = Int(String(decoding: digits, as: UTF8.self), radix: radix) else { return nil }
    return JSONNumber(negative ? -value : value)
  }

  /// Digits, at most one point with a digit on one side, an optional exponent: as JSON writes it.
  private static func decimal(_ digits: inout [UInt8], _ negative: Bool) -> JSONNumber? {
    let exponent = digits.firstIndex { $0 == 0x65 || $0 == 0x45 }
    let mantissa = digits[..<(exponent ?? digits.endIndex)]
    let parts = mantissa.split(separator: 0x2E, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count <= 2, mantissa.contains(where: isDigit), parts.allSatisfy({ $0.allSatisfy(isDigit) })
    else {
      return nil
    }
    var literal = negative ? "-" : ""
    literal += parts[0].isEmpty ? "0" : String(decoding: parts[0].drop0s, as: UTF8.self)
    if parts.count == 2, !parts[1].isEmpty { literal += "." + String(decoding: parts[1], as: UTF8.self) }
    if let exponent {
      var rest = digits[(exponent + 1)...]
      let sign = rest.first
      if sign == 0x2B || sign == 0x2D { rest = rest.dropFirst() }
      guard !rest.isEmpty, rest.allSatisfy(isDigit) else { return nil }
      literal += "e" + (sign == 0x2D ? "-" : "") + String(decoding: rest, as: UTF8.self)
    }
    return JSONNumber(literal: literal)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}

extension ArraySlice<UInt8> {
  /// Without leading zeros, but for the last digit.
  fileprivate var drop0s: ArraySlice<UInt8> {
    let rest = drop { $0 == 0x30 }
    return rest.isEmpty ? suffix(1) : rest
  }
}
