import StepResults
import TemplateAnalysis

/// A template that was judged: its entry in the record, and what the entry does not hold.
struct JudgedTemplate {
  var entry: TemplateEntry
  var change: TemplateChange
  /// Values of the update.
  var parameters: [String: String]
  /// The parameters that its newer version declares.
  var declared: [String]
  /// Whether it nests stacks.
  var nests: Bool

  /// Takes a resource out of what happens here: it is moved, and what becomes of it is said elsewhere.
  mutating func remove(_ id: String) {
    if change[id].map({ [.delete, .orphan, .snapshotThenDelete].contains($0.action) }) == true {
      change.resources.removeAll { $0.logicalId == id }
    }
    let told = ResourceImpact.findingCodes.union(["resource-renamed", "name-taken"])
    change.findings.removeAll { finding in
      guard told.contains(finding.code) else { return false }
      return finding.message.split { !($0.isLetter || $0.isNumber) }.contains { $0 == id }
    }
  }

  /// Takes over what CloudFormation said about the resources, and says where it was expected to say otherwise.
  mutating func adopt(_ theirs: [ResourceImpact]) {
    let differences = theirs.compactMap { resource -> Finding? in
      let before = change[resource.logicalId]?.action ?? .none
      guard before != resource.action else { return nil }
      return Finding(
        "change-set-differs", .notice,
        "CloudFormation says \(resource.action.rawValue) for \(resource.logicalId), the templates say "
          + "\(before.rawValue); CloudFormation is right", path: entry.path, subject: resource.logicalId)
    }
    let kept = change.findings.filter { finding in
      if ResourceImpact.findingCodes.contains(finding.code) { return false }
      // What was refused for being replaced is not, where nothing is replaced.
      guard finding.code == "replacement-refused" else { return true }
      return theirs.contains { $0.action == .replace && finding.message.hasPrefix("\($0.logicalId) ") }
    }
    let deliveries = Dictionary(
      change.resources.map { ($0.logicalId, $0.delivery) }, uniquingKeysWith: { $1 })
    change.resources = theirs.map { resource in
      var resource = resource
      resource.delivery = deliveries[resource.logicalId] ?? nil
      return resource
    }
    change.findings = kept + theirs.compactMap { $0.finding(in: entry.path) } + differences
    entry.resources = TemplateEntry.resources(of: change)
  }
}

extension TemplateEntry {
  /// The resources that do not stay as they are.
  static func resources(of change: TemplateChange) -> [Resource] {
    change.resources.filter { $0.action != .none }.map {
      Resource(
        logicalId: $0.logicalId, type: $0.type, action: $0.action.rawValue, properties: $0.properties,
        stateful: $0.stateful, reasons: $0.reasons, delivery: $0.delivery)
    }
  }
}
