import JSONValues

/// One node of a YAML or JSON document: a scalar, a sequence or a mapping, with the place where it stands.
///
/// Aliases are already replaced by what they name, and merge keys (`<<`) by the members they bring.
public struct YAMLNode: Hashable, Sendable {
  /// What a node is.
  public enum Kind: Hashable, Sendable {
    case scalar(YAMLScalar)
    case sequence([YAMLNode])
    case mapping(YAMLMapping)
  }

  /// What this node is.
  public var kind: Kind
  /// The explicit tag as written in the document, such as `!Ref` or `tag:yaml.org,2002:str`; nil without one.
  public var tag: String?
  /// Line of the node's first character, counted from 1. For an alias the line of what it names.
  public var line: Int { Int(lineNumber) }
  /// Column of the node's first character, counted from 1.
  public var column: Int { Int(columnNumber) }
  private var lineNumber: Int32
  private var columnNumber: Int32

  /// A node at a place.
  public init(_ kind: Kind, tag: String? = nil, line: Int = 1, column: Int = 1) {
    self.kind = kind
    self.tag = tag
    lineNumber = Int32(clamping: line)
    columnNumber = Int32(clamping: column)
  }
}

/// The text of a scalar and whether quotes or a block made it text beyond doubt.
public struct YAMLScalar: Hashable, Sendable {
  /// The text after escapes and folding.
  public var text: String
  /// Whether it was written plain, so that `true` or `12` is no string.
  public var isPlain: Bool

  /// A scalar.
  public init(_ text: String, isPlain: Bool = false) {
    self.text = text
    self.isPlain = isPlain
  }
}

/// The members of a mapping in their order; names are unique.
public struct YAMLMapping: Hashable, Sendable {
  /// One member: the name, where it stands, and the value.
  public struct Member: Hashable, Sendable {
    /// The name as text, whatever its type was.
    public var name: String
    /// Line of the name, counted from 1.
    public var line: Int
    /// Column of the name, counted from 1.
    public var column: Int
    /// The value.
    public var value: YAMLNode

    /// A member.
    public init(name: String, line: Int, column: Int, value: YAMLNode) {
      self.name = name
      self.line = line
      self.column = column
      self.value = value
    }
  }

  /// All members in order.
  public private(set) var members: [Member]

  /// Members whose names are unique.
  public init(_ members: [Member] = []) { self.members = members }

  /// The value of `name`.
  public subscript(_ name: String) -> YAMLNode? { member(name)?.value }

  /// The member called `name`.
  public func member(_ name: String) -> Member? { members.first { $0.name == name } }

  /// The number of members.
  public var count: Int { members.count }
  /// Whether there are no members.
  public var isEmpty: Bool { members.isEmpty }
}

// MARK: - Access

extension YAMLNode {
  /// The value of the member `name` of a mapping; nil for any other node.
  public subscript(_ name: String) -> YAMLNode? { mapping?[name] }

  /// The element at `position` of a sequence; nil outside it and for any other node.
  public subscript(_ position: Int) -> YAMLNode? {
    guard let sequence, sequence.indices.contains(position) else { return nil }
    return sequence[position]
  }

  /// The scalar, where the node is one.
  public var scalar: YAMLScalar? { if case .scalar(let scalar) = kind { scalar } else { nil } }
  /// The elements, where the node is a sequence.
  public var sequence: [YAMLNode]? { if case .sequence(let elements) = kind { elements } else { nil } }
  /// The members, where the node is a mapping.
  public var mapping: YAMLMapping? { if case .mapping(let mapping) = kind { mapping } else { nil } }
  /// The text of a scalar of any type, as written: `12` gives "12"; nil for null and for what is no scalar.
  public var text: String? {
    guard let scalar, !isNull else { return nil }
    return scalar.text
  }
  /// A whole number that fits.
  public var int: Int? { scalar != nil ? json.int : nil }
  /// A number as the nearest double.
  public var double: Double? { scalar != nil ? json.double : nil }
  /// A truth value: `true`, `yes`, `on` and their opposites, unquoted.
  public var bool: Bool? { scalar != nil ? json.bool : nil }
  /// Whether this is an empty plain scalar, `~` or `null`.
  public var isNull: Bool { scalar != nil && json.isNull }
}

extension YAMLNode {
  /// The text that CloudFormation makes of a scalar where it wants a string: `yes` gives "true", `0x10` gives "16",
  /// `1.0` gives "1.0"; nil for null and for what is no scalar.
  public var scalarText: String? {
    guard scalar != nil else { return nil }
    return switch json {
    case .string(let text): text
    case .bool(let value): value ? "true" : "false"
    case .number(let number): number.text
    case .null, .array, .object: nil
    }
  }
}
