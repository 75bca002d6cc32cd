import AWSClients
import CloudFormationModel
import Foundation
import TestSupport
import Testing

/// The built `auto-revert` with a person at a real terminal: what is asked, and that nothing happens before the answer.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct AutoRevertTerminalTests {
  let world: AutoRevertWorld

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  /// Runs the step at a terminal; each pair is what is waited for and what is typed then.
  private func type(
    _ answers: [(String, String)], _ arguments: String...
  ) throws -> (status: Int32, shown: String) {
    let step = BuiltStep("auto-revert", in: world.folder.path, variables: world.variables)
    let outcome = try step.run(
      onTerminalOf: 200, ["prod"] + arguments, answers: answers.map { (shown: $0.0, typed: $0.1) })
    #expect(outcome.error.isEmpty)
    return (outcome.status, outcome.output)
  }

  private func deployBad() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
  }

  @Test func `rollback-production is asked for after the plan, and anything else changes nothing`()
    async throws
  {
    try await deployBad()
    let question = "Type 'rollback-production' to confirm:"
    for answer in ["yes", "", "ROLLBACK-PRODUCTION"] {
      let refused = try type([(question, answer)])
      #expect(refused.status == 77, "\(refused.shown)")
      #expect(try await world.marker() == "2")
    }
    let done = try type([(question, "rollback-production")])
    #expect(done.status == 0, "\(done.shown)")
    #expect(try await world.marker() == "1")
    let plan = try #require(done.shown.range(of: "restore \(world.name)"))
    let asked = try #require(done.shown.range(of: question))
    #expect(plan.lowerBound < asked.lowerBound)
    #expect(done.shown.contains("WARNING: ROLLING BACK PRODUCTION (prod)"))
  }

  @Test func `a deletion wants its own words, one after the other`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    try await world.aws.createStack(
      "\(world.name)-db", template: "Resources: {Kept: {Type: AWS::SNS::Topic}}")
    try "ENVIRONMENT=prod\nAWS_REGION=us-east-1\nAPI_STACK=\(world.name)\nDATABASE_STACK=\(world.name)-db\n"
      .write(toFile: world.folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    let words = ["rollback-production", "DELETE", "DELETE-DATABASE"]
    func answers(_ typed: [String]) -> [(String, String)] {
      zip(words, typed).map { ("Type '\($0)' to confirm:", $1) }
    }
    for typed in [["rollback-production", "delete"], ["rollback-production", "DELETE", "DELETE"]] {
      let refused = try type(answers(typed), "--method", "delete")
      #expect(refused.status == 77, "\(refused.shown)")
      #expect(try await world.status() == .createComplete)
    }
    let done = try type(answers(words), "--method", "delete")
    #expect(done.status == 0, "\(done.shown)")
    #expect(
      done.shown.contains("DELETING FOR GOOD, WITH ALL DATA: ")
        && done.shown.contains("DELETING THE DATABASE: "))
    #expect(try await [nil, .deleteComplete].contains(world.status()))
  }
}
