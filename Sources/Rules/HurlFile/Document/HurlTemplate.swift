/// Text with placeholders.
public struct HurlTemplate: Hashable, Sendable {
  /// A part of the text.
  public enum Part: Hashable, Sendable {
    /// Plain text, escapes resolved.
    case text(String)
    /// What stands between `{{` and `}}`.
    case placeholder(HurlExpression)
    /// A placeholder inside a JSON string: its text is escaped as one.
    case jsonStringPlaceholder(HurlExpression)
  }
  /// Where the text begins.
  public let position: HurlPosition
  /// The parts in order; none for empty text.
  public let parts: [Part]
  /// The text as written.
  public let source: String

  /// The names of all variables in it.
  public var variableNames: [String] {
    parts.compactMap { part in
      switch part {
      case .placeholder(let expression), .jsonStringPlaceholder(let expression):
        if case .variable(let name) = expression.kind { name } else { nil }
      case .text: nil
      }
    }
  }
}

/// What a placeholder stands for.
public struct HurlExpression: Hashable, Sendable {
  /// A variable, or a function that makes a value.
  public enum Kind: Hashable, Sendable {
    case variable(String)
    /// `newUuid`: a random UUID, version 4.
    case newUUID
    /// `newDate`: the present time, RFC 3339 in UTC.
    case newDate
    /// `randomInt`: a whole number from 0 to 2147483647.
    case randomInt
    /// `randomString`: sixteen letters and digits.
    case randomString

    /// The functions by their names.
    static let functions: [String: Kind] = [
      "newUuid": .newUUID, "newDate": .newDate, "randomInt": .randomInt, "randomString": .randomString,
    ]
  }
  /// Where the name stands.
  public let position: HurlPosition
  /// What it is.
  public let kind: Kind
}
