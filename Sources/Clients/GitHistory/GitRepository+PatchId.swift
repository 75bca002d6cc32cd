import CLibGit2

/// What a change is, wherever it stands: git's own patch id.
extension GitRepository {
  /// The id of the change from one tree to another: the same after a cherry-pick or a rebase, since it counts neither line numbers
  /// nor white space. Nil where nothing changes.
  public func patchId(from old: ObjectId?, to new: ObjectId?) throws(GitError) -> ObjectId? {
    guard old != new else { return nil }
    var one: OpaquePointer?
    var other: OpaquePointer?
    defer {
      git_tree_free(one)
      git_tree_free(other)
    }
    one = try tree(old)
    other = try tree(new)
    var diff: OpaquePointer?
    let code = git_diff_tree_to_tree(&diff, handle, one, other, nil)
    guard code >= 0 else { throw missingObject(code, "git_diff_tree_to_tree", "compare two trees") }
    defer { git_diff_free(diff) }
    guard git_diff_num_deltas(diff) > 0 else { return nil }
    var id = git_oid()
    let made = git_diff_patchid(&id, diff, nil)
    guard made >= 0 else { throw missingObject(made, "git_diff_patchid", "read what a commit changes") }
    return ObjectId(id)
  }

  private func tree(_ id: ObjectId?) throws(GitError) -> OpaquePointer? {
    guard let id, id != GitRepository.emptyTree else { return nil }
    var raw = id.raw
    var handle: OpaquePointer?
    let code = git_tree_lookup(&handle, self.handle, &raw)
    guard code >= 0 else { throw missingObject(code, "git_tree_lookup", "read tree \(id.short)", id) }
    return handle
  }

  /// The patch id of what a commit does to its first parent, or of what takes it back.
  public func patchId(of commit: GitCommit, reversed: Bool = false) throws(GitError) -> ObjectId? {
    let parent = try commit.parents.first.map { (id) throws(GitError) in try self.commit(id).tree }
    return reversed ? try patchId(from: commit.tree, to: parent) : try patchId(from: parent, to: commit.tree)
  }
}
