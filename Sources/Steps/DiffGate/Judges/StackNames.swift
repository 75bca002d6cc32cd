import DeploymentConfig

/// Which stack a template file belongs to.
enum StackNames {
  /// By the CDK's manifest, by the stack's name in the file's name, or by its role there; nil where nothing says so.
  static func stack(of path: String, manifest: AssemblyManifest?, config: DeploymentConfig)
    -> ConfiguredStack?
  {
    let parts = path.split(separator: "/").map(String.init)
    guard let name = parts.last else { return nil }
    if let stackName = manifest?.stackName(of: name) {
      return config.stacks.first { $0.name == stackName }
        ?? ConfiguredStack(role: stackName.lowercased(), name: stackName, isDerived: true)
    }
    let stem = String(name.prefix { $0 != "." })
    if let exact = config.stacks.first(where: { $0.name.lowercased() == stem.lowercased() }) { return exact }
    for place in [stem] + parts.dropLast().reversed().prefix(1) {
      let words = words(place)
      let matching = config.stacks.filter { stack in
        let role = stack.role.replacing("_", with: "")
        return words.contains(role) || words.contains(role + "s") || words.contains(role + "stack")
          || words.joined() == role || role == "database" && words.contains { ["db", "rds"].contains($0) }
      }
      if matching.count == 1 { return matching[0] }
      // `api-database.yaml`: the role that stands last says what it is.
      if let last = words.reversed().compactMap({ word in matching.first { $0.role == word } }).first {
        return last
      }
    }
    return nil
  }

  /// `CiraInvoice-Api` as `cira`, `invoice`, `api`.
  static func words(_ text: String) -> [String] {
    var words: [String] = []
    var current = ""
    var wasLower = false
    for character in text {
      if !(character.isLetter || character.isNumber) {
        if !current.isEmpty { words.append(current) }
        current = ""
      } else {
        if character.isUppercase, wasLower {
          words.append(current)
          current = ""
        }
        current.append(contentsOf: character.lowercased())
      }
      wasLower = character.isLowercase
    }
    if !current.isEmpty { words.append(current) }
    return words
  }
}

/// Values of template parameters before and after.
struct ParameterValues: Sendable {
  /// From the configuration.
  var old: [String: String], new: [String: String]
  /// From the files that the command line names: they have the last word.
  var givenOld: [String: String] = [:], givenNew: [String: String] = [:]

  /// Values of the update, where `manifest` has some for this template.
  func new(_ manifest: [String: String]?) -> [String: String] {
    new.merging(manifest ?? [:]) { $1 }.merging(givenNew) { $1 }
  }

  /// Values of the deployed stack; `deployed` are those that were recorded.
  func old(_ manifest: [String: String]?, deployed: [String: String]) -> [String: String] {
    deployed.merging(old) { $1 }.merging(manifest ?? [:]) { $1 }.merging(givenOld) { $1 }
  }

  /// Configuration keys under every spelling that a parameter may have: `API_KEY` gives `ApiKey` and `apiKey`.
  static func named(like entries: [ConfigEntry]) -> [String: String] {
    var values: [String: String] = [:]
    for entry in entries where !entry.value.isEmpty {
      let words = entry.name.split(separator: "_").map { $0.lowercased() }
      let pascal = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
      values[entry.name] = entry.value
      values[pascal] = entry.value
      values[pascal.prefix(1).lowercased() + pascal.dropFirst()] = entry.value
    }
    return values
  }
}
