/// One tree of git that is asked about many paths: each of its folders is read once, however often.
public final class TreeListing {
  private let repository: GitRepository
  private let root: ObjectId?
  /// The entries of folders that were asked about, by path; nil where there is no such folder.
  private var folders: [String: [String: TreeEntry]?] = [:]
  private var below: [String: [String]] = [:]

  /// The tree `root`; nil is the one without entries.
  public init(_ repository: GitRepository, _ root: ObjectId?) {
    self.repository = repository
    self.root = root == GitRepository.emptyTree ? nil : root
  }

  /// What stands at `path`, or nil where there is nothing.
  public func entry(at path: String) throws(GitError) -> TreeEntry? {
    let (folder, name) = Self.split(path)
    guard !name.isEmpty else { return nil }
    return try entries(of: folder)?[name]
  }

  /// The paths of the files directly in `folder`, in the order of their names.
  public func files(in folder: String) throws(GitError) -> [String] {
    let prefix = folder.isEmpty ? "" : "\(folder)/"
    return (try entries(of: folder) ?? [:]).filter { $0.value.kind == .file || $0.value.kind == .executable }
      .map { prefix + $0.key }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The paths of all that stands below `folder`, in the order of git.
  public func paths(below folder: String) throws(GitError) -> [String] {
    if let known = below[folder] { return known }
    guard let tree = try tree(of: folder) else { return [] }
    let found = try repository.paths(ofTree: tree, prefix: folder.isEmpty ? "" : "\(folder)/")
    below[folder] = found
    return found
  }

  private func entries(of folder: String) throws(GitError) -> [String: TreeEntry]? {
    if let known = folders[folder] { return known }
    guard let tree = try tree(of: folder) else {
      folders[folder] = .some(nil)
      return nil
    }
    var found: [String: TreeEntry] = [:]
    for (name, entry) in try repository.entries(ofTree: tree) {
      found[String(decoding: name, as: UTF8.self)] = entry
    }
    folders[folder] = .some(found)
    return found
  }

  private func tree(of folder: String) throws(GitError) -> ObjectId? {
    if folder.isEmpty { return root }
    let (parent, name) = Self.split(folder)
    guard let entry = try entries(of: parent)?[name], entry.kind == .folder else { return nil }
    return entry.id
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[..<slash]), String(path[path.index(after: slash)...]))
  }
}
