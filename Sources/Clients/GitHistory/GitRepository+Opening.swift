import CLibGit2
import Glibc
import SystemInterfaces

/// Why a repository could not be opened: libgit2 1.5 says "not found" for several causes.
extension GitRepository {
  static func explain(_ code: Int32, _ words: String, opening path: String) -> GitError {
    func error(_ kind: GitError.Kind, _ message: String, _ advice: String) -> GitError {
      GitError(kind, call: "git_repository_open_ext", code: code, message, advice: advice)
    }
    guard let found = nearestRepository(path) else {
      return error(
        .noRepository, "there is no git repository at or above \(path)",
        "run the step inside the repository, or name it with --repo")
    }
    let config = (try? LocalFileSystem().readText("\(found.folder)/config")) ?? ""
    let lowered = config.lowercased()
    if lowered.contains("objectformat") && lowered.contains("sha256") {
      return error(
        .unsupportedRepository, "\(found.root) is a SHA-256 repository, which libgit2 1.5 cannot read",
        "use a clone with SHA-1 objects")
    }
    if words.contains("safe.directory") || code == GIT_EOWNER.rawValue
      || (code == GIT_ENOTFOUND.rawValue && found.owner != geteuid())
    {
      return error(
        .ownedByAnotherUser,
        "\(found.root) belongs to user \(found.owner), and this step runs as user \(geteuid()), so git does not trust it",
        "run: git config --global --add safe.directory \(found.root)")
    }
    if words.contains("extension") || words.contains("repositoryformatversion")
      || words.contains("unsupported repository version") || lowered.contains("refstorage")
    {
      return error(
        .unsupportedRepository, "cannot open \(found.root): \(words)",
        "use a clone without that extension: git clone \(found.root) makes one")
    }
    return error(
      .damaged, "cannot open \(found.root): \(words)", "git -C \(found.root) fsck says what is wrong")
  }

  /// The nearest folder upward that looks like a repository, the folder with git's files, and who owns it.
  private static func nearestRepository(_ start: String) -> (root: String, folder: String, owner: uid_t)? {
    var folder = start
    while true {
      let candidate = folder == "/" ? "/.git" : "\(folder)/.git"
      if let owner = owner(of: candidate) {
        // Of a linked worktree or a submodule, `.git` is a file that names the folder.
        var inner = candidate
        if let text = try? LocalFileSystem().readText(candidate), text.hasPrefix("gitdir: ") {
          inner = String(text.dropFirst("gitdir: ".count).prefix { $0 != "\n" })
          if !inner.hasPrefix("/") { inner = "\(folder)/\(inner)" }
        }
        // git looks at the owner of the work tree and of the folder: the foreign one is the reason.
        let workTreeOwner = self.owner(of: folder) ?? owner
        return (folder, inner, workTreeOwner != geteuid() ? workTreeOwner : owner)
      }
      if owner(of: "\(folder)/HEAD") != nil, owner(of: "\(folder)/objects") != nil,
        let owner = owner(of: folder)
      {
        return (folder, folder, owner)
      }
      guard folder != "/", let slash = folder.lastIndex(of: "/") else { return nil }
      folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
    }
  }

  private static func owner(of path: String) -> uid_t? {
    var found = stat()
    return stat(path, &found) == 0 ? found.st_uid : nil
  }
}
