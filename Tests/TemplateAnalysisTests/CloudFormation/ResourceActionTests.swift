import StepResults
import Testing

@testable import CloudFormationModel
@testable import TemplateAnalysis

@Suite struct `What changed properties do` {
  @Test(arguments: [
    ("AWS::SNS::Topic", "{TopicName: a}", "{TopicName: b}", ResourceAction.replace),
    ("AWS::SNS::Topic", "{TopicName: a}", "{TopicName: a, DisplayName: x}", .update),
    ("AWS::SNS::Topic", "{TopicName: a}", "{TopicName: a}", .none),
    ("AWS::SNS::Topic", "{DisplayName: 1}", "{DisplayName: '1'}", .none),
    ("AWS::SNS::Topic", "", "{TopicName: b}", .replace),
    ("AWS::SNS::Topic", "{TopicName: a}", "{TopicName: !Ref P}", .mayReplace),
    ("AWS::SNS::Topic", "{DisplayName: a}", "{DisplayName: !Ref P}", .update),
    ("AWS::SNS::Topic", "{TopicName: !Ref P}", "{TopicName: !Ref P}", .none),
    ("AWS::SNS::Topic", "{TopicName: !Sub 'a-${P}'}", "{TopicName: !Sub 'b-${P}'}", .replace),
    ("AWS::SNS::Topic", "{TopicName: !Sub '${P}-a'}", "{TopicName: !Join ['-', [!Ref P, a]]}", .none),
    // Create-only below the top, in objects and lists.
    ("AWS::EC2::Instance", "{InstanceType: t3.micro}", "{InstanceType: t3.large}", .mayReplace),
    (
      "AWS::DynamoDB::Table", "{KeySchema: [{AttributeName: a}]}", "{KeySchema: [{AttributeName: b}]}",
      .mayReplace
    ),
    (
      "AWS::Lambda::Version", "{FunctionName: f, Description: a}", "{FunctionName: f, Description: b}",
      .replace
    ),
    (
      "AWS::EC2::Subnet", "{AvailabilityZone: !Select [0, !GetAZs '']}",
      "{AvailabilityZone: !Select [1, !GetAZs '']}",
      .replace
    ),
    (
      "AWS::EC2::Subnet", "{AvailabilityZone: !Select [0, !GetAZs '']}",
      "{AvailabilityZone: !Select [0, !GetAZs a]}",
      .mayReplace
    ),
    ("AWS::KMS::Key", "{Description: a}", "{Description: b}", .update),
    ("Custom::Thing", "{ServiceToken: t, A: 1}", "{ServiceToken: t, A: 2}", .mayReplace),
    ("Custom::Thing", "{ServiceToken: t}", "{ServiceToken: u}", .mayReplace),
    ("AWS::CloudFormation::Stack", "{TemplateURL: a}", "{TemplateURL: b}", .update),
    ("Private::Type::Name", "{A: 1}", "{A: 2}", .mayReplace),
    ("AWS::Serverless::Function", "{FunctionName: a}", "{FunctionName: b}", .replace),
    ("AWS::Serverless::Function", "{Runtime: a}", "{Runtime: b}", .update),
    ("AWS::Serverless::LayerVersion", "{ContentUri: a}", "{ContentUri: b}", .replace),
    ("AWS::SNS::Topic", "{Fn::Transform: {Name: M}}", "{Fn::Transform: {Name: M}}", .none),
    ("AWS::SNS::Topic", "{TopicName: a}", "{TopicName: a, Fn::Transform: [{Name: M}]}", .mayReplace),
    ("AWS::SNS::Topic", "{TopicName: a}", "{Fn::Transform: {Name: M}}", .mayReplace),
  ])
  func `by the table`(type: String, old: String, new: String, expected: ResourceAction) throws {
    #expect(try action(type, old, new)?.action == expected)
  }

  @Test func `changed paths, reasons and the fate of the old one are named`() throws {
    let change = try #require(
      try action(
        "AWS::S3::Bucket", "{BucketName: a, Tags: [{Key: k, Value: x}]}",
        "{BucketName: b, Tags: [{Key: k, Value: y}]}"))
    #expect(change.properties == ["BucketName", "Tags/0/Value"])
    #expect(change.reasons == ["BucketName can only be set when it is made: \"a\" becomes \"b\"."])
    #expect(change.oldResource == .deleted)
    #expect(change.stateful)
    #expect(change.name == "b")
    #expect(change.line == 3)
  }

  @Test(arguments: [
    ("UpdateReplacePolicy: Retain", ReplacedResourceFate.retained), ("UpdateReplacePolicy: Delete", .deleted),
    ("UpdateReplacePolicy: Snapshot", .snapshot), ("DeletionPolicy: Retain", .deleted),
  ])
  func `UpdateReplacePolicy decides over the replaced one`(attribute: String, fate: ReplacedResourceFate)
    throws
  {
    let change = try action("AWS::RDS::DBInstance", "{DBName: a}", "{DBName: b}", attributes: attribute)
    #expect(change?.action == .replace)
    #expect(change?.oldResource == fate)
  }

  @Test(arguments: [
    ("Metadata: {a: 1}", "Metadata: {a: 2}", ResourceAction.update),
    ("DependsOn: [A, B]", "DependsOn: A", .none),
    ("DeletionPolicy: Retain", "DeletionPolicy: Delete", .update),
    ("UpdateReplacePolicy: Retain", "", .update),
    ("Metadata: {a: 1}", "Metadata: {a: '1'}", .none),
  ])
  func `attributes alone`(old: String, new: String, expected: ResourceAction) throws {
    let template = "Resources:\n  R:\n    Type: AWS::S3::Bucket\n    "
    let result = try change(template + old, template + new)
    #expect((result["R"]?.action ?? .none) == expected)
  }

  @Test func `a type change replaces and is said to be refused`() throws {
    let result = try change(
      "Resources: {R: {Type: AWS::SNS::Topic}}", "Resources: {R: {Type: AWS::SQS::Queue}}")
    #expect(result["R"]?.action == .replace)
    #expect(result["R"]?.reasons == ["Its type changes from AWS::SNS::Topic to AWS::SQS::Queue."])
    #expect(result.finding("replacement-refused")?.severity == .error)
  }

  @Test func `a replacement under a fixed name is said to be refused`() throws {
    let template =
      "Resources: {R: {Type: AWS::DynamoDB::Table, Properties: {TableName: t, ImportSourceSpecification: {A: X}}}}"
    let result = try change(template, template.replacing("X", with: "Y"))
    #expect(result["R"]?.action == .replace)
    #expect(result.finding("replacement-refused")?.message.contains("fixed name t") == true)
    let unnamed = template.replacing("TableName: t, ", with: "")
    #expect(try change(unnamed, unnamed.replacing("X", with: "Y")).finding("replacement-refused") == nil)
  }

  @Test func `an Auto Scaling group may ask to be replaced`() throws {
    let attributes = "UpdatePolicy: {AutoScalingReplacingUpdate: {WillReplace: true}}"
    let old = "{LaunchTemplate: {Version: 1}, MinSize: 1}"
    let new = "{LaunchTemplate: {Version: 2}, MinSize: 1}"
    let type = "AWS::AutoScaling::AutoScalingGroup"
    #expect(try action(type, old, new, attributes: attributes)?.action == .replace)
    #expect(try action(type, old, new)?.action == .update)
    #expect(
      try action(type, old, old.replacing("MinSize: 1", with: "MinSize: 2"), attributes: attributes)?.action
        == .update)
  }

  @Test func `an attachment is deleted before it is made anew`() throws {
    let change = try action(
      "AWS::EC2::TransitGatewayConnectPeer", "{TransitGatewayAttachmentId: a}",
      "{TransitGatewayAttachmentId: b}")
    #expect(change?.reasons.last == "The old resource is deleted before the new one is made.")
  }

  @Test func `SAM globals count as properties of every function`() throws {
    let template = """
      Transform: AWS::Serverless-2016-10-31
      Globals: {Function: {Timeout: 3, Environment: {Variables: {A: x}}}}
      Resources:
        F: {Type: AWS::Serverless::Function, Properties: {Handler: a, Environment: {Variables: {B: y}}}}
        G: {Type: AWS::Serverless::Function, Properties: {Handler: a, Timeout: 9}}
      """
    let result = try change(template, template.replacing("Timeout: 3", with: "Timeout: 4"))
    #expect(result["F"]?.properties == ["Timeout"])
    #expect(result["G"]?.action == ResourceAction.none)
    #expect(result.finding("transform-open")?.severity == .notice)
    let variables = try change(template, template.replacing("A: x", with: "A: z"))
    #expect(variables["F"]?.properties == ["Environment/Variables/A"])
    #expect(variables["G"]?.action == .update)
  }
}

@Suite struct `What comes and goes` {
  private let bucket =
    "Resources: {Keep: {Type: AWS::SNS::Topic}, R: {Type: AWS::S3::Bucket, ATTRIBUTES Properties: {Tags: [1]}}}"
  private let without = "Resources: {Keep: {Type: AWS::SNS::Topic}}"

  private func removal(_ type: String, _ attributes: String, _ properties: String = "{}") throws
    -> ResourceImpact?
  {
    let old = "Resources: {R: {Type: \(type), \(attributes) Properties: \(properties)}}"
    return try change(old, "Resources: {}")["R"]
  }

  @Test(arguments: [
    ("AWS::S3::Bucket", "", "{}", ResourceAction.delete),
    ("AWS::S3::Bucket", "DeletionPolicy: Retain,", "{}", .orphan),
    ("AWS::S3::Bucket", "DeletionPolicy: RetainExceptOnCreate,", "{}", .orphan),
    ("AWS::S3::Bucket", "DeletionPolicy: Snapshot,", "{}", .delete),
    ("AWS::S3::Bucket", "UpdateReplacePolicy: Retain,", "{}", .delete),
    ("AWS::RDS::DBInstance", "", "{}", .snapshotThenDelete),
    ("AWS::RDS::DBCluster", "", "{}", .snapshotThenDelete),
    ("AWS::RDS::DBInstance", "", "{DBClusterIdentifier: c}", .delete),
    ("AWS::RDS::DBInstance", "DeletionPolicy: Delete,", "{}", .delete),
    ("AWS::Redshift::Cluster", "", "{}", .delete),
    ("AWS::Redshift::Cluster", "DeletionPolicy: Snapshot,", "{}", .snapshotThenDelete),
    ("AWS::S3::Bucket", "DeletionPolicy: !Ref P,", "{}", .mayReplace),
  ])
  func `DeletionPolicy and its defaults`(
    type: String, attributes: String, properties: String, expected: ResourceAction
  ) throws {
    #expect(try removal(type, attributes, properties)?.action == expected)
  }

  @Test func `the deployed template's policy counts, not the new one's`() throws {
    let conditions = "Conditions: {On: !Equals [a, a]}\n"
    let resource = "Resources: {R: {Type: AWS::S3::Bucket, Condition: On, DeletionPolicy: Retain}}"
    let result = try change(
      conditions + resource.replacing("Retain", with: "Delete"),
      conditions.replacing("a, a", with: "a, b") + resource)
    #expect(result["R"]?.action == .delete)
    #expect(result["R"]?.reasons == ["Its condition no longer holds."])
  }

  @Test func `findings weigh by what the resource holds`() throws {
    #expect(
      try change(bucket.replacing("ATTRIBUTES", with: ""), without).finding("resource-deleted")?.severity
        == .error)
    let topic = bucket.replacing("ATTRIBUTES", with: "").replacing("S3::Bucket", with: "SNS::Topic")
    #expect(try change(topic, without).finding("resource-deleted")?.severity == .notice)
    let kept = bucket.replacing("ATTRIBUTES", with: "DeletionPolicy: Retain,")
    #expect(try change(kept, without).finding("resource-orphaned")?.severity == .warning)
    let context = ComparisonContext(
      statefulTypes: StatefulTypes(adding: ["AWS::SNS::*"], removing: ["AWS::S3::Bucket"]))
    #expect(try change(topic, without, context: context).finding("resource-deleted")?.severity == .error)
    #expect(
      try change(bucket.replacing("ATTRIBUTES", with: ""), without, context: context).finding(
        "resource-deleted")?.severity == .notice)
  }

  @Test func `new stacks, stacks that go, imports`() throws {
    let template = bucket.replacing("ATTRIBUTES", with: "")
    #expect(try change(nil, template).actions == ["Keep": .create, "R": .create])
    #expect(try change(template, nil).actions == ["Keep": .delete, "R": .delete])
    #expect(try change(nil, nil).resources.isEmpty)
    let context = ComparisonContext(importedLogicalIds: ["R"])
    #expect(try change(without, template, context: context).actions == ["R": .import])
  }

  @Test func `conditions by parameter values`() throws {
    let template = """
      Parameters: {Stage: {Type: String}}
      Conditions: {Prod: !Equals [!Ref Stage, prod]}
      Resources: {R: {Type: AWS::S3::Bucket, Condition: Prod}}
      """
    func actions(_ old: String?, _ new: String?) throws -> [String: ResourceAction] {
      try change(
        template, template, oldParameters: old.map { ["Stage": $0] } ?? [:],
        newParameters: new.map { ["Stage": $0] } ?? [:]
      ).actions
    }
    #expect(try actions("prod", "prod") == [:])
    #expect(try actions("prod", "dev") == ["R": .delete])
    #expect(try actions("dev", "prod") == ["R": .create])
    #expect(try actions(nil, nil) == [:])
    #expect(try actions("prod", nil) == ["R": .mayReplace])
    #expect(try actions("dev", nil) == ["R": .create])
    // Whether it was there is not known; if it was, it goes.
    #expect(try actions(nil, "dev") == ["R": .mayReplace])
  }

  @Test func `a new default says nothing about a value that is deployed and not known`() throws {
    func template(_ parameter: String) -> String {
      """
      Parameters: {Stage: \(parameter)}
      Conditions: {Prod: !Equals [!Ref Stage, prod]}
      Resources: {R: {Type: AWS::S3::Bucket, Condition: Prod, Properties: {BucketName: !Ref Stage}}}
      """
    }
    let (old, new) = (template("{Type: String}"), template("{Type: String, Default: dev}"))
    // Deployment tools keep what is deployed; the bare API takes the default.
    #expect(
      try change(old, new, context: ComparisonContext(missingParameters: .previousValues)).actions == [:])
    #expect(try change(old, new).actions == ["R": .mayReplace])
    #expect(
      try change(new, old, context: ComparisonContext(missingParameters: .previousValues)).actions == [:])
  }

  @Test func `a key that no table changes in place stops, although its schema leaves it open`() throws {
    func severity(_ type: String, _ old: String, _ new: String) throws -> Severity? {
      func template(_ properties: String) -> String {
        "Resources: {R: {Type: \(type), Properties: \(properties)}}"
      }
      return try change(template(old), template(new)).finding("resource-may-be-replaced")?.severity
    }
    let table = "AWS::DynamoDB::Table"
    #expect(
      try severity(table, "{KeySchema: [{AttributeName: a}]}", "{KeySchema: [{AttributeName: b}]}") == .error)
    #expect(try severity("AWS::RDS::DBInstance", "{MultiAZ: true}", "{MultiAZ: false}") == .warning)
  }

  @Test func `a new logical id for the same thing is named`() throws {
    let template = bucket.replacing("ATTRIBUTES", with: "")
    let result = try change(template, template.replacing("R:", with: "Data:"))
    #expect(result.actions == ["R": .delete, "Data": .create])
    #expect(result.finding("resource-renamed")?.severity == .error)
  }

  @Test func `a weakened policy is named although nothing is lost yet`() throws {
    let result = try change(
      bucket.replacing("ATTRIBUTES", with: "DeletionPolicy: Retain,"),
      bucket.replacing("ATTRIBUTES", with: ""))
    #expect(result.finding("policy-weakened")?.message.contains("Retain to Delete") == true)
    #expect(result["R"]?.properties == ["DeletionPolicy"])
  }
}
