/// A resource that its template keeps when the stack lets go of it (`DeletionPolicy: Retain` or `RetainExceptOnCreate`).
public struct KeptResource: Hashable, Sendable {
  /// Whether the template gives it a name, which no second one can have.
  public var isNamed: Bool

  /// A kept resource.
  public init(isNamed: Bool) { self.isNamed = isNamed }
}
