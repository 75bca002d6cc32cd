/// What a revert reads of a history, to be fetched at once where a partial clone left it out.
extension GitRepository {
  /// The contents that reverting `commits` on top of `onto` compares, as far as the trees tell.
  public func contentsNeeded(toRevert commits: [GitCommit], onto: GitCommit) throws(GitError) -> [ObjectId] {
    var needed: Set<ObjectId> = []
    for commit in commits {
      guard let parent = commit.parents.first, has(parent) else { continue }
      let theirs = try changes(from: commit.tree, to: self.commit(parent).tree, renames: nil)
      let ours = try changes(from: commit.tree, to: onto.tree, renames: nil)
      let mine = Dictionary(uniqueKeysWithValues: ours.map { ($0.path, $0) })
      var looksForRenames = false
      for change in theirs {
        guard let own = mine[change.path] else { continue }
        looksForRenames = looksForRenames || own.status == .deleted || change.status == .deleted
        for entry in [change.old, change.new, own.new] { add(entry, &needed) }
      }
      // A file that went away may be found again under another name.
      if looksForRenames {
        for change in (theirs + ours).prefix(10_000)
        where change.status == .deleted || change.status == .added {
          add(change.old, &needed)
          add(change.new, &needed)
        }
      }
    }
    return Array(needed)
  }

  private func add(_ entry: TreeEntry?, _ needed: inout Set<ObjectId>) {
    guard let entry, entry.kind != .folder, entry.kind != .submodule else { return }
    needed.insert(entry.id)
  }
}
