import DeploymentConfig
import Foundation
import JSONValues
import TestSupport
import Testing

/// What `Sources/Steps/SmokeTest/SmokeTest.docc/Checks.md` shows is read as it stands.
@Suite struct ChecksPageTests {
  @Test func `the policy of the page is a policy`() throws {
    let page = try String(
      contentsOfFile: Repository.root + "/Sources/Steps/SmokeTest/SmokeTest.docc/Checks.md", encoding: .utf8)
    let parts = page.components(separatedBy: "```")
    try #require(parts.count == 3 && parts[1].hasPrefix("yaml\n"))
    let policy = try Policy(parsing: Array(parts[1].dropFirst(5).utf8), path: "Checks.md").smoke
    #expect(policy.sql.map(\.name) == ["every invoice has an owner", "no invoice is lost"])
    #expect(policy.executions.first?.output.first?.value == "APPROVED")
    #expect(policy.openAPI == ["docs/openapi.yaml"])
    #expect(
      policy.oauth?.secretVariable == "SMOKE_CLIENT_SECRET" && policy.grpc.first?.service == "orders.Orders")
  }
}
