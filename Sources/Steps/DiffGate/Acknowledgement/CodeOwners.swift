import DeploymentConfig

/// `CODEOWNERS`: who has to approve a change of a file.
struct CodeOwners: Sendable {
  /// Where GitHub and GitLab look for it, in their order.
  static let places = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"]
  private let rules: [(pattern: PathPattern, owners: [String])]

  init(_ text: String) {
    rules = text.split(separator: "\n").compactMap { line in
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
      // GitLab's section heads own nothing by themselves.
      guard let pattern = words.first, !pattern.hasPrefix("["), !pattern.hasPrefix("^[") else { return nil }
      return (PathPattern(pattern), Array(words.dropFirst()))
    }
  }

  /// The owners of `path`; the last rule that matches counts.
  func owners(of path: String) -> [String] { rules.last { $0.pattern.matches(path) }?.owners ?? [] }
}
