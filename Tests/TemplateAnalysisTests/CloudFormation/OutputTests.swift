import DeploymentRecords
import Redaction
import StepResults
import Testing

@testable import TemplateAnalysis

@Suite struct `Outputs and exports` {
  private let template = """
    Parameters: {Name: {Type: String, Default: net}}
    Resources: {Net: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}}
    Outputs:
      Id: {Value: !Ref Net, Export: {Name: !Sub '${Name}-id'}}
      Plain: {Value: fixed}
    """
  private let importer = """
    Resources:
      Sub: {Type: AWS::EC2::Subnet, Properties: {VpcId: {Fn::ImportValue: !Sub 'net-id'}}}
    """

  @Test func `nothing changes`() throws {
    let result = try change(template, template)
    #expect(result.outputs.isEmpty)
    #expect(result.findings.isEmpty)
  }

  @Test func `a removed export`() throws {
    let cut = String(template.prefix { $0 != "O" })
    let result = try change(template, cut)
    #expect(result.outputs.map(\.action) == [.removed, .removed])
    #expect(result.outputs.first?.export == "net-id")
    #expect(result.finding("export-removed")?.severity == .warning)
    #expect(result.finding("output-changed")?.severity == .notice)
  }

  @Test func `a renamed export is a removed one`() throws {
    let result = try change(template, template, newParameters: ["Name": "grid"])
    #expect(result.outputs.map(\.action) == [.removed])
    let kept = try change(template, template.replacing("-id'}}", with: "-id'}}\n  More: {Value: 1}"))
    #expect(kept.outputs.map(\.action) == [.added])
    #expect(kept.findings.isEmpty)
  }

  @Test func `who imports it, from templates and from a list`() throws {
    let other = try CloudFormationTemplate(parsing: importer, path: "app.yml")
    let own = try CloudFormationTemplate(parsing: importer, path: "stack.yml")
    let context = ComparisonContext(otherTemplates: [other, own], importers: ["net-id": ["stack Billing"]])
    let result = try change(template, String(template.prefix { $0 != "O" }), context: context)
    #expect(result.outputs.first?.importers == ["stack Billing", "app.yml"])
    let finding = try #require(result.finding("export-in-use"))
    #expect(finding.severity == .error)
    #expect(finding.message.contains("stack Billing, app.yml imports it"))
  }

  @Test func `a replaced resource changes the export`() throws {
    let result = try change(template, template.replacing("10.0.0.0", with: "10.1.0.0"))
    #expect(result.outputs.map(\.action) == [.changed])
    #expect(result.finding("export-changed")?.line == 4)
  }

  @Test func `what may be replaced may change the output`() throws {
    let template = """
      Resources: {Host: {Type: AWS::EC2::Instance, Properties: {InstanceType: a}}}
      Outputs: {Id: {Value: !Ref Host, Export: {Name: host}}}
      """
    let result = try change(template, template.replacing("InstanceType: a", with: "InstanceType: b"))
    #expect(result.outputs.map(\.action) == [.mayChange])
    #expect(result.finding("export-changed")?.message.contains("may change") == true)
  }

  @Test func `a condition takes an output away`() throws {
    let old =
      "Conditions: {On: !Equals [a, a]}\nResources: {}\nOutputs: {X: {Condition: On, Value: 1, Export: {Name: x}}}"
    #expect(try change(old, old.replacing("a, a", with: "a, b")).outputs.map(\.action) == [.removed])
  }

  @Test func `imports are found wherever they stand`() throws {
    let text = """
      Parameters: {Stage: {Type: String}}
      Conditions: {On: !Equals [!Ref Stage, a]}
      Resources:
        A: {Type: X::Y::Z, Properties: {L: [!If [On, {Fn::ImportValue: one}, !Sub ['${v}', {v: !ImportValue two}]]]}}
      Outputs: {O: {Value: !Join ['', [!ImportValue three, x]]}}
      """
    let template = try CloudFormationTemplate(parsing: text, path: "t.yml")
    #expect(TemplateComparison.imports(of: template) == ["one", "two", "three"])
  }
}
