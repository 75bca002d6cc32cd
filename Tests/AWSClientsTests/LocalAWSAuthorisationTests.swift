import SystemInterfaces
import TestSupport
import Testing

@testable import AWSClients

/// A local AWS that checks signatures and permissions.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct LocalAWSAuthorisationTests {
  /// The key of a user who may read stacks and nothing else.
  private static let key = Task {
    let aws = try LocalAWS.sharedWithAuthorisation()
    let name = unique("user")
    let bucket = """
      {"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "\(name)"}}}}
      """
    try await aws.createStack(name, template: bucket)
    let iam = AWSService(
      endpointPrefix: "iam", signingName: "iam", displayName: "IAM", environmentSuffix: "IAM",
      version: "2010-05-08")
    let policy = """
      {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["cloudformation:Describe*", "s3:*"], "Resource": "*"}]}
      """
    let client = aws.client
    _ = try await client.query(.query(iam, "CreateUser", ["UserName": name]))
    _ = try await client.query(
      .query(
        iam, "PutUserPolicy", ["UserName": name, "PolicyName": "read", "PolicyDocument": policy]))
    let made = try await client.query(.query(iam, "CreateAccessKey", ["UserName": name]))["AccessKey"]
    return ["Id": made?.text("AccessKeyId"), "Secret": made?.text("SecretAccessKey"), "Name": name]
      .compactMapValues(\.self)
  }
  let aws: LocalAWS
  let id: String, key: String, name: String

  init() async throws {
    aws = try LocalAWS.sharedWithAuthorisation()
    let outputs = try await Self.key.value
    id = try #require(outputs["Id"])
    key = try #require(outputs["Secret"])
    name = try #require(outputs["Name"])
  }

  @Test func `a right signature, on each protocol and with all that is hard to sign`() async throws {
    let client = AWSClient.of(aws, id: id, key: key)
    #expect(try await STSClient(client).getCallerIdentity().arn.hasSuffix("user/\(name)"))
    #expect(try await CloudFormationClient(client).describeStack(name)?.name == name)
    let object = "a b/ü+(1)=~*'&?.json"
    try await S3Client(client).putObject(bucket: name, key: object, Array("x".utf8))
    #expect(try await S3Client(client).getObject(bucket: name, key: object).bytes == Array("x".utf8))
    #expect(try await S3Client(client).listObjects(bucket: name, prefix: "a b/ü+").map(\.key) == [object])
  }

  @Test func `what is not permitted`() async throws {
    let client = AWSClient.of(aws, id: id, key: key)
    let error = await #expect(throws: AWSError.self) {
      try await LambdaClient(client).getFunction("arn:aws:lambda:us-east-1:000000000000:function:f")
    }
    #expect(error?.kind == .accessDenied)
    #expect(error?.advice.hasPrefix("permit Lambda GetFunction") == true)
  }

  @Test func `a wrong secret, and a key that nobody has`() async throws {
    for (id, key, codes) in [
      (id, "wrong", ["SignatureDoesNotMatch"]), ("AKIANOBODY0000000000", key, ["InvalidClientTokenId"]),
    ] {
      let error = await #expect(throws: AWSError.self) {
        try await CloudFormationClient(.of(aws, id: id, key: key)).describeStacks()
      }
      #expect(error?.kind == .credentialsInvalid)
      #expect(codes.contains(error?.code ?? ""))
    }
  }
}
