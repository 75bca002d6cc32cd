import DeploymentRecords
import Redaction
import StepResults
import Testing

@testable import TemplateAnalysis

/// Compares an outer template with one nested stack called `Inner`, whose template is given on both sides.
private func nested(
  _ outer: (old: String, new: String), _ inner: (old: String, new: String), parameters: [String: String] = [:]
) throws -> TemplateChange {
  var context = ComparisonContext()
  context.oldNested["Inner"] = NestedTemplate(
    try CloudFormationTemplate(parsing: inner.old, path: "inner.yml"))
  context.newNested["Inner"] = NestedTemplate(
    try CloudFormationTemplate(parsing: inner.new, path: "inner.yml"))
  return try change(
    outer.old, outer.new, oldParameters: parameters, newParameters: parameters, context: context)
}

private func outer(_ parameters: String, rest: String = "", attributes: String = "") -> String {
  """
  Parameters: {Stage: {Type: String, Default: prod}}
  Resources:
    Inner:
      Type: AWS::CloudFormation::Stack
      \(attributes)
      Properties: {TemplateURL: inner.yml, Parameters: \(parameters)}
    Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
  \(rest)
  """
}

private let inner = """
  Parameters: {Name: {Type: String, Default: plain}, Zones: {Type: CommaDelimitedList, Default: "a,b"}}
  Conditions: {IsBig: !Equals [!Ref Name, big]}
  Resources:
    Table:
      Type: AWS::DynamoDB::Table
      Properties: {TableName: !Ref Name, AttributeDefinitions: [], KeySchema: []}
    Extra: {Type: AWS::SNS::Topic, Condition: IsBig}
    Zone: {Type: AWS::EC2::Subnet, Properties: {VpcId: v, AvailabilityZone: !Select [0, !Ref Zones]}}
  Outputs:
    Table: {Value: !GetAtt Table.Arn}
    Fixed: {Value: same}
  """

@Suite struct `Nested stacks` {
  @Test func `nothing changes where neither template nor parameters do`() throws {
    let result = try nested((outer("{}"), outer("{}")), (inner, inner))
    #expect(result.actions.isEmpty)
    #expect(result.nested.map { $0.change.actions } == [[:]])
  }

  @Test func `a parameter handed down replaces, conditions follow it, lists are split`() throws {
    let result = try nested((outer("{Name: small}"), outer("{Name: big, Zones: 'c,b'}")), (inner, inner))
    #expect(result.actions == ["Inner": .update])
    let inside = try #require(result.nested.first)
    #expect(inside.path == "inner.yml")
    #expect(inside.change.actions == ["Table": .replace, "Extra": .create, "Zone": .replace])
    #expect(inside.change.finding("resource-replaced")?.path == "inner.yml")
    #expect(!result.codes.contains("nested-stack-changed"))
  }

  @Test func `a change inside counts as one of the stack resource, and reaches who reads its outputs`() throws
  {
    let rest = """
        Reader: {Type: AWS::SNS::Topic, Properties: {TopicName: !Select [1, !Split [/, !GetAtt Inner.Outputs.Table]]}}
        Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !GetAtt Inner.Outputs.Table}}
        Other: {Type: AWS::S3::Bucket, Properties: {BucketName: !GetAtt Inner.Outputs.Fixed}}
      """
    let changed = inner.replacing("TableName: !Ref Name", with: "TableName: !Sub '${Name}-2'")
    let result = try nested((outer("{}", rest: rest), outer("{}", rest: rest)), (inner, changed))
    #expect(result.actions == ["Inner": .update, "Reader": .mayReplace, "Bucket": .replace])
    #expect(result["Inner"]?.reasons == ["1 of the resources in it change."])
  }

  @Test func `values that are not known are known to be the same or not`() throws {
    let same = outer("{Name: !GetAtt Role.RoleId}")
    #expect(try nested((same, same), (inner, inner)).actions.isEmpty)
    let replaced = same.replacing(
      "{AssumeRolePolicyDocument: {}}", with: "{AssumeRolePolicyDocument: {}, Path: /a/}")
    let result = try nested((same, replaced), (inner, inner))
    #expect(result.nested[0].change["Table"]?.action == .replace)
    // Which of both names the condition compares with is not known.
    #expect(result.nested[0].change["Extra"]?.action == .mayReplace)
  }

  @Test func `a nested stack that goes takes its resources along, unless it is kept`() throws {
    let gone = "Resources: {Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}}\n"
    let result = try nested((outer("{}"), gone), (inner, inner))
    #expect(result["Inner"]?.action == .delete)
    #expect(result.nested[0].change.actions == ["Table": .delete, "Zone": .delete])
    #expect(result.nested[0].change.finding("resource-deleted")?.severity == .error)
    let kept = try nested((outer("{}", attributes: "DeletionPolicy: Retain"), gone), (inner, inner))
    #expect(kept["Inner"]?.action == .orphan)
    #expect(kept.nested.isEmpty)
  }

  @Test func `one template alone says nothing about a stack that stays`() throws {
    var context = ComparisonContext()
    context.newNested["Inner"] = NestedTemplate(try CloudFormationTemplate(parsing: inner, path: "inner.yml"))
    let result = try change(outer("{}"), outer("{Name: big}"), context: context)
    #expect(result.nested.isEmpty)
    #expect(result.codes.contains("nested-stack-changed"))
  }

  @Test func `nested in each other, each with its own values`() throws {
    let middle = """
      Parameters: {Middle: {Type: String}}
      Resources:
        Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: x, Parameters: {Name: !Sub "${Middle}-t"}}}
      """
    func tree() throws -> NestedTemplate {
      NestedTemplate(
        try CloudFormationTemplate(parsing: middle, path: "middle.yml"),
        children: ["Inner": NestedTemplate(try CloudFormationTemplate(parsing: inner, path: "inner.yml"))])
    }
    var context = ComparisonContext()
    context.oldNested["Inner"] = try tree()
    context.newNested["Inner"] = try tree()
    let result = try change(outer("{Middle: a}"), outer("{Middle: b}"), context: context)
    #expect(result.nested[0].change["Inner"]?.action == .update)
    #expect(result.nested[0].change.nested[0].change.actions == ["Table": .replace])
  }

  @Test func `secret values stay out of what is said inside`() throws {
    let secret = inner.replacing("{Type: String, Default: plain}", with: "{Type: String, NoEcho: true}")
    let result = try nested((outer("{Name: hush-hush-1}"), outer("{Name: hush-hush-2}")), (secret, secret))
    #expect(result.nested[0].change["Table"]?.action == .replace)
    #expect(!result.nested[0].change.findings.contains { $0.message.contains("hush-hush") })
  }
}

@Suite struct `Where nested templates are` {
  private func stack(_ body: String) throws -> NestedStackResource? {
    let text = "Resources:\n  S:\n    Type: AWS::CloudFormation::Stack\n    \(body)\n"
    return try CloudFormationTemplate(parsing: text, path: "a.yml").nestedStacks.first
  }

  @Test(arguments: [
    ("Properties: {TemplateURL: ./inner.yml}", "./inner.yml", true),
    ("Properties: {TemplateURL: !Sub 'https://s3.${AWS::Region}.x/${B}/t/inner.yml'}", "/t/inner.yml", false),
    ("Properties: {TemplateURL: !Sub ['${A}inner.yml', {A: b}]}", "inner.yml", false),
    ("Properties: {TemplateURL: !Join ['/', [!Ref B, t, inner.yml]]}", "/t/inner.yml", false),
    ("Properties: {TemplateURL: !Join ['', ['https://s3/', x.yml]]}", "https://s3/x.yml", true),
  ])
  func `the literal end of the address`(_ body: String, _ location: String, _ isWhole: Bool) throws {
    let found = try #require(try stack(body))
    #expect(found.location == location)
    #expect(found.isWhole == isWhole)
  }

  @Test func `nothing where the address ends in what only a deployment knows`() throws {
    #expect(try stack("Properties: {TemplateURL: !Ref Url}")?.location == nil)
    #expect(try stack("Properties: {TemplateURL: !Sub 'https://${Url}'}")?.location == nil)
    #expect(try stack("Properties: {}")?.location == nil)
  }

  @Test func `the asset that a tool noted`() throws {
    #expect(
      try stack("Metadata: {aws:asset:path: Inner.nested.template.json}")?.assetPath
        == "Inner.nested.template.json")
  }
}
