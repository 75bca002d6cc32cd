import DeploymentRecords
import Redaction
import StepResults

/// Judges what an update from one template to another does, from the templates and the values that are known.
public enum TemplateComparison {
  /// Compares two versions of one stack's template.
  ///
  /// What the values decide is said as a fact; what depends on values that are not there is `mayReplace` or a finding.
  /// - Parameters:
  ///   - old: nil where the stack is new.
  ///   - new: nil where the stack goes.
  ///   - oldParameters: values of the deployed stack; what is missing is judged as `context.missingParameters`
  ///     says, too: the old template's default, or not known.
  ///   - newParameters: values of the update; what is missing is judged as `context.missingParameters` says.
  public static func compare(
    old: CloudFormationTemplate?, new: CloudFormationTemplate?, oldParameters: [String: String] = [:],
    newParameters: [String: String] = [:], context: ComparisonContext = ComparisonContext()
  ) -> TemplateChange {
    let keeps = context.missingParameters == .previousValues
    let sides = Sides(
      old: old.map { template in
        evaluator(
          template, oldParameters,
          previous: keeps && new != nil ? previousValues(oldParameters, template, template) : [:], context)
      },
      new: new.map { template in
        evaluator(
          template, newParameters,
          previous: keeps ? previousValues(oldParameters, old, template) : [:], context)
      },
      secrets: secretValues(of: old, oldParameters).union(secretValues(of: new, newParameters)),
      oldParameters: oldParameters, newParameters: newParameters)
    return compare(sides, context: context)
  }

  /// Both sides with their values, and what may not be shown of them.
  struct Sides {
    let old: TemplateEvaluator?
    let new: TemplateEvaluator?
    let secrets: Set<String>
    /// As they were given, without defaults.
    var oldParameters: [String: String] = [:], newParameters: [String: String] = [:]
  }

  static func compare(_ sides: Sides, context: ComparisonContext) -> TemplateChange {
    let judge = ResourceJudge(old: sides.old, new: sides.new, context: context, secrets: sides.secrets)
    judge.judgeAll()
    let outputs = OutputComparison(judge: judge).changes
    var findings = ChangeFindings(judge: judge, path: (sides.new ?? sides.old)?.template.path ?? "")
    findings.judgeTemplates(oldParameters: sides.oldParameters, newParameters: sides.newParameters)
    findings.judgeResources()
    findings.judgeOutputs(outputs)
    findings.judgePermissions()
    findings.judgeNetworks()
    var resources = judge.pairs.compactMap { judge.outcomes[$0.id]?.change }
    if let side = sides.new ?? sides.old {
      let deliveries = GradualDelivery(side)
      for index in resources.indices { resources[index].delivery = deliveries.delivery(of: resources[index]) }
    }
    findings.judgeDelivery(resources)
    return TemplateChange(
      resources: resources, outputs: outputs,
      nested: judge.pairs.compactMap { judge.nestedOutcomes[$0.id]?.change }, findings: findings.all)
  }

  /// The names of the exports that a template imports, as far as they can be known.
  public static func imports(
    of template: CloudFormationTemplate, parameters: [String: String] = [:],
    context: ComparisonContext = ComparisonContext()
  ) -> Set<String> {
    let evaluator = evaluator(template, parameters, previous: [:], context)
    var names = Set<String>()
    for resource in evaluator.resources { evaluator.properties(of: resource).collectImports(&names) }
    for output in evaluator.outputs { evaluator.evaluate(output.node).collectImports(&names) }
    return names
  }

  /// The names in a template's imports that depend on values which are not known.
  static func openImports(of template: CloudFormationTemplate, context: ComparisonContext) -> [ResolvedValue]
  {
    let evaluator = evaluator(template, [:], previous: [:], context)
    var names: [ResolvedValue] = []
    for resource in evaluator.resources { evaluator.properties(of: resource).collectOpenImports(&names) }
    for output in evaluator.outputs { evaluator.evaluate(output.node).collectOpenImports(&names) }
    return names
  }

  /// The values of `NoEcho` parameters and of those that are secret by their name: reports have to redact them.
  public static func secretValues(
    of template: CloudFormationTemplate?, _ given: [String: String]
  ) -> Set<String> {
    let secret = template?.parameters.filter { $0.isSecret || Redactor.isSecretProperty($0.name) } ?? []
    return Set(secret.flatMap { [given[$0.name], $0.defaultValue].compactMap { $0 } }.filter { !$0.isEmpty })
  }

  private static func evaluator(
    _ template: CloudFormationTemplate, _ given: [String: String], previous: [String: String?],
    _ context: ComparisonContext
  ) -> TemplateEvaluator {
    let values = template.parameters.map { parameter in
      // A deployed value that is not known stays, whatever the default is by now.
      let previous: String?? = previous[parameter.name]
      let text = given[parameter.name] ?? previous ?? parameter.defaultValue
      return (parameter.name, value(of: parameter, text))
    }
    return evaluator(template, values: Dictionary(values, uniquingKeysWith: { $1 }), context)
  }

  static func evaluator(
    _ template: CloudFormationTemplate, values: [String: ResolvedValue], _ context: ComparisonContext
  ) -> TemplateEvaluator {
    TemplateEvaluator(
      template, parameters: values, pseudoParameters: context.pseudoParameters,
      replacements: context.replacements)
  }

  static func value(of parameter: TemplateParameter, _ text: String?) -> ResolvedValue {
    guard let text else { return .unknown(.parameter(parameter.name)) }
    if parameter.isLookedUp { return .unknown(.lookedUp(parameter: parameter.name, name: text)) }
    guard parameter.isList else { return .text(text) }
    return .list(
      text.split(separator: ",", omittingEmptySubsequences: false).map { piece in
        let piece = piece.drop { $0 == " " }
        return .text(String(piece.reversed().drop { $0 == " " }.reversed()))
      })
  }

  /// What the deployed stack has for the parameters that the new template still declares. That a default is deployed is a
  /// guess, and often a wrong one: `Stage` defaults to `dev` where production is judged. A parameter of Systems Manager is
  /// read anew each time, so that its name is told.
  private static func previousValues(
    _ given: [String: String], _ old: CloudFormationTemplate?, _ new: CloudFormationTemplate
  ) -> [String: String?] {
    var values: [String: String?] = [:]
    for parameter in old?.parameters ?? [] {
      values[parameter.name] = .some(
        given[parameter.name] ?? (parameter.isLookedUp ? parameter.defaultValue : nil))
    }
    return values
  }
}

extension ResolvedValue {
  /// Adds what stands inside `Fn::ImportValue` and is not known.
  func collectOpenImports(_ names: inout [ResolvedValue]) {
    switch self {
    case .call("Fn::ImportValue", let arguments): names += arguments.filter { $0.text == nil }
    case .call(_, let values), .list(let values), .joined(let values):
      for value in values { value.collectOpenImports(&names) }
    case .map(let members): for member in members { member.value.collectOpenImports(&names) }
    case .choice(_, let then, let otherwise):
      then.collectOpenImports(&names)
      otherwise.collectOpenImports(&names)
    case .absent, .text, .number, .unknown: break
    }
  }

  /// Whether two texts, of which parts are not known, can be the same: by how they begin and end.
  func mayEqual(_ other: ResolvedValue) -> Bool {
    func ends(_ value: ResolvedValue) -> (head: String, tail: String) {
      if let text = value.text { return (text, text) }
      guard case .joined(let parts) = value else { return ("", "") }
      return (parts.first?.text ?? "", parts.last?.text ?? "")
    }
    if let one = text, let two = other.text { return one == two }
    let (one, two) = (ends(self), ends(other))
    return (one.head.hasPrefix(two.head) || two.head.hasPrefix(one.head))
      && (one.tail.hasSuffix(two.tail) || two.tail.hasSuffix(one.tail))
  }

  /// Adds the known names inside `Fn::ImportValue`.
  func collectImports(_ names: inout Set<String>) {
    switch self {
    case .call("Fn::ImportValue", let arguments):
      for argument in arguments { if let name = argument.text { names.insert(name) } }
    case .call(_, let values), .list(let values), .joined(let values):
      for value in values { value.collectImports(&names) }
    case .map(let members): for member in members { member.value.collectImports(&names) }
    case .choice(_, let then, let otherwise):
      then.collectImports(&names)
      otherwise.collectImports(&names)
    case .absent, .text, .number, .unknown: break
    }
  }
}
