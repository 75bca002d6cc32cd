import CLibGit2
import Glibc
import SystemInterfaces

/// An open repository. Use it from one thread at a time.
public final class GitRepository {
  let handle: OpaquePointer
  let objects: OpaquePointer
  /// The folder with git's own files, absolute, without a slash at the end.
  public let gitFolder: String
  /// The same folder, or the one that all linked work trees of the repository share.
  public let commonFolder: String
  /// The root of the work tree, absolute, without a slash at the end; nil where the repository is bare.
  public let workTree: String?
  /// The variables that git's identity is read from.
  let environment: Environment
  /// What walks have read of commits, so that the next walk over the same history reads none of them again.
  var walkedCommits: [ObjectId: CommitWalk.Node] = [:]
  /// Git's own index of history, where it has one.
  lazy var commitGraph: CommitGraph? =
    configuration("core.commitgraph") == "false" ? nil : CommitGraph(commonFolder: commonFolder)
  /// Commits whose parents a shallow clone left out.
  let shallowCommits: Set<ObjectId>

  /// Opens the repository at `folder` or the nearest one above it, or the one that `GIT_DIR` and `GIT_WORK_TREE` name
  /// (absolute, or counted from the working directory).
  ///
  /// - Throws: `GitError` of kind `noRepository`, `ownedByAnotherUser` or `unsupportedRepository`, with what to do.
  public init(at folder: String, environment: Environment) throws(GitError) {
    try GitLibrary.start()
    self.environment = environment
    let named = environment.nonEmpty("GIT_DIR")
    let path = named ?? folder
    var opened: OpaquePointer?
    let flags = named == nil ? 0 : GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue
    let code = git_repository_open_ext(&opened, path, flags, nil)
    guard code >= 0, let opened else {
      throw GitRepository.explain(code, GitError.lastMessage(), opening: path)
    }
    handle = opened
    var objects: OpaquePointer?
    let loaded = git_repository_odb(&objects, opened)
    guard loaded >= 0, let objects else {
      let words = GitError.lastMessage()
      git_repository_free(opened)
      throw GitError(
        .damaged, call: "git_repository_odb", code: loaded, "cannot read the objects of \(path): \(words)")
    }
    self.objects = objects
    gitFolder = GitRepository.trimmed(git_repository_path(opened)) ?? path
    if named != nil, let tree = environment.nonEmpty("GIT_WORK_TREE") {
      let code = git_repository_set_workdir(opened, tree, 0)
      guard code >= 0 else {
        let words = GitError.lastMessage()
        git_repository_free(opened)
        throw GitError(
          .files, call: "git_repository_set_workdir", code: code, "GIT_WORK_TREE=\(tree): \(words)")
      }
    }
    workTree = GitRepository.trimmed(git_repository_workdir(opened))
    commonFolder = GitRepository.trimmed(git_repository_commondir(opened)) ?? gitFolder
    shallowCommits = GitRepository.shallowCommits(at: "\(commonFolder)/shallow")
  }

  deinit {
    git_odb_free(objects)
    git_repository_free(handle)
  }

  /// Whether history ends early, as `git clone --depth` leaves it.
  public var isShallow: Bool { !shallowCommits.isEmpty }

  /// Whether there is no work tree.
  public var isBare: Bool { workTree == nil }

  /// Whether objects may be absent because a filter left them out (`git clone --filter`).
  public lazy var isPartial: Bool = configuration("extensions.partialclone") != nil || hasPromisorRemote

  /// The value of `name` in git's configuration, by its rules of precedence.
  public func configuration(_ name: String) -> String? {
    var config: OpaquePointer?
    guard git_repository_config_snapshot(&config, handle) == 0 else { return nil }
    defer { git_config_free(config) }
    var value: UnsafePointer<CChar>?
    guard git_config_get_string(&value, config, name) == 0, let value else { return nil }
    return String(cString: value)
  }

  private var hasPromisorRemote: Bool {
    remoteNames.contains { configuration("remote.\($0).promisor") == "true" }
  }

  /// The remote that has what a filter left out.
  public var promisor: String? {
    configuration("extensions.partialclone")
      ?? remoteNames.first { configuration("remote.\($0).promisor") == "true" }
  }

  /// The names of the remotes, `origin` first where there is one.
  public var remoteNames: [String] {
    var list = git_strarray()
    guard git_remote_list(&list, handle) == 0 else { return [] }
    defer { git_strarray_dispose(&list) }
    let names = (0..<list.count).compactMap { list.strings[$0].map { String(cString: $0) } }
    return names.filter { $0 == "origin" } + names.filter { $0 != "origin" }.sorted()
  }

  private static func trimmed(_ path: UnsafePointer<CChar>?) -> String? {
    guard let path else { return nil }
    var text = String(cString: path)
    while text.count > 1, text.hasSuffix("/") { text.removeLast() }
    return text
  }

  /// A shallow clone's list; empty where there is none.
  private static func shallowCommits(at path: String) -> Set<ObjectId> {
    guard let bytes = try? LocalFileSystem().read(path) else { return [] }
    return Set(String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { ObjectId(hex: $0) })
  }
}
