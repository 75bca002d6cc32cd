import Testing

@testable import TemplateAnalysis

@Suite struct `Parameter values beside templates` {
  private func read(_ text: String, _ path: String, environment: String = "prod") -> ParameterDocument? {
    ParameterDocument(Array(text.utf8), path: path, environment: environment)
  }

  @Test func `SAM's configuration: the environment's part, else the default, with every spelling of values`()
  {
    let text = """
      version = 0.1
      [default.global.parameters]
      stack_name = "shop"
      [default.deploy.parameters]
      template_file = "app.yaml"
      parameter_overrides = "Id=\\"a b\\" Size=1 ParameterKey=Name,ParameterValue=x"
      [staging.deploy.parameters]
      parameter_overrides = ["Id=c", 'Size=2'] # a list
      """
    let prod = read(text, "samconfig.toml")
    #expect(prod?.values == ["Id": "a b", "Size": "1", "Name": "x"])
    #expect(prod?.stack == "shop")
    #expect(prod?.template?.path == "app.yaml")
    #expect(read(text, "samconfig.toml", environment: "staging")?.values == ["Id": "c", "Size": "2"])
    let yaml = "default: {deploy: {parameters: {parameter_overrides: [Id=a, Size=1]}}}"
    #expect(read(yaml, "samconfig.yaml")?.values == ["Id": "a", "Size": "1"])
  }

  @Test(arguments: [
    (
      "[{\"ParameterKey\": \"Id\", \"ParameterValue\": \"a\"}, {\"ParameterKey\": \"Old\", \"UsePreviousValue\": true}]",
      ["Id": "a"]
    ),
    (
      "{\"Parameters\": {\"Id\": \"a\", \"List\": [\"b\", \"c\"], \"Number\": 1}}",
      ["Id": "a", "List": "b,c", "Number": "1"]
    ),
    ("template-file-path: a.yaml\nparameters: {Id: a}\ntags: {b: c}\n", ["Id": "a"]),
  ])
  func `arrays, template configurations, deployment files`(_ text: String, _ values: [String: String]) {
    #expect(read(text, "x.yaml")?.values == values)
  }

  @Test(arguments: [
    "Parameters: {Id: {Type: String}}\nResources: {}\n", "Parameters: {Id: {Type: String}}\n", "{}", "[]",
    "[1, 2]", "a: [",
    "Parameters: {}\n",
  ])
  func `templates and other documents are none`(_ text: String) { #expect(read(text, "x.yaml") == nil) }

  @Test func `resources of a serverless configuration in several parts become one template`() throws {
    let text = """
      service: a
      resources:
        - ${file(other.yml)}
        - Resources: {A: {Type: 'AWS::S3::Bucket'}}
        - Resources: {B: {Type: 'AWS::S3::Bucket'}}
          Outputs: {O: {Value: x}}
      """
    let one = try ServerlessConfiguration(parsing: Array(text.utf8), path: "serverless.yml")
    #expect(one.template.logicalIds == ["A", "B"])
    #expect(one.includesFiles)
    let moved = try ServerlessConfiguration(parsing: Array(("\n\n" + text).utf8), path: "serverless.yml")
    #expect(one.hasSameRest(as: moved))
    let other = try ServerlessConfiguration(
      parsing: Array(text.replacing("service: a", with: "service: b").utf8), path: "serverless.yml")
    #expect(!one.hasSameRest(as: other))
  }

  @Test func `snapshots of older and newer versions of Jest`() throws {
    let text = #"""
      // Jest Snapshot v1

      exports[`old 1`] = `
      Object {
        "Resources": Object {
          "A": Object {
            "Properties": Object {
              "Definition": "{\\"a\\": [\\"b\\"]}",
              "Tags": Array [],
            },
            "Type": "AWS::S3::Bucket",
          },
        },
      }
      `;

      exports[`new 1`] = `
      {
        "Resources": {
          "B": {
            "Properties": {
              "Count": 3,
              "Join": [
                "{"a":"",",
                "x": "y",
                Any<String>,
              ],
              "Code": "import os
      print("a", "b",
        "c")
      \`word\` \${x}",
            },
            "Type": "AWS::S3::Bucket",
          },
        },
      }
      `;

      exports[`other 1`] = `"text"`;
      """#
    let found = try JestSnapshot.templates(Array(text.utf8), path: "a.snap")
    #expect(found.map(\.name) == ["old 1", "new 1"])
    #expect(found.first?.template.logicalIds == ["A"])
    #expect(found.last?.template.logicalIds == ["B"])
    // A string that Jest prints without escapes is one value, and lines stay those of the file.
    let next = try JestSnapshot.templates(
      Array(text.replacing("print(\"a\", \"b\",", with: "print(\"a\", \"d\",").utf8), path: "a.snap")
    let change = TemplateComparison.compare(old: found.last?.template, new: next.last?.template)
    #expect(change["B"]?.properties == ["Code"])
    #expect(change["B"]?.line == 20)
  }
}
