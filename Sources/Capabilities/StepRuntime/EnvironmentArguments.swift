import SystemInterfaces

/// Options given as `BACKSTOP_…` variables, and by the policy file, as arguments in front of the command line's own.
///
/// What confirms or widens a destructive act is never in the lists of names and so counts on the command line alone.
struct EnvironmentArguments {
  /// Long names with a value, long names without, both without the dashes.
  var options: [String]
  var flags: [String]

  /// The arguments to add to `arguments`: those that are set in the environment and not on the command line.
  func additions(to arguments: [String], environment: Environment) -> [String] {
    var added: [String] = []
    for name in options where !EnvironmentArguments.isGiven(name, in: arguments) {
      guard let value = environment.nonEmpty(EnvironmentArguments.variable(name)) else { continue }
      added.append("--\(name)=\(value)")
    }
    for name in flags where !EnvironmentArguments.isGiven(name, in: arguments) {
      guard let value = environment.nonEmpty(EnvironmentArguments.variable(name)) else { continue }
      if ["1", "true", "yes", "on"].contains(value.lowercased()) { added.append("--\(name)") }
    }
    return added
  }

  /// `config-dir` as `BACKSTOP_CONFIG_DIR`.
  static func variable(_ name: String) -> String {
    "BACKSTOP_" + String(name.map { $0 == "-" ? "_" : $0 }).uppercased()
  }

  private static func isGiven(_ name: String, in arguments: [String]) -> Bool {
    for argument in arguments {
      if argument == "--" { return false }
      if argument == "--\(name)" || argument.hasPrefix("--\(name)=") { return true }
    }
    return false
  }
}
