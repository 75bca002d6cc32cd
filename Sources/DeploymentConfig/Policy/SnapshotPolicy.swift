/// `preflight-snapshot:` of the policy file.
public struct SnapshotPolicy: Hashable, Sendable {
  /// When a database snapshot is made.
  public enum DatabaseSnapshot: String, Hashable, Sendable, CaseIterable { case migrations, always, never }
  /// `database-snapshot`: when the range has migrations, by default.
  public var databaseSnapshot = DatabaseSnapshot.migrations
  /// `allow-drift`: whether drifted stacks only warn.
  public var allowsDrift = true

  /// The defaults.
  public init() {}

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    if let value = try section.word("database-snapshot", DatabaseSnapshot.self) { databaseSnapshot = value }
    if let value = try section.bool("allow-drift") { allowsDrift = value }
    try section.finish()
  }
}
