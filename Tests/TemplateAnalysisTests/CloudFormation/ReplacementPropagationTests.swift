import Testing

@testable import CloudFormationModel
@testable import MigrationAnalysis
@testable import TemplateAnalysis

@Suite struct `A replacement reaches what refers to it` {
  @Test func `through Ref into create-only properties, step by step`() throws {
    let template = """
      Resources:
        Third: {Type: AWS::EC2::NetworkAclEntry, Properties: {NetworkAclId: !Ref Second, RuleNumber: 1}}
        Second: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: !Ref First}}
        First: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
        Apart: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.9.0.0/16}}
      """
    let result = try change(template, template.replacing("10.0.0.0", with: "10.1.0.0"))
    #expect(result.actions == ["First": .replace, "Second": .replace, "Third": .replace])
    #expect(result["Second"]?.properties == ["VpcId"])
  }

  @Test func `into other properties it is an update`() throws {
    let template = """
      Resources:
        Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: a}}
        Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmActions: [!Ref Topic], AlarmName: x}}
        Text: {Type: AWS::SSM::Parameter, Properties: {Name: n, Value: !GetAtt Topic.TopicArn}}
      """
    let result = try change(template, template.replacing("TopicName: a", with: "TopicName: b"))
    #expect(result.actions == ["Topic": .replace, "Alarm": .update, "Text": .update])
    #expect(result["Alarm"]?.properties == ["AlarmActions/0"])
  }

  @Test func `an update in place leaves names and ARNs alone`() throws {
    let template = """
      Resources:
        Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: a}}
        Policy: {Type: AWS::SNS::TopicPolicy, Properties: {Topics: [!Ref Topic], PolicyDocument: {}}}
        Text: {Type: AWS::SSM::Parameter, Properties: {Name: n, Value: !GetAtt Topic.TopicArn}}
      """
    #expect(
      try change(template, template.replacing("DisplayName: a", with: "DisplayName: b")).actions == [
        "Topic": .update
      ])
  }

  @Test func `an attribute that is a changed property changes with it`() throws {
    let template = """
      Resources:
        Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: a}}
        Text: {Type: AWS::SSM::Parameter, Properties: {Name: !GetAtt Topic.DisplayName, Value: x}}
      """
    let result = try change(template, template.replacing("DisplayName: a", with: "DisplayName: b"))
    #expect(result.actions == ["Topic": .update, "Text": .replace])
  }

  @Test(arguments: [
    ("AWS::EC2::LaunchTemplate", "{LaunchTemplateData: {ImageId: X}}", "LatestVersionNumber"),
    ("Custom::Thing", "{ServiceToken: t, A: X}", "Answer"),
    ("AWS::CloudFormation::Stack", "{TemplateURL: X}", "Outputs.Name"),
    ("AWS::DynamoDB::Table", "{StreamSpecification: {StreamViewType: X}}", "StreamArn"),
  ])
  func `attributes that move on an update leave dependents open`(
    type: String, properties: String, attribute: String
  ) throws {
    let template = """
      Resources:
        Source: {Type: \(type), Properties: \(properties)}
        Named: {Type: AWS::SSM::Parameter, Properties: {Name: !GetAtt Source.\(attribute), Value: x}}
        Valued: {Type: AWS::SSM::Parameter, Properties: {Name: n, Value: !GetAtt Source.\(attribute)}}
      """
    let result = try change(template, template.replacing("X}", with: "Y}"))
    // What becomes of a custom resource, its function decides.
    let source: ResourceAction = type.hasPrefix("Custom::") ? .mayReplace : .update
    #expect(result.actions == ["Source": source, "Named": .mayReplace, "Valued": .update])
    #expect(result["Named"]?.reasons.first?.contains("Source.\(attribute)") == true)
  }

  @Test func `what may be replaced leaves dependents open`() throws {
    let template = """
      Resources:
        Host: {Type: AWS::EC2::Instance, Properties: {InstanceType: a}}
        Address: {Type: AWS::EC2::VolumeAttachment, Properties: {InstanceId: !Ref Host, VolumeId: v, Device: d}}
      """
    let result = try change(template, template.replacing("InstanceType: a", with: "InstanceType: b"))
    #expect(result.actions == ["Host": .mayReplace, "Address": .mayReplace])
  }

  @Test func `attributes that outlive a replacement are open`() throws {
    let template = """
      Resources:
        Balancer: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Name: a}}
        Text: {Type: AWS::SSM::Parameter, Properties: {Name: !GetAtt Balancer.CanonicalHostedZoneID, Value: x}}
      """
    let result = try change(template, template.replacing("Name: a}", with: "Name: b}"))
    #expect(result.actions == ["Balancer": .replace, "Text": .mayReplace])
  }

  @Test func `another resource under the reference is another value`() throws {
    let template = """
      Resources:
        A: {Type: AWS::EC2::VPC}
        B: {Type: AWS::EC2::VPC}
        Net: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref A}}
      """
    #expect(try change(template, template.replacing("!Ref A", with: "!Ref B")).actions == ["Net": .replace])
  }

  @Test func `names that the templates set are followed by value`() throws {
    let template = """
      Resources:
        Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: a}}
        Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub '${Bucket}-q'}}
      """
    #expect(try change(template, template.replacing("!Sub '${Bucket}-q'", with: "a-q")).actions == [:])
    #expect(
      try change(template, template.replacing("BucketName: a", with: "BucketName: b")).actions == [
        "Bucket": .replace, "Queue": .replace,
      ])
  }

  @Test func `a circle of references ends`() throws {
    let template = """
      Resources:
        A: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: !GetAtt B.GroupId}}
        B: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: !GetAtt A.GroupId}}
      """
    #expect(try change(template, template).resources.count == 2)
  }

  @Test func `a chain as long as a template does not reach the stack's end`() throws {
    var resources = "{\"R0\":{\"Type\":\"AWS::EC2::VPC\",\"Properties\":{\"CidrBlock\":\"X\"}}"
    for position in 1...5000 {
      resources +=
        ",\"R\(position)\":{\"Type\":\"AWS::EC2::Subnet\",\"Properties\":{\"VpcId\":{\"Ref\":\"R\(position - 1)\"}}}"
    }
    let template = "{\"Resources\":\(resources)}}"
    let result = try change(template, template.replacing("\"X\"", with: "\"Y\""))
    #expect(result["R5000"]?.action == .replace)
  }

  @Test func `a chain of names is followed as far as any stack needs`() throws {
    var resources = "{\"R0\":{\"Type\":\"AWS::S3::Bucket\",\"Properties\":{\"BucketName\":\"X\"}}"
    for position in 1...2000 {
      resources +=
        ",\"R\(position)\":{\"Type\":\"AWS::S3::Bucket\",\"Properties\":{\"BucketName\":{\"Ref\":\"R\(position - 1)\"}}}"
    }
    let template = "{\"Resources\":\(resources)}}"
    let result = try change(template, template.replacing("\"X\"", with: "\"Y\""))
    #expect(result["R3"]?.action == .replace)
  }
}
