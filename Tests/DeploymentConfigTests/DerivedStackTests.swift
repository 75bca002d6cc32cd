import DeploymentConfig
import Testing

/// The database's stack is proposed from names of one pattern alone.
@Suite struct `Derived stacks` {
  private func database(_ lines: String..., environment: String = "prod") throws -> ConfiguredStack? {
    try DeploymentConfig(
      parsing: Array(lines.joined(separator: "\n").utf8), path: "c", environment: environment, variables: [:]
    ).stack("database")
  }

  @Test func `a name follows from Prefix-Role-environment, in the capitals of the others`() throws {
    let name = "CiraInvoice-Database-prod"
    #expect(
      try database("API_STACK=CiraInvoice-Api-prod", "WORKFLOW_STACK=CiraInvoice-Workflow-prod")
        == ConfiguredStack(role: "database", name: name, isDerived: true))
    #expect(try database("API_STACK=shop-api-prod")?.name == "shop-database-prod")
    #expect(try database("API_STACK=SHOP-API-prod")?.name == "SHOP-DATABASE-prod")
  }

  @Test(arguments: [
    "SHOP_STACK=shop", "API_STACK=shop-api", "API_STACK=api-prod", "API_STACK=prod-api",
    "API_STACK=shop-api-qa", "API_STACK=shopapi-prod", "API_STACK=shop-api-prod\nWEB_STACK=web",
    "API_STACK=shop-api-prod\nWEB_STACK=other-web-prod", "API_STACK=shop-api-prod\nDATABASE_STACK=",
    "API_STACK=shop-api-prod\nUSE_EXTERNAL_DATABASE=true",
  ]) func `no name follows`(config: String) throws {
    #expect(try database(config) == nil)
  }

  @Test func `what is written is no proposal`() throws {
    #expect(try database("API_STACK=shop-api-prod", "DATABASE_STACK=data")?.isDerived == false)
  }
}
