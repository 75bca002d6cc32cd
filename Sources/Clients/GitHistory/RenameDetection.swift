/// How renames are looked for; the defaults are those of `git diff -M`.
public struct RenameDetection: Sendable, Hashable {
  /// The least similarity, in per cent.
  public var threshold: Int
  /// Beyond this many candidates squared, only exact renames are found; git's `diff.renameLimit`.
  public var limit: Int

  /// A detection with git's defaults.
  public init(threshold: Int = 50, limit: Int = 1000) {
    self.threshold = threshold
    self.limit = limit
  }
}

extension GitRepository {
  /// Joins deletions and additions that are renames, in git's three rounds: the same content, then the only files of
  /// one name, then the most similar ones.
  func detectRenames(in changes: [TreeChange], _ options: RenameDetection) throws(GitError) -> [TreeChange] {
    var search = RenameSearch(changes)
    guard !search.sources.isEmpty, !search.destinations.isEmpty else { return changes }
    search.findExact()
    if options.threshold < 100 {
      let minimum = options.threshold * SimilarityIndex.maximum / 100
      try search.findByName(self, minimum: minimum + (SimilarityIndex.maximum - minimum) / 2)
      try search.findBySimilarity(self, minimum: minimum, limit: options.limit)
    }
    return search.result
  }
}

/// The state of one search.
private struct RenameSearch {
  private let changes: [TreeChange]
  /// Indices of the deletions and the additions.
  let sources: [Int]
  let destinations: [Int]
  // Destination to source and score.
  private var found: [Int: (source: Int, score: Int)] = [:]
  private var usedSources: Set<Int> = []
  private var similarity = SimilarityCache()

  init(_ changes: [TreeChange]) {
    self.changes = changes
    sources = changes.indices.filter { changes[$0].status == .deleted }
    destinations = changes.indices.filter { changes[$0].status == .added }
  }

  private static func baseName(_ path: String) -> Substring {
    path.utf8.lastIndex(of: 0x2F).map { path[path.utf8.index(after: $0)...] } ?? path[...]
  }

  private func sameBaseName(_ source: Int, _ destination: Int) -> Bool {
    RenameSearch.baseName(changes[source].path) == RenameSearch.baseName(changes[destination].path)
  }

  private mutating func join(_ destination: Int, _ source: Int, _ score: Int) {
    found[destination] = (source, score)
    usedSources.insert(source)
  }

  private func isFile(_ entry: TreeEntry?) -> Bool { entry.map { $0.mode & 0o170000 == 0o100000 } ?? false }

  /// The same content, a file of the same name first.
  mutating func findExact() {
    var byId: [ObjectId: [Int]] = [:]
    for source in sources { byId[changes[source].old!.id, default: []].append(source) }
    for destination in destinations {
      let new = changes[destination].new!
      var best: Int?
      // Git looks at no more than about a hundred identical files.
      for source in (byId[new.id] ?? []).prefix(100) where !usedSources.contains(source) {
        let old = changes[source].old!
        guard isFile(old) && isFile(new) || old.mode == new.mode else { continue }
        if sameBaseName(source, destination) {
          best = source
          break
        }
        if best == nil { best = source }
      }
      if let best { join(destination, best, SimilarityIndex.maximum) }
    }
  }

  /// A name that only one deletion and only one addition have.
  mutating func findByName(_ repository: GitRepository, minimum: Int) throws(GitError) {
    func unique(_ candidates: [Int]) -> [Substring: Int?] {
      Dictionary(candidates.map { (RenameSearch.baseName(changes[$0].path), $0) }) { _, _ in nil }
    }
    let from = unique(sources.filter { !usedSources.contains($0) })
    let to = unique(destinations.filter { found[$0] == nil })
    for source in sources {
      let name = RenameSearch.baseName(changes[source].path)
      guard let only = from[name], only == source, let other = to[name], let destination = other else {
        continue
      }
      let score = try score(repository, source, destination, minimum: minimum)
      if score >= minimum { join(destination, source, score) }
    }
  }

  private struct Candidate {
    let source: Int
    let destination: Int
    let score: Int
    let sameName: Bool

    /// Whether this one is to be taken before `other`.
    func precedes(_ other: Candidate) -> Bool {
      score != other.score ? score > other.score : sameName && !other.sameName
    }
  }

  /// All others, the most similar pairs first.
  mutating func findBySimilarity(_ repository: GitRepository, minimum: Int, limit: Int) throws(GitError) {
    let from = sources.filter { !usedSources.contains($0) && isFile(changes[$0].old) }
    let to = destinations.filter { found[$0] == nil && isFile(changes[$0].new) }
    guard !from.isEmpty, !to.isEmpty, from.count * to.count <= limit * limit else { return }
    // Sizes side by side: they alone exclude almost all pairs.
    var sizes: [Int] = []
    for source in from { sizes.append(try similarity.size(repository, changes[source].old!.id)) }
    var candidates: [Candidate] = []
    for destination in to {
      let new = changes[destination].new!.id
      let size = try similarity.size(repository, new)
      // Git keeps the four best of each destination.
      var best: [Candidate] = []
      for (index, source) in from.enumerated()
      where !SimilarityIndex.sizesExclude(sizes[index], size, minimum: minimum) {
        let score = try similarity.score(repository, changes[source].old!.id, new, minimum: minimum)
        guard score >= minimum else { continue }
        let candidate = Candidate(
          source: source, destination: destination, score: score,
          sameName: sameBaseName(source, destination))
        if best.count < 4 {
          best.append(candidate)
        } else if let worst = best.indices.max(by: { best[$0].precedes(best[$1]) }),
          candidate.precedes(best[worst])
        {
          best[worst] = candidate
        }
      }
      candidates += best
    }
    // Swift's sort is stable, as git's is here.
    for candidate in candidates.sorted(by: { $0.precedes($1) })
    where found[candidate.destination] == nil && !usedSources.contains(candidate.source) {
      join(candidate.destination, candidate.source, candidate.score)
    }
  }

  private mutating func score(
    _ repository: GitRepository, _ source: Int, _ destination: Int, minimum: Int
  ) throws(GitError) -> Int {
    guard let old = changes[source].old, let new = changes[destination].new, isFile(old), isFile(new) else {
      return 0
    }
    return try similarity.score(repository, old.id, new.id, minimum: minimum)
  }

  /// The changes with renames joined, where the new path stands.
  var result: [TreeChange] {
    changes.enumerated().compactMap { index, change in
      if usedSources.contains(index) { return nil }
      guard let (source, score) = found[index] else { return change }
      return TreeChange(
        .renamed, change.path, oldPath: changes[source].path, old: changes[source].old, new: change.new,
        similarity: score * 100 / SimilarityIndex.maximum)
    }
  }
}
