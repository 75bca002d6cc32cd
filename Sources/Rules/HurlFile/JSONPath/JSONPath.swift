import JSONValues

/// A path into a JSON document, RFC 9535.
public struct JSONPath: Hashable, Sendable {
  /// How a path may be written.
  public enum Mode: Sendable {
    /// RFC 9535 alone.
    case rfc9535
    /// Also the two spellings of Hurl files from before version 8: names with hyphens after a dot (`$.profile-id`), and a
    /// dot before a bracket (`$.[0].name`). Neither means anything else by the standard.
    case lenient
  }

  /// The path as written.
  public let text: String
  let segments: [Segment]

  /// Reads `text`.
  public init(_ text: String, mode: Mode = .rfc9535) throws(JSONPathError) {
    self.text = text
    var parser = JSONPathParser(text, mode: mode)
    segments = try parser.path()
  }

  /// Whether the path leads to at most one value.
  public var isSingular: Bool { segments.allSatisfy(\.isSingular) }

  /// The values that the path leads to in `document`, in order.
  public func values(in document: JSONValue) throws(JSONPathError) -> [JSONValue] {
    var evaluator = JSONPathEvaluator(root: document)
    return try evaluator.values(segments, from: document)
  }

  /// The one value that a singular path leads to in `document`; nil where there is none, or where the path is not singular.
  func singleValue(in document: JSONValue) -> JSONValue? {
    var value = document
    for segment in segments {
      guard segment.isSingular else { return nil }
      switch (segment.selectors[0], value) {
      case (.name(let name), .object(let object)):
        guard let member = object.value(ofExactly: name) else { return nil }
        value = member
      case (.index(let index), .array(let elements)):
        let position = index < 0 ? elements.count + index : index
        guard elements.indices.contains(position) else { return nil }
        value = elements[position]
      default: return nil
      }
    }
    return value
  }
}

/// A path that cannot be read, or that takes too long.
public struct JSONPathError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where in the path, in characters from 0; nil for an evaluation that was given up.
  public let offset: Int?
  /// What was expected there.
  public let message: String
  public var description: String { offset.map { "at character \($0 + 1): \(message)" } ?? message }
}

extension JSONPath {
  struct Segment: Hashable, Sendable {
    var isDescendant: Bool
    var selectors: [Selector]

    var isSingular: Bool {
      guard !isDescendant, selectors.count == 1 else { return false }
      switch selectors[0] {
      case .name, .index: return true
      case .wildcard, .slice, .filter: return false
      }
    }
  }

  enum Selector: Hashable, Sendable {
    case name(String)
    case wildcard
    case index(Int)
    case slice(start: Int?, end: Int?, step: Int)
    case filter(Condition)
  }

  /// What a filter asks of each child.
  indirect enum Condition: Hashable, Sendable {
    case or([Condition])
    case and([Condition])
    case not(Condition)
    case compare(Operand, Comparison, Operand)
    case exists(Query)
    case function(Function)
  }

  enum Comparison: String, Hashable, Sendable {
    case equal = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case less = "<"
    case greater = ">"
  }

  /// A path inside a filter, from the document's root or from the child that is looked at.
  struct Query: Hashable, Sendable {
    var isFromRoot: Bool
    var segments: [Segment]
    var isSingular: Bool { segments.allSatisfy(\.isSingular) }
  }

  /// One side of a comparison: a value or nothing.
  indirect enum Operand: Hashable, Sendable {
    case literal(JSONValue)
    case query(Query)
    case function(Function)
  }

  /// The functions of RFC 9535 with arguments of the right types.
  indirect enum Function: Hashable, Sendable {
    case length(Operand)
    case count(Query)
    case value(Query)
    case match(Operand, Operand)
    case search(Operand, Operand)

    /// Whether the result is true or false; else it is a value.
    var isLogical: Bool {
      switch self {
      case .match, .search: true
      case .length, .count, .value: false
      }
    }
  }
}
