import AWSClients
import CloudFormationModel
import DeploymentRecords
import SystemInterfaces
import TemplateAnalysis

/// A stack with everything that a later update needs, and the files that hold its templates.
public struct StackReading: Sendable {
  /// What the restore point records of it.
  public var state: StackState
  /// Its status when it was read.
  public var status: StackStatus
  /// Files of the restore point by name.
  public var files: [String: [UInt8]]
  /// The original template as text.
  public var template: String
  /// Whether a failed update is left as it is.
  public var disablesRollback = false

  /// What the template fetches, imports and hides; nil where it could not be read.
  public var facts: TemplateDependencies?

  /// What was read of a stack, its template not looked into yet.
  public init(state: StackState, status: StackStatus, files: [String: [UInt8]], template: String) {
    self.state = state
    self.status = status
    self.files = files
    self.template = template
  }

  /// Values of pseudo parameters, from the stack's own ARN.
  public static func pseudoParameters(_ state: StackState) -> [String: String] {
    guard let arn = AmazonResourceName(state.stackId) else { return ["AWS::StackName": state.name] }
    return [
      "AWS::StackName": state.name, "AWS::StackId": state.stackId, "AWS::Partition": arn.partition,
      "AWS::Region": arn.region, "AWS::AccountId": arn.account,
    ]
  }

  /// Reads the facts of the template, as processed where it has transforms; what it imports and hides goes into `state`.
  public mutating func takeFacts() {
    let original = template
    let processed = state.processedTemplateFile.flatMap { files[$0] }.map {
      String(decoding: $0, as: UTF8.self)
    }
    // CloudFormation took the template: one that we cannot read leaves questions open, and they are said to be open.
    guard let read = try? CloudFormationTemplate(parsing: processed ?? original, path: state.templateFile)
    else {
      return
    }
    let values = state.parameters.compactMap { parameter in parameter.value.map { (parameter.name, $0) } }
    let resolved = state.parameters.compactMap { parameter in
      parameter.resolvedValue.map { (parameter.name, $0) }
    }
    let facts = TemplateDependencies(
      of: read,
      includedBy: processed == nil
        ? nil : try? CloudFormationTemplate(parsing: original, path: state.templateFile),
      parameters: Dictionary(values, uniquingKeysWith: { $1 }),
      resolved: Dictionary(resolved, uniquingKeysWith: { $1 }),
      pseudoParameters: StackReading.pseudoParameters(state))
    for index in state.parameters.indices where facts.hiddenParameters.contains(state.parameters[index].name)
    {
      state.parameters[index].noEcho = true
      state.parameters[index].value = nil
    }
    state.imports = facts.imports.sorted()
    self.facts = facts
  }
}
