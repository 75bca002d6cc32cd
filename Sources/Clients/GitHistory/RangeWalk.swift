/// The commits of `A..B` by the walk of `git rev-list`, under any clocks.
///
/// Commits are taken newest first by their committers' clocks, which may be wrong: what is below `A` can be met through `B`
/// before the walk knows that it is below `A`. So the walk goes on, as git's does, until nothing that is left can be of the
/// range and a few commits more have shown nothing new, and what turns out to be below `A` takes its ancestors along. Where
/// git's own patience ends too early, so does this one: what is reverted is what git would revert.
struct RangeWalk {
  /// How many commits are looked at although nothing of the range can be left (git's `SLOP`).
  private static let slop = 5

  private var queue = CommitQueue()
  private var seen: Set<ObjectId> = []
  private var excluded: Set<ObjectId> = []
  /// The parents of each commit that was read so far: only through those does an exclusion reach on.
  private var parents: [ObjectId: [ObjectId]] = [:]
  /// What waits in the queue and is not excluded.
  private var waiting: Set<ObjectId> = []

  /// The commits in the order in which git reverts them.
  mutating func commits(
    from: ObjectId, to: ObjectId, _ walk: inout CommitWalk
  ) throws(GitError) -> [ObjectId] {
    var found: [ObjectId] = []
    var slop = RangeWalk.slop
    var newest = Int64.max
    seen = [from, to]
    parents[from] = try walk.node(from).parents
    exclude(from)
    excludeAncestors(of: from)
    try enqueue(to, &walk)
    var next: ObjectId? = from
    while let id = next {
      try addParents(of: id, &walk)
      if excluded.contains(id) {
        excludeAncestors(of: id)
        guard let date = queue.newest else { break }
        slop = newest <= date || !waiting.isEmpty ? RangeWalk.slop : slop - 1
        if slop == 0 { break }
      } else {
        newest = try walk.node(id).seconds
        found.append(id)
      }
      next = queue.pop()
      if let next { waiting.remove(next) }
    }
    return found.filter { !excluded.contains($0) }
  }

  private mutating func enqueue(_ id: ObjectId, _ walk: inout CommitWalk) throws(GitError) {
    let node = try walk.node(id)
    parents[id] = node.parents
    queue.push(id, node.seconds)
    if !excluded.contains(id) { waiting.insert(id) }
  }

  private mutating func addParents(of id: ObjectId, _ walk: inout CommitWalk) throws(GitError) {
    let isExcluded = excluded.contains(id)
    for parent in parents[id] ?? [] {
      if isExcluded {
        exclude(parent)
        parents[parent] = try walk.node(parent).parents
        excludeAncestors(of: parent)
      }
      if seen.insert(parent).inserted { try enqueue(parent, &walk) }
    }
  }

  private mutating func exclude(_ id: ObjectId) {
    excluded.insert(id)
    waiting.remove(id)
  }

  /// All ancestors of `id` that can be reached through commits that were read.
  private mutating func excludeAncestors(of id: ObjectId) {
    var stack = parents[id] ?? []
    while let one = stack.popLast() {
      if excluded.contains(one) { continue }
      exclude(one)
      stack += parents[one] ?? []
    }
  }
}
