extension Sequence where Self: Sendable, Element: Sendable {
  /// `work` of each element, at most `width` at a time; results in the order of the elements.
  ///
  /// The first error ends it, after what is under way has seen its cancellation.
  public func mapAtOnce<Result: Sendable>(
    width: Int = .max, _ work: @escaping @Sendable (Element) async throws -> Result
  ) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
      var results: [Int: Result] = [:]
      var running = 0
      for (position, element) in enumerated() {
        if running >= width, let (finished, result) = try await group.next() {
          results[finished] = result
          running -= 1
        }
        running += 1
        group.addTask { (position, try await work(element)) }
      }
      for try await (finished, result) in group { results[finished] = result }
      return results.sorted { $0.key < $1.key }.map(\.value)
    }
  }
}
