import AWSClients
import CloudFormationModel
import DeploymentRecords
import Redaction
import StepResults
import TemplateAnalysis
import Testing

@testable import DiffGate

@Suite struct `What CloudFormation says` {
  private func theirs(
    _ action: String, _ id: String, _ type: String = "AWS::S3::Bucket", replacement: String? = nil,
    policy: String? = nil
  ) -> ResourceChange {
    var change = ResourceChange(action: action, logicalId: id, physicalId: nil, type: type)
    change.replacement = replacement
    change.policyAction = policy
    return change
  }

  private func judged(_ old: String, _ new: String) throws -> JudgedTemplate {
    let change = TemplateComparison.compare(
      old: try CloudFormationTemplate(parsing: old, path: "a.yml"),
      new: try CloudFormationTemplate(parsing: new, path: "a.yml"))
    return JudgedTemplate(
      entry: TemplateEntry(path: "a.yml", stack: "Shop", resources: TemplateEntry.resources(of: change)),
      change: change, parameters: [:], declared: [], nests: false)
  }

  @Test(arguments: [
    ("Add", nil, nil, ResourceAction.create), ("Import", nil, nil, .import),
    ("Modify", "True", nil, .replace),
    ("Modify", "Conditional", nil, .mayReplace), ("Modify", "False", nil, .update),
    ("Remove", nil, nil, .delete),
    ("Remove", nil, "Delete", .delete), ("Remove", nil, "Retain", .orphan),
    ("Remove", nil, "Snapshot", .snapshotThenDelete), ("Modify", "True", "ReplaceAndRetain", .replace),
  ])
  func `its words in ours`(
    _ action: String, _ replacement: String?, _ policy: String?, _ expected: ResourceAction
  )
    throws
  {
    let template = try judged("Resources: {}", "Resources: {}")
    let change = ChangeSetReview.change(
      theirs(action, "R", replacement: replacement, policy: policy), template.change, StatefulTypes())
    #expect(change.action == expected)
    #expect(change.stateful)
    #expect(
      change.oldResource
        == (policy == "ReplaceAndRetain" || policy == "Retain" ? .retained : change.oldResource))
  }

  @Test func `what it says instead of the templates counts, and what it denies is no finding any more`()
    throws
  {
    let old =
      "Resources: {R: {Type: AWS::S3::Bucket, Properties: {BucketName: a}}, T: {Type: AWS::SNS::Topic}}"
    let new = old.replacing("BucketName: a", with: "BucketName: b")
    var template = try judged(old, new)
    #expect(template.change.findings.contains { $0.code == "resource-replaced" && $0.severity == .error })
    template.adopt([
      ChangeSetReview.change(theirs("Modify", "R", replacement: "False"), template.change, StatefulTypes()),
      ChangeSetReview.change(theirs("Remove", "T", "AWS::SNS::Topic"), template.change, StatefulTypes()),
    ])
    #expect(template.entry.resources.map(\.action) == ["update", "delete"])
    #expect(
      template.change.findings.map(\.code).sorted() == [
        "change-set-differs", "change-set-differs", "resource-deleted",
      ])
    #expect(!template.change.findings.contains { $0.severity == .error })
  }

  @Test func `it may find a loss that the templates do not show`() throws {
    let text =
      "Resources: {R: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref Name}}}\nParameters: {Name: {Type: String}}"
    var template = try judged(text, text)
    #expect(template.entry.resources.isEmpty)
    var detail = ResourceChange.Detail()
    detail.name = "BucketName"
    detail.requiresRecreation = "Always"
    var change = theirs("Modify", "R", replacement: "True", policy: "ReplaceAndDelete")
    change.details = [detail]
    template.adopt([ChangeSetReview.change(change, template.change, StatefulTypes())])
    let finding = try #require(template.change.findings.first { $0.code == "resource-replaced" })
    #expect(finding.severity == .error)
    #expect(finding.line == 1)
    #expect(finding.message.contains("BucketName can only be set when it is made."))
    #expect(template.change.resources.first?.oldResource == .deleted)
  }
}
