import GitHistory
import Reporting

/// What revert commits say, in the repository's own convention where one is seen.
struct RevertMessage: Sendable {
  /// How titles are written.
  enum Style: Hashable, Sendable {
    /// `Revert "subject"`.
    case git
    /// `revert: subject`, as in Conventional Commits.
    case conventional
  }
  var style = Style.git
  /// Why; a paragraph of its own.
  var reason: String?
  /// What programs look for, in the last paragraph: name and value.
  var trailers: [(name: String, value: String)] = []

  /// - Parameter plain: as git itself words it.
  func text(of plain: String) -> String {
    var parts = [RevertMessage.trimmed(plain)]
    if style == .conventional { parts[0] = RevertMessage.conventional(parts[0]) }
    if let reason { parts.append("Reason: \(OutsideText.line(reason))") }
    if !trailers.isEmpty {
      parts.append(
        trailers.map { "\($0.name): \(OutsideText.line($0.value))" }.joined(separator: "\n"))
    }
    return parts.joined(separator: "\n\n") + "\n"
  }

  private static func trimmed(_ text: String) -> String {
    var text = text
    while text.last?.isNewline ?? false { text.removeLast() }
    return text
  }

  /// `Revert "feat: x"` as `revert: feat: x`. A revert that is taken back says so, for whoever looks for it.
  private static func conventional(_ text: String) -> String {
    let title = text.prefix { !$0.isNewline }
    let rest = text.dropFirst(title.count)
    for (word, start) in [("Revert", "revert: "), ("Reapply", "revert: reapply ")]
    where title.hasPrefix("\(word) \"") && title.hasSuffix("\"") {
      return start + String(title.dropFirst(word.count + 2).dropLast()) + rest
    }
    return text
  }

  /// How the titles of the commits below `tip` are written: by most of the last fifty.
  static func style(_ repository: GitRepository, at tip: GitCommit) throws(GitError) -> Style {
    var seen = 0
    var conventional = 0
    var next: GitCommit? = tip
    var looked = 0
    while let commit = next, looked < 50 {
      looked += 1
      // Merges are worded by programs.
      if !commit.isMerge, !commit.summary.hasPrefix("Revert "), !commit.summary.hasPrefix("Merge ") {
        seen += 1
        if isConventional(commit.summary) { conventional += 1 }
      }
      guard let parent = commit.parents.first, repository.has(parent) else { break }
      next = try repository.commit(parent)
    }
    return conventional >= 3 && conventional * 3 >= seen * 2 ? .conventional : .git
  }

  /// `type(scope)!: subject` with one of the types that are in use.
  static func isConventional(_ title: String) -> Bool {
    let types: Set<String> = [
      "build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test", "deps",
      "release", "wip", "security", "improvement",
    ]
    guard let colon = title.firstRange(of: ": ") else { return false }
    var head = title[..<colon.lowerBound]
    if head.hasSuffix("!") { head = head.dropLast() }
    if head.hasSuffix(")"), let open = head.firstIndex(of: "(") { head = head[..<open] }
    return types.contains(head.lowercased())
  }
}
