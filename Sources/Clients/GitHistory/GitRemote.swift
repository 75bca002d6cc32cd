import SystemInterfaces

/// One remote, as the `git` program speaks to it: with git's own configuration, and with the logins that this run has.
public struct GitRemote: Sendable {
  private let git: GitProgram
  /// As git is told it: a name, so that no address with a password stands on a command line.
  public let name: String
  private let url: String
  private let access: RemoteAccess
  private let environment: Environment
  private let sshCommand: String?
  private let askPass: String?

  /// - Parameters:
  ///   - name: the name, or the address where it has none.
  ///   - url: the address, for messages and for what logs in to it.
  ///   - sshCommand: `core.sshCommand` of git's configuration.
  ///   - askPass: a program that prints `BACKSTOP_LOGIN_PASSPHRASE`, where a key has a passphrase.
  public init(
    _ git: GitProgram, name: String, url: String, access: RemoteAccess, environment: Environment,
    sshCommand: String?, askPass: String?
  ) {
    self.git = git
    self.name = name
    self.url = url
    self.access = access
    self.environment = environment
    self.sshCommand = sshCommand
    self.askPass = askPass
  }

  /// What a push came to.
  public enum Pushed: Hashable, Sendable {
    /// The remote has taken it; `words` is what it said beside that.
    case taken(words: [String])
    /// It was there already.
    case alreadyThere
  }

  /// Pushes `commit` to `reference`, never by force.
  ///
  /// - Throws: `notFastForward` where something else stands there, `rejected` with the server's own words, `unauthorized`,
  ///   `untrustedRemote`, `unknownRemote`, `unreachable`; `CancellationError`.
  public func push(_ commit: ObjectId, to reference: String) async throws -> Pushed {
    let arguments = [
      "push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", name,
      "\(commit.hex):\(reference)",
    ]
    let output: GitProgram.Output
    do {
      output = try await speak(arguments, what: "push to \(shown)")
    } catch let error as GitError where error.kind == .unreachable {
      // The answer may be what was lost.
      guard try await tip(of: reference, orElse: error) == commit else { throw error }
      return .taken(words: [])
    }
    if output.lines.contains(where: { $0.hasPrefix("=\t") }) { return .alreadyThere }
    return .taken(words: RemoteWords.said(by: output.errors))
  }

  private func tip(of reference: String, orElse error: GitError) async throws -> ObjectId? {
    do {
      return try await tip(of: reference)
    } catch is GitError {
      throw error
    }
  }

  /// The commit that the remote has under `reference`; nil where it has none.
  public func tip(of reference: String) async throws -> ObjectId? {
    let output = try await speak(["ls-remote", "--quiet", name, reference], what: "look at \(shown)")
    return output.lines.first { $0.hasSuffix("\t\(reference)") }.flatMap { line in
      ObjectId(hex: String(line.prefix { $0 != "\t" }))
    }
  }

  /// Fetches by `refspec`.
  public func fetch(_ refspec: String) async throws {
    _ = try await speak(
      ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", name, refspec],
      what: "fetch \(refspec) from \(shown)")
  }

  /// Brings objects that a partial clone left out.
  public func fetchMissing(_ ids: [ObjectId]) async throws {
    _ = try await speak(
      [
        "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no",
        "--filter=blob:none",
        "--stdin", name,
      ], what: "fetch \(counted(ids.count, "object")) that this partial clone left out from \(shown)",
      settings: ["fetch.negotiationAlgorithm=noop"], input: Array(ids.map { "\($0.hex)\n" }.joined().utf8))
  }

  /// The address without what logs in.
  private var shown: String {
    guard let mark = url.firstRange(of: "://"),
      let at = url[mark.upperBound...].prefix(while: { $0 != "/" }).lastIndex(of: "@")
    else { return url }
    return String(url[..<mark.upperBound] + url[url.index(after: at)...])
  }

  // MARK: - Logging in

  /// One call, with each login that there is until one is taken.
  private func speak(
    _ arguments: [String], what: String, settings: [String] = [], input: [UInt8] = []
  ) async throws -> GitProgram.Output {
    var last: GitError?
    var tried: [String] = []
    for attempt in attempts {
      if let source = attempt.source { tried.append(source) }
      switch await git.run(
        arguments, settings: settings + attempt.settings, variables: attempt.variables, input: input)
      {
      case .success(let output): return output
      case .failure(let error):
        if error.ending == .cancelled { throw CancellationError() }
        let failure = RemoteWords.error(error.ending, what: what, isSSH: isSSH, tried: tried)
        guard failure.kind == .unauthorized else { throw failure }
        last = failure
      }
    }
    throw last ?? GitError(.unauthorized, call: "git", "cannot \(what): there was nothing to log in with")
  }

  private struct Attempt {
    var source: String?
    var settings: [String] = []
    var variables: [String: String] = [:]
  }

  private var isSSH: Bool { url.hasPrefix("ssh://") || !url.contains("://") && !url.hasPrefix("/") }

  private var attempts: [Attempt] {
    guard !isSSH else { return [Attempt(variables: sshVariables)] }
    var authorities: [String: String] = [:]
    if let file = access.authorities { authorities["GIT_SSL_CAINFO"] = file }
    // git takes one.
    if let folder = access.authoritiesFolder?.split(separator: ":").first {
      authorities["GIT_SSL_CAPATH"] = String(folder)
    }
    var attempts: [Attempt] = []
    for login in access.logins {
      guard case .password(let user, let password, let source) = login else { continue }
      // Variables rather than arguments, which others of the machine can read.
      let helper =
        #"credential.helper=!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$BACKSTOP_LOGIN_USER" "$BACKSTOP_LOGIN_PASSWORD"; }; f"#
      attempts.append(
        Attempt(
          source: source,
          settings: ["credential.helper=", helper] + access.headerSettings.map { "\($0)=" },
          variables: authorities.merging([
            "BACKSTOP_LOGIN_USER": user, "BACKSTOP_LOGIN_PASSWORD": password,
          ]) { $1 }))
    }
    // At last as git itself would: the address, a header that a checkout left, the credential helper.
    return attempts + [Attempt(variables: authorities)]
  }

  /// ssh as the person configured it, except that nobody is asked and an unknown host is never trusted.
  private var sshVariables: [String: String] {
    var words =
      environment.nonEmpty("GIT_SSH_COMMAND") ?? sshCommand ?? environment.nonEmpty("GIT_SSH") ?? "ssh"
    var variables: [String: String] = [:]
    func option(_ text: String) { words += " -o \(GitRemote.quoted(text))" }
    option("StrictHostKeyChecking=yes")
    option("PasswordAuthentication=no")
    option("KbdInteractiveAuthentication=no")
    option("ConnectTimeout=20")
    if let home = environment.nonEmpty("HOME") {
      // ssh asks the system where the person's home is, and containers give HOME another folder.
      option("UserKnownHostsFile=\(home)/.ssh/known_hosts ~/.ssh/known_hosts")
    }
    var passphrase: String?
    for login in access.logins {
      guard case .key(let path, let secret, _) = login else { continue }
      words += " -i \(GitRemote.quoted(path))"
      passphrase = passphrase ?? secret
    }
    if let passphrase, let askPass {
      variables["SSH_ASKPASS"] = askPass
      variables["SSH_ASKPASS_REQUIRE"] = "force"
      variables["BACKSTOP_LOGIN_PASSPHRASE"] = passphrase
    } else {
      option("BatchMode=yes")
    }
    variables["GIT_SSH_COMMAND"] = words
    return variables
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.replacing("'", with: #"'\''"#) + "'"
  }
}
