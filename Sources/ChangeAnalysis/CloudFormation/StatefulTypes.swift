/// Types whose resources hold data that no template can make again.
public struct StatefulTypes: Hashable, Sendable {
  private let extra: Set<String>
  private let excluded: Set<String>

  /// The built-in list, with `adding` and without `removing`.
  public init(adding extra: Set<String> = [], removing excluded: Set<String> = []) {
    self.extra = extra
    self.excluded = excluded
  }
}
