/// A JSON value that keeps what it was read from: the order of members, repeated names, the digits of numbers.
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// A JSON number as it was written, so that no digit is lost.
public struct JSONNumber: Hashable, Sendable, CustomStringConvertible {
  /// The literal, such as `1e3` or `9007199254740993`.
  public let text: String

  /// The literal as given; the caller knows that it is one.
  public init(literal text: String) { self.text = text }
  /// An integer.
  public init(_ value: Int) { text = String(value) }
  /// A finite number; whole ones are written without a fraction. Infinities and NaN become 0, as JSON has none.
  public init(_ value: Double) {
    if !value.isFinite {
      text = "0"
    } else if value == value.rounded(), abs(value) < 1e15 {
      text = String(Int64(value))
    } else {
      text = String(value)
    }
  }

  /// The nearest double.
  public var double: Double { Double(text) ?? .nan }
  /// The value where it is a whole number that fits, also when written `1.0` or `1e3`.
  public var int: Int? {
    if let whole = Int(text) { return whole }
    return Int(exactly: double)
  }
  public var description: String { text }
}

/// The members of a JSON object in their order.
public struct JSONObject: Hashable, Sendable {
  /// One name and its value.
  public struct Member: Hashable, Sendable {
    /// The name, without quotes.
    public var name: String
    /// The value.
    public var value: JSONValue
    /// A member.
    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// All members as written; a name may stand twice.
  public private(set) var members: [Member]
  private static let largest = 32
  // Only for objects large enough that a scan would show.
  private var index: [String: Int]?

  /// The members as given.
  public init(_ members: [Member] = []) {
    self.members = members
    if members.count > JSONObject.largest { rebuildIndex() }
  }

  /// The value of `name`, the last one where it stands twice. Setting nil removes it.
  public subscript(_ name: String) -> JSONValue? {
    get { position(of: name).map { members[$0].value } }
    set {
      if let newValue {
        if let position = position(of: name) {
          members[position].value = newValue
        } else {
          members.append(Member(name, newValue))
          if index != nil {
            index?[name] = members.count - 1
          } else if members.count > JSONObject.largest {
            rebuildIndex()
          }
        }
      } else {
        members.removeAll { $0.name == name }
        if index != nil { rebuildIndex() }
      }
    }
  }

  /// The number of members.
  public var count: Int { members.count }
  /// Whether there are no members.
  public var isEmpty: Bool { members.isEmpty }
  /// The names in order.
  public var names: [String] { members.map(\.name) }

  private func position(of name: String) -> Int? {
    if let index { return index[name] }
    return members.lastIndex { $0.name == name }
  }
  private mutating func rebuildIndex() {
    index = Dictionary(members.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { $1 })
  }

  public static func == (left: JSONObject, right: JSONObject) -> Bool { left.members == right.members }
  public func hash(into hasher: inout Hasher) { hasher.combine(members) }
}

// MARK: - Access

extension JSONValue {
  /// The member `name` of an object; nil for any other value.
  public subscript(_ name: String) -> JSONValue? {
    if case .object(let object) = self { return object[name] }
    return nil
  }
  /// The element at `position` of an array; nil outside it and for any other value.
  public subscript(_ position: Int) -> JSONValue? {
    if case .array(let elements) = self, elements.indices.contains(position) { return elements[position] }
    return nil
  }
  /// The text of a string.
  public var string: String? { if case .string(let text) = self { text } else { nil } }
  /// The truth value of a bool.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// A number that is whole and fits.
  public var int: Int? { if case .number(let number) = self { number.int } else { nil } }
  /// A number as the nearest double.
  public var double: Double? { if case .number(let number) = self { number.double } else { nil } }
  /// The elements of an array.
  public var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
  /// An object.
  public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
  /// Whether this is `null`.
  public var isNull: Bool { self == .null }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
  ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
  public init(floatLiteral value: Double) { self = .number(JSONNumber(value)) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(elements.map { JSONObject.Member($0, $1) }))
  }
  public init(nilLiteral: ()) { self = .null }
}
