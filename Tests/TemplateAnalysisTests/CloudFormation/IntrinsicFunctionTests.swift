import JSONValues
import Testing
import YAMLDocuments

@testable import TemplateAnalysis

/// Resolves `expression` as the property of a resource in a template with parameters, mappings and conditions.
private func resolve(
  _ expression: String, parameters: [String: ResolvedValue] = [:], pseudo: [String: String] = [:]
) throws -> ResolvedValue {
  let template = try CloudFormationTemplate(
    parsing: """
      Mappings:
        Zones: {eu-west-1: {Ids: [a, b], Name: west}, us-east-1: {Name: east}}
      Conditions:
        Yes: !Equals [a, a]
        No: !Not [!Condition Yes]
        Open: !Equals [!Ref Missing, x]
        Both: !And [!Condition Yes, {Condition: Open}]
        Either: !Or [!Condition Yes, !Condition Open]
        Neither: !And [!Condition No, !Condition Open]
        NotOpen: !Not [!Not [!Condition Open]]
        Circle: !Not [!Condition Circle]
      Resources:
        Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: data, Tags: [{Key: a, Value: b}]}}
        Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: news}}
        Custom: {Type: Custom::Thing, Properties: {ServiceToken: t, Answer: 42}}
        Gone: {Type: AWS::S3::Bucket, Condition: No, Properties: {BucketName: gone}}
        Database: {Type: AWS::RDS::DBInstance, Properties: {DBInstanceIdentifier: MyDB}}
        Subject: {Type: AWS::SSM::Parameter, Properties: {Value: \(expression)}}
      """, path: "t.yml")
  let evaluator = TemplateEvaluator(
    template, parameters: parameters.merging(["Missing": .unknown(.parameter("Missing"))]) { a, _ in a },
    pseudoParameters: pseudo, replacements: .builtIn)
  let subject = try #require(evaluator.resource("Subject"))
  return evaluator.properties(of: subject)["Value"]
}

private let missing = ResolvedValue.unknown(.parameter("Missing"))

@Suite struct `Intrinsic functions` {
  @Test(arguments: [
    ("12", ResolvedValue.number("12")), ("'12'", .text("12")), ("yes", .text("true")),
    ("2012-10-17", .text("2012-10-17")),
    ("~", .absent), ("!Ref AWS::NoValue", .absent),
    ("[a, !Ref AWS::NoValue, b]", .list([.text("a"), .text("b")])),
    ("{a: 1, b: !Ref 'AWS::NoValue'}", .map([ResolvedMember(name: "a", value: .number("1"))])),
    ("!Ref Name", .text("given")), ("{Ref: Name}", .text("given")),
    ("!Ref List", .list([.text("a"), .text("b")])),
    ("!Ref AWS::Region", .text("eu-west-1")), ("!Ref AWS::Partition", .text("aws")),
    ("!Ref AWS::URLSuffix", .text("amazonaws.com")),
    ("!Ref AWS::AccountId", .unknown(.pseudo("AWS::AccountId"))),
    ("!Ref Missing", missing), ("!Ref Nowhere", .unknown(.undefined("undefined name Nowhere"))),
    // A resource whose name the template sets is known by it, in lower case where the service keeps it so.
    ("!Ref Bucket", .text("data")), ("!Ref Database", .text("mydb")),
    ("!Ref Topic", .unknown(.reference(logicalId: "Topic", attribute: nil))),
    ("!Ref Gone", .unknown(.undefined("Gone, whose condition is false"))),
    ("!GetAtt Topic.TopicName", .text("news")), ("{Fn::GetAtt: [Topic, TopicName]}", .text("news")),
    ("!GetAtt Bucket.Arn", .unknown(.reference(logicalId: "Bucket", attribute: "Arn"))),
    ("!GetAtt [Bucket, A.B]", .unknown(.reference(logicalId: "Bucket", attribute: "A.B"))),
    ("!GetAtt Bucket.Tags", .unknown(.reference(logicalId: "Bucket", attribute: "Tags"))),
    ("!GetAtt Custom.Answer", .unknown(.reference(logicalId: "Custom", attribute: "Answer"))),
    ("!GetAtt [Topic, !Ref Which]", .text("news")),
  ])
  func `values and references`(expression: String, value: ResolvedValue) throws {
    let parameters: [String: ResolvedValue] = [
      "Name": .text("given"), "List": .list([.text("a"), .text("b")]), "Which": .text("TopicName"),
    ]
    #expect(try resolve(expression, parameters: parameters, pseudo: ["AWS::Region": "eu-west-1"]) == value)
  }

  @Test(arguments: [
    ("!Sub 'a-${Bucket}-${Topic.TopicName}'", ResolvedValue.text("a-data-news")),
    ("!Sub '${!Literal}'", .text("${Literal}")),
    ("!Sub ['${x}/${y}', {x: 1, y: !Ref Bucket}]", .text("1/data")), ("!Sub 'open ${'", .text("open ${")),
    ("!Sub 'a${Missing}b'", .joined([.text("a"), missing, .text("b")])),
    ("!Sub '${ Bucket }'", .text("data")),
    ("!Sub '${Missing}'", missing), ("{Fn::Sub: plain}", .text("plain")),
    ("!Join ['-', [a, 1, !Ref Bucket]]", .text("a-1-data")), ("!Join ['', []]", .text("")),
    ("!Join ['/', [a, !Ref Missing, b]]", .joined([.text("a/"), missing, .text("/b")])),
    ("!Join [',', !Ref Missing]", .call("Fn::Join", [.text(","), missing])),
    ("!Split ['-', a-b-]", .list([.text("a"), .text("b"), .text("")])),
    ("!Split ['-', !Ref Missing]", .call("Fn::Split", [.text("-"), missing])),
    ("!Select [1, [a, b]]", .text("b")), ("!Select ['0', !Split ['.', x.y]]", .text("x")),
    ("!Select [5, [a]]", .unknown(.undefined("Fn::Select of element 5 in a list of 1"))),
    ("!Select [!Ref Missing, [a]]", .call("Fn::Select", [missing, .list([.text("a")])])),
    ("!Select [-1, [a]]", .unknown(.undefined("Fn::Select of element -1 in a list of 1"))),
    ("!Base64 Hello", .text("SGVsbG8=")), ("!Base64 'Hi'", .text("SGk=")), ("!Base64 ''", .text("")),
    ("!Base64 abc", .text("YWJj")), ("!Base64 {Ref: Missing}", .call("Fn::Base64", [missing])),
    ("{Fn::Length: [1, 2, 3]}", .number("3")), ("{Fn::Length: !Ref Missing}", .call("Fn::Length", [missing])),
    (
      "{Fn::ToJsonString: {a: 1}}",
      .call("Fn::ToJsonString", [.map([ResolvedMember(name: "a", value: .number("1"))])])
    ),
    ("!ImportValue x", .call("Fn::ImportValue", [.text("x")])),
    ("!GetAZs ''", .call("Fn::GetAZs", [.unknown(.pseudo("AWS::Region"))])),
    ("!GetAZs eu-west-1", .call("Fn::GetAZs", [.text("eu-west-1")])),
    (
      "!Transform {Name: M}",
      .call("Fn::Transform", [.map([ResolvedMember(name: "Name", value: .text("M"))])])
    ),
  ])
  func `strings and lists`(expression: String, value: ResolvedValue) throws {
    #expect(try resolve(expression) == value)
  }

  @Test(arguments: [
    ("!FindInMap [Zones, eu-west-1, Name]", ResolvedValue.text("west")),
    ("!FindInMap [Zones, eu-west-1, Ids]", .list([.text("a"), .text("b")])),
    ("!FindInMap [Zones, nowhere, Name, {DefaultValue: none}]", .text("none")),
    ("!FindInMap [Zones, nowhere, Name]", .unknown(.undefined("no entry Zones.nowhere.Name in Mappings"))),
    ("!FindInMap [Nothing, a, b]", .unknown(.undefined("no entry Nothing.a.b in Mappings"))),
    ("!If [Yes, a, b]", .text("a")), ("!If [No, a, b]", .text("b")), ("!If [Open, a, a]", .text("a")),
    (
      "!If [Both, a, b]",
      .choice(.call("Fn::Equals", [missing, .text("x")]), then: .text("a"), otherwise: .text("b"))
    ),
    ("!If [Either, a, b]", .text("a")), ("!If [Neither, a, b]", .text("b")),
    (
      "!If [Open, !Ref 'AWS::NoValue', b]",
      .choice(.call("Fn::Equals", [missing, .text("x")]), then: .absent, otherwise: .text("b"))
    ),
    (
      "!If [NotOpen, a, b]",
      .choice(.call("Fn::Equals", [missing, .text("x")]), then: .text("a"), otherwise: .text("b"))
    ),
    ("!If [Yes, a]", .unknown(.undefined("Fn::If without condition and two values"))),
  ])
  func `maps and conditions`(expression: String, value: ResolvedValue) throws {
    #expect(try resolve(expression) == value)
  }

  @Test func `a map whose key is open keeps its content in the expression`() throws {
    guard case .call("Fn::FindInMap", let parts) = try resolve("!FindInMap [Zones, !Ref Missing, Name]")
    else {
      Issue.record("resolved although the key is not known")
      return
    }
    #expect(parts[1] == missing)
    #expect(parts[3]["us-east-1"]["Name"] == .text("east"))
  }

  @Test func `a condition that leads back to itself is open`() throws {
    guard case .choice = try resolve("!If [Circle, a, b]") else {
      Issue.record("a circle was decided")
      return
    }
  }

  @Test(arguments: [
    ("!Cidr ['10.0.0.0/16', 3, 8]", ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]),
    ("!Cidr ['192.168.0.0/24', 2, 5]", ["192.168.0.0/27", "192.168.0.32/27"]),
    ("!Cidr ['10.0.0.0/24', 1]", ["10.0.0.0/24"]),
  ])
  func `address blocks`(expression: String, blocks: [String]) throws {
    #expect(try resolve(expression) == .list(blocks.map { .text($0) }))
  }

  @Test(arguments: [
    "!Cidr ['10.0.0.0/24', 3, 8]", "!Cidr ['::/56', 2, 64]", "!Cidr [x, 1, 8]", "!Cidr ['10.0.0.0/8', 0, 8]",
    "!Cidr ['10.0.0.0/8', 999, 8]", "!Cidr ['10.0.0.0/8', 1, 40]",
  ])
  func `address blocks that do not fit stay calls`(expression: String) throws {
    guard case .call("Fn::Cidr", _) = try resolve(expression) else {
      Issue.record("\(expression) was computed")
      return
    }
  }

  @Test(arguments: [
    ("cn-north-1", "aws-cn", "amazonaws.com.cn"), ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
  ])
  func `partitions follow from regions`(region: String, partition: String, suffix: String) throws {
    let pseudo = ["AWS::Region": region]
    #expect(try resolve("!Ref AWS::Partition", pseudo: pseudo) == .text(partition))
    #expect(try resolve("!Ref AWS::URLSuffix", pseudo: pseudo) == .text(suffix))
  }
}
