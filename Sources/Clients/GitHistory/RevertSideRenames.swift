/// Where the files went that one side of a merge deleted, as far as that is certain.
///
/// Git pairs deletions with additions greedily, and leaves out deletions that cannot matter; so a pair is taken here
/// only where no other deletion and no other addition could have been paired instead.
struct SideRenames {
  enum Target: Hashable {
    /// Nothing that was added is like it.
    case none
    /// It is at this path now.
    case path(String)
    /// Several files could be it.
    case ambiguous
  }

  private let deleted: [TreeChange]
  private let added: [TreeChange]
  private let deletedIds: [ObjectId: Int]
  private let addedIds: [ObjectId: Int]
  private var similarity = SimilarityCache()
  private static let minimum = SimilarityIndex.maximum / 2
  // Git joins files of a unique name from 75 % on, before it looks at all others.
  private static let minimumOfName = SimilarityIndex.maximum * 3 / 4
  // The empty blob: git's merge never takes an empty file for a renamed one.
  private static let empty = ObjectId(hex: "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")

  /// - Parameter changes: of the side, without rename detection.
  init(_ changes: [TreeChange]) {
    deleted = changes.filter { $0.status == .deleted && $0.old?.id != SideRenames.empty }
    added = changes.filter { $0.status == .added && $0.new?.id != SideRenames.empty }
    deletedIds = Dictionary(deleted.compactMap { $0.old.map { ($0.id, 1) } }, uniquingKeysWith: +)
    addedIds = Dictionary(added.compactMap { $0.new.map { ($0.id, 1) } }, uniquingKeysWith: +)
  }

  private static func isFile(_ entry: TreeEntry?) -> Bool {
    entry?.kind == .file || entry?.kind == .executable
  }

  /// Where the deleted file `path` went.
  mutating func target(of path: String, _ repository: GitRepository) throws(GitError) -> Target {
    guard let source = deleted.first(where: { $0.path == path }), let old = source.old else { return .none }
    if let copies = addedIds[old.id] {
      guard copies == 1, deletedIds[old.id] == 1,
        let new = added.first(where: { $0.new?.id == old.id }), let entry = new.new
      else { return .ambiguous }
      return SideRenames.isFile(old) == SideRenames.isFile(entry) ? .path(new.path) : .none
    }
    guard SideRenames.isFile(old) else { return .none }
    var candidates: [TreeChange] = []
    for new in added where SideRenames.isFile(new.new) {
      guard let entry = new.new, deletedIds[entry.id] == nil else { continue }
      let score = try similarity.score(repository, old.id, entry.id, minimum: SideRenames.minimum)
      if score >= SideRenames.minimumOfName, isOnlyPair(of: path, new.path) { return .path(new.path) }
      if score >= SideRenames.minimum { candidates.append(new) }
    }
    guard let only = candidates.first, let entry = only.new else { return .none }
    guard candidates.count == 1 else { return .ambiguous }
    for other in deleted where other.path != path && SideRenames.isFile(other.old) {
      guard let rival = other.old, addedIds[rival.id] == nil else { continue }
      let score = try similarity.score(repository, rival.id, entry.id, minimum: SideRenames.minimum)
      if score >= SideRenames.minimum { return .ambiguous }
    }
    return .path(only.path)
  }

  private static func baseName(_ path: String) -> Substring {
    path.utf8.lastIndex(of: 0x2F).map { path[path.utf8.index(after: $0)...] } ?? path[...]
  }

  /// Whether both have one name, and no other deletion and addition has it.
  private func isOnlyPair(of old: String, _ new: String) -> Bool {
    let name = SideRenames.baseName(old)
    guard name == SideRenames.baseName(new) else { return false }
    return deleted.filter { SideRenames.baseName($0.path) == name }.count == 1
      && added.filter { SideRenames.baseName($0.path) == name }.count == 1
  }

  /// Whether anything that was deleted below `folder` could have been renamed.
  mutating func mayHaveRenamed(from folder: String, _ repository: GitRepository) throws(GitError) -> Bool {
    for source in deleted where source.path.hasPrefix(folder + "/") {
      if try target(of: source.path, repository) != .none { return true }
    }
    return false
  }
}
