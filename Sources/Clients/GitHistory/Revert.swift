/// Reverting without a work tree: the three-way merge of `git revert`, from trees to a tree.
extension GitRepository {
  /// The tree that reverting `commit` on top of `onto` gives: git's own, or a refusal with the paths.
  ///
  /// The base of the merge is the commit, ours is `onto`, theirs is the commit's parent.
  ///
  /// - Parameters:
  ///   - mainline: of a merge commit, the parent to go back to, counted from 1.
  ///   - attributesAt: the commit whose `.gitattributes` count.
  ///   - limits: what of the commit is left as it is.
  /// - Throws: `RevertUsageError` where git would not permit it, `GitError` where history cannot be read.
  public func revert(
    _ commit: GitCommit, onto: ObjectId, mainline: Int? = nil, attributesAt: ObjectId,
    limits: RevertLimits = RevertLimits()
  ) throws -> RevertOutcome {
    let parent = try revertParent(commit, mainline)
    var merge = RevertMerge(
      repository: self, base: commit.tree, ours: onto,
      theirs: try parent.map { id in try self.commit(id).tree }, attributesAt: attributesAt)
    merge.limits = limits
    return try merge.run()
  }

  /// What is left of a revert that a person has to finish: the tree with git's conflict markers where both sides changed the
  /// same lines, and with the file that one side keeps where the other deletes it.
  public func revertMarkingConflicts(
    _ commit: GitCommit, onto: ObjectId, mainline: Int? = nil, attributesAt: ObjectId,
    limits: RevertLimits = RevertLimits()
  ) throws -> (tree: ObjectId, conflicts: [RevertConflict]) {
    let parent = try revertParent(commit, mainline)
    var merge = RevertMerge(
      repository: self, base: commit.tree, ours: onto,
      theirs: try parent.map { id in try self.commit(id).tree }, attributesAt: attributesAt)
    merge.limits = limits
    merge.marker =
      parent.map { "parent of \(commit.id.short), which is back then (\($0.short))" } ?? "nothing"
    return try merge.runMarking()
  }

  /// The parent that the revert goes back to; nil for a root commit.
  private func revertParent(_ commit: GitCommit, _ mainline: Int?) throws -> ObjectId? {
    if commit.isMerge {
      guard let mainline else {
        throw RevertUsageError(
          "\(commit.id.short) is a merge of \(commit.parents.count) parents: say with --mainline which one to go back to (usually 1)"
        )
      }
      guard commit.parents.indices.contains(mainline - 1) else {
        throw RevertUsageError(
          "\(commit.id.short) has \(commit.parents.count) parents, so --mainline \(mainline) names none of them"
        )
      }
      return commit.parents[mainline - 1]
    }
    // Git permits -m 1 on a commit with one parent since 2.21.
    if let mainline, mainline != 1 {
      throw RevertUsageError(
        "\(commit.id.short) is no merge, so --mainline \(mainline) names no parent of it")
    }
    guard let parent = commit.parents.first else { return nil }
    guard has(parent) else {
      throw GitError(
        .beyondShallow, call: "git_odb_exists",
        "cannot revert \(commit.id.short): this clone does not hold its parent \(parent.short)",
        advice: "fetch more history: fetch-depth: 0 in the checkout step, or git fetch --unshallow")
    }
    return parent
  }
}

/// One three-way merge. Git's own rules, without the cases where they leave room: those are refused.
struct RevertMerge {
  let repository: GitRepository
  let base: ObjectId
  let ours: ObjectId
  let theirs: ObjectId?
  let attributesAt: ObjectId

  /// What of the commit is left as it is.
  var limits = RevertLimits()
  /// What their side is called where conflicts are marked in the files; nil where they are refused.
  var marker: String?
  private var conflicts: [RevertConflict] = []
  /// What changes in our tree: an entry, or nil for a removal.
  private var edits: [String: TreeEntry?] = [:]

  init(
    repository: GitRepository, base: ObjectId, ours: ObjectId, theirs: ObjectId?, attributesAt: ObjectId
  ) {
    self.repository = repository
    self.base = base
    self.ours = ours
    self.theirs = theirs
    self.attributesAt = attributesAt
  }

  mutating func run() throws(GitError) -> RevertOutcome {
    try mergeAll()
    guard conflicts.isEmpty else { return .refused(conflicts.sorted { $0.path < $1.path }) }
    return try write()
  }

  /// As `run`, and what conflicts does not keep the rest from being written.
  mutating func runMarking() throws(GitError) -> (tree: ObjectId, conflicts: [RevertConflict]) {
    try mergeAll()
    let found = conflicts.sorted { $0.path < $1.path }
    return switch try write() {
    case .clean(let tree, _): (tree, found)
    case .alreadyReverted: (ours, found)
    // A file where a folder is: what is there stays.
    case .refused(let more): (ours, found + more)
    }
  }

  private mutating func mergeAll() throws(GitError) {
    let ourChanges = try repository.changes(from: base, to: ours, renames: nil)
    var theirChanges = try repository.changes(from: base, to: theirs, renames: nil)
    if !limits.areNone { theirChanges.removeAll { !limits.covers($0.path) } }
    let our = Dictionary(uniqueKeysWithValues: ourChanges.map { ($0.path, $0) })
    var ourRenames = SideRenames(ourChanges)
    var theirRenames = SideRenames(theirChanges)

    try refuseRenamedFolders(ourChanges, theirChanges, &ourRenames, &theirRenames)
    for change in theirChanges {
      guard let mine = our[change.path] else {
        // Only the revert changes it.
        if edits[change.path] == nil { edits[change.path] = .some(change.new) }
        continue
      }
      if change.status == .deleted || mine.status == .deleted {
        try mergeDeletion(mine, change, &ourRenames, &theirRenames)
      } else {
        try mergeBoth(change.path, base: change.old, mine: mine.new, their: change.new)
      }
    }
  }

  // MARK: - Both sides changed a path

  private mutating func refuse(_ path: String, _ kind: RevertConflict.Kind, _ explanation: String) {
    conflicts.append(RevertConflict(path, kind, explanation))
  }

  private mutating func mergeBoth(
    _ path: String, base: TreeEntry?, mine: TreeEntry?, their: TreeEntry?
  ) throws(GitError) {
    guard let mine, let their, mine != their else { return }
    guard let base else {
      refuse(path, .addedTwice, "the revert brings \(path) back, and another file has been put there since")
      return
    }
    if let merged = try merge(path, base, mine, their), merged != mine { edits[path] = .some(merged) }
  }

  /// The merge of three entries at one place; nil where it is refused.
  private mutating func merge(
    _ path: String, _ base: TreeEntry, _ mine: TreeEntry, _ their: TreeEntry
  ) throws(GitError) -> TreeEntry? {
    if mine == base { return their }
    if their == base || mine == their { return mine }
    let entries = [base, mine, their]
    guard entries.allSatisfy({ $0.kind == .file || $0.kind == .executable }) else {
      refuse(path, .type, "the type of \(path) was changed by later commits, too")
      return nil
    }
    let mode = mine.mode == base.mode ? their.mode : mine.mode
    if mine.id == base.id { return TreeEntry(mode: mode, id: their.id) }
    if their.id == base.id || mine.id == their.id { return TreeEntry(mode: mode, id: mine.id) }
    if let driver = repository.mergeDriver(of: path, at: attributesAt) {
      refuse(
        path, .mergeDriver,
        "\(path) has the merge driver \"\(driver)\" in .gitattributes: only git itself can merge it")
      return nil
    }
    switch try repository.mergeBlobs(base.id, mine.id, their.id) {
    case .merged(let id): return TreeEntry(mode: mode, id: id)
    case .binary: refuse(path, .binary, "\(path) is binary and was changed by later commits, too")
    case .conflict: refuse(path, .content, "later commits changed the same lines of \(path)")
    case .ambiguous:
      refuse(path, .ambiguousContent, "the lines of \(path) can be merged in more than one way")
    }
    if let marker, conflicts.last?.path == path, conflicts.last?.kind != .binary {
      let id = try repository.markConflicts(base.id, mine.id, their.id, theirs: marker)
      edits[path] = .some(TreeEntry(mode: mode, id: id))
    }
    return nil
  }

  // MARK: - Deletions and renames

  private mutating func mergeDeletion(
    _ mine: TreeChange, _ their: TreeChange, _ ourRenames: inout SideRenames,
    _ theirRenames: inout SideRenames
  ) throws(GitError) {
    let path = mine.path
    guard let old = mine.old else { return }
    let ourTarget = mine.status == .deleted ? try ourRenames.target(of: path, repository) : .path(path)
    let theirTarget = their.status == .deleted ? try theirRenames.target(of: path, repository) : .path(path)
    switch (ourTarget, theirTarget) {
    case (.ambiguous, _), (_, .ambiguous):
      refuse(path, .ambiguousRename, "\(path) was renamed, and more than one file could be it")
    case (.none, .none): break
    case (.none, .path):
      refuse(path, .modifiedAndDeleted, "later commits deleted \(path), which the revert would change")
      // A person sees what would be lost.
      if marker != nil, let new = their.new { edits[path] = .some(new) }
    case (.path, .none):
      refuse(path, .modifiedAndDeleted, "later commits changed \(path), which the revert would delete")
    case (.path(let here), .path(let there)):
      if here != path, there != path, here != there {
        refuse(path, .renamed, "\(path) is \(here) now, and the revert would make it \(there)")
        return
      }
      try mergeRenamed(old, here, there, place: here == path ? there : here)
    }
  }

  /// Merges a file that stands at `here` in ours and at `there` in theirs, to `place`.
  private mutating func mergeRenamed(
    _ old: TreeEntry, _ here: String, _ there: String, place: String
  ) throws(GitError) {
    let mine = try repository.entry(at: here, inTree: ours)
    let their = try repository.entry(at: there, in: theirs)
    guard let mine, let their else {
      refuse(here, .renamed, "\(here) was renamed by one side and cannot be found")
      return
    }
    let placeInOurs = try repository.entry(at: place, in: ours)
    let placeInTheirs = try repository.entry(at: place, in: theirs)
    if place != here && placeInOurs != nil || place != there && placeInTheirs != nil {
      refuse(place, .renamed, "the revert would put \(there) at \(place), where another file is")
      return
    }
    // Git keeps a file and what it was turned into apart where one of them was renamed.
    guard mine.mode & 0o170000 == old.mode & 0o170000, their.mode & 0o170000 == old.mode & 0o170000 else {
      refuse(here, .type, "\(here) was renamed by one side and changed into another type by the other")
      return
    }
    guard let merged = try merge(here, old, mine, their) else { return }
    if place != here { edits[here] = .some(nil) }
    edits[place] = .some(merged)
  }

  /// Git moves new files after a folder that the other side renamed, or asks; here a person is asked.
  private mutating func refuseRenamedFolders(
    _ ourChanges: [TreeChange], _ theirChanges: [TreeChange], _ ourRenames: inout SideRenames,
    _ theirRenames: inout SideRenames
  ) throws(GitError) {
    try refuseRenamedFolders(added: theirChanges, other: ourChanges, tree: ours, &ourRenames)
    try refuseRenamedFolders(added: ourChanges, other: theirChanges, tree: theirs, &theirRenames)
  }

  private mutating func refuseRenamedFolders(
    added: [TreeChange], other: [TreeChange], tree: ObjectId?, _ renames: inout SideRenames
  ) throws(GitError) {
    let emptied = Set(other.filter { $0.status == .deleted }.flatMap { RevertMerge.folders(of: $0.path) })
    guard !emptied.isEmpty else { return }
    var known: [String: Bool] = [:]
    for change in added where change.status == .added {
      for folder in RevertMerge.folders(of: change.path) where emptied.contains(folder) {
        if known[folder] == nil {
          let isGone = try repository.entry(at: folder, in: tree) == nil
          known[folder] = isGone ? try renames.mayHaveRenamed(from: folder, repository) : false
        }
        if known[folder] == true {
          refuse(
            change.path, .folderRenamed, "the folder \(folder) was renamed, and \(change.path) is new in it")
          break
        }
      }
    }
  }

  /// All folders above a path, the nearest last.
  private static func folders(of path: String) -> [String] {
    path.indices.filter { path[$0] == "/" }.map { String(path[..<$0]) }
  }

  // MARK: - The tree

  private func write() throws(GitError) -> RevertOutcome {
    let removed = edits.filter { $0.value == nil }.keys.sorted()
    let written = edits.compactMapValues { $0 }.sorted { $0.key < $1.key }
    let cleared = try repository.updatedTree(ours, removing: removed, writing: [])
    var blocked: [RevertConflict] = []
    for (path, _) in written {
      if try repository.entry(at: path, inTree: cleared)?.kind == .folder {
        blocked.append(RevertConflict(path, .fileAndFolder, "\(path) is a folder now"))
      }
      for folder in RevertMerge.folders(of: path) {
        let there = try repository.entry(at: folder, inTree: cleared)
        if let there, there.kind != .folder {
          blocked.append(RevertConflict(folder, .fileAndFolder, "\(folder) is a file now, not a folder"))
        } else if edits[folder]?.flatMap({ $0 }) != nil {
          blocked.append(RevertConflict(folder, .fileAndFolder, "\(folder) would be a file and a folder"))
        }
      }
    }
    guard blocked.isEmpty else { return .refused(blocked) }
    let tree = try repository.updatedTree(cleared, removing: [], writing: written.map { ($0.key, $0.value) })
    return tree == ours ? .alreadyReverted : .clean(tree: tree, paths: edits.keys.sorted())
  }
}
