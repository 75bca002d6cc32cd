import CLibGit2
import CLibGit2Shims
import Glibc

/// libgit2's start, put off to the first repository that is opened: it costs about 17 ms.
enum GitLibrary {
  private static let failure: String? = {
    guard git_libgit2_init() >= 0 else { return GitError.lastMessage() }
    guard shim_git_use_tls() == 0 else { return GitError.lastMessage() }
    // Objects are named by what was asked for, as git reads them; hashing each anew is for fsck.
    guard shim_git_set_hash_verification(0) == 0 else { return GitError.lastMessage() }
    // Extensions that change nothing about how history is read, and that libgit2 1.5 would refuse:
    // sparse checkouts, worktrees with relative paths, partial clones.
    let names = ["worktreeconfig", "relativeworktrees", "partialclone"]
    let copies = names.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    var pointers = copies.map { UnsafePointer($0) }
    return shim_git_allow_extensions(&pointers, pointers.count) == 0 ? nil : GitError.lastMessage()
  }()

  static func start() throws(GitError) {
    if let failure {
      throw GitError(.other, call: "git_libgit2_init", code: -1, "libgit2 did not start: \(failure)")
    }
  }
}
