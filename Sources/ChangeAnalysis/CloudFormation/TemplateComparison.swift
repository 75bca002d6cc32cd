/// Judges what an update from one template to another does, from the templates and the values that are known.
public enum TemplateComparison {
  /// Compares two versions of one stack's template.
  ///
  /// What the values decide is said as a fact; what depends on values that are not there is `mayReplace` or a finding.
  /// - Parameters:
  ///   - old: nil where the stack is new.
  ///   - new: nil where the stack goes.
  ///   - oldParameters: values of the deployed stack; what is missing takes the old template's default.
  ///   - newParameters: values of the update; what is missing is judged as `context.missingParameters` says.
  public static func compare(
    old: CloudFormationTemplate?, new: CloudFormationTemplate?, oldParameters: [String: String] = [:],
    newParameters: [String: String] = [:], context: ComparisonContext = ComparisonContext()
  ) -> TemplateChange {
    TemplateChange(resources: [], outputs: [], findings: [])
  }
}
