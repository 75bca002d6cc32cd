import CLibGit2

extension GitRepository {
  /// The paths that differ from `HEAD` in the index or the work tree, ignored ones left out; empty in a bare repository.
  /// - Parameter includesUntracked: whether files count that no commit knows.
  public func changedPaths(includesUntracked: Bool = true) throws(GitError) -> [String] {
    guard !isBare else { return [] }
    var options = git_status_options()
    git_status_options_init(&options, UInt32(GIT_STATUS_OPTIONS_VERSION))
    options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR
    options.flags = GIT_STATUS_OPT_EXCLUDE_SUBMODULES.rawValue
    if includesUntracked { options.flags |= GIT_STATUS_OPT_INCLUDE_UNTRACKED.rawValue }
    var list: OpaquePointer?
    try GitError.check(
      git_status_list_new(&list, handle, &options), "git_status_list_new",
      "compare the work tree \(workTree ?? "") with HEAD")
    defer { git_status_list_free(list) }
    var skipped: Set<String>?
    var paths: [String] = []
    for index in 0..<git_status_list_entrycount(list) {
      guard let entry = git_status_byindex(list, index)?.pointee,
        let delta = entry.index_to_workdir ?? entry.head_to_index,
        let path = delta.pointee.new_file.path ?? delta.pointee.old_file.path
      else { continue }
      let name = String(cString: path)
      if entry.status == GIT_STATUS_WT_DELETED {
        if skipped == nil { skipped = try skippedPaths() }
        if skipped?.contains(name) == true { continue }
      }
      paths.append(name)
    }
    return paths
  }

  /// Whether the work tree or the index differs from `HEAD`.
  public func isDirty() throws(GitError) -> Bool { try !changedPaths().isEmpty }

  /// What a sparse checkout leaves out of the work tree: absent there, and not deleted.
  private func skippedPaths() throws(GitError) -> Set<String> {
    var index: OpaquePointer?
    try GitError.check(
      git_repository_index(&index, handle), "git_repository_index", "read the index of \(gitFolder)")
    defer { git_index_free(index) }
    let skipWorktree = UInt16(GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue)
    var paths: Set<String> = []
    for position in 0..<git_index_entrycount(index) {
      guard let entry = git_index_get_byindex(index, position)?.pointee, let path = entry.path,
        entry.flags_extended & skipWorktree != 0
      else { continue }
      paths.insert(String(cString: path))
    }
    return paths
  }
}
