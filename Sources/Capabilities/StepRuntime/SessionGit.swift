import CIEnvironment
import DeploymentConfig
import GitHistory
import Redaction
import Reporting
import StepResults
import SystemInterfaces

/// The `git` program, as a session runs it.
extension StepSession {
  /// In the session's repository.
  /// - Throws: `data` outside a repository.
  public func gitProgram() throws -> GitProgram {
    guard let root = repositoryRoot else { throw StepSession.noRepository(context) }
    return GitProgram(
      in: root, environment: context.environment, processes: context.processes,
      timeout: policy.ledger.timeout)
  }

  /// A remote, by its name or its address, and the address that it is pushed to.
  public func gitRemote(_ name: String) throws -> (remote: GitRemote, address: String) {
    let (addresses, access) = try remoteAccess(name)
    let remote = GitRemote(
      try gitProgram(), name: name, url: addresses.push, access: access, environment: context.environment,
      sshCommand: try repository().configuration("core.sshcommand"), askPass: try askPass(access))
    return (remote, addresses.push)
  }

  /// What tells ssh the passphrase of a key; nil where none has one.
  private func askPass(_ access: RemoteAccess) throws -> String? {
    let hasPassphrase = access.logins.contains { login in
      if case .key(_, .some, _) = login { true } else { false }
    }
    guard hasPassphrase else { return nil }
    let path = "\(try repository().commonFolder)/backstop-askpass"
    try context.files.writeAtomically(
      Array("#!/bin/sh\nprintf '%s\\n' \"$BACKSTOP_LOGIN_PASSPHRASE\"\n".utf8), to: path, mode: 0o700)
    return path
  }
}

extension StepSession {
  /// Who commits, as git says it, else who set the CI's run going.
  /// - Parameter role: `AUTHOR` or `COMMITTER`.
  public func gitIdentity(_ role: String, at time: Timestamp) throws -> GitCommit.Signature {
    let seconds = Int64(time.seconds)
    do {
      return try repository().identity(role, seconds: seconds)
    } catch let error as GitError where error.kind == .noIdentity {
      guard let person = CIPerson(context.environment, provider: ci.provider) else { throw error }
      return GitCommit.Signature(name: person.name, email: person.email, seconds: seconds)
    }
  }
}

extension StepSession {
  /// Runs `body` over a repository; what a partial clone left out and `body` needs is fetched, and `body` run again.
  /// - Parameter needed: objects that it will need as far as is known: they come at once instead of one by one.
  public func fetchingMissing<Result>(
    _ repository: GitRepository, needed: () throws -> [ObjectId] = { [] }, _ body: () throws -> Result
  ) async throws -> Result {
    guard repository.isPartial, let promisor = repository.promisor else { return try body() }
    let remote = try gitRemote(promisor).remote
    func fetch(_ ids: [ObjectId]) async throws {
      progress.update("fetching \(counted(ids.count, "object")) that this clone left out")
      try await remote.fetchMissing(ids)
      repository.refreshObjects()
    }
    var fetched: Set<ObjectId> = []
    func again<Answer>(_ body: () throws -> Answer) async throws -> Answer {
      while true {
        do {
          return try body()
        } catch let error as GitError where error.kind == .notFetched {
          // What does not come although it was asked for will not come.
          guard let id = error.object, fetched.insert(id).inserted else { throw error }
          try await fetch([id])
        }
      }
    }
    let missing = Set(try await again(needed)).filter { !repository.has($0) }
    if !missing.isEmpty { try await fetch(missing.sorted { $0.hex < $1.hex }) }
    return try await again(body)
  }
}
