import StepResults
import Testing

@testable import TemplateAnalysis

@Suite struct `Permissions that widen` {
  private func compare(_ old: String, _ new: String, type: String = "AWS::IAM::Policy") throws
    -> TemplateChange
  {
    func template(_ statements: String) -> String {
      "Resources: {R: {Type: '\(type)', Properties: {PolicyDocument: {Statement: \(statements)}}}}"
    }
    return try change(template(old), template(new))
  }
  private let read = "{Effect: Allow, Action: 's3:Get*', Resource: 'arn:aws:s3:::data/*'}"

  @Test(arguments: [
    "[{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/*'}]",
    "[{Effect: Allow, Action: ['S3:getobject', 's3:GetAcl'], Resource: ['arn:aws:s3:::data/a', 'arn:aws:s3:::data/b?']}]",
    "[]", "{Effect: Allow, Action: 's3:Get*', Resource: 'arn:aws:s3:::data/*', Condition: {Bool: {x: true}}}",
    "[{Effect: Deny, Action: '*', Resource: '*'}]",
  ])
  func `less is no finding`(statements: String) throws {
    #expect(try compare("[\(read)]", statements).codes.isEmpty)
  }

  @Test(arguments: [
    (
      "[{Effect: Allow, Action: ['s3:Get*', 's3:PutObject'], Resource: 'arn:aws:s3:::data/*'}]", "iam-widened"
    ),
    ("[{Effect: Allow, Action: 's3:*', Resource: 'arn:aws:s3:::data/*'}]", "iam-widened"),
    ("[{Effect: Allow, Action: 's3:Get*', Resource: '*'}]", "iam-widened"),
    ("[{Effect: Allow, NotAction: 's3:Delete*', Resource: 'arn:aws:s3:::data/*'}]", "iam-widened"),
    ("[{Effect: Allow, Action: '*', Resource: '*'}]", "iam-wildcard"),
    ("[{Effect: Allow, Action: 's3:Get*', Resource: 'arn:aws:s3:::data/*', Principal: '*'}]", "iam-wildcard"),
    (
      "[{Effect: Allow, Action: 's3:Get*', Resource: 'arn:aws:s3:::data/*', Principal: {AWS: '*'}}]",
      "iam-wildcard"
    ),
  ])
  func `more is one`(statements: String, code: String) throws {
    #expect(try compare("[\(read)]", statements).codes == [code])
  }

  @Test func `a condition that goes, a denial that goes`() throws {
    let conditioned = read.replacing("}", with: ", Condition: {Bool: {x: true}}}")
    #expect(try compare("[\(conditioned)]", "[\(read)]").codes == ["iam-widened"])
    let denial = "{Effect: Deny, Action: 's3:Delete*', Resource: '*'}"
    #expect(try compare("[\(read), \(denial)]", "[\(read)]").codes == ["iam-deny-removed"])
  }

  @Test func `the finding names what is added and binds to it`() throws {
    let first = try compare("[\(read)]", "[\(read), {Effect: Allow, Action: 'sqs:*', Resource: q}]")
    let second = try compare("[\(read)]", "[\(read), {Effect: Allow, Action: 'sns:*', Resource: q}]")
    #expect(first.finding("iam-widened")?.message == "R (AWS::IAM::Policy) newly allows sqs:* on q.")
    #expect(first.finding("iam-widened")?.fingerprint != second.finding("iam-widened")?.fingerprint)
  }

  @Test func `policies as JSON text, also with parts that are not known`() throws {
    func template(_ action: String, _ function: String) -> String {
      """
      Resources:
        B: {Type: AWS::S3::Bucket}
        R:
          Type: AWS::SecretsManager::ResourcePolicy
          Properties:
            SecretId: s
            ResourcePolicy: \(function) '{"Statement": [{"Effect": "Allow", "Action": "\(action)", "Resource": "${B.Arn}/x"}]}'
      """
    }
    for function in ["", "!Sub"] {
      let result = try change(template("s3:Get*", function), template("s3:*", function))
      #expect(result.codes == ["iam-widened"], "\(function)")
      #expect(try change(template("s3:*", function), template("s3:GetObject", function)).codes.isEmpty)
    }
    func json(_ action: String) -> String {
      """
      Transform: AWS::LanguageExtensions
      Resources:
        R: {Type: 'AWS::IoT::Policy', Properties: {PolicyDocument: {'Fn::ToJsonString': {Statement: [{Effect: Allow,
          Action: '\(action)', Resource: a}]}}}}
      """
    }
    #expect(try change(json("iot:Get*"), json("iot:*")).codes == ["iam-widened"])
  }

  @Test func `trust, inline policies and managed policies of a role`() throws {
    let role = """
      Resources:
        R:
          Type: AWS::IAM::Role
          Properties:
            AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: TRUST}}]}
            ManagedPolicyArns: [MANAGED]
            Policies: [{PolicyName: p, PolicyDocument: {Statement: {Effect: Allow, Action: ACTION, Resource: x}}}]
      """
    func version(_ trust: String, _ managed: String, _ action: String) -> String {
      role.replacing("TRUST", with: trust).replacing("MANAGED", with: managed).replacing(
        "ACTION", with: action)
    }
    let old = version("lambda.amazonaws.com", "a", "b")
    #expect(
      try change(old, version("[lambda.amazonaws.com, ec2.amazonaws.com]", "a", "b")).codes == ["iam-widened"]
    )
    #expect(
      try change(old, version("lambda.amazonaws.com", "'a', 'arn:aws:iam::aws:policy/ReadOnly'", "b"))
        .finding("iam-policy-attached")?.severity == .warning)
    let administrator = "'a', 'arn:aws:iam::aws:policy/AdministratorAccess'"
    #expect(
      try change(old, version("lambda.amazonaws.com", administrator, "b")).finding("iam-policy-attached")?
        .severity == .error)
    #expect(
      try change(old, version("lambda.amazonaws.com", "a", "c")).finding("iam-widened")?.message.contains(
        "c on x") == true)
  }

  @Test func `a new resource is reviewed as such, but for wildcards`() throws {
    let policy =
      "Resources: {R: {Type: AWS::IAM::Policy, Properties: {PolicyDocument: {Statement: [STATEMENT]}}}}"
    #expect(try change("Resources: {}", policy.replacing("STATEMENT", with: read)).codes.isEmpty)
    let everything = policy.replacing("STATEMENT", with: "{Effect: Allow, Action: '*', Resource: '*'}")
    #expect(try change("Resources: {}", everything).finding("iam-wildcard")?.severity == .warning)
  }

  @Test func `anyone at a network's own endpoint is not the world`() throws {
    let everyone = "[{Effect: Allow, Action: 's3:Get*', Resource: x, Principal: '*'}]"
    #expect(try compare("[]", everyone, type: "AWS::EC2::VPCEndpoint").codes == ["iam-widened"])
    #expect(try compare("[]", everyone, type: "AWS::SQS::QueuePolicy").codes == ["iam-wildcard"])
  }

  @Test func `statements under an open condition count`() throws {
    let text = """
      Parameters: {P: {Type: String}}
      Conditions: {On: !Equals [!Ref P, x]}
      Resources:
        R: {Type: AWS::IAM::Policy, Properties: {PolicyDocument: {Statement: [!If [On, {Effect: Allow, Action: a, Resource: X}, !Ref AWS::NoValue]]}}}
      """
    #expect(
      try change(text, text.replacing("Resource: X", with: "Resource: '*'")).codes.contains("iam-widened"))
  }

  @Test(arguments: [
    ("*", "", true), ("*", "abc", true), ("a*c", "abc", true), ("a*c", "ab", false), ("a?c", "abc", true),
    ("a?c", "ac", false),
    ("*a*b*", "xaxbx", true), ("*a*b*", "xbxax", false), ("", "", true), ("", "a", false), ("a**", "a", true),
    (String(repeating: "*a", count: 50) + "b", String(repeating: "a", count: 5000), false),
  ])
  func `wildcards`(pattern: String, text: String, matches: Bool) {
    #expect(Wildcard.matches(pattern, text) == matches)
  }
}

@Suite struct `Networks that widen` {
  private func compare(_ old: String, _ new: String) throws -> TemplateChange {
    func template(_ rules: String) -> String {
      "Resources: {G: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: \(rules)}}}"
    }
    return try change(template(old), template(new))
  }
  private let office = "{IpProtocol: tcp, FromPort: 20, ToPort: 30, CidrIp: 10.1.0.0/16}"

  @Test(arguments: [
    "[{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 10.1.2.0/24}]", "[]",
    "[{IpProtocol: '6', FromPort: 20, ToPort: 30, CidrIp: 10.1.0.0/16}]",
  ])
  func `less is no finding`(rules: String) throws { #expect(try compare("[\(office)]", rules).codes.isEmpty) }

  @Test(arguments: [
    ("[{IpProtocol: tcp, FromPort: 20, ToPort: 31, CidrIp: 10.1.0.0/16}]", "network-widened"),
    ("[{IpProtocol: tcp, FromPort: 20, ToPort: 30, CidrIp: 10.0.0.0/8}]", "network-widened"),
    ("[{IpProtocol: udp, FromPort: 22, ToPort: 22, CidrIp: 10.1.0.0/16}]", "network-widened"),
    ("[{IpProtocol: -1, CidrIp: 10.1.0.0/16}]", "network-widened"),
    ("[{IpProtocol: tcp, FromPort: 22, ToPort: 22, SourceSecurityGroupId: sg-1}]", "network-widened"),
    ("[{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}]", "network-opened"),
    ("[{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIpv6: '::/0'}]", "network-opened"),
  ])
  func `more is one`(rules: String, code: String) throws {
    #expect(try compare("[\(office)]", rules).codes == [code])
  }

  @Test func `the world may reach web servers, not others`() throws {
    func severity(_ port: Int) throws -> Severity? {
      let rule = "{IpProtocol: tcp, FromPort: \(port), ToPort: \(port), CidrIp: 0.0.0.0/0}"
      let template = "Resources: {R: {Type: AWS::EC2::SecurityGroupIngress, Properties: \(rule)}}"
      return try change("Resources: {}", template).finding("network-opened")?.severity
    }
    #expect(try severity(443) == .notice)
    #expect(try severity(5432) == .error)
  }

  @Test func `ports that are not known cover nothing but themselves`() throws {
    let text =
      "Parameters: {P: {Type: Number}}\nResources: {G: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: [{IpProtocol: tcp, FromPort: !Ref P, ToPort: 90, CidrIp: 10.0.0.0/8}]}}}"
    #expect(try change(text, text.replacing("!Ref P", with: "80")).codes.contains("network-widened"))
  }
}
