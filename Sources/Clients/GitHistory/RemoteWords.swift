/// What the words of `git` and of a server mean.
enum RemoteWords {
  /// What the server itself said: hooks, rules, links.
  static func said(by errors: String) -> [String] {
    errors.split(whereSeparator: \.isNewline).compactMap { line in
      guard line.hasPrefix("remote:") else { return nil }
      var text = line.dropFirst("remote:".count)
      while text.last == " " { text.removeLast() }
      while text.first == " " { text.removeFirst() }
      return text.isEmpty ? nil : String(text)
    }
  }

  /// The error of a call that did not end with 0.
  /// - Parameter tried: where the logins come from that were tried.
  static func error(
    _ ending: GitProgram.Ending, what: String, isSSH: Bool, tried: [String]
  ) -> GitError {
    func error(_ kind: GitError.Kind, _ message: String, _ advice: String) -> GitError {
      GitError(kind, call: "git", "cannot \(what): \(message)", advice: advice)
    }
    guard case .ended(_, let output, let errors) = ending else {
      let isMissing = ending == .notFound
      return error(
        isMissing ? .files : .unreachable, GitProgram.words(ending),
        isMissing
          ? "install git, or push the branch from a machine that has it"
          : "check the network and the proxy variables, or allow more with ledger.timeout")
    }
    if let line = output.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix("!\t") }) {
      return refusal(String(line), errors, error)
    }
    let words = errors.split(whereSeparator: \.isNewline).filter { !$0.isEmpty }.suffix(12)
      .joined(separator: " ")
    let lowered = errors.lowercased()
    func says(_ texts: String...) -> Bool { texts.contains { lowered.contains($0) } }
    if says("remote host identification has changed") {
      return error(
        .untrustedRemote,
        "the host key has CHANGED: it is another one than ~/.ssh/known_hosts has (\(hostKey(in: errors)))",
        "somebody may be listening, or the host was set up anew: compare with the fingerprint that it publishes, "
          + "then take the old line out: ssh-keygen -R HOST")
    }
    if says("host key verification failed", "host key is known for", "no matching host key") {
      return error(
        .untrustedRemote, "the host key is unknown: it is not in ~/.ssh/known_hosts (\(words))",
        "compare the fingerprint with the one that the host publishes, then add it: ssh-keyscan HOST >> ~/.ssh/known_hosts"
      )
    }
    if says("error setting certificate", "error reading ca cert") {
      return error(.unreachable, words, "name authorities that can be read: GIT_SSL_CAINFO, http.sslCAInfo")
    }
    if says("certificate", "ssl_error", "tls")
      && says("verif", "problem", "issuer", "expired", "not trusted", "subject name")
    {
      return error(
        .untrustedRemote, words,
        "name the authority's file in GIT_SSL_CAINFO or http.sslCAInfo, and check this machine's clock")
    }
    if says(
      "authentication failed", "could not read username", "could not read password", "permission denied",
      "terminal prompts disabled", "error: 401", "error: 403", "access denied", "unauthorized",
      "permission to",
      "not allowed to", "invalid username or")
    {
      let with = tried.isEmpty ? "" : " (tried \(tried.joined(separator: ", ")))"
      return error(.unauthorized, "\(words)\(with)", loginAdvice(isSSH))
    }
    if says("not found", "does not appear to be a git repository", "does not exist", "no such remote") {
      return error(.unknownRemote, words, "check the address, and that this login may see the repository")
    }
    return error(.unreachable, words, "check the network, the address and the proxy variables")
  }

  /// A reference that the server did not take, as `--porcelain` tells it: `!`, the references, the reason in brackets.
  private static func refusal(
    _ line: String, _ errors: String, _ error: (GitError.Kind, String, String) -> GitError
  ) -> GitError {
    let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
    let reason = parts.count > 2 ? parts[2...].joined(separator: " ") : line
    let server = said(by: errors)
    let words = server.isEmpty ? reason : "\(reason): \(server.joined(separator: "\n  "))"
    let late = [
      "non-fast-forward", "fetch first", "stale info", "failed to update ref", "cannot lock ref",
      "reference already exists", "incorrect old value", "failed to lock", "unable to lock",
    ]
    if late.contains(where: reason.contains) {
      return error(.notFastForward, words, "something else stands there")
    }
    return error(
      .rejected, words,
      "let this login push there, or choose another branch name with --branch that the server's rules take")
  }

  private static func hostKey(in errors: String) -> String {
    errors.split(whereSeparator: { $0.isWhitespace }).first { $0.hasPrefix("SHA256:") }
      .map { String($0.last == "." ? $0.dropLast() : $0) } ?? "no fingerprint"
  }

  static func loginAdvice(_ isSSH: Bool) -> String {
    isSSH
      ? "load a key that may write into the SSH agent, or name its file in BACKSTOP_GIT_SSH_KEY"
      : "give a token that may write: BACKSTOP_GIT_TOKEN, the CI's own token, or git's credential helper; "
        + "in GitHub Actions: permissions: contents: write"
  }
}
