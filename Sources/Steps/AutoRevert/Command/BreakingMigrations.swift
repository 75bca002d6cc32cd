import DeploymentRecords
import JSONValues
import StepResults
import StepRuntime
import SystemInterfaces

/// Migrations of the reverted change that the version before does not fit (danger 12: old code on a new schema).
enum BreakingMigrations {
  /// Rules of diff-gate after which the version before meets a schema that it cannot work with.
  static let rules: Set<String> = [
    "adding-required-field", "ban-drop-column", "ban-drop-database", "ban-drop-domain", "ban-drop-extension",
    "ban-drop-function", "ban-drop-schema", "ban-drop-sequence", "ban-drop-table", "ban-drop-type",
    "ban-drop-view", "ban-revoke", "ban-set-schema", "changing-column-type", "drop-cascade", "drop-owned",
    "dropped-default", "narrower-check", "new-unique", "renaming-column", "renaming-object", "renaming-table",
    "required-existing-column",
  ]

  /// `path: rule, rule` for each, by diff-gate's record of the commit that is undone; none where there is no such record.
  static func find(_ session: StepSession) throws -> [String] {
    guard let tree = session.latestDocument(of: .diffGate), let commit = try session.commitId(),
      tree["commit"]?.string == commit
    else { return [] }
    // Findings, since a statement's rules also hold what breaks nobody, such as a column dropped from a new table.
    let findings = tree["findings"]?.array ?? []
    return (tree["migrations"]?.array ?? []).compactMap { migration in
      guard let file = migration["path"]?.string else { return nil }
      let broken = findings.filter { $0["path"]?.string == file }.compactMap { $0["code"]?.string }
        .filter(rules.contains)
      guard !broken.isEmpty else { return nil }
      return "\(file) (\(Set(broken).sorted().joined(separator: ", ")))"
    }
  }
}
