/// A count with its noun: `1 stack`, `3 stacks`.
/// - Parameter plural: where it is not the noun with an s.
public func counted(_ count: Int, _ noun: String, plural: String? = nil) -> String {
  "\(count) \(count == 1 ? noun : plural ?? "\(noun)s")"
}
