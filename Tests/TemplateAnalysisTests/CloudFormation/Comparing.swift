import StepResults

@testable import TemplateAnalysis

/// Compares two templates given as text.
func change(
  _ old: String?, _ new: String?, oldParameters: [String: String] = [:],
  newParameters: [String: String] = [:], context: ComparisonContext = ComparisonContext()
) throws -> TemplateChange {
  TemplateComparison.compare(
    old: try old.map { try CloudFormationTemplate(parsing: $0, path: "stack.yml") },
    new: try new.map { try CloudFormationTemplate(parsing: $0, path: "stack.yml") },
    oldParameters: oldParameters, newParameters: newParameters, context: context)
}

/// Compares one resource `R` with two sets of properties; attributes stand beside them.
func action(
  _ type: String, _ old: String, _ new: String, attributes: String = "", context: ComparisonContext = .init()
) throws -> ResourceImpact? {
  func template(_ properties: String) -> String {
    "Parameters: {P: {Type: String}}\nResources:\n  R:\n    Type: \(type)\n    \(attributes)\n    Properties: \(properties)\n"
  }
  return try change(template(old), template(new), context: context)["R"]
}

extension TemplateChange {
  /// The codes of all findings, without repetition.
  var codes: Set<String> { Set(findings.map(\.code)) }
  /// The first finding of a code.
  func finding(_ code: String) -> Finding? { findings.first { $0.code == code } }
  /// Actions by logical id, unchanged ones left out.
  var actions: [String: ResourceAction] {
    Dictionary(
      resources.filter { $0.action != .none }.map { ($0.logicalId, $0.action) }, uniquingKeysWith: { $1 })
  }
}
