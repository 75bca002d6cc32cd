/// Common ancestors, by the walk of `git merge-base`: both sides are marked downward, newest first, until everything
/// that is left lies below a common ancestor.
private struct CommonAncestors {
  private static let left: UInt8 = 1
  private static let right: UInt8 = 2
  private static let below: UInt8 = 4

  private var marks: [ObjectId: UInt8] = [:]
  private var queue = CommitQueue()
  // How often a commit that is not below a result stands in the queue.
  private var queued: [ObjectId: Int] = [:]
  private var open = 0
  private var results: [ObjectId] = []

  mutating func find(
    _ one: ObjectId, _ others: [ObjectId], _ walk: inout CommitWalk
  ) throws(GitError) -> [ObjectId] {
    try mark(one, CommonAncestors.left, &walk)
    for other in others { try mark(other, CommonAncestors.right, &walk) }
    let both = CommonAncestors.left | CommonAncestors.right
    while open > 0, let id = queue.pop() {
      var mark = marks[id] ?? 0
      if mark & CommonAncestors.below == 0 {
        open -= 1
        queued[id, default: 1] -= 1
      }
      if mark & both == both, mark & CommonAncestors.below == 0 {
        if !results.contains(id) { results.append(id) }
        mark |= CommonAncestors.below
      }
      for parent in try walk.node(id).parents where (marks[parent] ?? 0) & mark != mark {
        try self.mark(parent, mark, &walk)
      }
    }
    return results.filter { (marks[$0] ?? 0) & CommonAncestors.below == 0 }
  }

  private mutating func mark(_ id: ObjectId, _ mark: UInt8, _ walk: inout CommitWalk) throws(GitError) {
    let before = marks[id] ?? 0
    let after = before | mark
    marks[id] = after
    queue.push(id, try walk.node(id).seconds)
    if after & CommonAncestors.below != 0 {
      if before & CommonAncestors.below == 0 { open -= queued.removeValue(forKey: id) ?? 0 }
    } else {
      queued[id, default: 0] += 1
      open += 1
    }
  }
}

extension GitRepository {
  /// All best common ancestors of two commits, as `git merge-base --all`, newest first; empty where histories are
  /// unrelated.
  ///
  /// - Throws: `beyondShallow` where none was found and this clone ends before the place where one can be.
  public func mergeBases(_ one: ObjectId, _ other: ObjectId) throws(GitError) -> [ObjectId] {
    if one == other { return [one] }
    var walk = CommitWalk(self)
    var search = CommonAncestors()
    var bases = try search.find(one, [other], &walk)
    if bases.isEmpty, walk.metShallowEnd {
      throw GitError(
        .beyondShallow, call: "mergeBases",
        "\(one.short) and \(other.short) have no common ancestor in this shallow clone",
        advice: "fetch more history: fetch-depth: 0 in the checkout step, or git fetch --unshallow")
    }
    if bases.count > 1 { bases = try independent(bases, &walk) }
    var dated: [(id: ObjectId, seconds: Int64)] = []
    for base in bases { dated.append((base, try walk.node(base).seconds)) }
    return dated.sorted { $0.seconds > $1.seconds }.map(\.id)
  }

  /// The best common ancestor of two commits, as `git merge-base`; nil where histories are unrelated.
  ///
  /// - Throws: `beyondShallow`, see `mergeBases`.
  public func mergeBase(_ one: ObjectId, _ other: ObjectId) throws(GitError) -> ObjectId? {
    try mergeBases(one, other).first
  }

  /// Those commits that no other of them descends from.
  private func independent(_ ids: [ObjectId], _ walk: inout CommitWalk) throws(GitError) -> [ObjectId] {
    var kept: [ObjectId] = []
    for id in ids {
      var search = CommonAncestors()
      let others = ids.filter { $0 != id }
      if try !search.find(id, others, &walk).contains(id) { kept.append(id) }
    }
    return kept
  }

  /// Whether `ancestor` is `commit` or in its history, as far as this clone holds it.
  public func isAncestor(_ ancestor: ObjectId, of commit: ObjectId) throws(GitError) -> Bool {
    if ancestor == commit { return true }
    var walk = CommitWalk(self)
    if let generation = try walk.node(ancestor).generation {
      return try reaches(ancestor, generation, from: commit, &walk)
    }
    var search = CommonAncestors()
    return try search.find(ancestor, [commit], &walk).contains(ancestor)
  }

  /// By generations: nothing below that of `ancestor` can lead to it.
  private func reaches(
    _ ancestor: ObjectId, _ generation: UInt32, from commit: ObjectId, _ walk: inout CommitWalk
  ) throws(GitError) -> Bool {
    var seen: Set<ObjectId> = [commit]
    var stack = [commit]
    while let id = stack.popLast() {
      for parent in try walk.node(id).parents where seen.insert(parent).inserted {
        if parent == ancestor { return true }
        if let known = try walk.node(parent).generation, known <= generation { continue }
        stack.append(parent)
      }
    }
    return false
  }

  /// Whether a remote-tracking branch holds `commit`: whether it has been pushed, as far as this clone knows.
  public func isPushed(_ commit: ObjectId) throws(GitError) -> Bool {
    let tips = references(matching: "refs/remotes/*").compactMap { reference($0) }
    if tips.contains(commit) { return true }
    guard !tips.isEmpty else { return false }
    var walk = CommitWalk(self)
    var search = CommonAncestors()
    return try search.find(commit, Array(Set(tips)), &walk).contains(commit)
  }

  /// The commits of `from..to`: in the history of `to` and not of `from` (nil: of nothing), newest first.
  ///
  /// - Parameter limit: the most commits to return.
  public func commits(from: ObjectId?, to: ObjectId, limit: Int = .max) throws(GitError) -> [GitCommit] {
    var walk = CommitWalk(self)
    var ids: [ObjectId] = []
    if let from {
      guard from != to else { return [] }
      var range = RangeWalk()
      ids = try range.commits(from: from, to: to, &walk)
    } else {
      var queue = CommitQueue()
      var seen: Set<ObjectId> = [to]
      queue.push(to, try walk.node(to).seconds)
      while ids.count < limit, let id = queue.pop() {
        ids.append(id)
        for parent in try walk.node(id).parents where seen.insert(parent).inserted {
          queue.push(parent, try walk.node(parent).seconds)
        }
      }
    }
    var commits: [GitCommit] = []
    for id in ids.prefix(limit) { commits.append(try commit(id)) }
    return commits
  }
}
