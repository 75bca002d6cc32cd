import StepResults
import Testing

@testable import TemplateAnalysis

/// What AWS's documentation says of updates and the schemas do not.
@Suite struct `Updates beyond the schemas` {
  private func judge(_ type: String, _ old: String, _ new: String, attributes: String = "") throws
    -> TemplateChange
  {
    func template(_ properties: String) -> String {
      "Parameters: {P: {Type: String}}\nResources:\n  R:\n    Type: \(type)\n    \(attributes)\n    Properties: \(properties)\n"
    }
    return try change(template(old), template(new))
  }

  static let replaced: [(String, String, String)] = [
    (
      "AWS::DynamoDB::Table", "{AttributeDefinitions: [{AttributeName: id, AttributeType: S}]}",
      "{AttributeDefinitions: [{AttributeName: id, AttributeType: N}]}"
    ),
    ("AWS::OpenSearchService::Domain", "{EngineVersion: OpenSearch_1.0}", "{EngineVersion: OpenSearch_2.0}"),
    ("AWS::OpenSearchService::Domain", "{VPCOptions: {SubnetIds: [a]}}", "{}"),
    ("AWS::RDS::DBInstance", "{DBSnapshotIdentifier: a}", "{}"),
    ("AWS::RDS::DBInstance", "{DBSnapshotIdentifier: a}", "{DBSnapshotIdentifier: b}"),
    ("AWS::ElastiCache::ReplicationGroup", "{NumNodeGroups: 1}", "{NumNodeGroups: 2}"),
    ("AWS::EC2::VPC", "{InstanceTenancy: default}", "{InstanceTenancy: dedicated}"),
  ]

  @Test(arguments: replaced) func `it is made anew`(_ type: String, _ old: String, _ new: String) throws {
    let change = try judge(type, old, new)
    #expect(change["R"]?.action == .replace, "\(change["R"]?.reasons ?? [])")
    #expect(try judge(type, old, old)["R"]?.action == ResourceAction.none)
  }

  @Test func `an attribute that is added to a table changes nothing`() throws {
    let change = try judge(
      "AWS::DynamoDB::Table", "{AttributeDefinitions: [{AttributeName: id, AttributeType: S}]}",
      "{AttributeDefinitions: [{AttributeName: x, AttributeType: N}, {AttributeName: id, AttributeType: S}]}")
    #expect(change["R"]?.action == .update)
  }

  @Test func `an update policy decides, and one that is not known leaves it open`() throws {
    let old = "{EngineVersion: OpenSearch_1.0}"
    let new = "{EngineVersion: OpenSearch_2.0}"
    let type = "AWS::OpenSearchService::Domain"
    let allowed = try judge(type, old, new, attributes: "UpdatePolicy: {EnableVersionUpgrade: true}")
    #expect(allowed["R"]?.action == .update)
    #expect(allowed.codes.contains("upgrade-without-way-back"))
    #expect(allowed["R"]?.losses.isEmpty == false)
    let open = try judge(type, old, new, attributes: "UpdatePolicy: {EnableVersionUpgrade: !Ref P}")
    #expect(open["R"]?.action == .mayReplace)
  }

  static let refused: [(String, String, String)] = [
    (
      "AWS::RDS::DBInstance", "{Engine: postgres, EngineVersion: '14.5'}",
      "{Engine: postgres, EngineVersion: '15.2'}"
    ),
    (
      "AWS::RDS::DBInstance", "{Engine: mysql, EngineVersion: 8.0.33}",
      "{Engine: mysql, EngineVersion: 8.0.28}"
    ),
    ("AWS::RDS::DBInstance", "{AllocatedStorage: 100}", "{AllocatedStorage: 50}"),
    ("AWS::EC2::Volume", "{Size: 100}", "{Size: 50}"),
    ("AWS::EC2::Volume", "{Encrypted: false}", "{Encrypted: true}"),
    ("AWS::Cognito::UserPool", "{Schema: [{Name: a, Mutable: true}]}", "{Schema: []}"),
    ("AWS::Cognito::UserPool", "{Schema: []}", "{Schema: [{Name: a, Required: true}]}"),
    ("AWS::Cognito::UserPool", "{UsernameAttributes: [email]}", "{UsernameAttributes: [phone_number]}"),
    (
      "AWS::DynamoDB::Table", "{GlobalSecondaryIndexes: []}",
      "{GlobalSecondaryIndexes: [{IndexName: a}, {IndexName: b}]}"
    ),
    (
      "AWS::DynamoDB::Table", "{LocalSecondaryIndexes: [{IndexName: a}]}",
      "{LocalSecondaryIndexes: [{IndexName: b}]}"
    ),
  ]

  @Test(arguments: refused) func `the update fails, and that stops`(
    _ type: String, _ old: String, _ new: String
  ) throws {
    let finding = try judge(type, old, new).finding("update-refused")
    #expect(finding?.severity == .error)
    #expect(try judge(type, old, old).finding("update-refused") == nil)
  }

  @Test func `a major upgrade that is allowed has no way back in place; a minor one is an update`() throws {
    let major = try judge(
      "AWS::RDS::DBInstance", "{Engine: postgres, EngineVersion: '14.5'}",
      "{Engine: postgres, EngineVersion: '15.2', AllowMajorVersionUpgrade: true}")
    #expect(major.finding("upgrade-without-way-back")?.severity == .error)
    let minor = try judge(
      "AWS::RDS::DBInstance", "{Engine: postgres, EngineVersion: '14.5'}",
      "{Engine: postgres, EngineVersion: '14.7'}")
    #expect(minor.codes.isDisjoint(with: ["update-refused", "upgrade-without-way-back"]))
  }

  @Test func `a named resource whose replacement must fail, whatever causes it`() throws {
    let change = try judge(
      "AWS::SQS::Queue", "{QueueName: jobs.fifo, FifoQueue: true}", "{QueueName: jobs.fifo, FifoQueue: false}"
    )
    #expect(change.codes.contains("replacement-refused"))
  }

  @Test func `what SAM makes of its types is no change of type`() throws {
    let change = try change(
      "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {FunctionName: f}}}",
      "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: f}}}")
    #expect(change["F"]?.action == .update)
    #expect(!change.codes.contains("replacement-refused"))
  }

  @Test func `each note of the documentation names a type of the table`() {
    #expect(DocumentedUpdates["AWS::EC2::Volume"]?.unsupported.contains("AvailabilityZone") == true)
    #expect(DocumentedUpdates["AWS::KMS::Key"]?.replacement.contains("KeySpec") == true)
    #expect(DocumentedUpdates["AWS::S3::None"] == nil)
  }

  // MARK: - Loss without replacement

  static let lost: [(String, String, String, String)] = [
    ("AWS::Logs::LogGroup", "{RetentionInDays: 365}", "{RetentionInDays: 1}", "data-expires"),
    ("AWS::Logs::LogGroup", "{}", "{RetentionInDays: 30}", "data-expires"),
    ("AWS::Kinesis::Stream", "{RetentionPeriodHours: 168}", "{}", "data-expires"),
    ("AWS::SQS::Queue", "{MessageRetentionPeriod: 1209600}", "{MessageRetentionPeriod: 60}", "data-expires"),
    ("AWS::RDS::DBInstance", "{BackupRetentionPeriod: 7}", "{BackupRetentionPeriod: 0}", "backups-shortened"),
    (
      "AWS::DynamoDB::Table", "{PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}}", "{}",
      "backups-shortened"
    ),
    (
      "AWS::DynamoDB::Table", "{}", "{TimeToLiveSpecification: {AttributeName: expires, Enabled: true}}",
      "data-expires"
    ),
    (
      "AWS::S3::Bucket", "{}", "{LifecycleConfiguration: {Rules: [{Status: Enabled, ExpirationInDays: 30}]}}",
      "data-expires"
    ),
    ("AWS::S3::Bucket", "{VersioningConfiguration: {Status: Enabled}}", "{}", "protection-removed"),
    ("AWS::RDS::DBCluster", "{DeletionProtection: true}", "{}", "protection-removed"),
    ("AWS::KMS::Key", "{Enabled: true}", "{Enabled: false}", "access-locked-out"),
    ("AWS::ECR::Repository", "{}", "{LifecyclePolicy: {LifecyclePolicyText: x}}", "data-expires"),
  ]

  @Test(arguments: lost) func `what a change in place loses is said, and the reverse is not`(
    _ type: String, _ old: String, _ new: String, _ code: String
  ) throws {
    let change = try judge(type, old, new)
    #expect(change.codes.contains(code), "\(change.codes)")
    // The schema of an instance says of its retention that it is replaced in some cases.
    #expect(change["R"]?.action == (type == "AWS::RDS::DBInstance" ? .mayReplace : .update))
    #expect(try judge(type, old, old).codes.isEmpty)
    if !type.contains("ECR") { #expect(try !judge(type, new, old).codes.contains(code)) }
  }

  @Test func `policies that lock their owner out`() throws {
    func key(_ action: String) -> String {
      "{KeyPolicy: {Statement: [{Effect: Allow, Principal: {AWS: 'arn:aws:iam::1:root'}, Action: '\(action)', Resource: '*'}]}}"
    }
    #expect(try judge("AWS::KMS::Key", key("kms:*"), key("kms:Decrypt")).codes.contains("access-locked-out"))
    #expect(
      try !judge("AWS::KMS::Key", key("kms:*"), key("kms:PutKeyPolicy")).codes.contains("access-locked-out"))
    let denied = try change(
      "Resources: {}",
      "Resources: {P: {Type: 'AWS::S3::BucketPolicy', Properties: {Bucket: b, PolicyDocument: {Statement: [{Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*'}]}}}}"
    )
    #expect(denied.codes.contains("access-locked-out"))
  }
}
