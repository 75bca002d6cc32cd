/// A column's type as a script writes it, under one name for each type.
public struct ColumnType: Hashable, Sendable {
  /// In lower case: `int4`, `varchar`, `text`.
  public var name: String
  /// What stands in parentheses, where it is numbers.
  public var modifiers: [Int]
  /// Whether it is an array.
  public var isArray: Bool

  /// A type; aliases become one name.
  public init(_ name: String, modifiers: [Int] = [], isArray: Bool = false) {
    let lower = name.lowercased()
    self.name = Self.aliases[lower] ?? lower
    // The width in parentheses of MySQL's integers is for display alone.
    self.modifiers = Self.integers.contains(self.name) ? [] : modifiers
    self.isArray = isArray
  }

  private static let integers = ["int1", "int2", "int3", "int4", "int8"]
  private static let aliases = [
    "int": "int4", "integer": "int4", "serial": "int4", "serial4": "int4", "bigint": "int8",
    "bigserial": "int8",
    "serial8": "int8", "smallint": "int2", "smallserial": "int2", "serial2": "int2", "tinyint": "int1",
    "mediumint": "int3", "character varying": "varchar", "string": "varchar", "char": "bpchar",
    "character": "bpchar",
    "decimal": "numeric", "real": "float4", "float": "float8", "double": "float8",
    "double precision": "float8",
    "boolean": "bool", "biginteger": "int8", "smallinteger": "int2", "unicode": "varchar",
    "nvarchar": "varchar",
  ]

  /// What becomes of values of a column whose type changes.
  public enum Change: Hashable, Sendable {
    /// Every value stays, and the table is not rewritten.
    case widens
    /// Every value stays, and the table is rewritten under a lock.
    case rewrites
    /// Values that do not fit are lost or refused.
    case loses
    /// The two types do not say.
    case unknown
  }

  /// What a change from this type to `other` does.
  public func change(to other: ColumnType) -> Change {
    guard isArray == other.isArray else { return .unknown }
    if self == other { return .widens }
    if let before = Self.integers.firstIndex(of: name), let after = Self.integers.firstIndex(of: other.name) {
      return after >= before ? .rewrites : .loses
    }
    if let before = textLength, let after = other.textLength {
      guard after >= before else { return .loses }
      return name == "bpchar" ? .rewrites : .widens
    }
    switch (name, other.name) {
    case ("numeric", "numeric"): return numeric(other)
    case ("float4", "float8"): return .rewrites
    case ("float8", "float4"): return .loses
    case ("json", "jsonb"), ("int2", "numeric"), ("int4", "numeric"), ("int8", "numeric"):
      return other.modifiers.isEmpty ? .rewrites : .unknown
    case ("timestamptz", "timestamp"), ("timestamp", "date"), ("timestamptz", "date"): return .loses
    default: return .unknown
    }
  }

  /// How many characters fit; nil for types that hold no text.
  private var textLength: Int? {
    switch name {
    case "varchar", "bpchar": modifiers.first ?? (name == "varchar" ? .max : 1)
    case "text", "longtext": .max
    case "mediumtext": 16_777_215
    case "tinytext": 255
    default: nil
    }
  }

  private func numeric(_ other: ColumnType) -> Change {
    guard let precision = other.modifiers.first else { return .widens }
    guard let old = modifiers.first else { return .loses }
    let (scale, oldScale) = (other.modifiers.dropFirst().first ?? 0, modifiers.dropFirst().first ?? 0)
    guard scale >= oldScale, precision - scale >= old - oldScale else { return .loses }
    return scale == oldScale ? .widens : .rewrites
  }
}
