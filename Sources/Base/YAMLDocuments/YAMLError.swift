/// Why a text could not be read as one YAML document, and where.
public struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Counted from 1; 0 where the whole document is meant.
  public let line: Int
  /// Counted from 1; 0 where the whole document is meant.
  public let column: Int
  /// What was found and what was expected.
  public let message: String
  /// Whether all that is wrong is a name that stands twice in a mapping.
  public var isDuplicateName: Bool { message.hasPrefix(YAMLError.duplicatePrefix) }
  static let duplicatePrefix = "duplicate key "

  /// An error at a place.
  public init(line: Int, column: Int, message: String) {
    self.line = line
    self.column = column
    self.message = message
  }

  public var description: String { line > 0 ? "line \(line), column \(column): \(message)" : message }
}

/// Bounds that keep memory and stack small whatever the text is.
public struct YAMLLimits: Hashable, Sendable {
  /// The largest text, in bytes.
  public var bytes: Int
  /// How deep sequences and mappings may be nested.
  public var depth: Int
  /// How many nodes there may be once every alias is replaced by what it names.
  public var nodes: Int
  /// Whether the last of equal names in a mapping counts, instead of being an error.
  public var lastNameCounts = false

  /// CloudFormation takes templates of at most 1 MB; the defaults leave ample room above that.
  public init(bytes: Int = 16 << 20, depth: Int = 200, nodes: Int = 1_000_000) {
    self.bytes = bytes
    self.depth = depth
    self.nodes = nodes
  }
}
