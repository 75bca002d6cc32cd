import DeploymentConfig
import JSONValues
import Testing
import YAMLDocuments

@testable import AutoRevert

@Suite struct `Templates that keep exports` {
  static let exports = [DescribedExport(name: "shop-fn", value: "arn:a:\"b\"", stack: "S")]

  static func output(_ template: String) throws -> (value: String?, export: String?) {
    let node = try YAMLNode.parse(Array(template.utf8))["Outputs"]?["BackstopKeptExport1"]
    return (node?["Value"]?.scalar?.text, node?["Export"]?["Name"]?.scalar?.text)
  }

  @Test(arguments: [
    "Resources:\n  P: {Type: AWS::SSM::Parameter}\n",
    "Resources:\n  P: {Type: AWS::SSM::Parameter}",
    "Resources:\n  P: {Type: AWS::SSM::Parameter}\nOutputs:\n  Own: {Value: !Ref P}\n",
    "Outputs:\n    # what others need\n    Own:\n      Value: !GetAtt P.Arn\nResources:\n  P: {Type: AWS::SSM::Parameter}\n",
    "{\"Resources\": {\"P\": {\"Type\": \"AWS::SSM::Parameter\"}}}",
    "{\"Outputs\": {\"Own\": {\"Value\": \"x\"}}, \"Resources\": {}}",
  ]) func `have one more output, and all that they had`(_ template: String) throws {
    let kept = try ExportRetention.keep(template, Self.exports)
    let output = try Self.output(kept)
    #expect(output.value == "arn:a:\"b\"")
    #expect(output.export == "shop-fn")
    let (before, after) = (try YAMLNode.parse(Array(template.utf8)), try YAMLNode.parse(Array(kept.utf8)))
    #expect(
      after["Resources"]?.mapping?.members.map(\.name) == before["Resources"]?.mapping?.members.map(\.name))
    for member in before["Outputs"]?.mapping?.members ?? [] {
      #expect(after["Outputs"]?[member.name] != nil)
    }
  }

  @Test(arguments: ["Outputs: {Own: {Value: x}}\n", "Outputs: {}\n", "Outputs:\nResources: {}\n"])
  func `are refused where nothing can be added safely`(_ template: String) {
    #expect(throws: (any Error).self) { try ExportRetention.keep(template, Self.exports) }
  }
}
