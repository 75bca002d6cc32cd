/// One environment's configuration before and after a change: keys and values.
public struct ConfigurationVersions: Hashable, Sendable {
  /// The environment.
  public var environment: String
  /// The file's path.
  public var path: String
  /// Keys and values before; nil where the file was not there.
  public var old: [String: String]?
  /// Keys and values after; nil where the file is gone.
  public var new: [String: String]?
  /// Where each key stands after the change.
  public var lines: [String: Int]

  /// Two versions of one file.
  public init(
    environment: String, path: String, old: [String: String]?, new: [String: String]?, lines: [String: Int]
  ) {
    self.environment = environment
    self.path = path
    self.old = old
    self.new = new
    self.lines = lines
  }
}

/// What differs in a key. Values never leave this type.
public struct ConfigurationDifference: Hashable, Sendable {
  /// What happened to a key.
  public enum Kind: String, Hashable, Sendable {
    case added, removed, changed
  }
  /// What happened.
  public var kind: Kind
  /// The key.
  public var name: String
  /// The environment and its file.
  public var environment: String, path: String
  /// Where it stands after the change; nil where it is gone.
  public var line: Int?
  /// Whether the key says where a deployment goes: stacks, region, account, database, endpoint.
  public var isTarget: Bool
  /// Whether a secret stands there in clear that did not before.
  public var showsSecret: Bool
}

/// Judges changes of `deployment-<environment>.config` files. Pure.
public enum ConfigurationComparison {
  /// What differs between the two versions of one file, by name.
  /// - Parameter isSecret: whether a key's value is secret by its name.
  public static func differences(
    _ versions: ConfigurationVersions, isSecret: (String) -> Bool
  ) -> [ConfigurationDifference] {
    let old = versions.old ?? [:]
    let new = versions.new ?? [:]
    return Set(old.keys).union(new.keys).sorted().compactMap { name in
      guard old[name] != new[name] else { return nil }
      let kind: ConfigurationDifference.Kind =
        old[name] == nil ? .added : new[name] == nil ? .removed : .changed
      return ConfigurationDifference(
        kind: kind, name: name, environment: versions.environment, path: versions.path,
        line: versions.lines[name],
        isTarget: isTarget(name), showsSecret: showsSecret(name, new[name], isSecret))
    }
  }

  /// Keys of one environment that another lacks, both ways: (name, only in).
  public static func missing(_ one: ConfigurationVersions, _ other: ConfigurationVersions) -> [(
    name: String, onlyIn: String
  )] {
    let left = Set((one.new ?? [:]).keys)
    let right = Set((other.new ?? [:]).keys)
    return left.subtracting(right).sorted().map { ($0, one.environment) }
      + right.subtracting(left).sorted().map { ($0, other.environment) }
  }

  /// Keys that change in production while no staging environment has the key, or has it changed, in the same change.
  ///
  /// A key whose values name the environment differs by nature and is compared by whether staging has it at all.
  public static func notHad(
    production: [ConfigurationDifference], staging: ConfigurationVersions
  ) -> [ConfigurationDifference] {
    production.filter { difference in
      let before = staging.old?[difference.name]
      let after = staging.new?[difference.name]
      switch difference.kind {
      case .added: return after == nil
      case .removed: return after != nil
      case .changed: return before != nil && before == after
      }
    }
  }

  private static func isTarget(_ name: String) -> Bool {
    name.hasSuffix("_STACK")
      || [
        "AWS_REGION", "DATABASE_URL", "API_ENDPOINT", "STATE_MACHINE_ARN", "USE_EXTERNAL_DATABASE",
        "AWS_ACCOUNT_ID",
      ]
      .contains(name)
  }

  private static func showsSecret(_ name: String, _ value: String?, _ isSecret: (String) -> Bool) -> Bool {
    guard let value, !value.isEmpty else { return false }
    if passwordInURL(value) { return true }
    guard isSecret(name) else { return false }
    // Names, references and placeholders are no secrets.
    let lower = value.lowercased()
    if value.hasPrefix("arn:") || lower.hasPrefix("{{resolve:") || value.hasPrefix("/") { return false }
    // What stands after the secret's word says what the value is: a lifetime, a place, a kind.
    let facts = [
      "ARN", "ID", "NAME", "TTL", "EXPIRY", "EXPIRES", "EXPIRATION", "LIFETIME", "AGE", "LENGTH", "SIZE",
      "COUNT",
      "LIMIT", "TIMEOUT", "INTERVAL", "DAYS", "HOURS", "MINUTES", "SECONDS", "ROTATION", "ALGORITHM", "ALG",
      "TYPE",
      "FORMAT", "PREFIX", "HEADER", "ISSUER", "AUDIENCE", "URL", "URI", "ENDPOINT", "PATH", "FILE", "REGION",
      "ALIAS",
      "VERSION", "ENABLED", "REQUIRED", "POLICY", "BUCKET", "TABLE", "STACK", "PROVIDER", "STORE", "IN",
      "SEC", "MS",
    ]
    if let last = name.uppercased().split(separator: "_").last, facts.contains(String(last)) { return false }
    if ["true", "false", "yes", "no", "on", "off", "none"].contains(lower) { return false }
    // A small number is a count or a time, except where it may be the secret itself.
    let isNumber = value.count < 7 && value.allSatisfy { $0.isNumber || ".smhd".contains($0) }
    if isNumber,
      !["PASSWORD", "PASSWD", "PIN", "SECRET", "PASSPHRASE"].contains(where: name.uppercased().hasSuffix)
    {
      return false
    }
    return !["changeme", "replace_me", "todo", "xxx", "example", "<"].contains { lower.hasPrefix($0) }
  }

  private static func passwordInURL(_ value: String) -> Bool {
    guard let scheme = value.firstRange(of: "://") else { return false }
    let authority = value[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
    guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
      return false
    }
    return authority.index(after: colon) < at
  }
}
