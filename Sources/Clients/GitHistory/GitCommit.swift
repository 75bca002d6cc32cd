import CLibGit2

/// A commit, as much of it as steps ask for.
public struct GitCommit: Sendable, Hashable {
  /// Who did it, and when.
  public struct Signature: Sendable, Hashable {
    /// The person's name.
    public var name: String
    /// The person's address.
    public var email: String
    /// Seconds since 1970.
    public var seconds: Int64
    /// The time zone, in minutes east of Greenwich.
    public var offsetMinutes: Int32

    /// A signature as given.
    public init(name: String, email: String, seconds: Int64, offsetMinutes: Int32 = 0) {
      self.name = name
      self.email = email
      self.seconds = seconds
      self.offsetMinutes = offsetMinutes
    }
  }
  /// The commit's id.
  public let id: ObjectId
  /// Its parents, first parent first. Of a shallow clone's last commits: what the commit itself names, present or not.
  public let parents: [ObjectId]
  /// The tree that it holds.
  public let tree: ObjectId
  /// Who wrote the change.
  public let author: Signature
  /// Who made the commit.
  public let committer: Signature
  /// The first paragraph of the message on one line.
  public let summary: String
  /// The whole message.
  public let message: String

  /// Whether it joins several lines of history.
  public var isMerge: Bool { parents.count > 1 }
}

extension GitCommit.Signature {
  init(_ signature: UnsafePointer<git_signature>?) {
    guard let signature = signature?.pointee else {
      self.init(name: "", email: "", seconds: 0)
      return
    }
    self.init(
      name: signature.name.map { String(cString: $0) } ?? "",
      email: signature.email.map { String(cString: $0) } ?? "",
      seconds: signature.when.time, offsetMinutes: Int32(signature.when.offset))
  }
}

extension GitCommit {
  fileprivate static func parents(_ handle: OpaquePointer?) -> [ObjectId] {
    (0..<git_commit_parentcount(handle)).compactMap { index in
      git_commit_parent_id(handle, index).map { ObjectId($0) }
    }
  }

  /// As the commit itself has them: libgit2 from 1.7 on leaves out those that a shallow clone does not have.
  fileprivate static func namedParents(_ handle: OpaquePointer?) -> [ObjectId] {
    let header = git_commit_raw_header(handle).map { String(cString: $0) } ?? ""
    return header.split(separator: "\n").filter { $0.hasPrefix("parent ") }
      .compactMap { ObjectId(hex: String($0.dropFirst(7))) }
  }
}

extension GitRepository {
  /// The commit `id`.
  ///
  /// - Throws: `beyondShallow`, `notFetched` or `unknownRevision` where the clone does not have it.
  public func commit(_ id: ObjectId) throws(GitError) -> GitCommit {
    var raw = id.raw
    var handle: OpaquePointer?
    let code = git_commit_lookup(&handle, self.handle, &raw)
    guard code >= 0 else { throw missingObject(code, "git_commit_lookup", "read commit \(id.short)", id) }
    defer { git_commit_free(handle) }
    let parents = shallowCommits.contains(id) ? GitCommit.namedParents(handle) : GitCommit.parents(handle)
    guard let tree = git_commit_tree_id(handle) else {
      throw GitError(.damaged, call: "git_commit_tree_id", "commit \(id) has no tree")
    }
    return GitCommit(
      id: id, parents: parents, tree: ObjectId(tree),
      author: GitCommit.Signature(git_commit_author(handle)),
      committer: GitCommit.Signature(git_commit_committer(handle)),
      summary: git_commit_summary(handle).map { String(cString: $0) } ?? "",
      message: git_commit_message(handle).map { String(cString: $0) } ?? "")
  }

  /// The error of an object that this clone was found not to have.
  func absentObject(_ what: String, _ id: ObjectId) -> GitError {
    missingObject(GIT_ENOTFOUND.rawValue, "git_odb_exists", what, id)
  }

  /// The error of an object that history names and this clone may not have.
  func missingObject(
    _ code: Int32, _ call: String, _ what: String, _ id: ObjectId? = nil
  ) -> GitError {
    let words = GitError.lastMessage()
    guard code == GIT_ENOTFOUND.rawValue else {
      return GitError(.damaged, call: call, code: code, "cannot \(what): \(words)", advice: "run git fsck")
    }
    if isPartial {
      return GitError(
        .notFetched, call: call, code: code,
        "cannot \(what): this clone is partial (--filter) and did not fetch it",
        advice: "run the git command that needs it once (git show), or check out without a filter", object: id
      )
    }
    if isShallow {
      return GitError(
        .beyondShallow, call: call, code: code, "cannot \(what): this clone is shallow and ends before it",
        advice: "fetch more history: git fetch --unshallow, or fetch-depth: 0 in the checkout step")
    }
    return GitError(
      .missingObject, call: call, code: code, "cannot \(what): this clone does not hold it (\(words))",
      advice: "git fsck --connectivity-only lists what is missing; fetch it anew, or make another clone")
  }
}
