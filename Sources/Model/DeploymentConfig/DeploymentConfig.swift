/// A stack that the configuration names.
public struct ConfiguredStack: Hashable, Sendable {
  /// What stands before `_STACK`, in lower case: `api`.
  public var role: String
  /// The stack's name.
  public var name: String
  /// Whether the name follows from the others instead of being written.
  public var isDerived: Bool

  /// A stack.
  public init(role: String, name: String, isDerived: Bool) {
    self.role = role
    self.name = name
    self.isDerived = isDerived
  }
}

/// What `deployment-<environment>.config` sets.
public struct DeploymentConfig: Hashable, Sendable {
  /// The file, or `REVISION:file` where it was read from git.
  public let path: String
  /// All keys in the order of the file; a key that is set twice stands where it was set last.
  public let entries: [ConfigEntry]
  /// The environment that it was read for.
  public let environment: String
  /// Whether there is no such file, and none was needed.
  public let isAbsent: Bool

  /// Reads a configuration file.
  /// - Parameters:
  ///   - variables: the environment variables that `$KEY` may refer to.
  ///   - environment: the step's argument; an `ENVIRONMENT` key that differs is an error.
  ///   - isAbsent: whether there is no such file.
  public init(
    parsing bytes: [UInt8], path: String, environment: String, variables: [String: String],
    isAbsent: Bool = false
  ) throws(ConfigError) {
    self.isAbsent = isAbsent
    var reader = try ShellAssignments(bytes, path: path, environment: variables)
    try reader.run()
    self.path = path
    entries = reader.entries
    self.environment = environment
    if let named = entries.first(where: { $0.name == "ENVIRONMENT" }), named.value != environment {
      throw ConfigError(
        path: path, line: named.line,
        message: "ENVIRONMENT is '\(named.value)', but the step was called for '\(environment)'")
    }
  }

  /// The value of a key, or nil where it is not set or empty.
  public subscript(_ name: String) -> String? {
    guard let entry = entry(name), !entry.value.isEmpty else { return nil }
    return entry.value
  }

  /// The entry of a key.
  public func entry(_ name: String) -> ConfigEntry? { entries.first { $0.name == name } }

  /// `AWS_REGION`.
  public var region: String? { self["AWS_REGION"] }

  /// `API_ENDPOINT` with exactly one slash at its end.
  public var apiEndpoint: String? {
    guard var endpoint = self["API_ENDPOINT"] else { return nil }
    while endpoint.hasSuffix("/") { endpoint.removeLast() }
    return endpoint + "/"
  }

  /// `API_KEY`.
  public var apiKey: String? { self["API_KEY"] }

  /// `STATE_MACHINE_ARN`.
  public var stateMachineARN: String? { self["STATE_MACHINE_ARN"] }

  /// `DATABASE_URL`.
  public var databaseURL: String? { self["DATABASE_URL"] }

  /// `USE_EXTERNAL_DATABASE=true`: no stack owns the database.
  public var usesExternalDatabase: Bool { self["USE_EXTERNAL_DATABASE"]?.lowercased() == "true" }

  /// The stacks of the keys that end in `_STACK`, in the order of the file, and the database's, whose name follows
  /// from the others where it is not written. An empty `DATABASE_STACK=` says that there is none.
  public var stacks: [ConfiguredStack] {
    var found: [ConfiguredStack] = []
    for entry in entries where entry.name.hasSuffix("_STACK") && !entry.value.isEmpty {
      let role = entry.name.dropLast("_STACK".count).lowercased()
      guard !role.isEmpty, !(role == "database" && usesExternalDatabase) else { continue }
      found.append(ConfiguredStack(role: role, name: entry.value, isDerived: false))
    }
    if !usesExternalDatabase, entry("DATABASE_STACK") == nil,
      let name = DeploymentConfig.derivedDatabaseName(from: found, environment: environment)
    {
      found.append(ConfiguredStack(role: "database", name: name, isDerived: true))
    }
    return found
  }

  /// The stack of `role`.
  public func stack(_ role: String) -> ConfiguredStack? { stacks.first { $0.role == role } }

  /// `CiraInvoice-Database-prod`, where every stack is called `CiraInvoice-<its role>-prod`: a proposal, and nothing that
  /// somebody named. Nil where any stack is called otherwise.
  private static func derivedDatabaseName(from stacks: [ConfiguredStack], environment: String) -> String? {
    let names = Set(stacks.map { derivedDatabaseName(from: $0, environment: environment) })
    return names.count == 1 ? names.first ?? nil : nil
  }

  private static func derivedDatabaseName(from stack: ConfiguredStack, environment: String) -> String? {
    let ending = "-\(environment)"
    guard stack.name.hasSuffix(ending) else { return nil }
    let rest = stack.name.dropLast(ending.count)
    guard let dash = rest.lastIndex(of: "-"), dash != rest.startIndex else { return nil }
    let written = rest[rest.index(after: dash)...]
    // A role of several words, `ORDER_QUEUE_STACK`, is written without its underlines.
    guard !written.isEmpty, written.lowercased() == stack.role.filter({ $0 != "_" }) else { return nil }
    let isCapital = written.first?.isUppercase ?? false
    let isAllCapital = isCapital && written.count > 1 && !written.contains(where: \.isLowercase)
    return String(rest[...dash]) + (isAllCapital ? "DATABASE" : isCapital ? "Database" : "database") + ending
  }
}
