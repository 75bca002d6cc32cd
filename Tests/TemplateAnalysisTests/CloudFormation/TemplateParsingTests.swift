import DeploymentRecords
import Redaction
import StepResults
import Testing
import YAMLDocuments

@testable import TemplateAnalysis

@Suite struct `Reading templates` {
  @Test func `sections, lines and transforms`() throws {
    let template = try CloudFormationTemplate(
      parsing: """
        Transform: [AWS::Serverless-2016-10-31, {Name: Own}]
        Parameters:
          Names: {Type: CommaDelimitedList, Default: "a,b"}
          Secret: {Type: String, NoEcho: yes}
          Image: {Type: 'AWS::SSM::Parameter::Value<String>'}
        Resources:
          Topic:
            Type: AWS::SNS::Topic
        """, path: "t.yml")
    #expect(template.transforms == ["AWS::Serverless-2016-10-31", "Own"])
    #expect(template.logicalIds == ["Topic"])
    #expect(template.resources.first?.line == 7)
    #expect(template.parameters.map(\.isList) == [true, false, false])
    #expect(template.parameters.map(\.isSecret) == [false, true, false])
    #expect(template.parameters.map(\.isLookedUp) == [false, false, true])
    #expect(template.parameters.first?.defaultValue == "a,b")
  }

  @Test(arguments: [
    ("[1]", 1, "a template is a mapping of sections"), ("Resources: [1]", 1, "Resources has to be a mapping"),
    ("Resources:\n  A: [\n", 3, "did not find"),
  ])
  func `what is no template is refused with its place`(text: String, line: Int, part: String) {
    let error = #expect(throws: TemplateError.self) {
      try CloudFormationTemplate(parsing: text, path: "x.yml")
    }
    #expect(error?.line == line)
    #expect(error?.description.hasPrefix("x.yml:\(line):") == true)
    #expect(error?.message.contains(part) == true)
  }

  @Test(arguments: [
    "Resources:\n  A: {Type: 'AWS::SNS::Topic'}\n  A: {Type: 'AWS::SQS::Queue'}\n",
    "{\"Resources\":\n {\"A\": {\"Type\": \"AWS::SNS::Topic\"},\n \"A\": {\"Type\": \"AWS::SQS::Queue\"}}}",
  ])
  func `the last of equal names counts; a new one stops, an old one is told`(text: String) throws {
    let template = try CloudFormationTemplate(parsing: text, path: "x.yml")
    #expect(template.logicalIds == ["A"])
    #expect(template.resources.first?.node["Type"]?.text == "AWS::SQS::Queue")
    #expect(template.duplicate?.line == 3)
    let clean = "Resources: {A: {Type: 'AWS::SQS::Queue'}}"
    let new = try change(clean, text)
    #expect(new.actions.isEmpty)
    #expect(new.finding("template-duplicate-key")?.severity == .error)
    #expect(new.finding("template-duplicate-key")?.line == 3)
    #expect(try change(text, text).finding("template-duplicate-key")?.severity == .warning)
    #expect(try change(text, clean).codes.isEmpty)
  }

  @Test(arguments: [
    ("Resources: {A: {Type: 'AWS::SNS::Topic'}}", true), ("AWSTemplateFormatVersion: 2010-09-09", true),
    ("resources: {}", false), ("Resources: {limits: {cpu: 1}}", false), ("- Resources", false), ("", false),
  ])
  func `templates are told from other documents`(text: String, isTemplate: Bool) throws {
    #expect(CloudFormationTemplate.isTemplate(try YAMLNode.parse(text)) == isTemplate)
  }
}
