import YAMLDocuments

/// `preflight-snapshot:` of the policy file.
public struct SnapshotPolicy: Hashable, Sendable {
  /// When a database snapshot is made.
  public enum DatabaseSnapshot: String, Hashable, Sendable, CaseIterable { case migrations, always, never }
  /// Whose code a restore point holds.
  public enum FunctionCode: String, Hashable, Sendable, CaseIterable {
    /// That of functions whose package in S3 is not known or is another than what runs.
    case needed
    case always, never
  }
  /// `database-snapshot`: when the range has migrations, by default.
  public var databaseSnapshot = DatabaseSnapshot.migrations
  /// `keep-database-snapshots`: how many of ours stay; older ones are deleted. 0 keeps all.
  public var keptDatabaseSnapshots = 10
  /// `allow-drift`: whether drifted stacks only warn.
  public var allowsDrift = true
  /// `confirm-database-stack`: whether the database's stack whose name follows from the others is the application's: until
  /// somebody says so, a rollback leaves it alone.
  public var confirmsDatabaseStack = false
  /// `require-restorable`: whether a stack whose record does not suffice stops, rather than warns.
  public var requiresRestorable = true
  /// `check-permissions`: whether a permission that a rollback would lack stops.
  public var checksPermissions = true
  /// `function-code`, `function-code-megabytes`: whose code is kept, and up to which size.
  public var functionCode = FunctionCode.needed, functionCodeMegabytes = 50
  /// `parameters`: parameters of Systems Manager that the application reads, by name; their versions are recorded, and put
  /// back with it.
  public var parameters: [String] = []
  /// `app-configurations`: configurations of AppConfig, as `application/environment/profile`, each by id or name.
  public var appConfigurations: [String] = []
  /// `template-bucket`: `bucket` or `bucket/prefix`, for templates of more than 51,200 bytes.
  public var templateBucket: String?
  /// `after`: environments that must have passed with the same commit before; nil looks for `staging`.
  public var after: [String]?
  /// `require-pushed`: whether production stops on commits that no remote has, and on changes that no commit has.
  public var requiresPushed = true
  /// `maximum-age`: an older restore point is stale.
  public var maximumAge: Duration = .seconds(3600)
  /// `time-zone`, `windows`, `freezes`: when deployments may begin.
  public var calendar = DeploymentCalendar()

  /// The defaults.
  public init() {}

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    if let value = try section.word("database-snapshot", DatabaseSnapshot.self) { databaseSnapshot = value }
    if let value = try section.int("keep-database-snapshots", in: 0...100) { keptDatabaseSnapshots = value }
    if let value = try section.bool("allow-drift") { allowsDrift = value }
    if let value = try section.bool("confirm-database-stack") { confirmsDatabaseStack = value }
    if let value = try section.bool("require-restorable") { requiresRestorable = value }
    if let value = try section.bool("check-permissions") { checksPermissions = value }
    if let value = try section.word("function-code", FunctionCode.self) { functionCode = value }
    // Lambda takes no larger package in a call.
    if let value = try section.int("function-code-megabytes", in: 1...50) { functionCodeMegabytes = value }
    if let values = try section.strings("parameters") { parameters = values }
    try readConfigurations(&section)
    templateBucket = try section.string("template-bucket")
    after = try section.strings("after")
    if let value = try section.bool("require-pushed") { requiresPushed = value }
    if let value = try section.duration("maximum-age") { maximumAge = value }
    calendar = try SnapshotPolicy.calendar(&section)
    try section.finish()
  }

  private mutating func readConfigurations(_ section: inout PolicyReader) throws(ConfigError) {
    guard let node = section.take("app-configurations") else { return }
    for element in node.sequence ?? [node] {
      guard let text = element.text, text.split(separator: "/", omittingEmptySubsequences: false).count == 3,
        !text.split(separator: "/", omittingEmptySubsequences: false).contains("")
      else { throw section.error("app-configurations", element, "application/environment/profile") }
      appConfigurations.append(text)
    }
  }

  private static func calendar(_ section: inout PolicyReader) throws(ConfigError) -> DeploymentCalendar {
    var calendar = DeploymentCalendar()
    if let value = try section.string("time-zone") { calendar.timeZone = value }
    if let node = section.take("windows") {
      for element in node.sequence ?? [node] {
        guard let window = element.text.flatMap({ WeeklyWindow($0) }) else {
          throw section.error(
            "windows", element, "windows such as 'Mon-Thu 09:00-16:00' or 'daily 08:00-20:00'")
        }
        calendar.windows.append(window)
      }
    }
    let node = section.take("freezes")
    for (position, entry) in try section.sections("freezes").enumerated() {
      var entry = entry
      let from = try entry.string("from") ?? ""
      let (to, reason) = (try entry.string("to") ?? from, try entry.string("reason") ?? "")
      guard let freeze = Freeze(from: from, to: to, reason: reason) else {
        throw section.error(
          "freezes", node?[position] ?? node!, "from and to as 2026-12-20 or 2026-12-20T18:00, in this order")
      }
      try entry.finish()
      calendar.freezes.append(freeze)
    }
    return calendar
  }
}
