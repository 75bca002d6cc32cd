import YAMLDocuments

/// What a pipeline in YAML hands to the deployments of its jobs: commands that deploy, and the values around them.
struct PipelineShape {
  /// Values, each behind the names that lead to it.
  private(set) var handed: Set<String> = []

  /// Names under which values are handed on.
  private static let values: Set<String> = [
    "env", "environment", "variables", "matrix", "parameters", "secrets", "env-variables",
    "environmentvariables",
    "parameter-store", "secrets-manager",
  ]
  /// Names under which commands stand.
  private static let commands: Set<String> = [
    "run", "script", "command", "commands", "uses", "bash", "pwsh", "powershell", "inlinescript",
    "before_script",
    "after_script", "task", "image", "pipe", "args",
  ]
  /// Actions that log in: what a job does afterwards may reach a deployment.
  static let logins = ["configure-aws-credentials", "amazon-ecr-login"]
  /// Commands that deploy no stacks although they say so.
  private static let others = logins + ["deploy-pages", "deployment-status"]

  /// nil where the text is no YAML.
  init?(_ text: String) {
    guard let root = try? YAMLNode.parse(text, limits: YAMLLimits(bytes: 1 << 20)), root.mapping != nil else {
      return nil
    }
    let jobs = Self.jobs(of: root)
    let deploying = jobs.filter { Self.deploys($0.node) || Self.logsIn($0.node) }
    guard !deploying.isEmpty else { return }
    for (name, node) in deploying { collect(node, name, isHanded: false) }
    // What stands outside of all jobs is meant for each.
    for member in root.mapping?.members ?? [] where !jobs.contains(where: { $0.name.hasPrefix(member.name) })
    {
      if Self.values.contains(member.name.lowercased()) {
        collect(member.value, member.name, isHanded: true)
      } else if ["on", "true", "inputs", "defaults", "parameters"].contains(member.name.lowercased()) {
        collectDefaults(member.value, member.name)
      }
    }
  }

  /// The first value that one of two versions hands on and the other does not, by its name; nil where there is none.
  static func firstDifference(_ old: PipelineShape, _ new: PipelineShape) -> String? {
    let difference = new.handed.symmetricDifference(old.handed)
    return difference.sorted().first.map { $0.split(separator: "\u{0}").first.map(String.init) ?? $0 }
  }

  // MARK: - Jobs

  /// Jobs of GitHub, CircleCI and Azure stand under a name of their own; GitLab's are whatever has a script; others are
  /// one job.
  private static func jobs(of root: YAMLNode) -> [(name: String, node: YAMLNode)] {
    if let jobs = root["jobs"] {
      if let members = jobs.mapping?.members { return members.map { ("jobs/\($0.name)", $0.value) } }
      return (jobs.sequence ?? []).enumerated().map { ("jobs/\($0)", $1) }
    }
    if let runs = root["runs"] { return [("runs", runs)] }
    let scripted = (root.mapping?.members ?? []).filter {
      $0.value["script"] != nil || $0.value["extends"] != nil
    }
    if !scripted.isEmpty { return scripted.map { ($0.name, $0.value) } }
    return (root.mapping?.members ?? []).filter { !values.contains($0.name.lowercased()) }.map {
      ($0.name, $0.value)
    }
  }

  /// Whether a command within starts a deployment.
  private static func deploys(_ node: YAMLNode, isCommand: Bool = false) -> Bool {
    if let text = node.text { return isCommand && deploys(text) }
    if let elements = node.sequence { return elements.contains { deploys($0, isCommand: isCommand) } }
    return (node.mapping?.members ?? []).contains { member in
      deploys(member.value, isCommand: commands.contains(member.name.lowercased()))
    }
  }

  private static func logsIn(_ node: YAMLNode) -> Bool {
    if let text = node["uses"]?.text { return logins.contains(where: text.contains) }
    return (node["steps"]?.sequence ?? []).contains(where: logsIn)
  }

  private static func deploys(_ command: String) -> Bool {
    command.lowercased().split(separator: "\n").contains { line in
      let text = line.drop(while: \.isWhitespace)
      guard !text.hasPrefix("#"), !text.hasPrefix("echo "), !others.contains(where: text.contains) else {
        return false
      }
      return text.contains("deploy") || text.contains("migrat")
        || ContentShapes.deployWords.contains(where: text.contains)
    }
  }

  // MARK: - Values

  private mutating func collect(_ node: YAMLNode, _ path: String, isHanded: Bool) {
    if let elements = node.sequence {
      for (index, element) in elements.enumerated() {
        // Steps that come before move no others.
        collect(element, isHanded ? "\(path)/\(index)" : path, isHanded: isHanded)
      }
      return
    }
    guard let members = node.mapping?.members else {
      if isHanded, let text = node.text { handed.insert("\(path)\u{0}\(text)") }
      return
    }
    let command = members.first { ["uses", "task", "pipe"].contains($0.name.lowercased()) }?.value.text?
      .lowercased()
    let isDeployment =
      command.map { text in Self.deploys(text) || Self.logins.contains(where: text.contains) } ?? false
    for member in members {
      let name = member.name.lowercased()
      let inner = "\(path)/\(member.name)"
      if isHanded || Self.values.contains(name) {
        collect(member.value, inner, isHanded: true)
      } else if ["with", "inputs"].contains(name), isDeployment {
        collect(member.value, inner, isHanded: true)
      } else if Self.commands.contains(name) {
        collectCommands(member.value, inner)
      } else {
        collect(member.value, path, isHanded: false)
      }
    }
  }

  /// Commands count whole where one of their lines deploys: what is handed over may stand on the lines around it.
  private mutating func collectCommands(_ node: YAMLNode, _ path: String) {
    if let text = node.text {
      guard Self.deploys(text) else { return }
      let lines = text.split(separator: "\n").map { $0.drop(while: \.isWhitespace) }.filter {
        !$0.hasPrefix("#")
      }
      handed.insert("\(path)\u{0}\(lines.joined(separator: "\n"))")
    } else if let elements = node.sequence {
      for element in elements { collectCommands(element, path) }
    } else {
      collect(node, path, isHanded: false)
    }
  }

  /// What is taken where a run is given no other value.
  private mutating func collectDefaults(_ node: YAMLNode, _ path: String) {
    for member in node.mapping?.members ?? [] {
      if member.name == "default" {
        collect(member.value, "\(path)/default", isHanded: true)
      } else {
        collectDefaults(member.value, "\(path)/\(member.name)")
      }
    }
  }
}
