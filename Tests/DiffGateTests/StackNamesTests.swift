import DeploymentConfig
import Testing

@testable import DiffGate

@Suite struct `Which stack a template belongs to` {
  private func config() throws -> DeploymentConfig {
    let text = """
      API_STACK=CiraInvoice-Api-prod
      WORKFLOW_STACK=CiraInvoice-Workflow-prod
      MONITORING_STACK=CiraInvoice-Monitoring-prod
      """
    return try DeploymentConfig(parsing: Array(text.utf8), path: "c", environment: "prod", variables: [:])
  }

  @Test(arguments: [
    ("infra/api.yaml", "CiraInvoice-Api-prod"),
    ("CiraInvoice-Workflow-prod.template.json", "CiraInvoice-Workflow-prod"),
    ("infra/database.yaml", "CiraInvoice-Database-prod"),
    ("stacks/monitoring/template.yaml", "CiraInvoice-Monitoring-prod"),
    ("infra/ApiStack.json", "CiraInvoice-Api-prod"), ("infra/rds.yaml", "CiraInvoice-Database-prod"),
    ("infra/template.yaml", nil), ("infra/rapid.yaml", nil),
  ])
  func `by its name`(_ path: String, _ stack: String?) throws {
    #expect(StackNames.stack(of: path, manifest: nil, config: try config())?.name == stack)
  }

  @Test func `by the CDK's manifest`() throws {
    let manifest = try #require(
      AssemblyManifest(
        Array(
          """
          {"artifacts": {"X": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "X.template.json",
          "stackName": "CiraInvoice-Api-prod", "parameters": {"Size": "2"}}}, "Tree": {"type": "cdk:tree"}}}
          """.utf8)))
    #expect(
      StackNames.stack(of: "cdk.out/X.template.json", manifest: manifest, config: try config())?.role == "api"
    )
    #expect(manifest.parameters(of: "X.template.json") == ["Size": "2"])
    #expect(AssemblyManifest(Array("[]".utf8)) == nil)
  }

  @Test func `configuration keys are parameters under the names that templates use`() throws {
    let values = ParameterValues.named(like: try config().entries)
    #expect(values["ApiStack"] == "CiraInvoice-Api-prod")
    #expect(values["apiStack"] == "CiraInvoice-Api-prod")
    #expect(values["API_STACK"] == "CiraInvoice-Api-prod")
  }
}
