/// Why a path keeps a commit from being reverted without a person.
public struct RevertConflict: Sendable, Hashable {
  /// What stands in the way.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Later commits changed the same lines.
    case content
    /// Later commits deleted what the revert would change, or the reverse.
    case modifiedAndDeleted
    /// The revert brings a file back where there is another one now.
    case addedTwice
    /// A file stands where the other side has a folder.
    case fileAndFolder
    /// Both sides changed a mode, a symbolic link or a submodule.
    case type
    /// Binary contents that both sides changed.
    case binary
    /// Both sides renamed or deleted it in different ways.
    case renamed
    /// A rename is not certain: several files could be it.
    case ambiguousRename
    /// A folder was renamed, and the other side has new files in it.
    case folderRenamed
    /// `.gitattributes` names a merge driver, which only git itself can run.
    case mergeDriver
    /// Two ways to compare lines give two results.
    case ambiguousContent
  }
  /// The path, in the tree that the revert is put onto where it is there.
  public let path: String
  /// What stands in the way.
  public let kind: Kind
  /// The same in words.
  public let explanation: String

  init(_ path: String, _ kind: Kind, _ explanation: String) {
    self.path = path
    self.kind = kind
    self.explanation = explanation
  }
}

/// What comes of reverting one commit.
public enum RevertOutcome: Sendable, Hashable {
  /// The tree that `git revert` would commit, and the paths that it changes.
  case clean(tree: ObjectId, paths: [String])
  /// Reverting changes nothing: what the commit did is not there any more.
  case alreadyReverted
  /// It cannot be reverted with certainty, for these reasons.
  case refused([RevertConflict])
}

/// The commit of a revert is asked for in a way that git does not permit.
public struct RevertUsageError: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

extension GitCommit {
  /// The message of `git revert` (2.43 and later) for this commit.
  ///
  /// - Parameter mainline: of a merge commit, the parent that was kept, counted from 1.
  public func revertMessage(mainline: Int? = nil) -> String {
    let subject = message.drop { $0 == "\n" }.prefix { $0 != "\n" }
    let title: String
    if subject.hasPrefix("Revert \""), !subject.hasPrefix("Revert \"Revert \"") {
      title = "Reapply \"\(subject.dropFirst("Revert \"".count))"
    } else {
      title = "Revert \"\(subject)\""
    }
    guard isMerge, let mainline, parents.indices.contains(mainline - 1) else {
      return "\(title)\n\nThis reverts commit \(id).\n"
    }
    return "\(title)\n\nThis reverts commit \(id), reversing\nchanges made to \(parents[mainline - 1]).\n"
  }
}

/// What of a commit is not reverted.
public struct RevertLimits: Sendable, Hashable {
  /// Only what lies in one of these folders is reverted; empty means all.
  public var below: [String]
  /// Paths that stay as they are.
  public var keeping: Set<String> = []

  /// Nothing is left out but what lies outside `below`.
  public init(below: [String] = []) { self.below = below }

  var areNone: Bool { below.isEmpty && keeping.isEmpty }

  /// Whether a path is reverted.
  public func covers(_ path: String) -> Bool {
    guard !keeping.contains(path) else { return false }
    return below.isEmpty || below.contains { path == $0 || path.hasPrefix("\($0)/") }
  }
}
