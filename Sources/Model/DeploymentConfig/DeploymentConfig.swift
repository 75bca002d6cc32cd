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

  /// Reads a configuration file.
  /// - Parameters:
  ///   - variables: the environment variables that `$KEY` may refer to.
  ///   - environment: the step's argument; an `ENVIRONMENT` key that differs is an error.
  public init(
    parsing bytes: [UInt8], path: String, environment: String, variables: [String: String]
  ) throws(ConfigError) {
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
  /// from the others where it is not written.
  public var stacks: [ConfiguredStack] {
    var found: [ConfiguredStack] = []
    for entry in entries where entry.name.hasSuffix("_STACK") && !entry.value.isEmpty {
      let role = entry.name.dropLast("_STACK".count).lowercased()
      guard !role.isEmpty, !(role == "database" && usesExternalDatabase) else { continue }
      found.append(ConfiguredStack(role: role, name: entry.value, isDerived: false))
    }
    if !usesExternalDatabase, !found.contains(where: { $0.role == "database" }),
      let name = DeploymentConfig.derivedDatabaseName(from: found)
    {
      found.append(ConfiguredStack(role: "database", name: name, isDerived: true))
    }
    return found
  }

  /// The stack of `role`.
  public func stack(_ role: String) -> ConfiguredStack? { stacks.first { $0.role == role } }

  /// `CiraInvoice-Api-prod` with `api` replaced by `Database`, in the capitals of the original; nil unless every
  /// stack that names its role agrees.
  private static func derivedDatabaseName(from stacks: [ConfiguredStack]) -> String? {
    var names: Set<String> = []
    for stack in stacks {
      let lower = stack.name.lowercased()
      guard let range = lower.lastRange(of: stack.role) else { continue }
      // Lower-casing may change the length of exotic names; those derive nothing.
      guard lower.utf8.count == stack.name.utf8.count else { continue }
      let start = lower.utf8.distance(from: lower.startIndex, to: range.lowerBound)
      let count = stack.role.utf8.count
      let bytes = Array(stack.name.utf8)
      let written = bytes[start..<start + count]
      let isCapital = written.first.map { (0x41...0x5A).contains($0) } ?? false
      let isAllCapital = isCapital && written.allSatisfy { !(0x61...0x7A).contains($0) } && count > 1
      let word = isAllCapital ? "DATABASE" : isCapital ? "Database" : "database"
      names.insert(String(decoding: bytes[..<start] + word.utf8 + bytes[(start + count)...], as: UTF8.self))
    }
    return names.count == 1 ? names.first : nil
  }
}

extension String {
  fileprivate func lastRange(of needle: String) -> Range<String.Index>? {
    guard !needle.isEmpty else { return nil }
    return ranges(of: needle).last
  }
}
