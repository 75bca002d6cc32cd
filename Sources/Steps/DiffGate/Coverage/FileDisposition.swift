/// What became of one changed file.
public struct FileDisposition: Codable, Hashable, Sendable {
  /// The three things that may become of it.
  public enum Kind: String, Codable, Hashable, Sendable {
    /// It was looked at, and what was found stands in the findings.
    case judged
    /// It cannot change what a deployment makes of stacks, schemas and configuration.
    case harmless
    /// It can change a deployment, and was not looked at.
    case notJudged
  }
  /// In the newer version, or in the older one where it is gone.
  public var path: String
  /// In the older version, where it was called otherwise.
  public var oldPath: String?
  /// What became of it.
  public var disposition: Kind
  /// By which rule, in a word that stays: `template`, `migration`, `documentation`, `terraform`, …
  public var rule: String
  /// Why, in words.
  public var why: String
  /// What would let it be judged.
  public var remedy: String?
}

/// How far a verdict reaches: the files that can change the deployment, and those of them that were judged.
public struct Coverage: Codable, Hashable, Sendable {
  /// Files that can change the deployment.
  public var relevant = 0
  /// Those of them that were judged.
  public var judged = 0
  /// Files that cannot, by rule.
  public var harmless: [String: Int] = [:]

  /// Nothing.
  public init() {}

  init(_ files: [FileDisposition]) {
    for file in files {
      switch file.disposition {
      case .judged:
        relevant += 1
        judged += 1
      case .notJudged: relevant += 1
      case .harmless: harmless[file.rule, default: 0] += 1
      }
    }
  }

  /// Whether every file that can change the deployment was judged.
  public var isWhole: Bool { judged == relevant }
}
