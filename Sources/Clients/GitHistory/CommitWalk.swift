import CLibGit2

/// Walks history by its own means: it honours a shallow clone's end, where libgit2 fails.
struct CommitWalk {
  /// What a walk needs of a commit.
  struct Node {
    let seconds: Int64
    let parents: [ObjectId]
    /// Whether the clone ends here.
    var isShallowEnd = false
    /// More than that of every parent; nil where no commit-graph tells it.
    var generation: UInt32?
  }
  private let repository: GitRepository
  /// Whether a commit was met whose parents this clone does not hold.
  private(set) var metShallowEnd = false

  init(_ repository: GitRepository) { self.repository = repository }

  /// Parents and time of a commit; none beyond a shallow clone's end.
  mutating func node(_ id: ObjectId) throws(GitError) -> Node {
    if let known = repository.walkedCommits[id] {
      metShallowEnd = metShallowEnd || known.isShallowEnd
      return known
    }
    if let known = repository.commitGraph?.entry(id) {
      let node = Node(
        seconds: known.seconds, parents: known.parents,
        generation: known.generation > 0 ? known.generation : nil)
      repository.walkedCommits[id] = node
      return node
    }
    var raw = id.raw
    var object: OpaquePointer?
    let code = git_odb_read(&object, repository.objects, &raw)
    guard code >= 0 else {
      throw repository.missingObject(code, "git_odb_read", "read commit \(id.short)", id)
    }
    defer { git_odb_object_free(object) }
    let bytes = UnsafeRawBufferPointer(start: git_odb_object_data(object), count: git_odb_object_size(object))
    guard git_odb_object_type(object) == GIT_OBJECT_COMMIT, let read = CommitWalk.parse(bytes) else {
      throw GitError(.damaged, call: "git_odb_read", "object \(id) is not a commit", advice: "run git fsck")
    }
    var node = read
    if repository.shallowCommits.contains(id) {
      metShallowEnd = true
      node = Node(seconds: read.seconds, parents: [], isShallowEnd: true)
    }
    repository.walkedCommits[id] = node
    return node
  }

  /// Reads the header lines `parent <id>` and `committer <name> <email> <seconds> <zone>`.
  private static func parse(_ bytes: UnsafeRawBufferPointer) -> Node? {
    var parents: [ObjectId] = []
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      let line = bytes[start..<end]
      start = end + 1
      if line.isEmpty { return nil }
      if line.starts(with: "parent ".utf8) {
        guard let id = ObjectId(digits: line.dropFirst(7)) else { return nil }
        parents.append(id)
      } else if line.starts(with: "committer ".utf8) {
        let words = line[(line.lastIndex(of: UInt8(ascii: ">")).map { $0 + 1 } ?? line.startIndex)...]
          .split(separator: UInt8(ascii: " "))
        let seconds = words.first.flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
        return Node(seconds: seconds ?? 0, parents: parents)
      }
    }
    return nil
  }
}

/// Commits by time, the newest first; of the same second, the one that came first.
struct CommitQueue {
  private var heap: [(seconds: Int64, order: Int, id: ObjectId)] = []
  private var count = 0

  /// The time of the commit that comes next.
  var newest: Int64? { heap.first?.seconds }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    let (one, two) = (heap[left], heap[right])
    return one.seconds != two.seconds ? one.seconds > two.seconds : one.order < two.order
  }

  mutating func push(_ id: ObjectId, _ seconds: Int64) {
    heap.append((seconds, count, id))
    count += 1
    var index = heap.count - 1
    while index > 0, precedes(index, (index - 1) / 2) {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func pop() -> ObjectId? {
    guard let top = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return top.id }
    heap[0] = last
    var index = 0
    while true {
      var best = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count && precedes(child, best) {
        best = child
      }
      guard best != index else { return top.id }
      heap.swapAt(index, best)
      index = best
    }
  }
}
