import AWSClients
import TemplateAnalysis

/// Which resources of a change set are replaced, beyond what CloudFormation says for certain.
///
/// CloudFormation calls a replacement conditional where a property that only a replacement can change takes its value
/// from another resource of the change set. Whether that value changes is often known: a resource that is updated in
/// place keeps its physical id and its ARN. Without this rule every restore of a function's code would seem to replace
/// its permissions and routes. Any other attribute may change, and stays conditional.
struct ProvedReplacements {
  private var byResource: [String: String] = [:]

  /// Reads the changes of one change set.
  init(_ changes: [ResourceChange]) {
    for change in changes where change.action == "Modify" {
      // A nested stack has no property that only a replacement can change.
      let isNested = change.type == "AWS::CloudFormation::Stack" && change.replacement == "Conditional"
      byResource[change.logicalId] = isNested ? "False" : change.replacement ?? "False"
    }
    // A chain is proved link by link.
    var isSettled = false
    while !isSettled {
      isSettled = true
      for change in changes where byResource[change.logicalId] == "Conditional" && isKept(change) {
        byResource[change.logicalId] = "False"
        isSettled = false
      }
    }
  }

  /// `True`, `False` or `Conditional`; nil where the change is no modification.
  subscript(_ logicalId: String) -> String? { byResource[logicalId] }

  /// Whether the type's own schema says that a change of the property is made in place, whatever it depends on.
  private static func isNeverReplaced(for property: String?, _ type: String) -> Bool {
    guard let property, let entry = ReplacementTable.builtIn[type], !entry.hasNoUpdate else { return false }
    return !(entry.createOnly + entry.conditionalCreateOnly).contains { $0.first == property }
  }

  private func isKept(_ change: ResourceChange) -> Bool {
    let asked = change.details.filter { $0.requiresRecreation != nil && $0.requiresRecreation != "Never" }
    let recreating = asked.filter {
      $0.requiresRecreation == "Always" || !ProvedReplacements.isNeverReplaced(for: $0.name, change.type)
    }
    return !asked.isEmpty
      && recreating.allSatisfy { detail in
        guard detail.evaluation == "Dynamic" else { return false }
        // The same property is listed again, once for each reference that its value depends on.
        guard detail.changeSource != "DirectModification" else {
          return recreating.contains { $0.name == detail.name && $0.changeSource != "DirectModification" }
        }
        guard ["ResourceReference", "ResourceAttribute"].contains(detail.changeSource ?? ""),
          let cause = detail.causingEntity
        else { return false }
        let parts = cause.split(separator: ".", maxSplits: 1)
        guard let resource = parts.first, byResource[String(resource)] == "False" else { return false }
        return parts.count == 1 || parts[1] == "Arn"
      }
  }
}
