import DeploymentConfig
import JSONValues
import Records
import StepCommand
import SystemInterfaces

/// Whether the commit has passed in the environments that come before production.
struct StagingEvidence: Sendable {
  let session: StepSession
  /// The newest runs that are looked at: an older pass of the same commit is no news.
  static let newestRuns = 200

  /// The environments that must have passed, and whether a missing record stops.
  ///
  /// Without a policy, `staging` is looked for where it is configured, and only warned of: nobody asked for it.
  var wanted: (environments: [String], stops: Bool) {
    if let after = session.policy.snapshot.after { return (after, true) }
    let folder = session.context.absolute(session.common.configDir ?? ".")
    let known = ["staging", "stage"].filter {
      session.context.files.exists("\(folder)/deployment-\($0).config")
    }
    return (known.filter { $0 != session.environment }, false)
  }

  /// One finding for each environment without a pass of `commit`.
  func findings(_ commit: String?) throws -> [Finding] {
    guard session.isProduction, let commit else { return [] }
    let (environments, stops) = wanted
    return try environments.compactMap { environment in
      let found = try verdicts(of: environment, commit)
      let last = found.max { $0.finishedAt < $1.finishedAt }
      if last?.verdict == .go { return nil }
      let what =
        last.map { "\(environment) said \($0.verdict.rawValue) of \(commit.prefix(12)) at \($0.finishedAt)" }
        ?? "no check of \(commit.prefix(12)) in \(environment) is recorded in \(folder(of: environment))"
      return Finding(
        "staging-missing", stops ? .error : .warning,
        "\(what): deploy it there and let smoke-test pass first", subject: environment)
    }
  }

  /// The records folder of another environment: beside this one's.
  private func folder(of environment: String) -> String {
    let root = session.records.root
    guard let slash = root.lastIndex(of: "/"), root[root.index(after: slash)...] == session.environment[...]
    else {
      return (session.repositoryRoot ?? session.context.workingDirectory) + "/.backstop/\(environment)"
    }
    return "\(root[..<slash])/\(environment)"
  }

  private func verdicts(of environment: String, _ commit: String) throws -> [EarlierVerdicts.Entry] {
    let root = folder(of: environment)
    let files = session.context.files
    guard try files.status(of: root) != nil else { return [] }
    var found = try EarlierVerdicts(records: root, files: files).entries
    let runs = "\(root)/runs"
    if try files.status(of: runs) != nil {
      for run in try files.names(in: runs).suffix(StagingEvidence.newestRuns) {
        found += try EarlierVerdicts(records: "\(runs)/\(run)", files: files).entries
      }
    }
    return found.filter { $0.commit == commit && [.smokeTest, .watch30m].contains($0.step) }
  }
}
