import CLibGit2

extension GitRepository {
  /// Which paths at or below `path` (relative to the root) git tracks, in the commit that is checked out or in the index. A
  /// link or a submodule on the way to `path` is named itself. None in a bare repository, which has no files.
  public func trackedPaths(at path: String) throws(GitError) -> Set<String> {
    guard !isBare, !path.isEmpty else { return [] }
    var found: Set<String> = []
    if let head = try headCommit() {
      let tree = try commit(head).tree
      for name in GitRepository.prefixes(of: path) {
        guard let entry = try entry(at: name, inTree: tree) else { break }
        if entry.kind == .folder, name != path { continue }
        if entry.kind == .folder {
          found.formUnion(try paths(at: head.hex, under: path))
        } else {
          found.insert(name)
        }
        break
      }
    }
    return found.union(try indexedPaths(at: path))
  }

  /// `a`, `a/b` and `a/b/c` of `a/b/c`.
  private static func prefixes(of path: String) -> [String] {
    var prefixes: [String] = []
    for name in path.split(separator: "/") {
      prefixes.append(prefixes.last.map { "\($0)/\(name)" } ?? String(name))
    }
    return prefixes
  }

  private func indexedPaths(at path: String) throws(GitError) -> Set<String> {
    var index: OpaquePointer?
    try GitError.check(
      git_repository_index(&index, handle), "git_repository_index", "read the index of \(gitFolder)")
    defer { git_index_free(index) }
    var found = Set(GitRepository.prefixes(of: path).filter { git_index_get_bypath(index, $0, 0) != nil })
    var position = 0
    guard git_index_find_prefix(&position, index, "\(path)/") == 0 else { return found }
    while position < git_index_entrycount(index),
      let name = git_index_get_byindex(index, position)?.pointee.path.map({ String(cString: $0) }),
      name.hasPrefix("\(path)/")
    {
      found.insert(name)
      position += 1
    }
    return found
  }
}
