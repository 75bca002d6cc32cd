/// What checks are made of cannot be read: a Hurl file, an OpenAPI document, a probe of the policy. A step ends with 65
/// for it.
public struct CheckSourceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One a file or a place in it.
  public var problems: [String]
  /// What to do next.
  public var advice: String

  public var description: String { problems.joined(separator: "\n") }
}
