import YAMLDocuments

/// What happens to outputs, and who imports what goes or changes.
struct OutputComparison {
  let judge: ResourceJudge
  private let importers: [String: [String]]
  /// Imports whose names depend on values that are not known, with the templates that they stand in.
  private let openImports: [(name: ResolvedValue, path: String)]

  init(judge: ResourceJudge) {
    self.judge = judge
    var importers = judge.context.importers
    var open: [(name: ResolvedValue, path: String)] = []
    let own = (judge.new ?? judge.old)?.template.path
    for template in judge.context.otherTemplates where template.path != own {
      for name in TemplateComparison.imports(of: template, context: judge.context).sorted() {
        importers[name, default: []].append(template.path)
      }
      for name in TemplateComparison.openImports(of: template, context: judge.context) {
        open.append((name, template.path))
      }
    }
    self.importers = importers
    openImports = open
  }

  /// Outputs that differ, those of the new template first.
  var changes: [OutputChange] {
    let before = outputs(of: judge.old)
    let after = outputs(of: judge.new)
    let names = after.map(\.name) + before.map(\.name).filter { name in !after.contains { $0.name == name } }
    return names.compactMap { name in
      change(name, before.first { $0.name == name }?.value, after.first { $0.name == name }?.value)
    }
  }

  private func change(_ name: String, _ old: ResolvedValue?, _ new: ResolvedValue?) -> OutputChange? {
    let exported = old?["Export"]["Name"] ?? .absent
    let export = exported == .absent ? nil : exported.text ?? exported.summary
    let users = export.flatMap { importers[$0] } ?? []
    func made(_ action: OutputChange.Action) -> OutputChange {
      let possible = exported == .absent ? [] : openImports.filter { $0.name.mayEqual(exported) }.map(\.path)
      return OutputChange(
        name: name, action: action, export: export, importers: users,
        possibleImporters: Set(possible).subtracting(users).sorted())
    }
    guard let old else { return new == nil ? nil : made(.added) }
    guard let new else { return made(.removed) }
    // An export that takes another name is gone for those who import it.
    if export != nil, new["Export"]["Name"] == .absent { return made(.removed) }
    if judge.comparison.compare(old["Export"]["Name"], new["Export"]["Name"]) == .different, export != nil {
      return made(.removed)
    }
    switch judge.comparison.compare(old["Value"], new["Value"]) {
    case .same: return nil
    case .different: return made(.changed)
    case .open: return made(.mayChange)
    }
  }

  /// The outputs that a side has: those whose condition holds, or may.
  private func outputs(of side: TemplateEvaluator?) -> [(name: String, value: ResolvedValue)] {
    guard let side else { return [] }
    return side.outputs.compactMap { output in
      if let condition = output.node["Condition"]?.text, side.condition(condition).truth == false {
        return nil
      }
      return (output.name, side.evaluate(output.node))
    }
  }
}
