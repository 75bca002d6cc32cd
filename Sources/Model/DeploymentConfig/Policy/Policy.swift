import YAMLDocuments

/// `backstop.yml`: thresholds, the order of stacks, smoke files, watch series, notifications. Every part is optional.
///
/// The published schema is `ci/schemas/policy.schema.json`; a test holds the two together.
public struct Policy: Hashable, Sendable {
  /// Where it was read, or nil for the defaults alone.
  public var path: String?
  /// `application`: its id, where it is not to be the folder of its configuration.
  public var application: String?
  /// Environments that are not production.
  public var nonProduction: Set<String>
  /// Roles in the order in which a rollback goes through their stacks.
  public var order: [String]
  /// Values for options that neither the command line nor the environment gives, by option name.
  public var options: [String: String]
  /// The parts of the steps.
  public var snapshot = SnapshotPolicy(), gate = GatePolicy(), smoke = SmokePolicy(), watch = WatchPolicy()
  /// See `snapshot`.
  public var revert = RevertPolicy()
  /// Stacks of other accounts or regions.
  public var accounts: [AccountPolicy] = []
  /// The trail of the records.
  public var ledger = LedgerPolicy()
  /// `ca-bundle`: files of authorities that are trusted, by environment; `default` for those that have none.
  public var authoritiesFiles: [String: String] = [:]
  /// `store-without-key`: whether a store is believed without a key that authenticates it.
  public var allowsStoreWithoutKey = false
  /// Who is told.
  public var notifications: [NotificationPolicy] = []

  /// The runbook's order: the most critical last.
  public static let defaultOrder = ["monitoring", "workflow", "api", "database"]
  /// What counts as non-production without a policy.
  public static let defaultNonProduction: Set<String> = [
    "dev", "development", "test", "qa", "staging", "stage", "sandbox",
  ]

  /// The defaults.
  public init() {
    nonProduction = Policy.defaultNonProduction
    order = Policy.defaultOrder
    options = [:]
  }

  /// Reads a policy file.
  public init(parsing bytes: [UInt8], path: String) throws(ConfigError) {
    self.init()
    self.path = path
    let node: YAMLNode
    do throws(YAMLError) {
      node = try YAMLNode.parse(bytes)
    } catch {
      throw ConfigError(path: path, line: error.line, message: error.message)
    }
    var reader = try PolicyReader(node, path: path)
    if let version = reader.take("version"), version.int != 1 {
      throw reader.error("version", version, "1, the only version there is")
    }
    application = try reader.string("application")
    if application?.isEmpty ?? false { throw reader.problem("application is empty") }
    if let list = try reader.strings("non-production") { nonProduction = Set(list) }
    if let list = try reader.strings("order") { order = list.map { $0.lowercased() } }
    if let map = try reader.stringMap("options") { options = map }
    snapshot = try SnapshotPolicy(reader.section("preflight-snapshot"))
    gate = try GatePolicy(reader.section("diff-gate"))
    smoke = try SmokePolicy(reader.section("smoke-test"))
    watch = try WatchPolicy(reader.section("watch-30m"))
    revert = try RevertPolicy(reader.section("auto-revert"))
    ledger = try LedgerPolicy(reader.section("ledger"))
    authoritiesFiles = try reader.stringMap("ca-bundle") ?? [:]
    allowsStoreWithoutKey = try reader.bool("store-without-key") ?? false
    for entry in try reader.sections("accounts") { accounts.append(try AccountPolicy(entry)) }
    for entry in try reader.sections("notifications") { notifications.append(try NotificationPolicy(entry)) }
    try reader.finish()
  }

  /// Whether `environment` is production: everything that is not listed as non-production.
  public func isProduction(_ environment: String) -> Bool { !nonProduction.contains(environment) }

  /// The file of authorities that is trusted in `environment`.
  public func authoritiesFile(in environment: String) -> String? {
    authoritiesFiles[environment] ?? authoritiesFiles["default"]
  }

  /// Where the stack of `role` stands in `environment`, if elsewhere than the run's own credentials: the first entry that
  /// covers both.
  public func account(of role: String, in environment: String) -> AccountPolicy? {
    accounts.first { $0.covers(role, in: environment) }
  }

  /// Roles in the order of a rollback: the policy's, and before the last of them those that it does not name.
  public func sorted(_ roles: [String]) -> [String] {
    let known = order.filter(roles.contains)
    let unknown = roles.filter { !order.contains($0) }
    guard let last = known.last else { return unknown }
    return Array(known.dropLast()) + unknown + [last]
  }
}
