import GitHistory
import StepResults
import StepRuntime
import SystemInterfaces

/// Signs commits as the repository asks: `commit.gpgsign`, `gpg.format`, `user.signingkey`, through the programs that git
/// itself would call.
struct CommitSigner {
  /// What the repository asks for.
  struct Wish: Hashable, Sendable {
    enum Format: String, Hashable, Sendable, CaseIterable { case openpgp, ssh, x509 }
    var format: Format
    var program: String
    /// nil leaves it to the program.
    var key: String?
    var committer: String
  }
  private let session: StepSession
  private let repository: GitRepository

  init(_ session: StepSession, _ repository: GitRepository) {
    self.session = session
    self.repository = repository
  }

  /// The signature of a commit's text; nil where the repository does not ask for one.
  /// - Throws: `refused` where it asks and none can be made.
  func signature(of text: [UInt8], committer: GitCommit.Signature) async throws -> String? {
    guard let wish = try wish(committer) else { return nil }
    return try await sign(text, wish)
  }

  private func wish(_ committer: GitCommit.Signature) throws -> Wish? {
    guard CommitSigner.isTrue(repository.configuration("commit.gpgsign")) else { return nil }
    let named = repository.configuration("gpg.format") ?? "openpgp"
    guard let format = Wish.Format(rawValue: named.lowercased()) else {
      throw StepFailure(
        .refused, "commits are to be signed, and gpg.format=\(named) is no format that git knows",
        advice: "git config gpg.format openpgp, ssh or x509")
    }
    let program: String =
      switch format {
      case .openpgp:
        repository.configuration("gpg.openpgp.program") ?? repository.configuration("gpg.program") ?? "gpg"
      case .ssh: repository.configuration("gpg.ssh.program") ?? "ssh-keygen"
      case .x509: repository.configuration("gpg.x509.program") ?? "gpgsm"
      }
    return Wish(
      format: format, program: program, key: repository.configuration("user.signingkey"),
      committer: "\(committer.name) <\(committer.email)>")
  }

  /// Git's words for yes.
  static func isTrue(_ value: String?) -> Bool {
    guard let value = value?.lowercased() else { return false }
    return ["true", "yes", "on", "1"].contains(value)
  }

  private func sign(_ text: [UInt8], _ wish: Wish) async throws -> String {
    switch wish.format {
    case .ssh: return try await signBySSH(text, wish)
    case .openpgp, .x509:
      let output = try await run(
        wish.program, ["--status-fd=2", "-bsau", wish.key ?? wish.committer], wish, input: text)
      return try checked(output.bytes, "BEGIN", wish, output.errors)
    }
  }

  /// `ssh-keygen -Y sign` takes a key's file; a key that stands in the configuration itself is looked for in the agent.
  private func signBySSH(_ text: [UInt8], _ wish: Wish) async throws -> String {
    var key = try await wish.key.asyncOr { try await defaultKey(wish) }
    var arguments = ["-Y", "sign", "-n", "git", "-f"]
    var scratch: String?
    defer { if let scratch { try? session.context.files.remove(scratch) } }
    if key.hasPrefix("key::") || key.hasPrefix("ssh-") || key.hasPrefix("ecdsa-") || key.hasPrefix("sk-") {
      if key.hasPrefix("key::") { key.removeFirst("key::".count) }
      let path = "\(repository.commonFolder)/backstop-signing-\(session.context.random.hex(8)).pub"
      try session.context.files.writeAtomically(Array("\(key)\n".utf8), to: path, mode: 0o600)
      scratch = path
      arguments += [path, "-U"]
    } else {
      if key.hasPrefix("~/"), let home = session.context.environment.nonEmpty("HOME") {
        key = home + key.dropFirst()
      }
      arguments.append(key)
    }
    let output = try await run(wish.program, arguments, wish, input: text)
    return try checked(output.bytes, "BEGIN SSH SIGNATURE", wish, output.errors)
  }

  /// What `gpg.ssh.defaultKeyCommand` names.
  private func defaultKey(_ wish: Wish) async throws -> String {
    guard let command = repository.configuration("gpg.ssh.defaultkeycommand") else {
      throw StepFailure(
        .refused,
        "commits are to be signed with gpg.format=ssh, and neither user.signingkey nor gpg.ssh.defaultKeyCommand names a key",
        advice: "git config user.signingkey FILE")
    }
    let output = try await run("sh", ["-c", command], wish, input: [])
    let lines = String(decoding: output.bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard let first = lines.first, !first.isEmpty else {
      throw failure(wish, "gpg.ssh.defaultKeyCommand named no key")
    }
    return String(first)
  }

  private func run(
    _ program: String, _ arguments: [String], _ wish: Wish, input: [UInt8]
  ) async throws -> (bytes: [UInt8], errors: String) {
    let request = ProcessRequest(
      program, arguments, environment: session.context.environment, input: input, timeout: .seconds(60))
    switch await session.context.processes.run(request) {
    case .ended(0, let output, let errors): return (output, String(decoding: errors, as: UTF8.self))
    case .ended(let status, _, let errors):
      let lines = String(decoding: errors, as: UTF8.self).split(whereSeparator: \.isNewline)
        .filter { !$0.hasPrefix("[GNUPG:]") }
      throw failure(wish, "\(program) ended with \(status): \(lines.suffix(4).joined(separator: " "))")
    case .notFound: throw failure(wish, "there is no program \(program)")
    case .notStarted(let why): throw failure(wish, "\(program) could not be run: \(why)")
    case .timedOut: throw failure(wish, "\(program) did not end within a minute; it may want a passphrase")
    case .wroteTooMuch: throw failure(wish, "\(program) wrote more than a signature")
    case .cancelled: throw CancellationError()
    }
  }

  private func checked(
    _ bytes: [UInt8], _ mark: String, _ wish: Wish, _ errors: String
  ) throws -> String {
    let text = String(decoding: bytes, as: UTF8.self)
    let isMade = wish.format == .ssh || errors.contains("SIG_CREATED")
    guard text.contains(mark), isMade else { throw failure(wish, "\(wish.program) made no signature") }
    // The line's end belongs to the object's format.
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  private func failure(_ wish: Wish, _ why: String) -> StepFailure {
    StepFailure(
      .refused,
      "the revert commit could not be signed, as commit.gpgsign asks (gpg.format=\(wish.format.rawValue)): \(why)",
      advice:
        "give this machine the key that user.signingkey names, or let this repository's configuration ask for none"
    )
  }
}

extension Optional {
  fileprivate func asyncOr(_ other: () async throws -> Wrapped) async rethrows -> Wrapped {
    if let self { self } else { try await other() }
  }
}
