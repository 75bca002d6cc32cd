import GitHistory
import StepResults
import StepRuntime

/// The commits between what is deployed and what is about to be.
enum CommitRange: Hashable, Sendable {
  /// Nobody knows what is deployed.
  case unknown
  /// Whether a changed path of the range looks like a migration.
  case known(hasMigrations: Bool)

  /// What was found out.
  struct Found: Hashable, Sendable {
    /// The commit that is deployed now; nil where nobody knows.
    var deployed: String?
    var range: CommitRange
    var findings: [Finding] = []
  }

  /// Which commit is deployed now, by `named` or by what is on record of the live deployment, and what the range up to the
  /// one about to be deployed holds.
  static func find(_ session: StepSession, named: String?, recorded: String?) throws -> Found {
    var found = try find(session, deployed: named, recorded)
    if let named, let deployed = found.deployed, deployed == (try session.commitId()), deployed != recorded {
      found.findings.append(
        Finding(
          "deployed-commit-is-head", .warning,
          "--deployed-commit \(named) is the commit that is about to be deployed, and no record says that it is live: if it "
            + "is not, a revert takes back the wrong range", subject: "deployed-commit"))
    }
    return found
  }

  private static func find(
    _ session: StepSession, deployed named: String?, _ recorded: String?
  ) throws -> Found {
    guard session.repositoryRoot != nil else { return Found(deployed: named, range: .unknown) }
    let repository = try session.repository()
    let resolved = try named.map { try repository.resolve($0).hex }
    guard let deployed = resolved ?? recorded else {
      return Found(
        range: .unknown,
        findings: [
          Finding(
            "deployed-commit-unknown", .notice,
            "no record says which commit is deployed: name it with --deployed-commit, so that a revert knows its range"
          )
        ])
    }
    guard let target = try session.commitId(), let from = ObjectId(hex: deployed),
      let to = ObjectId(hex: target)
    else {
      return Found(deployed: deployed, range: .unknown)
    }
    guard repository.has(from), repository.has(to) else {
      let missing = repository.has(from) ? to : from
      return Found(
        deployed: deployed, range: .unknown,
        findings: [
          Finding(
            "range-unknown", .notice,
            "this clone does not hold \(missing.hex.prefix(12)), so nobody knows whether the range has migrations"
              + (repository.isShallow ? ": it is shallow, fetch with more depth" : ""), subject: "range")
        ])
    }
    let changes = try repository.changes(from: repository.commit(from).tree, to: repository.commit(to).tree)
    return Found(
      deployed: deployed, range: .known(hasMigrations: changes.contains { isMigration($0.path) }))
  }

  /// SQL files, and files in folders that migration tools use.
  static func isMigration(_ path: String) -> Bool {
    let lower = path.lowercased()
    return lower.hasSuffix(".sql")
      || lower.split(separator: "/").dropLast().contains {
        ["migrations", "migrate", "alembic", "versions"].contains($0)
      }
  }
}
