/// A resource that its template keeps when the stack lets go of it (`DeletionPolicy: Retain` or `RetainExceptOnCreate`), or
/// puts another in its place (`UpdateReplacePolicy: Retain`).
public struct KeptResource: Hashable, Sendable {
  /// Whether the template gives it a name, which no second one can have.
  public var isNamed: Bool
  /// Whether it stays when the stack drops it, and when another takes its place.
  public var whenDropped: Bool, whenReplaced: Bool

  /// A kept resource.
  public init(isNamed: Bool, whenDropped: Bool = true, whenReplaced: Bool = false) {
    self.isNamed = isNamed
    self.whenDropped = whenDropped
    self.whenReplaced = whenReplaced
  }
}
