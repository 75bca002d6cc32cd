import DeploymentConfig
import DeploymentLedger
import DeploymentRecords
import GitHistory
import HTTPTransport
import Redaction
import Reporting
import StepResults
import SystemInterfaces

/// The ledger's remote, as a session finds it and logs in to it.
extension StepSession {
  /// Whether this run fetches and pushes the ledger.
  public var pushesLedger: Bool { common.pushLedger || policy.ledger.isPushed }

  /// The name or the address of the ledger's remote.
  var ledgerRemoteName: String { common.ledgerRemote ?? policy.ledger.remote }

  /// Fetches the trails of all environments from the ledger's remote.
  public func fetchLedger() async throws { try await withLedgerSync { try await $0.fetch() } }

  /// Runs `body` with what keeps this environment's trail and the remote's together. Where the remote wants another login, git's
  /// credential helper is asked once.
  func withLedgerSync<Result>(_ body: (LedgerSync) async throws -> Result) async throws -> Result {
    guard let ledger = try ledger() else { throw StepSession.noRepository(context) }
    var remote = try ledgerRemote()
    func sync() -> LedgerSync {
      LedgerSync(
        ledger, remote, files: context.files, clock: context.clock, random: context.random,
        notice: { [remarks, progress] notice, words in
          remarks.add(Finding(notice.rawValue, .warning, words, subject: words))
          // A record may be written already.
          progress.say("warning: \(words)")
        })
    }
    do {
      return try await body(sync())
    } catch let error as GitError where error.kind == .unauthorized {
      guard let login = await askCredentialHelper(remote.pushURL) else { throw error }
      remote.access.logins = [login]
      return try await body(sync())
    }
  }

  private func ledgerRemote() throws -> LedgerRemote {
    let name = ledgerRemoteName
    let (addresses, access) = try remoteAccess(name)
    return LedgerRemote(
      name: name, fetchURL: addresses.fetch, pushURL: addresses.push, access: access,
      timeout: policy.ledger.timeout, namespace: StepSession.namespace(policy.ledger.place))
  }

  private static func namespace(_ place: LedgerPolicy.Place) -> String {
    switch place {
    case .refs: "refs/backstop"
    case .branch: "refs/heads/backstop-ledger"
    case .notes: "refs/notes/backstop"
    }
  }

  /// The addresses of a remote, by its name or as they are, and what there is to log in with.
  func remoteAccess(
    _ name: String
  ) throws -> (addresses: (fetch: String, push: String), access: RemoteAccess) {
    let repository = try repository()
    let isAddress = name.contains("/") || name.contains(":")
    let address = name.hasPrefix("/") ? "file://\(name)" : name
    let addresses = isAddress ? (fetch: address, push: address) : try repository.remoteAddress(name)
    let files = context.files
    var access = RemoteLogins.access(
      to: addresses.push, environment: context.environment,
      configurations: repository.configurations(matching: "^(http\\..*|core\\.sshcommand)$"),
      exists: { files.exists($0) })
    if addresses.push.hasPrefix("https://"), access.authorities == nil, access.authoritiesFolder == nil,
      let named = trustedAuthorities().general
    {
      if let problem = named.problem {
        throw StepFailure(
          .unavailable, "cannot speak to \(name): \(problem)",
          advice: "name authorities that are there, or take the setting out")
      }
      access.authorities = named.file
      access.authoritiesFolder = named.folder.map { folders in
        folders.split(separator: ":").filter { context.files.exists(String($0)) }.joined(separator: ":")
      }
    }
    for header in access.headers {
      redactor.learn(header.split(separator: " ").last.map(String.init) ?? header)
    }
    return (addresses, access)
  }

  /// What `git credential fill` knows of an address; nil where git is not there or knows nothing.
  private func askCredentialHelper(_ url: String) async -> RemoteLogin? {
    guard url.hasPrefix("https://") || url.hasPrefix("http://"), let root = repositoryRoot else { return nil }
    var environment = context.environment
    // Nobody sits there to answer.
    environment.variables["GIT_TERMINAL_PROMPT"] = "0"
    environment.variables["GIT_ASKPASS"] = environment["GIT_ASKPASS"] ?? "true"
    let outcome = await context.processes.run(
      ProcessRequest(
        "git", ["-C", root, "credential", "fill"], environment: environment,
        input: Array("url=\(url)\n\n".utf8), timeout: .seconds(20)))
    guard case .ended(0, let output, _) = outcome else { return nil }
    var found: [String: String] = [:]
    for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
      let sides = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if sides.count == 2 { found[String(sides[0])] = String(sides[1]) }
    }
    guard let user = found["username"], let password = found["password"], !password.isEmpty else {
      return nil
    }
    redactor.learn(password)
    return .password(user: user, password: password, source: "git's credential helper")
  }
}
