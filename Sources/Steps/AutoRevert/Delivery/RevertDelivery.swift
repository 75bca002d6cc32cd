import CodeHosts
import DeploymentConfig
import DeploymentRecords
import GitHistory
import Redaction
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces

/// Brings a revert that stands on a branch of this clone to the others: pushed, never by force, and as a pull request. Run
/// again after whatever was lost, it finds what is there.
struct RevertDelivery {
  let session: StepSession
  let wish: DeliveryWish
  let branch: GitRevertBranch
  let plan: GitRevertPlan
  /// The newest commit of the branch.
  let tip: ObjectId
  /// What `--onto` names.
  let onto: String?
  /// One line.
  let title: String
  /// Markdown.
  let text: String

  /// What came of it.
  struct Result {
    var findings: [Finding] = []
    /// Why it did not arrive.
    var failure: StepFailure?
    var pushedTo: String?, pullRequest: String?
    /// What a person types where it did not.
    var commands: [String] = []
  }

  /// How often a remote that cannot be reached is tried.
  private static let attempts = 3

  func deliver() async throws -> Result {
    guard wish.pushes else { return Result() }
    var result = Result()
    let target = wish.target ?? branch.name
    do {
      session.progress.update("pushing to \(wish.remote)")
      let (remote, address) = try session.gitRemote(wish.remote)
      try await push(remote, "refs/heads/\(target)", &result)
      guard result.failure == nil else { return try await left(result, target) }
      result.pushedTo = "\(wish.remote) \(target)"
      if wish.opensPullRequest { try await open(address, &result) }
    } catch let error as GitError {
      result.failure = StepFailure(describing: error)
    }
    return try await left(result, target)
  }

  // MARK: - Pushing

  private func push(_ remote: GitRemote, _ reference: String, _ result: inout Result) async throws {
    var attempt = 1
    while true {
      do {
        switch try await remote.push(tip, to: reference) {
        case .alreadyThere: session.progress.say("\(wish.remote) has \(reference) already")
        case .taken(let words):
          session.progress.say("pushed \(tip.short) to \(reference) of \(wish.remote)")
          for line in words { session.progress.say("\(wish.remote) says: \(line)") }
        }
        return
      } catch let error as GitError where error.kind == .unreachable && attempt < RevertDelivery.attempts {
        session.progress.say("\(error.message); trying again")
        attempt += 1
        try await session.context.clock.sleep(for: .seconds(1 << attempt))
      } catch let error as GitError where error.kind == .notFastForward {
        if wish.target == nil, try await isThere(remote, reference) {
          session.progress.say("\(wish.remote) has the same revert under \(reference) already")
          return
        }
        result.failure = taken(reference, error)
        return
      }
    }
  }

  /// Whether what stands at the remote is this very revert, as another run wrote it.
  private func isThere(_ remote: GitRemote, _ reference: String) async throws -> Bool {
    guard let theirs = try await remote.tip(of: reference) else { return false }
    let kept = "refs/backstop-fetched/\(branch.name)"
    try await remote.fetch("+\(reference):\(kept)")
    defer { try? branch.repository.removeReference(kept) }
    branch.repository.refreshObjects()
    return try branch.holds(plan, theirs)
  }

  private func taken(_ reference: String, _ error: GitError) -> StepFailure {
    if let target = wish.target {
      return StepFailure(
        .busy, error.message,
        advice: "\(target) has moved on: git fetch \(wish.remote) \(target), then run this again with --onto "
          + "\(wish.remote)/\(target)")
    }
    return StepFailure(
      .refused,
      "\(wish.remote) has another commit under \(reference), which is never overwritten: \(error.message)",
      advice:
        "look at it, then take it away (git push \(wish.remote) --delete \(branch.name)) or name another with --branch"
    )
  }

  // MARK: - The pull request

  private func open(_ address: String, _ result: inout Result) async throws {
    let base = try RevertDelivery.base(session, branch.repository, onto: onto, remote: wish.remote)
    let policy = session.policy.revert
    do {
      let host = try CodeHost(
        remote: address, kind: policy.host.flatMap { CodeHost.Kind(rawValue: $0.rawValue) },
        api: policy.hostAPI, environment: session.context.environment)
      session.progress.update("opening a \(host.kind.noun)")
      do {
        let tokens = HostToken.tokens(for: host, session.context.environment)
        for token in tokens { session.redactor.learn(token.value, named: token.source) }
        let client = PullRequestClient(
          host, tokens: tokens, http: session.http(), clock: session.context.clock)
        let opened = try await client.open(
          PullRequestDraft(branch: branch.name, base: base, title: title, text: text))
        result.pullRequest = opened.request.url
        let word =
          opened.change == .opened
          ? "opened" : opened.change == .updated ? "brought up to date" : "open already"
        session.progress.say("the \(host.kind.noun) is \(word): \(opened.request.url)")
      } catch let error as CodeHostError {
        result.failure = StepFailure(RevertDelivery.status(error.kind), error.message, advice: error.advice)
        result.commands = ["open \(host.newPullRequestPage(from: branch.name, into: base))"]
      }
    } catch let error as CodeHost.Unknown {
      result.failure = StepFailure(
        .data, "no pull request was opened: \(error.message)", advice: error.advice)
    }
  }

  private static func status(_ kind: CodeHostError.Kind) -> StepResults.ExitStatus {
    switch kind {
    case .unauthorized, .refused: .refused
    case .rateLimited, .unreachable: .unavailable
    case .notFound: .data
    }
  }

  /// The branch that a pull request is for: as the policy says, else what `--onto` names, else what the remote calls its
  /// default.
  static func base(
    _ session: StepSession, _ repository: GitRepository, onto: String?, remote: String
  ) throws -> String {
    if let base = session.policy.revert.base { return base }
    if let onto {
      let short = onto.hasPrefix("\(remote)/") ? String(onto.dropFirst(remote.count + 1)) : onto
      let isBranch = ["refs/heads/\(short)", "refs/remotes/\(remote)/\(short)"].contains {
        repository.reference($0) != nil
      }
      if isBranch { return short }
    }
    if let named = session.context.environment.nonEmpty("CI_DEFAULT_BRANCH") { return named }
    guard let found = repository.defaultBranch() else { return repository.headBranch() ?? "main" }
    return found.hasPrefix("\(remote)/") ? String(found.dropFirst(remote.count + 1)) : found
  }

  // MARK: - What is left to a person

  /// What has to be typed where it did not arrive, and a file with the branch for whoever is not on this machine.
  private func left(_ result: Result, _ target: String) async throws -> Result {
    var result = result
    guard let failure = result.failure else {
      if let pushedTo = result.pushedTo {
        let page = result.pullRequest.map { ": \($0)" } ?? ""
        result.findings.append(
          Finding(
            GitOnlyFindings.pushed, .notice, "the revert was pushed to \(pushedTo)\(page)", subject: target))
      }
      return result
    }
    if result.pushedTo == nil {
      let refspec = target == branch.name ? branch.name : "\(branch.name):\(target)"
      var commands = ["git push \(wish.remote) \(refspec)"]
      if let bundle = try await writeBundle() {
        commands.append(
          "elsewhere: git fetch \(bundle) \(branch.name):\(branch.name) && git push \(wish.remote) \(refspec)"
        )
      }
      result.commands = commands + result.commands
    }
    result.findings.append(
      Finding(
        GitOnlyFindings.notPushed, .warning,
        "\(failure). To type: \(result.commands.joined(separator: "; "))", subject: target))
    return result
  }

  private func writeBundle() async throws -> String? {
    let path = "\(session.records.root)/revert-branch.bundle"
    do {
      try session.context.files.createFolder(session.records.root, mode: 0o700)
      try await session.gitProgram().bundle(branch.name, since: plan.onto.id, to: path)
      return path
    } catch let error as GitError {
      session.progress.say("warning: \(error)")
      return nil
    }
  }
}
