/// `preflight-snapshot:` of the policy file.
public struct SnapshotPolicy: Hashable, Sendable {
  /// When a database snapshot is made.
  public enum DatabaseSnapshot: String, Hashable, Sendable, CaseIterable { case migrations, always, never }
  /// `database-snapshot`: when the range has migrations, by default.
  public var databaseSnapshot = DatabaseSnapshot.migrations
  /// `keep-snapshots`: how many of its own database snapshots are kept; 0 keeps all.
  public var keepSnapshots = 10
  /// `staging`: the environment whose passing record production wants for the same commit; empty wants none.
  public var stagingEnvironment = ""
  /// `allow-drift`: whether drifted stacks only warn.
  public var allowsDrift = true
  /// `require-clean`: whether a dirty work tree or an unpushed commit stops.
  public var requiresCleanCommit = false

  /// The defaults.
  public init() {}

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    if let value = try section.word("database-snapshot", DatabaseSnapshot.self) { databaseSnapshot = value }
    if let value = try section.int("keep-snapshots", in: 0...100) { keepSnapshots = value }
    if let value = try section.string("staging") { stagingEnvironment = value }
    if let value = try section.bool("allow-drift") { allowsDrift = value }
    if let value = try section.bool("require-clean") { requiresCleanCommit = value }
    try section.finish()
  }
}
