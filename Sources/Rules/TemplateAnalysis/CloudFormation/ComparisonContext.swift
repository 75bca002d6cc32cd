public import CloudFormationModel

/// What is known about the stack and its surroundings besides the two templates and their parameter values.
public struct ComparisonContext: Sendable {
  /// How a parameter without a new value is judged.
  public enum MissingParameters: Hashable, Sendable {
    /// As CreateChangeSet does: the new template's default.
    case defaults
    /// As `aws cloudformation deploy`, SAM and CDK do: the previous value, then the new template's default.
    case previousValues
  }

  /// Values of the pseudo parameters, such as `AWS::Region`: known where they stand here, the same on both sides.
  public var pseudoParameters: [String: String]
  /// How a parameter without a new value is judged.
  public var missingParameters: MissingParameters
  /// Logical ids that the update imports into the stack.
  public var importedLogicalIds: Set<String>
  /// The other templates of the repository, to find who imports an export.
  public var otherTemplates: [CloudFormationTemplate]
  /// Who imports which export name besides them: export name to what uses it.
  public var importers: [String: [String]]
  /// Templates of nested stacks before and after, by the logical id of the stack resource.
  public var oldNested: [String: NestedTemplate] = [:], newNested: [String: NestedTemplate] = [:]
  /// Logical ids that a stack refactor changes: the new one to the old one.
  public var renames: [String: String] = [:]
  /// How many stacks this one is nested in.
  var nesting = 0
  /// Which property means replacement.
  public var replacements: ReplacementTable
  /// Which types hold data.
  public var statefulTypes: StatefulTypes

  /// A context; what is not given is not known.
  public init(
    pseudoParameters: [String: String] = [:], missingParameters: MissingParameters = .defaults,
    importedLogicalIds: Set<String> = [], otherTemplates: [CloudFormationTemplate] = [],
    importers: [String: [String]] = [:], replacements: ReplacementTable = .builtIn,
    statefulTypes: StatefulTypes = StatefulTypes()
  ) {
    self.pseudoParameters = pseudoParameters
    self.missingParameters = missingParameters
    self.importedLogicalIds = importedLogicalIds
    self.otherTemplates = otherTemplates
    self.importers = importers
    self.replacements = replacements
    self.statefulTypes = statefulTypes
  }
}
