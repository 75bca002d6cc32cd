import CLibGit2
import CLibGit2Shims
import Glibc

/// What a three-way merge of contents gives.
enum MergedBlob {
  case merged(ObjectId)
  case conflict
  case binary
  case ambiguous
}

extension GitRepository {
  /// The merge driver that `.gitattributes` gives `path`, where it is not git's usual one for text.
  func mergeDriver(of path: String, at commit: ObjectId) -> String? {
    var options = git_attr_options()
    options.version = UInt32(GIT_ATTR_OPTIONS_VERSION)
    // From the commit, not from whatever the work tree holds.
    options.flags = UInt32(GIT_ATTR_CHECK_INDEX_ONLY | GIT_ATTR_CHECK_INCLUDE_COMMIT)
    options.attr_commit_id = commit.raw
    var value: UnsafePointer<CChar>?
    guard git_attr_get_ext(&value, handle, &options, path, "merge") == 0 else { return nil }
    switch git_attr_value(value) {
    case GIT_ATTR_VALUE_UNSPECIFIED: return configuration("merge.default").flatMap { $0 == "text" ? nil : $0 }
    case GIT_ATTR_VALUE_TRUE: return nil
    case GIT_ATTR_VALUE_FALSE: return "binary"
    default:
      let name = value.map { String(cString: $0) } ?? ""
      return name == "text" ? nil : name
    }
  }

  /// Merges three contents line by line and stores the result.
  ///
  /// Git's merge compares by histogram since 2.33 and did otherwise before; both must agree.
  func mergeBlobs(_ base: ObjectId, _ ours: ObjectId, _ theirs: ObjectId) throws(GitError) -> MergedBlob {
    let contents = try [blob(base), blob(ours), blob(theirs)]
    if contents.contains(where: { $0.prefix(8000).contains(0) }) { return .binary }
    guard
      let one = try mergeContents(contents, GIT_MERGE_FILE_DEFAULT.rawValue),
      let other = try mergeByHistogram(contents)
    else { return .conflict }
    guard one == other else { return .ambiguous }
    var id = git_oid()
    let code = one.withUnsafeBytes { git_blob_create_from_buffer(&id, handle, $0.baseAddress, $0.count) }
    try GitError.check(
      code, "git_blob_create_from_buffer", "write an object into \(gitFolder)", missing: .files)
    return .merged(ObjectId(id))
  }

  private func mergeByHistogram(_ contents: [[UInt8]]) throws(GitError) -> [UInt8]? {
    var merged: UnsafeMutablePointer<CChar>?
    var size = 0
    let code = contents[0].withUnsafeBytes { base in
      contents[1].withUnsafeBytes { ours in
        contents[2].withUnsafeBytes { theirs in
          shim_git_merge_by_histogram(
            base.baseAddress, base.count, ours.baseAddress, ours.count, theirs.baseAddress, theirs.count,
            &merged, &size)
        }
      }
    }
    // The nearest relative of a histogram that libgit2 offers by itself.
    if code < 0 { return try mergeContents(contents, GIT_MERGE_FILE_DIFF_PATIENCE.rawValue) }
    guard code == 0 else { return nil }
    defer { free(merged) }
    return [UInt8](UnsafeRawBufferPointer(start: merged, count: size))
  }

  private func mergeContents(_ contents: [[UInt8]], _ flags: UInt32) throws(GitError) -> [UInt8]? {
    var options = git_merge_file_options()
    git_merge_file_options_init(&options, UInt32(GIT_MERGE_FILE_OPTIONS_VERSION))
    options.flags = flags
    let (isClean, bytes) = try merged(contents, &options)
    return isClean ? bytes : nil
  }

  /// The merge of base, ours and theirs, with markers where it is not clean.
  private func merged(
    _ contents: [[UInt8]], _ options: inout git_merge_file_options
  ) throws(GitError) -> (isClean: Bool, bytes: [UInt8]) {
    var result = git_merge_file_result()
    let code = contents[0].withUnsafeBytes { base in
      contents[1].withUnsafeBytes { ours in
        contents[2].withUnsafeBytes { theirs in
          func input(_ bytes: UnsafeRawBufferPointer) -> git_merge_file_input {
            var input = git_merge_file_input()
            git_merge_file_input_init(&input, UInt32(GIT_MERGE_FILE_INPUT_VERSION))
            input.ptr = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            input.size = bytes.count
            return input
          }
          var (one, two, three) = (input(base), input(ours), input(theirs))
          return git_merge_file(&result, &one, &two, &three, &options)
        }
      }
    }
    try GitError.check(code, "git_merge_file", "merge contents")
    defer { git_merge_file_result_free(&result) }
    return (result.automergeable == 1, [UInt8](UnsafeRawBufferPointer(start: result.ptr, count: result.len)))
  }

  /// Three contents as one file with git's conflict markers; stored.
  func markConflicts(
    _ base: ObjectId, _ ours: ObjectId, _ theirs: ObjectId, theirs label: String
  ) throws(GitError) -> ObjectId {
    let contents = try [blob(base), blob(ours), blob(theirs)]
    let labels = ["what stands here now", label].map { (text: String) in strdup(text) }
    defer { labels.forEach { free($0) } }
    var options = git_merge_file_options()
    git_merge_file_options_init(&options, UInt32(GIT_MERGE_FILE_OPTIONS_VERSION))
    options.our_label = UnsafePointer(labels[0])
    options.their_label = UnsafePointer(labels[1])
    return try writeBlob(merged(contents, &options).bytes)
  }

  /// A tree like `tree`, without some paths and with others; stored, with no reference to it.
  func updatedTree(
    _ tree: ObjectId, removing removed: [String], writing written: [(String, TreeEntry)]
  ) throws(GitError) -> ObjectId {
    guard !removed.isEmpty || !written.isEmpty else { return tree }
    var baseline: OpaquePointer?
    var id = tree.raw
    let found = git_tree_lookup(&baseline, handle, &id)
    guard found >= 0 else { throw missingObject(found, "git_tree_lookup", "read tree \(tree.short)", tree) }
    defer { git_tree_free(baseline) }
    let paths = (removed + written.map(\.0)).map { strdup($0) }
    defer { paths.forEach { free($0) } }
    var updates: [git_tree_update] = []
    for index in paths.indices {
      var update = git_tree_update()
      update.path = UnsafePointer(paths[index])
      if index < removed.count {
        update.action = GIT_TREE_UPDATE_REMOVE
      } else {
        let entry = written[index - removed.count].1
        update.action = GIT_TREE_UPDATE_UPSERT
        update.id = entry.id.raw
        update.filemode = git_filemode_t(entry.mode)
      }
      updates.append(update)
    }
    var result = git_oid()
    try GitError.check(
      git_tree_create_updated(&result, handle, baseline, updates.count, &updates), "git_tree_create_updated",
      "write a tree into \(gitFolder)", missing: .damaged)
    return ObjectId(result)
  }
}
