import SystemInterfaces

/// A value that a query gives, a filter changes and a predicate judges.
public enum HurlValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// A whole number that does not fit, as written.
  case bigInteger(String)
  case float(Double)
  case string(String)
  case bytes([UInt8])
  case date(Timestamp)
  case list([HurlValue])
  case object([Member])
  /// Several places in a document, by their number: what an XPath gives that is no single value. None at all is also what a
  /// JSONPath gives that could have led to several: an empty list that does not count as existing.
  case nodeset(Int)
  /// Something without a value of its own, such as a cookie's `Secure`.
  case unit
  /// One answer on the way of redirects.
  case response(url: String, location: String?, status: Int)

  /// The elements of a list; nil for what is none.
  var elements: [HurlValue]? {
    switch self {
    case .list(let values): values
    case .nodeset(0): []
    default: nil
    }
  }

  /// One member of an object.
  public struct Member: Hashable, Sendable {
    /// The name and the value.
    public let name: String, value: HurlValue

    /// A member.
    public init(_ name: String, _ value: HurlValue) {
      self.name = name
      self.value = value
    }
  }
}

/// The variables of a run, by name.
public struct HurlVariables: Hashable, Sendable {
  private var values: [String: HurlValue]
  /// The names whose values are secrets.
  public private(set) var secretNames: Set<String> = []

  /// Variables with these values.
  public init(_ values: [String: HurlValue] = [:]) { self.values = values }

  /// The value of `name`.
  public subscript(_ name: String) -> HurlValue? {
    get { values[name] }
    set { values[name] = newValue }
  }
  /// All names.
  public var names: [String] { values.keys.sorted() }

  /// Sets `name` and marks it as a secret.
  public mutating func setSecret(_ name: String, _ value: HurlValue) {
    values[name] = value
    secretNames.insert(name)
  }
}
