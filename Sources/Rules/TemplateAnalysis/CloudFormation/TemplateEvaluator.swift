import JSONValues
import YAMLDocuments

/// Resolves the expressions of one template with the values of one side of an update.
///
/// A class because it remembers what it has resolved; one lives for one comparison.
final class TemplateEvaluator {
  /// A resource after loops are expanded.
  struct Resource {
    let id: String
    let line: Int
    let node: YAMLNode
    var type: String { node["Type"]?.text ?? "" }
  }

  let template: CloudFormationTemplate
  let replacements: ReplacementTable
  let parameters: [String: ResolvedValue]
  let pseudoParameters: [String: String]
  private let conditionNodes: [String: YAMLNode]
  private(set) var resources: [Resource] = []
  private(set) var outputs: [CloudFormationTemplate.Member] = []
  private var resourceIndex: [String: Int] = [:]
  private var conditionValues: [String: ResolvedValue] = [:]
  private var names: [String: ResolvedValue] = [:]
  private var properties: [String: ResolvedValue] = [:]
  /// Loops that could not be expanded and members that are no resources: name, line, why.
  var problems: [(name: String, line: Int, message: String)] = []
  /// What is too large to be judged: name, line, why. What it decides may be anything.
  var limits: [(name: String, line: Int, message: String)] = []
  /// How many nodes loops may still produce.
  var loopBudget = 100_000
  private var depth = 0
  /// How many expressions may still be resolved: attributes of attributes grow with each step.
  private var steps = 2_000_000

  /// Deep enough for any real chain of conditions and names, shallow enough for any stack.
  private static let maximumDepth = 400
  private static let maximumCases = 2_000
  /// A string longer than CloudFormation takes is not built.
  static let maximumText = 1 << 20

  init(
    _ template: CloudFormationTemplate, parameters: [String: ResolvedValue],
    pseudoParameters: [String: String],
    replacements: ReplacementTable
  ) {
    self.template = template
    self.parameters = parameters
    self.pseudoParameters = pseudoParameters
    self.replacements = replacements
    conditionNodes = Dictionary(
      template.conditions.map { ($0.name, $0.node) }, uniquingKeysWith: { $1 })
    for member in expandLoops(template.resources) where member.name != "Fn::Transform" {
      guard member.node.mapping != nil else {
        problems.append((member.name, member.line, "\(member.name) is no resource: expected a mapping"))
        continue
      }
      guard member.node["Type"]?.text != nil else {
        problems.append((member.name, member.line, "\(member.name) is no resource: it has no Type"))
        continue
      }
      // Only a loop can make a name twice; the parser refuses it elsewhere.
      guard resourceIndex[member.name] == nil else {
        problems.append((member.name, member.line, "a loop makes \(member.name) a second time"))
        continue
      }
      resourceIndex[member.name] = resources.count
      resources.append(Resource(id: member.name, line: member.line, node: member.node))
    }
    outputs = expandLoops(template.outputs).filter { $0.name != "Fn::Transform" }
  }

  func resource(_ id: String) -> Resource? { resourceIndex[id].map { resources[$0] } }

  /// Whether the stack has the resource: "true", "false", or an expression that is not known.
  func presence(of resource: Resource) -> ResolvedValue {
    guard let name = resource.node["Condition"]?.text else { return .truth(true) }
    return condition(name)
  }

  func condition(_ name: String) -> ResolvedValue {
    if let known = conditionValues[name] { return known }
    guard let node = conditionNodes[name] else { return .unknown(.undefined("condition \(name)")) }
    // Until it is resolved, a condition that leads back to itself has no value.
    conditionValues[name] = .unknown(.undefined("condition \(name), which depends on itself"))
    var value = evaluate(node, inCondition: true)
    // Conditions made of conditions grow with each step.
    if value.isLarger(than: Self.maximumCases) {
      value = .unknown(.tooLarge("condition \(name)"))
      limits.append((name, node.line, "the condition \(name) has too many cases to be judged"))
    }
    conditionValues[name] = value
    return value
  }

  /// The resource's properties as one map.
  func properties(of resource: Resource) -> ResolvedValue {
    if let known = properties[resource.id] { return known }
    var value = resource.node["Properties"].map { evaluate($0) } ?? .map([])
    if value == .absent { value = .map([]) }
    if let global = globals(for: resource.type) { value = .merging(global, value) }
    properties[resource.id] = value
    return value
  }

  /// The name that a resource's properties give it; nil without one or where the service makes it.
  func physicalName(of resource: Resource) -> ResolvedValue? {
    if let known = names[resource.id] { return known == .absent ? nil : known }
    names[resource.id] = .absent
    guard let property = replacements[resource.type]?.nameProperty,
      let node = resource.node["Properties"]?[property]
    else { return nil }
    let value = evaluate(node)
    names[resource.id] = value
    return value == .absent ? nil : value
  }

  // MARK: - Expressions

  func evaluate(_ node: YAMLNode, inCondition: Bool = false) -> ResolvedValue {
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.maximumDepth else { return .unknown(.undefined("an expression nested too deep")) }
    steps -= 1
    guard steps > 0 else {
      if steps == 0 {
        limits.append(("steps", node.line, "the template has more expressions than are resolved"))
      }
      return .unknown(.tooLarge("the template"))
    }
    if let call = Intrinsic(node, inCondition: inCondition) {
      return evaluate(call, inCondition: inCondition)
    }
    switch node.kind {
    case .scalar(let scalar):
      if case .number(let number) = scalar.resolved, node.tag == nil { return .number(number.text) }
      guard scalar.isPlain else { return .text(scalar.text) }
      return node.scalarText.map { .text($0) } ?? .absent
    case .sequence(let elements):
      return .list(elements.lazy.map { self.evaluate($0) }.filter { $0 != .absent })
    case .mapping(let mapping):
      let members = mapping.members.map {
        CloudFormationTemplate.Member(name: $0.name, line: $0.line, node: $0.value)
      }
      return .map(
        expandLoops(members).compactMap { member in
          let value = evaluate(member.node)
          return value == .absent ? nil : ResolvedMember(name: member.name, value: value)
        })
    }
  }

  private func evaluate(_ call: Intrinsic, inCondition: Bool) -> ResolvedValue {
    let argument = call.argument
    switch call.name {
    case "Ref": return reference(argument.text ?? "")
    case "Condition": return condition(argument.text ?? "")
    case "Fn::GetAtt": return attribute(argument)
    case "Fn::If": return choose(argument)
    case "Fn::Sub": return substitute(argument)
    case "Fn::Join": return join(argument)
    case "Fn::Select": return select(argument)
    case "Fn::Split": return split(argument)
    case "Fn::FindInMap": return findInMap(argument)
    case "Fn::And", "Fn::Or": return combine(call.name, arguments(argument, inCondition: true))
    case "Fn::Not": return negate(arguments(argument, inCondition: true))
    case "Fn::Equals": return equals(arguments(argument))
    case "Fn::Base64": return base64(evaluate(argument))
    case "Fn::Cidr": return cidr(arguments(argument))
    case "Fn::GetAZs": return zones(evaluate(argument))
    case "Fn::Length": return length(evaluate(argument))
    // ImportValue, Transform, ToJsonString, and what is added one day.
    default: return .call(call.name, arguments(argument))
    }
  }

  func arguments(_ node: YAMLNode, inCondition: Bool = false) -> [ResolvedValue] {
    guard node.tag == nil, let elements = node.sequence else {
      return [evaluate(node, inCondition: inCondition)]
    }
    return elements.map { evaluate($0, inCondition: inCondition) }
  }
}
