import DeploymentRecords
import Redaction
import StepResults
import Testing

@testable import CloudFormationModel
@testable import TemplateAnalysis

@Suite struct `The table of replacements` {
  @Test func `the built-in table is sorted, dated and complete in shape`() throws {
    let bytes = Array(
      UnsafeBufferPointer(
        start: ReplacementTable.builtInText.utf8Start, count: ReplacementTable.builtInText.utf8CodeUnitCount))
    let table = try ReplacementTable(text: bytes)
    #expect(table.version.contains("cfn-lint"))
    #expect(ReplacementTable.builtIn.version == table.version)
    let types = String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().compactMap {
      $0.split(separator: "|").first
    }
    #expect(types.count > 1800)
    // Every line is found, from the first to the last.
    for type in types { #expect(ReplacementTable.builtIn[String(type)] != nil, "\(type)") }
    #expect(ReplacementTable.builtIn["AWS::No::Such"] == nil)
    #expect(ReplacementTable.builtIn[""] == nil)
    #expect(ReplacementTable.builtIn["ZZZ"] == nil)
  }

  @Test func `entries of known types`() {
    let table = ReplacementTable.builtIn
    #expect(table["AWS::S3::Bucket"]?.createOnly.contains(["BucketName"]) == true)
    #expect(table["AWS::S3::Bucket"]?.nameProperty == "BucketName")
    #expect(table["AWS::SNS::Topic"]?.nameProperty == nil)
    #expect(table["AWS::DynamoDB::Table"]?.conditionalCreateOnly == [["KeySchema"]])
    #expect(table["AWS::CloudFormation::PublicTypeVersion"]?.hasNoUpdate == true)
    #expect(table["AWS::EC2::TransitGatewayConnectPeer"]?.deletesFirst == true)
    // Types that only the old specification knows, and what neither source says.
    #expect(table["AWS::NimbleStudio::Studio"]?.createOnly.contains(["StudioName"]) == true)
    #expect(table["AWS::Serverless::Function"]?.createOnly.contains(["FunctionName"]) == true)
  }

  @Test func `a file in the same format overrides it`() throws {
    let text = "# 2030-01-01 own\nAWS::SNS::Topic|n||DisplayName|\nOwn::A::B||C D/*/E|F|C\n"
    let table = try ReplacementTable(text: Array(text.utf8))
    #expect(table.version == "2030-01-01 own")
    #expect(
      table["Own::A::B"]
        == .init(createOnly: [["C"], ["D", "*", "E"]], conditionalCreateOnly: [["F"]], nameProperty: "C"))
    let context = ComparisonContext(replacements: table)
    #expect(try action("AWS::SNS::Topic", "{A: 1}", "{A: 2}", context: context)?.action == .replace)
    #expect(try action("Own::A::B", "{D: [{E: 1}]}", "{D: [{E: 2}]}", context: context)?.action == .replace)
    #expect(try action("Own::A::B", "{D: [{X: 1}]}", "{D: [{X: 2}]}", context: context)?.action == .update)
    #expect(try action("AWS::SQS::Queue", "{D: 1}", "{D: 2}", context: context)?.action == .mayReplace)
  }

  @Test func `some lines of one's own beside the built-in ones`() throws {
    let own = try ReplacementTable(text: Array("AWS::SNS::Topic||DisplayName||\nOwn::A::B||C||C\n".utf8))
    let table = ReplacementTable.builtIn.overridden(by: own)
    #expect(table.version == ReplacementTable.builtIn.version)
    #expect(table["AWS::SNS::Topic"]?.createOnly == [["DisplayName"]])
    #expect(table["Own::A::B"]?.nameProperty == "C")
    #expect(table["AWS::S3::Bucket"] == ReplacementTable.builtIn["AWS::S3::Bucket"])
  }

  @Test(arguments: [("B||||\nA||||\n", 2), ("A|||\n", 1), ("# x\n\nA||||\nA||||\n", 4), ("|||||\n", 1)])
  func `a malformed file is refused with its line`(text: String, line: Int) {
    let error = #expect(throws: ReplacementTableError.self) { try ReplacementTable(text: Array(text.utf8)) }
    #expect(error?.line == line)
  }

  @Test func `stateful types`() {
    let types = StatefulTypes()
    for type in [
      "AWS::RDS::DBInstance", "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue",
      "AWS::Kinesis::Stream",
      "AWS::EFS::FileSystem", "AWS::SecretsManager::Secret", "AWS::KMS::Key", "AWS::Cognito::UserPool",
      "AWS::Logs::LogGroup", "AWS::OpenSearchService::Domain", "AWS::ElastiCache::ReplicationGroup",
      "AWS::ECR::Repository",
    ] { #expect(types.contains(type), "\(type)") }
    for type in ["AWS::Lambda::Function", "AWS::IAM::Role", "AWS::SNS::Topic", "AWS::ApiGateway::Deployment"]
    {
      #expect(!types.contains(type), "\(type)")
    }
  }
}

@Suite struct `Loops, macros and hostile templates` {
  @Test func `loops make resources, outputs and properties`() throws {
    let template = """
      Transform: AWS::LanguageExtensions
      Parameters: {Names: {Type: CommaDelimitedList, Default: 'a, b'}}
      Resources:
        Fn::ForEach::Queues:
          - Name
          - !Ref Names
          - 'Queue${Name}':
              Type: AWS::SQS::Queue
              Properties: {QueueName: !Sub 'q-${Name}', Tags: [{Key: k, Value: !Ref Name}]}
            'Fn::ForEach::Inner':
              - Port
              - [8-0, 90]
              - 'P${Name}&{Port}': {Type: AWS::SNS::Topic, Properties: {TopicName: '${Name}${Port}'}}
      """
    let result = try change(template, template, newParameters: ["Names": "a,c"])
    #expect(
      result.actions == [
        "Queueb": .delete, "Pb80": .delete, "Pb90": .delete, "Queuec": .create, "Pc80": .create,
        "Pc90": .create,
      ])
    let renamed = try change(template, template.replacing("q-$", with: "p-$"))
    #expect(renamed.actions == ["Queuea": .replace, "Queueb": .replace])
  }

  @Test func `a loop over what is not known is said to be open`() throws {
    let loop =
      "Parameters: {N: {Type: CommaDelimitedList}}\nResources: {'Fn::ForEach::L': [X, !Ref N, {'A${X}': {Type: AWS::SNS::Topic}}]}"
    let result = try change(loop, loop)
    #expect(result.resources.isEmpty)
    #expect(result.finding("template-part-open")?.message.contains("Fn::ForEach::L") == true)
  }

  @Test(arguments: [
    "Resources: {R: text}", "Resources: {'Fn::ForEach::L': text}",
    "Resources: {'Fn::ForEach::L': [X, [a, a], {Same: {Type: AWS::SNS::Topic}}]}",
  ])
  func `malformed members are named`(text: String) throws {
    #expect(try change("Resources: {}", text).codes == ["template-part-open"])
  }

  @Test func `loops that explode are stopped`() throws {
    let values = (0..<100).map(String.init).joined(separator: ",")
    var body = "{\"R${A}${B}${C}${D}\":{\"Type\":\"AWS::SNS::Topic\"}}"
    for name in ["D", "C", "B", "A"] { body = "{\"Fn::ForEach::\(name)\":[\"\(name)\",[\(values)],\(body)]}" }
    let result = try change("Resources: {}", "{\"Resources\":\(body)}")
    #expect(result.finding("template-part-open") != nil)
  }

  @Test func `a string that doubles with every name is stopped`() throws {
    var text = "Resources:\n  B0: {Type: AWS::S3::Bucket, Properties: {BucketName: 0123456789}}\n"
    for position in 1...60 {
      text +=
        "  B\(position): {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub '${B\(position - 1)}${B\(position - 1)}'}}\n"
    }
    #expect(try change(text, text).actions == [:])
  }

  @Test(arguments: [
    ("Transform: Own", "Resources: {}", "transform-open"),
    ("Resources: {}", "Transform: [Own]", "transform-open"),
    ("Resources: {}", "Resources: {'Fn::Transform': {Name: AWS::Include}}", "transform-open"),
  ])
  func `macros leave the template open`(old: String, new: String, code: String) throws {
    #expect(try change(old, new).finding(code)?.severity == .warning)
  }

  @Test func `values that are looked up are open`() throws {
    let template = """
      Parameters: {Image: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /image}}
      Resources:
        Host: {Type: AWS::EC2::Instance, Properties: {ImageId: !Ref Image}}
        Text: {Type: AWS::SSM::Parameter, Properties: {Name: n, Value: !Ref Image}}
        Address: {Type: AWS::EC2::EIPAssociation, Properties: {InstanceId: !Ref Host}}
        Shown: {Type: AWS::SSM::Parameter, Properties: {Name: m, Value: !Ref Host}}
      """
    let result = try change(template, template)
    // Dependents of what only a look-up leaves open are no more certain than that.
    #expect(result.actions == ["Host": .mayReplace, "Address": .mayReplace])
    // What holds data may be replaced by that; for all else it is a notice.
    #expect(
      result.findings.filter { $0.severity != .notice }.map { String($0.message.prefix(5)) } == ["Host "])
    let renamed = try change(template, template, newParameters: ["Image": "/other"])
    #expect(
      renamed.actions == ["Host": .mayReplace, "Text": .update, "Address": .mayReplace, "Shown": .update])
    #expect(renamed.finding("resource-may-be-replaced")?.severity == .warning)
    #expect(
      result.finding("lookup-open")?.message.contains("Host, Text, Address, Shown take the value") == true)
  }

  @Test func `values that are missing are named, previous ones can be kept`() throws {
    let template =
      "Parameters: {P: {Type: String, Default: d}, Q: {Type: String}}\nResources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref P, DisplayName: x}}}"
    let edited = template.replacing("DisplayName: x", with: "DisplayName: y")
    let defaults = try change(template, edited, oldParameters: ["P": "prod", "Q": "q"])
    #expect(defaults.actions == ["T": .replace])
    #expect(defaults.finding("parameter-falls-back")?.message.contains("(prod becomes d)") == true)
    #expect(defaults.finding("values-missing")?.message.contains("Q") == true)
    let kept = try change(
      template, edited, oldParameters: ["P": "prod", "Q": "q"],
      context: .init(missingParameters: .previousValues))
    #expect(kept.actions == ["T": .update])
    #expect(kept.findings.isEmpty)
  }

  @Test func `a secret value is not shown`() throws {
    let template =
      "Parameters: {P: {Type: String, NoEcho: true, Default: d}}\nResources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref P}}}"
    let result = try change(template, template, oldParameters: ["P": "hunter2hunter2"])
    #expect(result["T"]?.action == .replace)
    #expect(!"\(result)".contains("hunter2"))
  }

  @Test func `every code that is raised stands in the catalog`() {
    let codes = TemplateComparison.findingCatalog.map(\.code)
    #expect(Set(codes).count == codes.count)
    #expect(codes.contains("resource-deleted"))
  }
}
