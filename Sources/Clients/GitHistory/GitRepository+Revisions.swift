import CLibGit2

/// Names to commits.
extension GitRepository {
  /// The commit that `revision` names: a branch, a tag, an id, `HEAD~2` and whatever else `git rev-parse` reads.
  ///
  /// - Throws: `unknownRevision`, or `beyondShallow` where the clone ends before it and says which depth is needed.
  public func resolve(_ revision: String) throws(GitError) -> ObjectId {
    guard !revision.isEmpty, !revision.hasPrefix("-") else {
      throw GitError(
        .unknownRevision, call: "git_revparse_single", "\"\(revision)\" is not a revision",
        advice: "name a branch, a tag or a commit")
    }
    try refuseTagOverBranch(revision)
    var found: OpaquePointer?
    let code = git_revparse_single(&found, handle, revision)
    guard code >= 0 else { throw unknownRevision(revision, code) }
    defer { git_object_free(found) }
    var commit: OpaquePointer?
    let peeled = git_object_peel(&commit, found, GIT_OBJECT_COMMIT)
    guard peeled >= 0, let id = git_object_id(commit) else {
      throw GitError(
        .unknownRevision, call: "git_object_peel", code: peeled,
        "\(revision) names no commit: \(GitError.lastMessage())", advice: "name a branch, a tag or a commit")
    }
    defer { git_object_free(commit) }
    return ObjectId(id)
  }

  /// To git a tag comes before a branch of its name: whoever may push tags would say what `main` is.
  private func refuseTagOverBranch(_ revision: String) throws(GitError) {
    let end = revision.firstIndex { "~^:".contains($0) } ?? revision.endIndex
    let plain = revision[..<end]
    let name = plain.firstRange(of: "@{").map { plain[..<$0.lowerBound] } ?? plain
    guard !name.hasPrefix("refs/"), hasReference("refs/tags/\(name)") else { return }
    for branch in ["refs/heads/\(name)", "refs/remotes/\(name)"] where hasReference(branch) {
      guard try resolve("refs/tags/\(name)") != resolve(branch) else { continue }
      throw GitError(
        .ambiguousRevision, call: "git_reference_name_to_id",
        "\(name) is the name of a tag and of a branch, which are not the same commit",
        advice: "write \(branch) or refs/tags/\(name)")
    }
  }

  private func hasReference(_ name: String) -> Bool {
    var id = git_oid()
    return git_reference_name_to_id(&id, handle, name) == 0
  }

  private func unknownRevision(_ revision: String, _ code: Int32) -> GitError {
    let words = GitError.lastMessage()
    if code == GIT_EAMBIGUOUS.rawValue {
      return GitError(
        .ambiguousRevision, call: "git_revparse_single", code: code,
        "\(revision) fits several objects", advice: "write more digits of the commit id")
    }
    let mark = revision.firstIndex { $0 == "~" || $0 == "^" }
    if isShallow, mark != nil || ObjectId(hex: revision) != nil {
      let depth = mark.map { GitRepository.depth(of: revision[$0...]) } ?? 0
      return GitError(
        .beyondShallow, call: "git_revparse_single", code: code,
        "\(revision) lies beyond the end of this shallow clone",
        advice: depth > 0
          ? "check out with fetch-depth: \(depth) or more (git fetch --depth=\(depth))"
          : "check out with fetch-depth: 0 (git fetch --unshallow)")
    }
    let remotes = remoteNames
    let advice: String
    if let remote = remotes.first(where: { revision.hasPrefix("\($0)/") }) {
      let branch = revision.dropFirst(remote.count + 1)
      advice = "fetch it: git fetch \(remote) \(branch):refs/remotes/\(remote)/\(branch)"
    } else if isUnborn {
      advice = "the repository has no commit yet"
    } else {
      advice = "git branch --all lists the names; a CI checkout often fetches one branch alone"
    }
    return GitError(
      .unknownRevision, call: "git_revparse_single", code: code,
      "there is no revision \(revision) in \(workTree ?? gitFolder)\(words.isEmpty ? "" : " (\(words))")",
      advice: advice)
  }

  /// How many commits deep a clone must be for a suffix like `~3^2` to be there.
  private static func depth(of suffix: Substring) -> Int {
    var depth = 1
    var digits = ""
    var operation: Character = "^"
    func steps() -> Int { operation == "~" ? Int(digits) ?? 1 : 1 }
    for (index, character) in suffix.enumerated() {
      if character == "~" || character == "^" {
        if index > 0 { depth += steps() }
        operation = character
        digits = ""
      } else {
        digits.append(character)
      }
    }
    return depth + steps()
  }

  /// Whether `HEAD` names a branch without commits.
  public var isUnborn: Bool { git_repository_head_unborn(handle) == 1 }

  /// The commit that `HEAD` names; nil where the repository has no commit yet.
  public func headCommit() throws(GitError) -> ObjectId? {
    isUnborn ? nil : try resolve("HEAD")
  }

  /// The branch that is checked out, without `refs/heads/`; nil where `HEAD` is detached.
  public func headBranch() -> String? {
    var head: OpaquePointer?
    guard git_reference_lookup(&head, handle, "HEAD") == 0 else { return nil }
    defer { git_reference_free(head) }
    guard git_reference_type(head) == GIT_REFERENCE_SYMBOLIC,
      let target = git_reference_symbolic_target(head)
    else { return nil }
    let name = String(cString: target)
    return name.hasPrefix("refs/heads/") ? String(name.dropFirst("refs/heads/".count)) : nil
  }

  /// The commit that the reference `name` (`refs/heads/main`) leads to; nil where there is no such reference.
  public func reference(_ name: String) -> ObjectId? {
    var id = git_oid()
    return git_reference_name_to_id(&id, handle, name) == 0 ? ObjectId(id) : nil
  }

  /// The full names of all references that match `pattern` (`refs/remotes/*`), sorted.
  public func references(matching pattern: String) -> [String] {
    var iterator: OpaquePointer?
    guard git_reference_iterator_glob_new(&iterator, handle, pattern) == 0 else { return [] }
    defer { git_reference_iterator_free(iterator) }
    var names: [String] = []
    var name: UnsafePointer<CChar>?
    while git_reference_next_name(&name, iterator) == 0, let found = name {
      names.append(String(cString: found))
    }
    return names.sorted()
  }

  /// The branch that changes are merged into, as a revision: what the remote calls its `HEAD`, else `init.defaultBranch`,
  /// `main` or `master` of the remote, else of this clone. Nil where none of them is there.
  public func defaultBranch() -> String? {
    for remote in remoteNames {
      var head: OpaquePointer?
      guard git_reference_lookup(&head, handle, "refs/remotes/\(remote)/HEAD") == 0 else { continue }
      defer { git_reference_free(head) }
      if let target = git_reference_symbolic_target(head), reference(String(cString: target)) != nil {
        return String(String(cString: target).dropFirst("refs/remotes/".count))
      }
    }
    let names = [configuration("init.defaultBranch") ?? "main", "main", "master", "trunk"]
    for prefix in remoteNames.map({ "refs/remotes/\($0)/" }) + ["refs/heads/"] {
      if let name = names.first(where: { reference(prefix + $0) != nil }) {
        return String(
          (prefix + name).dropFirst(prefix == "refs/heads/" ? prefix.count : "refs/remotes/".count))
      }
    }
    return nil
  }

  /// The true base of a CI's merge ref: the first parent of `HEAD` where that is a merge commit, else nil.
  ///
  /// - Throws: `beyondShallow` with the depth to ask for where the clone ends at `HEAD`.
  public func mergeRefBase() throws(GitError) -> ObjectId? {
    guard let head = try headCommit() else { return nil }
    let commit = try commit(head)
    guard commit.isMerge, let base = commit.parents.first else { return nil }
    guard has(base) else {
      throw GitError(
        .beyondShallow, call: "git_odb_exists",
        "HEAD (\(head.short)) is a merge, and this clone does not hold its first parent \(base.short), the base",
        advice: "check out with fetch-depth: 2 or more (git fetch --depth=2)")
    }
    return base
  }

  /// Whether the object is in this clone.
  public func has(_ id: ObjectId) -> Bool {
    var raw = id.raw
    return git_odb_exists(objects, &raw) == 1
  }
}
