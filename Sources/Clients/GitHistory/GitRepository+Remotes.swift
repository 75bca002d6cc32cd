import CLibGit2
import CLibGit2Shims
import Glibc

/// Fetching and pushing. Each call blocks until the remote has answered.
extension GitRepository {
  /// Makes an empty repository without a work tree at `folder`, or leaves the one that is there.
  public static func createBare(at folder: String) throws(GitError) {
    try GitLibrary.start()
    var made: OpaquePointer?
    let code = git_repository_init(&made, folder, 1)
    git_repository_free(made)
    try GitError.check(
      code, "git_repository_init", "make \(folder)", missing: .files, advice: writingAdvice)
  }

  /// The addresses of the remote `name`, with git's `insteadOf` applied; the second is where it is pushed to.
  /// - Throws: `unknownRemote` with the names that there are.
  public func remoteAddress(_ name: String) throws(GitError) -> (fetch: String, push: String) {
    var remote: OpaquePointer?
    let code = git_remote_lookup(&remote, handle, name)
    defer { git_remote_free(remote) }
    guard code >= 0, let url = git_remote_url(remote) else {
      let names = remoteNames
      throw GitError(
        .unknownRemote, call: "git_remote_lookup", code: code,
        "there is no remote \(name) in \(workTree ?? gitFolder)",
        advice: names.isEmpty
          ? "add one: git remote add \(name) ADDRESS, or name an address"
          : "the remotes are: \(names.joined(separator: ", "))")
    }
    let fetch = String(cString: url)
    return (fetch, git_remote_pushurl(remote).map { String(cString: $0) } ?? fetch)
  }

  /// The values in git's configuration whose names match a regular expression, by name.
  public func configurations(matching pattern: String) -> [(name: String, value: String)] {
    var config: OpaquePointer?
    guard git_repository_config_snapshot(&config, handle) == 0 else { return [] }
    defer { git_config_free(config) }
    var iterator: OpaquePointer?
    guard git_config_iterator_glob_new(&iterator, config, pattern) == 0 else { return [] }
    defer { git_config_iterator_free(iterator) }
    var found: [(name: String, value: String)] = []
    var entry: UnsafeMutablePointer<git_config_entry>?
    while git_config_next(&entry, iterator) == 0, let name = entry?.pointee.name {
      found.append((String(cString: name), entry?.pointee.value.map { String(cString: $0) } ?? ""))
    }
    return found
  }

  /// Fetches by `refspec` from `url`.
  /// - Parameter prunes: whether references that the remote no longer has go.
  /// - Throws: `unreachable`, `unauthorized`, `untrustedRemote`, `unknownRemote`.
  public func fetch(
    _ refspec: String, from url: String, _ access: RemoteAccess, prunes: Bool = false
  ) throws(GitError) {
    var options = git_fetch_options()
    git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION))
    options.prune = prunes ? GIT_FETCH_PRUNE : GIT_FETCH_NO_PRUNE
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
    options.update_fetchhead = 0
    options.proxy_opts.type = GIT_PROXY_AUTO
    let callbacks = RemoteCallbacks(url: url, logins: access.logins)
    callbacks.fill(&options.callbacks)
    let code = try withRemote(url, refspec, access) { remote, refspecs, headers in
      options.custom_headers = headers
      return git_remote_fetch(remote, &refspecs, &options, nil)
    }
    if code < 0 { throw callbacks.error(code, "git_remote_fetch", "fetch from \(url)") }
  }

  /// Pushes by `refspec` to `url`; what the remote had there before, nil where it had nothing.
  /// - Throws: `notFastForward` where somebody else pushed first; `rejected` where the server does not take it; else
  ///   as `fetch`.
  @discardableResult
  public func push(
    _ refspec: String, to url: String, _ access: RemoteAccess
  ) throws(GitError) -> ObjectId? {
    var options = git_push_options()
    git_push_options_init(&options, UInt32(GIT_PUSH_OPTIONS_VERSION))
    options.proxy_opts.type = GIT_PROXY_AUTO
    let callbacks = RemoteCallbacks(url: url, logins: access.logins)
    callbacks.fill(&options.callbacks)
    let code = try withRemote(url, refspec, access) { remote, refspecs, headers in
      options.custom_headers = headers
      return git_remote_push(remote, &refspecs, &options)
    }
    if code < 0 { throw callbacks.error(code, "git_remote_push", "push to \(url)") }
    guard let refusal = callbacks.refusal else { return callbacks.oldValue }
    // The server compares the old value: whoever pushed meanwhile makes it fail in one of these words.
    let lateWords = [
      "non-fast-forward", "fetch first", "failed to update ref", "failed to lock", "cannot lock ref",
      "stale info",
      "already exists", "reference already exists", "incorrect old value",
    ]
    guard !lateWords.contains(where: refusal.contains) else {
      throw GitError(.notFastForward, call: "git_remote_push", "cannot push to \(url): \(refusal)")
    }
    throw GitError(
      .rejected, call: "git_remote_push", "\(url) does not take \(refspec): \(refusal)",
      advice:
        "let this login write there, keep the ledger under a branch or a note (policy: ledger: { kept-as: branch } or "
        + "notes), or name another repository with --ledger-remote")
  }

  private func withRemote(
    _ url: String, _ refspec: String, _ access: RemoteAccess,
    _ body: (OpaquePointer?, inout git_strarray, git_strarray) -> Int32
  ) throws(GitError) -> Int32 {
    var remote: OpaquePointer?
    let code = git_remote_create_anonymous(&remote, handle, url)
    guard code >= 0 else {
      throw RemoteCallbacks(url: url, logins: []).error(
        code, "git_remote_create_anonymous", "use the remote \(url)")
    }
    defer { git_remote_free(remote) }
    // The connections of the call are made on this thread.
    let authorities = (access.authorities.map { strdup($0) }, access.authoritiesFolder.map { strdup($0) })
    shim_git_set_authorities(authorities.0 ?? nil, authorities.1 ?? nil)
    defer {
      shim_git_set_authorities(nil, nil)
      free(authorities.0 ?? nil)
      free(authorities.1 ?? nil)
    }
    return CStrings.with([refspec]) { refspecs in
      CStrings.with(access.headers) { headers in body(remote, &refspecs, headers) }
    }
  }
}

/// Lists of text as libgit2 takes them.
enum CStrings {
  static func with<Result>(_ texts: [String], _ body: (inout git_strarray) -> Result) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
    defer { pointers.forEach { free($0) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
      var list = git_strarray(strings: buffer.baseAddress, count: buffer.count)
      return body(&list)
    }
  }
}
