import CLibGit2

/// Objects that no work tree stands behind.
extension GitRepository {
  /// Writes a blob and returns its id.
  public func writeBlob(_ bytes: [UInt8]) throws(GitError) -> ObjectId {
    var id = git_oid()
    try GitError.check(
      git_blob_create_from_buffer(&id, handle, bytes, bytes.count), "git_blob_create_from_buffer",
      "write an object in \(gitFolder)", missing: .files, advice: GitRepository.writingAdvice)
    return ObjectId(id)
  }

  /// Writes a tree of regular files and returns its id; without files it is the empty tree.
  public func writeTree(_ files: [String: ObjectId]) throws(GitError) -> ObjectId {
    var builder: OpaquePointer?
    try GitError.check(git_treebuilder_new(&builder, handle, nil), "git_treebuilder_new", "build a tree")
    defer { git_treebuilder_free(builder) }
    for (name, file) in files {
      var id = file.raw
      try GitError.check(
        git_treebuilder_insert(nil, builder, name, &id, GIT_FILEMODE_BLOB), "git_treebuilder_insert",
        "put \(name) into a tree")
    }
    var id = git_oid()
    try GitError.check(
      git_treebuilder_write(&id, builder), "git_treebuilder_write", "write an object in \(gitFolder)",
      missing: .files, advice: GitRepository.writingAdvice)
    return ObjectId(id)
  }

  /// Copies the object `id` into `other`, byte for byte; one that is there already is left alone.
  public func copy(_ id: ObjectId, to other: GitRepository) throws(GitError) {
    guard !other.has(id) else { return }
    var raw = id.raw
    var object: OpaquePointer?
    let code = git_odb_read(&object, objects, &raw)
    guard code >= 0 else { throw missingObject(code, "git_odb_read", "read object \(id.short)", id) }
    defer { git_odb_object_free(object) }
    var written = git_oid()
    try GitError.check(
      git_odb_write(
        &written, other.objects, git_odb_object_data(object), git_odb_object_size(object),
        git_odb_object_type(object)), "git_odb_write", "write an object in \(other.gitFolder)",
      missing: .files, advice: GitRepository.writingAdvice)
  }

  /// Looks again at what objects there are: others may have put packs into the folder.
  public func refreshObjects() { git_odb_refresh(objects) }

  /// Sets the reference `name` to `commit`, whatever it held.
  public func setReference(_ name: String, to commit: ObjectId) throws(GitError) {
    var id = commit.raw
    var made: OpaquePointer?
    let code = git_reference_create(&made, handle, name, &id, 1, nil)
    git_reference_free(made)
    try GitError.check(code, "git_reference_create", "set \(name) to \(commit.short)")
  }

  /// Removes the reference `name`; one that is not there is no error.
  public func removeReference(_ name: String) throws(GitError) {
    let code = git_reference_remove(handle, name)
    guard code != GIT_ENOTFOUND.rawValue else { return }
    try GitError.check(code, "git_reference_remove", "remove \(name)")
  }

  static let writingAdvice = "make room, or let this user write there"
}
