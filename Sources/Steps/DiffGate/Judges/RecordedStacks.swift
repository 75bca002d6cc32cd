import DeploymentRecords

/// What earlier steps recorded about the stacks of this environment.
struct RecordedStacks: Sendable {
  /// Parameter values as they are deployed, by stack; what CloudFormation masks is left out.
  var parameters: [String: [String: String]] = [:]
  /// Who imports which export, by export name.
  var importers: [String: [String]] = [:]

  /// Nothing is recorded.
  init() {}

  /// The facts of a restore point.
  init(_ point: RestorePoint) {
    for stack in point.stacks {
      var values: [String: String] = [:]
      for parameter in stack.parameters where !parameter.noEcho { values[parameter.name] = parameter.value }
      parameters[stack.name] = values
      for (export, users) in stack.importers where !users.isEmpty {
        importers[export, default: []] += users.map { "the stack \($0)" }
      }
    }
  }
}
