import CLibGit2
import SystemInterfaces

/// New commits and branches. Nothing here touches the work tree or the index.
extension GitRepository {
  /// Whether git takes a branch of this name: not one that it reads as something else, and none whose file, and the lock beside
  /// it, no file system holds.
  public static func isBranchName(_ name: String) -> Bool {
    var isValid: Int32 = 0
    return git_branch_name_is_valid(&isValid, name) == 0 && isValid != 0 && name != "@"
      && name.split(separator: "/").allSatisfy { $0.utf8.count + ".lock".utf8.count <= 255 }
      && name.utf8.count <= 1024
  }

  /// Who commits: `BACKSTOP_…` or `GIT_{AUTHOR,COMMITTER}_{NAME,EMAIL}`, else `user.name` and `user.email`.
  ///
  /// - Parameter role: `AUTHOR` or `COMMITTER`.
  /// - Throws: `noIdentity` where none of them says it.
  public func identity(_ role: String, seconds: Int64) throws(GitError) -> GitCommit.Signature {
    func value(_ part: String) throws(GitError) -> String {
      let name = "GIT_\(role)_\(part)"
      if let found = environment.nonEmpty("BACKSTOP_\(name)") ?? environment.nonEmpty(name)
        ?? configuration("\(role.lowercased()).\(part.lowercased())")
        ?? configuration("user.\(part.lowercased())")
        ?? (part == "EMAIL" ? environment.nonEmpty("EMAIL") : nil), !found.isEmpty
      {
        return found
      }
      throw GitError(
        .noIdentity, call: "identity",
        "git does not know who commits: neither \(name) nor user.\(part.lowercased()) is set",
        advice: "run: git config user.name \"Your Name\" && git config user.email you@example.com, "
          + "or set GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL")
    }
    return GitCommit.Signature(name: try value("NAME"), email: try value("EMAIL"), seconds: seconds)
  }

  /// Writes a commit that no reference names yet, and returns its id.
  public func createCommit(
    tree: ObjectId, parents: [ObjectId], author: GitCommit.Signature, committer: GitCommit.Signature,
    message: String
  ) throws(GitError) -> ObjectId {
    let text = try commitText(
      tree: tree, parents: parents, author: author, committer: committer, message: message)
    return try createCommit(text: text, signature: nil)
  }

  /// Writes a commit by its text, with a signature of it where it is signed.
  public func createCommit(text: [UInt8], signature: String?) throws(GitError) -> ObjectId {
    let ended = text + [0]
    var id = git_oid()
    let code = ended.withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        git_commit_create_with_signature(
          &id, handle, $0.baseAddress, signature, signature == nil ? nil : "gpgsig")
      }
    }
    try GitError.check(code, "git_commit_create_with_signature", "write a commit in \(gitFolder)")
    return ObjectId(id)
  }

  /// The text of a commit: what is signed, and what its id is made of.
  public func commitText(
    tree: ObjectId, parents: [ObjectId], author: GitCommit.Signature, committer: GitCommit.Signature,
    message: String
  ) throws(GitError) -> [UInt8] {
    var treeId = tree.raw
    var treeHandle: OpaquePointer?
    let found = git_tree_lookup(&treeHandle, handle, &treeId)
    guard found >= 0 else { throw missingObject(found, "git_tree_lookup", "read tree \(tree.short)", tree) }
    defer { git_tree_free(treeHandle) }
    var parentHandles: [OpaquePointer?] = []
    defer { parentHandles.forEach { git_commit_free($0) } }
    for parent in parents {
      var id = parent.raw
      var commit: OpaquePointer?
      let code = git_commit_lookup(&commit, handle, &id)
      guard code >= 0 else {
        throw missingObject(code, "git_commit_lookup", "read commit \(parent.short)", parent)
      }
      parentHandles.append(commit)
    }
    let authorHandle = try signature(author)
    defer { git_signature_free(authorHandle) }
    let committerHandle = try signature(committer)
    defer { git_signature_free(committerHandle) }
    var text = git_buf()
    try GitError.check(
      git_commit_create_buffer(
        &text, handle, authorHandle, committerHandle, "UTF-8", message, treeHandle, parentHandles.count,
        &parentHandles), "git_commit_create_buffer", "make a commit for \(gitFolder)")
    defer { git_buf_dispose(&text) }
    return Array(UnsafeRawBufferPointer(start: text.ptr, count: text.size))
  }

  private func signature(_ value: GitCommit.Signature) throws(GitError) -> UnsafeMutablePointer<
    git_signature
  >? {
    var signature: UnsafeMutablePointer<git_signature>?
    try GitError.check(
      git_signature_new(&signature, value.name, value.email, value.seconds, value.offsetMinutes),
      "git_signature_new", "use \"\(value.name) <\(value.email)>\" as an author")
    return signature
  }

  /// Creates the reference `name` (`refs/heads/x`) at `commit`; one that is there must hold `expected`.
  ///
  /// - Throws: `referenceExists` where it holds something else.
  public func updateReference(
    _ name: String, to commit: ObjectId, expected: ObjectId? = nil, reason: String
  ) throws(GitError) {
    var id = commit.raw
    var made: OpaquePointer?
    let code: Int32
    if let expected {
      var old = expected.raw
      code = git_reference_create_matching(&made, handle, name, &id, 1, &old, reason)
    } else {
      code = git_reference_create(&made, handle, name, &id, 0, reason)
    }
    git_reference_free(made)
    try GitError.check(
      code, "git_reference_create", "set \(name) to \(commit.short)",
      advice: "somebody else made or moved it: look at it with git log \(name), then run this again")
  }

  /// Creates the branch `name` at `commit`.
  ///
  /// - Throws: `referenceExists` where there is one already.
  public func createBranch(_ name: String, at commit: ObjectId, reason: String) throws(GitError) {
    try updateReference("refs/heads/\(name)", to: commit, reason: reason)
  }
}
