import Foundation
import JSONValues
import TestSupport
import Testing

/// Templates whose resources stay and lose something, policies that shut out, and values beside templates, through the
/// built `diff-gate`.
@Suite(.blocking) struct DiffGateEndToEndLossTests {
  typealias Files = [String: String]

  private func judge(_ base: Files, _ head: Files) throws -> (
    status: Int32, record: JSONValue, codes: Set<String>
  ) {
    let config = ["deployment-prod.config": "ENVIRONMENT=prod\nAWS_REGION=us-east-1\n"]
    let repository = try TestRepository(base: base.merging(config) { given, _ in given }, head: head)
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(["prod", "--format", "json"])
    let record = try JSONValue(parsing: outcome.output)
    return (outcome.status, record, Set((record["findings"]?.array ?? []).compactMap { $0["code"]?.string }))
  }

  private func resource(_ type: String, _ properties: String) -> Files {
    ["t.yaml": "Resources: {R: {Type: '\(type)', Properties: \(properties)}}\n"]
  }

  private static func rules(_ rule: String) -> String {
    "{LifecycleConfiguration: {Rules: [{Status: Enabled, ExpirationInDays: 30\(rule)}]}}"
  }
  private static func deny(_ what: String) -> String {
    "{Bucket: b, PolicyDocument: {Statement: [{Effect: Deny, Resource: '*', \(what)}]}}"
  }
  private static let root =
    "{Effect: Allow, Principal: {AWS: 'arn:aws:iam::123456789012:root'}, Action: 'kms:*', Resource: '*'}"

  static let losses: [(type: String, old: String, new: String, status: Int32, code: String)] = [
    // Lifecycle rules: what they are about.
    ("AWS::S3::Bucket", rules(", TagFilters: [{Key: a, Value: b}]"), rules(""), 1, "data-expires"),
    ("AWS::S3::Bucket", rules(""), rules(", TagFilters: [{Key: a, Value: b}]"), 0, ""),
    ("AWS::S3::Bucket", rules(", ObjectSizeGreaterThan: '1000'"), rules(""), 1, "data-expires"),
    (
      "AWS::S3::Bucket", rules(", ObjectSizeGreaterThan: '10'"), rules(", ObjectSizeGreaterThan: '99'"), 0, ""
    ),
    ("AWS::S3::Bucket", rules(", Prefix: a/"), rules(", Prefix: a/b/"), 0, ""),
    (
      "AWS::S3::Bucket", "{VersioningConfiguration: {Status: Enabled}}",
      "{VersioningConfiguration: {Status: Suspended}}",
      1, "protection-removed"
    ),
    ("AWS::S3::Bucket", "{ReplicationConfiguration: {Role: r, Rules: []}}", "{}", 0, "protection-removed"),
    (
      "AWS::S3::Bucket",
      "{ObjectLockConfiguration: {Rule: {DefaultRetention: {Mode: COMPLIANCE, Years: 1}}}}",
      "{ObjectLockConfiguration: {Rule: {DefaultRetention: {Mode: COMPLIANCE, Days: 30}}}}", 0,
      "protection-removed"
    ),
    // Backups.
    (
      "AWS::Redshift::Cluster", "{ManualSnapshotRetentionPeriod: -1}", "{ManualSnapshotRetentionPeriod: 1}",
      0, "backups-shortened"
    ),
    (
      "AWS::DocDBElastic::Cluster", "{BackupRetentionPeriod: 7}", "{BackupRetentionPeriod: 1}", 1,
      "backups-shortened"
    ),
    ("AWS::Cassandra::Table", "{PointInTimeRecoveryEnabled: true}", "{}", 1, "backups-shortened"),
    (
      "AWS::Lightsail::Database", "{BackupRetention: true}", "{BackupRetention: false}", 1,
      "backups-shortened"
    ),
    (
      "AWS::DLM::LifecyclePolicy", "{PolicyDetails: {Schedules: [{Name: a, RetainRule: {Count: 30}}]}}",
      "{PolicyDetails: {Schedules: [{Name: a, RetainRule: {Count: 1}}]}}", 1, "backups-shortened"
    ),
    ("AWS::DLM::LifecyclePolicy", "{State: ENABLED}", "{State: DISABLED}", 0, "protection-removed"),
    (
      "AWS::Backup::BackupVault", "{BackupVaultName: v, LockConfiguration: {MinRetentionDays: 30}}",
      "{BackupVaultName: v}", 0, "protection-removed"
    ),
    (
      "AWS::RDS::DBInstance", "{DeleteAutomatedBackups: false}", "{DeleteAutomatedBackups: true}", 0,
      "protection-removed"
    ),
    // Retention.
    (
      "AWS::IoTAnalytics::Dataset", "{RetentionPeriod: {NumberOfDays: 90}}",
      "{RetentionPeriod: {NumberOfDays: 1}}", 1, "data-expires"
    ),
    (
      "AWS::MSK::Configuration", "{Name: x, ServerProperties: 'log.retention.hours=168'}",
      "{Name: x, ServerProperties: 'log.retention.hours=1'}", 1, "data-expires"
    ),
    (
      "AWS::Example::Store", "{Deep: {DataRetentionDays: 90}}", "{Deep: {DataRetentionDays: 9}}", 3,
      "retention-open"
    ),
    ("AWS::Example::Store", "{Deep: {DataRetentionDays: 9}}", "{Deep: {DataRetentionDays: 90}}", 0, ""),
    // Protection.
    ("AWS::Logs::LogGroup", "{DeletionProtectionEnabled: true}", "{}", 0, "protection-removed"),
    (
      "AWS::EKS::Cluster", "{DeletionProtection: true}", "{DeletionProtection: false}", 0,
      "protection-removed"
    ),
    ("AWS::ECR::Repository", "{}", "{EmptyOnDelete: true}", 0, "protection-removed"),
    (
      "AWS::ElasticLoadBalancingV2::LoadBalancer",
      "{LoadBalancerAttributes: [{Key: deletion_protection.enabled, Value: 'true'}]}", "{}", 0,
      "protection-removed"
    ),
    (
      "AWS::CloudTrail::Trail", "{IsLogging: true, S3BucketName: b}", "{IsLogging: false, S3BucketName: b}",
      0, "protection-removed"
    ),
    // Policies.
    (
      "AWS::KMS::Key", "{KeyPolicy: {Statement: [\(root)]}}",
      "{KeyPolicy: {Statement: [\(root), {Effect: Deny, Principal: '*', Action: 'kms:Decrypt', Resource: '*'}]}}",
      1,
      "access-locked-out"
    ),
    (
      "AWS::S3::BucketPolicy", deny("Principal: {AWS: x}, Action: 's3:GetObject'"),
      deny("NotPrincipal: {AWS: x}, NotAction: 's3:ListBucket'"), 3, "access-narrowed"
    ),
    (
      "AWS::S3::BucketPolicy", "{Bucket: b, PolicyDocument: {Statement: []}}",
      deny("Principal: '*', Action: 's3:*', Condition: {NotIpAddress: {'aws:SourceIp': 192.0.2.0/24}}"), 3,
      "access-narrowed"
    ),
    (
      "AWS::S3::BucketPolicy", "{Bucket: b, PolicyDocument: {Statement: []}}",
      deny("Principal: '*', Action: 's3:*', Condition: {Bool: {'aws:SecureTransport': 'false'}}"), 0, ""
    ),
    (
      "AWS::S3::BucketPolicy", "{Bucket: b, PolicyDocument: {Statement: []}}",
      deny("Principal: '*', Action: 's3:DeleteBucket'"), 0, ""
    ),
    ("AWS::Serverless::Api", "{StageName: prod}", "{StageName: v1}", 0, "resource-replaced"),
  ]

  @Test(arguments: losses) func `a resource that stays and loses something`(
    _ type: String, _ old: String, _ new: String, _ status: Int32, _ code: String
  ) throws {
    let found = try judge(resource(type, old), resource(type, new))
    #expect(found.status == status, "\(type) \(new): \(found.record["findings"]?.serialized() ?? "")")
    if !code.isEmpty { #expect(found.codes.contains(code), "\(type) \(new): \(found.codes)") }
  }

  @Test func `what a macro of one's own makes of a changed template is open`() throws {
    let old = "Transform: [Own]\nResources: {T: {Type: 'AWS::SNS::Topic'}}\n"
    let found = try judge(
      ["t.yaml": old], ["t.yaml": old.replacing("'}}", with: "', Properties: {DisplayName: x}}}")])
    #expect(found.status == 3)
    #expect(found.codes.contains("transform-open"))
  }

  @Test func `the value of an API key is a secret under a plain name`() throws {
    let found = try judge(
      resource("AWS::ApiGateway::ApiKey", "{Value: aaKey-Old-99x1-aaKey}"),
      resource("AWS::ApiGateway::ApiKey", "{Value: bbKey-New-77z2-bbKey}"))
    #expect(found.codes.contains("resource-replaced"))
    for value in ["99x1", "77z2"] { #expect(!found.record.serialized().contains(value)) }
  }

  // MARK: - Exports

  private static let exporting = "Resources: {B: {Type: 'AWS::S3::Bucket'}}\n"
  private static func importing(_ name: String) -> String {
    "Resources: {P: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: \(name)}}}\n"
  }

  @Test func `an export whose name is made of values may be the one that is imported`() throws {
    func found(_ export: String, _ name: String) throws -> (status: Int32, codes: Set<String>) {
      let found = try judge(
        [
          "base.yaml": Self.exporting + "Outputs: {O: {Value: !Ref B, Export: {Name: \(export)}}}\n",
          "app.yaml": Self.importing(name),
        ], ["base.yaml": Self.exporting])
      return (found.status, found.codes)
    }
    let both = try found(
      "!Sub '${AWS::StackName}-bucket'", "{'Fn::ImportValue': !Sub '${AWS::StackId}-bucket'}")
    #expect(both.status == 3)
    #expect(both.codes == ["export-may-be-in-use"])
    let plain = try found("prod-bucket", "{'Fn::ImportValue': !Sub '${AWS::StackId}-bucket'}")
    #expect(plain.codes == ["export-may-be-in-use"])
    let other = try found("prod-bucket", "{'Fn::ImportValue': !Sub '${AWS::StackId}-queue'}")
    #expect(other.status == 0)
    #expect(other.codes == ["export-removed"])
  }

  @Test func `an export that a Serverless configuration imports outside of its template`() throws {
    let found = try judge(
      [
        "base.yaml": Self.exporting + "Outputs: {O: {Value: !Ref B, Export: {Name: shared}}}\n",
        "api/serverless.yml": "service: a\nprovider: {name: aws, environment: {X: !ImportValue shared}}\n",
      ], ["base.yaml": Self.exporting])
    #expect(found.status == 1)
    #expect(found.codes == ["export-in-use"])
  }

  // MARK: - Values beside templates

  private static let template =
    "Parameters: {Id: {Type: String}}\nResources: {B: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref Id}}}\n"

  static let values: [(path: String, text: String, status: Int32)] = [
    (
      "samconfig.toml",
      "version = 0.1\ndefault = { deploy = { parameters = { parameter_overrides = \"Id=aaa\" } } }\n", 1
    ),
    ("samconfig.toml", "version = 0.1\ndefault.deploy.parameters.parameter_overrides = \"Id=aaa\"\n", 1),
    (
      "samconfig.toml",
      "version = 0.1\n[default.deploy]\nparameters = { parameter_overrides = [\"Id=aaa\"], region = \"x\" }\n",
      1
    ),
    ("samconfig.toml", "version = 0.1\n[default.deploy.parameters]\nstack_name = \"aaa\"\n", 3),
    ("samconfig.toml", "version = 0.1\n[default.global.parameters]\nregion = \"aaa\"\n", 3),
    (
      "samconfig.toml",
      "version = 0.1\n[dev.deploy.parameters]\nstack_name = \"aaa\"\n[default.deploy.parameters]\nstack_name = \"x\"\n",
      0
    ),
    ("params.json", "[\"Id=aaa\"]", 1),
    ("params/prod.json", "{\"Id\": \"aaa\"}", 1),
    ("parameters/prod.yml", "Id: aaa\n", 1),
    ("parameters/dev.yml", "Id: aaa\n", 0),
    ("src/settings.json", "{\"Id\": \"aaa\"}", 0),
    (
      "config-prod.json",
      "{\"Parameters\": {\"Id\": \"x\"}, \"StackPolicy\": {\"Statement\": [{\"Effect\": \"aaa\"}]}}", 3
    ),
    ("deployment.yaml", "template-file-path: aaa.yaml\nparameters: {Id: x}\n", 3),
    (
      "deploy.sh",
      "ID=aaa\naws cloudformation deploy --template-file t.yaml \\\n  --parameter-overrides Id=$ID\n", 3
    ),
    (
      "deploy.sh",
      "NOTE=aaa\naws cloudformation deploy --template-file t.yaml --parameter-overrides Id=$NOTES\n", 0
    ),
  ]

  @Test(arguments: values) func `values and targets beside an equal template`(
    _ path: String, _ text: String, _ status: Int32
  ) throws {
    let found = try judge(
      ["template.yaml": Self.template, "aaa.yaml": Self.template, "bbb.yaml": Self.template, path: text],
      [path: text.replacing("aaa", with: "bbb")])
    #expect(found.status == status, "\(path) \(text): \(found.record["findings"]?.serialized() ?? "")")
    if status == 1 { #expect(found.codes.contains("resource-replaced")) }
  }
}
