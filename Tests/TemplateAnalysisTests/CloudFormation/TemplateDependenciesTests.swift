import TemplateAnalysis
import Testing

@Suite struct TemplateDependenciesTests {
  private func facts(
    _ text: String, original: String? = nil, parameters: [String: String] = [:],
    resolved: [String: String] = [:]
  ) throws -> TemplateDependencies {
    TemplateDependencies(
      of: try CloudFormationTemplate(parsing: text, path: "t.yaml"),
      includedBy: try original.map { try CloudFormationTemplate(parsing: $0, path: "o.yaml") },
      parameters: parameters, resolved: resolved,
      pseudoParameters: ["AWS::AccountId": "123456789012", "AWS::Region": "eu-central-1"])
  }

  @Test func `packages, layers, bodies and definitions in S3`() throws {
    let found = try facts(
      """
      Parameters:
        Release: {Type: String, Default: v1}
      Resources:
        Worker:
          Type: AWS::Lambda::Function
          Properties:
            Code: {S3Bucket: !Sub "assets-${AWS::AccountId}-${AWS::Region}", S3Key: !Sub "${Release}/worker.zip"}
        Pinned:
          Type: AWS::Lambda::Function
          Properties: {Code: {S3Bucket: assets, S3Key: k.zip, S3ObjectVersion: abc}}
        Layer:
          Type: AWS::Lambda::LayerVersion
          Properties: {Content: {S3Bucket: assets, S3Key: layer.zip}}
        Api:
          Type: AWS::ApiGateway::RestApi
          Properties: {BodyS3Location: {Bucket: assets, Key: api.json, Version: v}}
        Machine:
          Type: AWS::StepFunctions::StateMachine
          Properties: {DefinitionS3Location: {Bucket: assets, Key: machine.json}}
        Job:
          Type: AWS::Glue::Job
          Properties: {Command: {ScriptLocation: "s3://assets/job.py"}}
      """, parameters: ["Release": "v7"])
    #expect(
      found.assets.map { "\($0.logicalId) \($0.asset)" } == [
        "Worker s3://assets-123456789012-eu-central-1/v7/worker.zip",
        "Pinned s3://assets/k.zip (version abc)",
        "Layer s3://assets/layer.zip", "Api s3://assets/api.json (version v)",
        "Machine s3://assets/machine.json",
        "Job s3://assets/job.py",
      ])
    #expect(found.unknownAssets.isEmpty)
  }

  @Test func `images of ECR, in functions and in containers; others are not looked at`() throws {
    let image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:v1"
    let found = try facts(
      """
      Resources:
        Function:
          Type: AWS::Lambda::Function
          Properties: {Code: {ImageUri: !Sub "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/shop:v1"}}
        Task:
          Type: AWS::ECS::TaskDefinition
          Properties:
            ContainerDefinitions:
              - {Name: a, Image: "\(image)"}
              - {Name: b, Image: "public.ecr.aws/nginx/nginx:1"}
        Build:
          Type: AWS::CodeBuild::Project
          Properties: {Environment: {Image: aws/codebuild/standard:7.0}}
      """)
    #expect(found.assets.map(\.asset) == [.image(image), .image(image)])
    #expect(found.assets.map(\.logicalId) == ["Function", "Task"])
  }

  @Test func `nested templates and includes`() throws {
    let found = try facts(
      """
      Resources:
        Child:
          Type: AWS::CloudFormation::Stack
          Properties: {TemplateURL: "https://assets.s3.eu-central-1.amazonaws.com/child.yaml?versionId=7"}
      """,
      original: """
        Transform: {Name: AWS::Include, Parameters: {Location: "s3://parts/top.yaml"}}
        Resources:
          Child:
            Type: AWS::CloudFormation::Stack
            Properties:
              Fn::Transform: {Name: AWS::Include, Parameters: {Location: "s3://parts/inner.yaml"}}
        """)
    #expect(
      found.assets.map { "\($0.logicalId) \($0.asset)" } == [
        "Child s3://assets/child.yaml (version 7)", "Transform s3://parts/top.yaml",
        "Transform s3://parts/inner.yaml",
      ])
  }

  @Test func `what depends on the service is said to be unknown`() throws {
    let found = try facts(
      """
      Resources:
        Bucket: {Type: AWS::S3::Bucket}
        Function:
          Type: AWS::Lambda::Function
          Properties: {Code: {S3Bucket: !Ref Bucket, S3Key: k.zip}}
        Child:
          Type: AWS::CloudFormation::Stack
          Properties: {TemplateURL: !Sub "https://${Bucket.DomainName}/child.yaml"}
      """)
    #expect(found.assets.isEmpty)
    #expect(found.unknownAssets == ["Function", "Child"])
  }

  @Test func `a resource whose condition is false fetches nothing`() throws {
    let found = try facts(
      """
      Conditions: {Never: !Equals [a, b]}
      Resources:
        Function:
          Type: AWS::Lambda::Function
          Condition: Never
          Properties: {Code: {S3Bucket: b, S3Key: k.zip}}
      """)
    #expect(found.assets.isEmpty && found.unknownAssets.isEmpty)
  }

  @Test func `code in the template, hidden parameters, imports`() throws {
    let found = try facts(
      """
      Parameters:
        Password: {Type: String, NoEcho: true}
        Network: {Type: String}
      Resources:
        Inline:
          Type: AWS::Lambda::Function
          Properties: {Code: {ZipFile: "x"}}
        Security:
          Type: AWS::EC2::SecurityGroup
          Properties: {VpcId: !ImportValue {"Fn::Sub": "${Network}-VpcId"}}
      Outputs:
        Out: {Value: !ImportValue other}
      """, parameters: ["Network": "core"])
    #expect(found.inlineFunctions == ["Inline"])
    #expect(found.hiddenParameters == ["Password"])
    #expect(found.imports == ["core-VpcId", "other"])
  }

  @Test func `a parameter that is looked up counts by what it stood for`() throws {
    let text = """
      Parameters:
        Key: {Type: "AWS::SSM::Parameter::Value<String>", Default: /keys/worker}
      Resources:
        Worker:
          Type: AWS::Lambda::Function
          Properties: {Code: {S3Bucket: b, S3Key: !Ref Key}}
      """
    #expect(try facts(text, parameters: ["Key": "/keys/worker"]).unknownAssets == ["Worker"])
    #expect(
      try facts(text, parameters: ["Key": "/keys/worker"], resolved: ["Key": "v9.zip"]).assets.map(\.asset)
        == [.object(bucket: "b", key: "v9.zip", version: nil)])
  }

  @Test func `the CDK's bucket is known by the bootstrap's parameter`() throws {
    let text = """
      Parameters:
        BootstrapVersion: {Type: "AWS::SSM::Parameter::Value<String>", Default: /cdk-bootstrap/hnb659fds/version}
      Resources:
        Deploy:
          Type: Custom::CDKBucketDeployment
          Properties:
            SourceBucketNames: [a, b]
            SourceObjectKeys: [x.zip, y.zip]
      """
    let found = try facts(text)
    #expect(found.bootstrapBucket == "cdk-hnb659fds-assets-123456789012-eu-central-1")
    #expect(found.assets.map { "\($0.asset)" } == ["s3://a/x.zip", "s3://b/y.zip"])
    #expect(try facts("Resources: {}").bootstrapBucket == nil)
  }

  @Test(arguments: [
    ("s3://b/k/l", "s3://b/k/l"), ("https://b.s3.amazonaws.com/k", "s3://b/k"),
    ("https://b.with.dots.s3.us-east-1.amazonaws.com/k", "s3://b.with.dots/k"),
    ("https://s3.us-east-1.amazonaws.com/b/k", "s3://b/k"),
    ("https://s3-eu-west-1.amazonaws.com/b/k", "s3://b/k"),
    ("https://b.s3-eu-west-1.amazonaws.com/k", "s3://b/k"), ("http://127.0.0.1:4566/b/k", "s3://b/k"),
    ("https://b.s3.cn-north-1.amazonaws.com.cn/k", "s3://b/k"),
  ]) func `addresses of objects`(address: String, expected: String) {
    #expect(TemplateAsset(address: address)?.description == expected)
  }

  @Test(arguments: ["", "s3://", "s3://b", "s3:///k", "https://b.s3.amazonaws.com", "ftp://b/k", "b/k"])
  func `what is no address`(address: String) { #expect(TemplateAsset(address: address) == nil) }
}
