/// A place in a Hurl file.
public struct HurlPosition: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Counted from 1; columns in characters (Unicode scalars).
  public let line: Int, column: Int

  /// A place.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  public static func < (left: HurlPosition, right: HurlPosition) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
  public var description: String { "\(line):\(column)" }
}

/// A Hurl file that cannot be read: where, and what was expected there.
public struct HurlSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file as it was named.
  public let file: String
  /// Counted from 1; columns in characters.
  public let line: Int, column: Int
  /// What was expected, or what is not supported.
  public let message: String
  /// Whether this is valid Hurl that is outside the subset read here.
  public let isUnsupported: Bool

  /// `file:line:column: message`.
  public var description: String { "\(file):\(line):\(column): \(message)" }
}

/// Something in an entry that could not be done while running: a variable that is not set, a value that cannot be
/// written into text, a filter that does not apply.
public struct HurlRuntimeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where in the file.
  public let position: HurlPosition
  /// What was tried, on what, what came back.
  public let message: String

  public var description: String { "\(position): \(message)" }
}
