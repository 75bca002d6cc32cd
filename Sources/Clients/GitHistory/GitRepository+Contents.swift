import CLibGit2

/// What a path is at a revision.
public struct TreeEntry: Sendable, Hashable {
  /// What an entry of a tree can be.
  public enum Kind: Sendable, Hashable {
    /// A regular file.
    case file
    /// A regular file that may be run.
    case executable
    /// A symbolic link; its content is the target.
    case symlink
    /// A commit of another repository.
    case submodule
    /// A folder.
    case folder
  }
  /// The mode as git writes it: 0o100644, 0o100755, 0o120000, 0o160000 or 0o040000.
  public let mode: UInt32
  /// The id of the blob, the tree, or the submodule's commit.
  public let id: ObjectId

  /// What the mode says.
  public var kind: Kind {
    switch mode {
    case 0o040000: .folder
    case 0o120000: .symlink
    case 0o160000: .submodule
    default: mode & 0o111 == 0 ? .file : .executable
    }
  }
}

extension GitRepository {
  /// The entry at `path` (relative to the root, no leading slash) of `tree`, or nil where it has none.
  public func entry(at path: String, inTree tree: ObjectId) throws(GitError) -> TreeEntry? {
    var raw = tree.raw
    var handle: OpaquePointer?
    let code = git_tree_lookup(&handle, self.handle, &raw)
    guard code >= 0 else { throw missingObject(code, "git_tree_lookup", "read tree \(tree.short)", tree) }
    defer { git_tree_free(handle) }
    var entry: OpaquePointer?
    let found = git_tree_entry_bypath(&entry, handle, path)
    if found == GIT_ENOTFOUND.rawValue {
      // Also what an absent subtree of a treeless clone looks like; only such clones can have one.
      if isPartial, let absent = try absentFolder(of: path, inTree: tree) {
        throw missingObject(found, "git_tree_entry_bypath", "read the folder \(absent.path)", absent.id)
      }
      return nil
    }
    guard found >= 0, let id = git_tree_entry_id(entry) else {
      throw missingObject(found, "git_tree_entry_bypath", "read \(path)")
    }
    defer { git_tree_entry_free(entry) }
    return TreeEntry(mode: UInt32(git_tree_entry_filemode_raw(entry).rawValue), id: ObjectId(id))
  }

  /// The entry at `path`; the tree nil is the one without entries.
  public func entry(at path: String, in tree: ObjectId?) throws(GitError) -> TreeEntry? {
    guard let tree, tree != GitRepository.emptyTree else { return nil }
    return try entry(at: path, inTree: tree)
  }

  private func absentFolder(
    of path: String, inTree tree: ObjectId
  ) throws(GitError) -> (path: String, id: ObjectId)? {
    var folder = tree
    var shown = ""
    for name in path.split(separator: "/").dropLast() {
      guard let next = try entries(ofTree: folder).first(where: { $0.name == Array(name.utf8) }),
        next.entry.kind == .folder
      else { return nil }
      shown += shown.isEmpty ? String(name) : "/\(name)"
      guard has(next.entry.id) else { return (shown, next.entry.id) }
      folder = next.entry.id
    }
    return nil
  }

  /// The entry at `path` as of `revision`, or nil where there is none.
  public func entry(at path: String, revision: String) throws(GitError) -> TreeEntry? {
    try entry(at: path, inTree: commit(resolve(revision)).tree)
  }

  /// The bytes of `path` (relative to the root) as of `revision`, or nil where that tree has no such file.
  ///
  /// The path is looked up in the tree before the blob is read: a blob absent from a partial clone is an error
  /// (`notFetched`), not "no such file".
  public func contents(of path: String, at revision: String) throws(GitError) -> [UInt8]? {
    guard let entry = try entry(at: path, revision: revision) else { return nil }
    switch entry.kind {
    case .folder, .submodule: return nil
    case .file, .executable, .symlink: return try blob(entry.id)
    }
  }

  /// The bytes of a blob.
  public func blob(_ id: ObjectId) throws(GitError) -> [UInt8] {
    try withBlob(id) { [UInt8]($0) }
  }

  /// Runs `body` over the bytes of a blob without copying them.
  func withBlob<Result>(_ id: ObjectId, _ body: (UnsafeRawBufferPointer) -> Result) throws(GitError) -> Result
  {
    var raw = id.raw
    var object: OpaquePointer?
    let code = git_odb_read(&object, objects, &raw)
    guard code >= 0 else { throw missingObject(code, "git_odb_read", "read blob \(id.short)", id) }
    defer { git_odb_object_free(object) }
    return body(
      UnsafeRawBufferPointer(start: git_odb_object_data(object), count: git_odb_object_size(object)))
  }

  /// The size of a blob in bytes, without reading it where it is packed whole.
  func blobSize(_ id: ObjectId) throws(GitError) -> Int {
    var raw = id.raw
    var size = 0
    var type = GIT_OBJECT_ANY
    let code = git_odb_read_header(&size, &type, objects, &raw)
    guard code >= 0 else { throw missingObject(code, "git_odb_read_header", "read blob \(id.short)", id) }
    return size
  }

  /// The paths of all files below `folder` (empty: the root) as of `revision`, sorted as git sorts them.
  public func paths(at revision: String, under folder: String = "") throws(GitError) -> [String] {
    var tree = try commit(resolve(revision)).tree
    if !folder.isEmpty {
      guard let entry = try entry(at: folder, inTree: tree), entry.kind == .folder else { return [] }
      tree = entry.id
    }
    return try paths(ofTree: tree, prefix: folder.isEmpty ? "" : "\(folder)/")
  }

  /// The paths of all files of a tree, each behind `prefix`.
  func paths(ofTree tree: ObjectId, prefix: String) throws(GitError) -> [String] {
    var found: [String] = []
    try collectPaths(ofTree: tree, prefix: prefix, into: &found)
    return found
  }

  private func collectPaths(
    ofTree tree: ObjectId, prefix: String, into found: inout [String]
  ) throws(GitError) {
    for (name, entry) in try entries(ofTree: tree) {
      let path = prefix + String(decoding: name, as: UTF8.self)
      if entry.kind == .folder {
        try collectPaths(ofTree: entry.id, prefix: path + "/", into: &found)
      } else {
        found.append(path)
      }
    }
  }
}
