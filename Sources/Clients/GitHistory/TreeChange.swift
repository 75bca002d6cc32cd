/// One path that differs between two trees.
public struct TreeChange: Sendable, Hashable {
  /// How it differs; the letters are those of `git diff --name-status`.
  public enum Status: Character, Sendable, Hashable {
    case added = "A"
    case deleted = "D"
    case modified = "M"
    /// A file became a symbolic link or a submodule, or the reverse.
    case typeChanged = "T"
    case renamed = "R"
  }
  /// How it differs.
  public let status: Status
  /// The path in the newer tree; of a deleted file, in the older one. Bytes that are no UTF-8 are replaced.
  public let path: String
  /// Where a renamed file was.
  public let oldPath: String?
  /// What stood in the older tree; nil where it was added.
  public let old: TreeEntry?
  /// What stands in the newer tree; nil where it was deleted.
  public let new: TreeEntry?
  /// Of a rename: how much of the content is the same, in per cent.
  public let similarity: Int?

  init(
    _ status: Status, _ path: String, oldPath: String? = nil, old: TreeEntry?, new: TreeEntry?,
    similarity: Int? = nil
  ) {
    self.status = status
    self.path = path
    self.oldPath = oldPath
    self.old = old
    self.new = new
    self.similarity = similarity
  }
}

extension GitRepository {
  /// What differs between two trees (nil: the empty tree), in git's order of paths.
  ///
  /// Subtrees with the same id are skipped unread, so the cost grows with the change and not with the repository.
  ///
  /// - Parameter renames: how renames are looked for; nil: not at all, a rename is a deletion and an addition.
  public func changes(
    from old: ObjectId?, to new: ObjectId?, renames: RenameDetection? = RenameDetection()
  ) throws(GitError) -> [TreeChange] {
    var found: [TreeChange] = []
    try compare(old, new, prefix: [], into: &found)
    if let renames { found = try detectRenames(in: found, renames) }
    return found
  }

  /// What differs between the trees of two commits.
  public func changes(
    fromCommit old: ObjectId, toCommit new: ObjectId, renames: RenameDetection? = RenameDetection()
  ) throws(GitError) -> [TreeChange] {
    try changes(from: commit(old).tree, to: commit(new).tree, renames: renames)
  }

  private func compare(
    _ old: ObjectId?, _ new: ObjectId?, prefix: [UInt8], into found: inout [TreeChange]
  ) throws(GitError) {
    guard old != new else { return }
    // Trees nest as deep as their paths; a hostile one must not exhaust the stack.
    guard prefix.count <= 16_384 else {
      throw GitError(
        .damaged, call: "compare",
        "folders are nested too deep: \(String(decoding: prefix.prefix(200), as: UTF8.self))…"
      )
    }
    try withTree(old) { oldBytes throws(GitError) in
      try withTree(new) { newBytes throws(GitError) in
        var left = RawTreeCursor(oldBytes)
        var right = RawTreeCursor(newBytes)
        while !(left.isAtEnd && right.isAtEnd) {
          let order =
            left.isAtEnd ? 1 : right.isAtEnd ? -1 : RawTreeCursor.order(left, right)
          if order < 0 {
            try only(left, .deleted, prefix, &found)
            left.advance()
          } else if order > 0 {
            try only(right, .added, prefix, &found)
            right.advance()
          } else {
            if !left.equals(right) { try both(left, right, prefix, &found) }
            left.advance()
            right.advance()
          }
        }
      }
    }
  }

  private func only(
    _ cursor: RawTreeCursor, _ status: TreeChange.Status, _ prefix: [UInt8], _ found: inout [TreeChange]
  ) throws(GitError) {
    let path = prefix + Array(cursor.name)
    if cursor.isFolder {
      let isOld = status == .deleted
      try compare(isOld ? cursor.id : nil, isOld ? nil : cursor.id, prefix: path + [0x2F], into: &found)
    } else {
      found.append(
        TreeChange(
          status, String(decoding: path, as: UTF8.self), old: status == .deleted ? cursor.entry : nil,
          new: status == .added ? cursor.entry : nil))
    }
  }

  private func both(
    _ left: RawTreeCursor, _ right: RawTreeCursor, _ prefix: [UInt8], _ found: inout [TreeChange]
  ) throws(GitError) {
    let path = prefix + Array(left.name)
    if left.isFolder {
      try compare(left.id, right.id, prefix: path + [0x2F], into: &found)
      return
    }
    let sameType = left.mode & 0o170000 == right.mode & 0o170000
    found.append(
      TreeChange(
        sameType ? .modified : .typeChanged, String(decoding: path, as: UTF8.self), old: left.entry,
        new: right.entry))
  }
}
