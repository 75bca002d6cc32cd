import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `auto-revert`: what a person permits, hands in or asks for, and what is said of it.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct AutoRevertEndToEndLeaveTests {
  let world: AutoRevertWorld
  private var name: String { world.name }

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  private func record(_ outcome: BuiltStep.Outcome) throws -> JSONValue {
    try JSONValue(parsing: Array(outcome.output.utf8))
  }

  private func actions(_ outcome: BuiltStep.Outcome) throws -> [String] {
    try record(outcome)["actions"]?.array?.compactMap { $0["action"]?.string } ?? []
  }

  private func commands(_ outcome: BuiltStep.Outcome) throws -> [String] {
    try record(outcome)["leftToDo"]?.array?.compactMap { $0["command"]?.string } ?? []
  }

  // MARK: - Quick settings

  @Test func `a quick setting raises and never lowers`() async throws {
    let template =
      world.plain() + "\n" + TemplateParts.role + "\n"
      + TemplateParts.function(
        "Fn", named: "\(name)-fn", handler: "index.answer",
        "Timeout: 900\nMemorySize: 256\nCode:\n  ZipFile: 'def answer(event, context): return 1'")
    try await world.aws.createStack(name, template: template)
    try world.snapshot()
    func settings() async throws -> [Int?] {
      let found = try await LambdaClient(world.aws.client).getFunctionConfiguration("\(name)-fn")
      return [found.timeoutSeconds, found.memoryMegabytes]
    }
    let lowered = try world.revert("--method", "relief", "--relief", "Fn:timeout=30")
    #expect(lowered.status == 1 && lowered.output.contains("never lowers"), "\(lowered.output)")
    #expect(try await settings() == [900, 256])
    let raised = try world.revert("--method", "relief", "--relief", "Fn:timeout=30,memory=512")
    #expect(raised.status == 0 && raised.output.contains("never lowers"), "\(raised.output)\(raised.error)")
    #expect(try await settings() == [900, 512])
    #expect(try commands(raised) == ["auto-revert prod"])
  }

  // MARK: - Exports that others import

  @Test func `an export that a stack outside imports is kept on request, and just that`() async throws {
    let exported =
      world.plain() + "\nOutputs:\n  New: {Value: !Ref Marker, Export: {Name: \(name)-new}}\n"
      + "  Other: {Value: !Ref Marker, Export: {Name: \(name)-other}}\n"
    try await world.aws.createStack(name, template: world.plain())
    try world.snapshot()
    try await world.aws.updateStack(name, template: exported, parameters: ["Version": "2"])
    let importer = """
      Resources:
        Copy:
          Type: AWS::SSM::Parameter
          Properties: {Name: "/\(name)/copy", Type: String, Value: !ImportValue '\(name)-new'}
      """
    try await world.aws.createStack("\(name)-foreign", template: importer)
    let refused = try world.revert()
    #expect(refused.status == 1 && refused.output.contains("export-in-use"), "\(refused.output)")
    let command = try #require(try commands(refused).first)
    #expect(command.hasSuffix("--keep-exports") && command.contains("--confirm rollback-production"))
    #expect(try await world.marker() == "2")
    let outcome = try world.revert("--keep-exports")
    #expect(
      outcome.status == 0 && outcome.output.contains("export-kept"), "\(outcome.output)\(outcome.error)")
    #expect(try await world.marker() == "1")
    // The stack's outputs: the local AWS goes on listing an export that an update took away.
    let outputs = try await CloudFormationClient(world.aws.client).describeStack(name)?.outputs ?? []
    #expect(outputs.compactMap(\.exportName) == ["\(name)-new"])
    // A second run finds nothing that it would do.
    #expect(try actions(try world.revert("--keep-exports")).isEmpty)
  }

  // MARK: - Old values of hidden parameters

  private func hiding(_ description: String, hides: Bool = true) -> String {
    let value = hides ? "!Ref Planted" : "none"
    return """
      Description: \(description)
      Parameters:
        Version: {Type: String, Default: "1"}
      \(hides ? "  Planted: {Type: String, NoEcho: true, Default: default}" : "")
      Resources:
        Marker:
          Type: AWS::SSM::Parameter
          Properties: {Name: "/\(name)/marker", Type: String, Value: !Ref Version}
        Holder:
          Type: AWS::SSM::Parameter
          Properties: {Name: "/\(name)/holder", Type: String, Value: \(value)}
      """
  }

  private func holder() async throws -> String {
    try await SSMClient(world.aws.client).getParameter("/\(name)/holder").value
  }

  @Test(arguments: [false, true])
  func `a hidden parameter that was removed is asked for, and taken from a variable or a secret`(
    secret: Bool
  ) async throws {
    try await world.aws.createStack(
      name, template: hiding("one"), parameters: ["Planted": "planted-old-value"])
    let told = try world.run("preflight-snapshot", ["--format", "json"])
    #expect(told.status == 0 && told.output.contains("BACKSTOP_PARAMETER_API_PLANTED"), "\(told.output)")
    try await world.aws.updateStack(
      name, template: hiding("two", hides: false), parameters: ["Version": "2"])
    let asked = try world.revert()
    #expect(asked.status == 1 && asked.output.contains("--parameter api/Planted"), "\(asked.output)")
    #expect(try await world.marker() == "2")
    // The value itself is no value for the option, and is not repeated.
    let typed = try world.revert("--parameter", "api/Planted=planted-old-value")
    #expect(typed.status == 64 && !(typed.output + typed.error).contains("planted-old-value"))
    // Named, and nowhere to be had.
    #expect(try world.revert("--parameter", "api/Planted").status == 64)
    let outcome: BuiltStep.Outcome
    if secret {
      try world.cli(
        "secretsmanager", "create-secret", "--name", "\(name)-old", "--secret-string",
        #"{"password":"planted-old-value"}"#)
      outcome = try world.revert("--parameter", "api/Planted=secret:\(name)-old#password")
    } else {
      var step = BuiltStep("auto-revert", in: world.folder.path, variables: world.variables)
      step.variables["BACKSTOP_PARAMETER_API_PLANTED"] = "planted-old-value"
      outcome = try step.run([
        "prod", "--confirm", "rollback-production", "--reason", "it is bad", "--format", "json",
        "--parameter",
        "api/Planted",
      ])
    }
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await holder() == "planted-old-value")
    #expect(try await world.marker() == "1")
    #expect(!(outcome.output + outcome.error + (try world.journal)).contains("planted-old-value"))
  }

  // MARK: - The first cause

  @Test func `a restore that fails says why in its headline`() async throws {
    let queue = "  Queue: {Type: \"AWS::SQS::Queue\", Properties: {QueueName: \(name)-q}}"
    let topic = "  Topic: {Type: \"AWS::SNS::Topic\", DependsOn: Taken, Properties: {TopicName: \(name)-t}}"
    let taken = """
        Taken:
          Type: AWS::SSM::Parameter
          Properties: {Name: "/\(name)/taken", Type: String, Value: ours}
      """
    try await world.aws.createStack(name, template: [world.plain(), taken, topic].joined(separator: "\n"))
    try world.snapshot()
    try await world.aws.updateStack(
      name, template: [world.plain(), queue].joined(separator: "\n"), parameters: ["Version": "2"])
    // Somebody makes another one of the name meanwhile.
    try await SSMClient(world.aws.client).putParameter("/\(name)/taken", value: "theirs", type: "String")
    let outcome = try world.run(
      "auto-revert",
      [
        "--confirm", "rollback-production", "--reason", "bad", "--allow-stateful", "api/Queue", "--color",
        "never",
      ])
    #expect(outcome.status == 1, "\(outcome.output)\(outcome.error)")
    let headline = outcome.output.split(separator: "\n").prefix(3).joined(separator: " ")
    #expect(headline.contains("Taken") && headline.contains("exist"), "\(outcome.output)")
    // Told once.
    let told = outcome.output.components(separatedBy: "First cause").count - 1
    #expect(told <= 2, "\(outcome.output)")
  }

  // MARK: - Dry runs, limits, methods

  @Test func `a dry run shows what the run itself would show`() async throws {
    try await world.aws.createStack(name, template: world.plain())
    try world.snapshot()
    try await world.aws.updateStack(name, template: world.plain(), parameters: ["Version": "2"])
    let shown = try world.run("auto-revert", ["--dry-run", "--verbose", "--reason", "bad"])
    let done = try world.run(
      "auto-revert", ["--verbose", "--reason", "bad", "--confirm", "rollback-production"])
    #expect(shown.status == 0 && done.status == 0, "\(shown.error)\(done.error)")
    func plan(_ outcome: BuiltStep.Outcome) -> [String] {
      outcome.error.split(separator: "\n").map(String.init).filter { line in
        ["restore point ", "\(name): UPDATE_COMPLETE", "1. restore", "modify Marker"].contains {
          line.contains($0)
        }
      }
    }
    #expect(plan(shown).count >= 4, "\(shown.error)")
    #expect(Set(plan(shown)).isSubset(of: Set(plan(done))), "\(plan(shown))\n\(plan(done))")
  }

  @Test func `dry runs and refused runs do not count against the limit a day, whose default is named`()
    async throws
  {
    try await world.aws.createStack(name, template: world.plain())
    try world.snapshot()
    try await world.aws.updateStack(name, template: world.plain(), parameters: ["Version": "2"])
    for _ in 1...2 {
      #expect(try world.run("auto-revert", ["--dry-run", "--reason", "bad"]).status == 0)
      // Without a reason and without a stop on record nobody lets it.
      #expect(try world.run("auto-revert", ["--confirm", "rollback-production"]).status == 77)
    }
    for version in 2...5 {
      try await world.aws.updateStack(
        name, template: world.plain(), parameters: ["Version": "\(version)\(version)"])
      let outcome = try world.revert()
      #expect(outcome.status == 0, "\(version): \(outcome.output)\(outcome.error)")
    }
    try await world.aws.updateStack(name, template: world.plain(), parameters: ["Version": "6"])
    let refused = try world.revert()
    #expect(refused.status == 77)
    #expect(
      refused.error.contains("4 are allowed by default (maximum-per-day under auto-revert: in the policy)"))
  }

  @Test func `a continued run goes back as it was begun`() async throws {
    try await world.aws.createStack(name, template: world.chained())
    try world.snapshot()
    try await world.aws.updateStack(name, template: world.chained(), parameters: ["Version": "2"])
    try world.hold("Second", "1")
    let killed = try world.revert("--method", "restore", "--allow-replace") { process in
      kill(process, SIGKILL)
      try world.hold("Second", "1", false)
    }
    let journal = try world.journal
    #expect(killed.status == -SIGKILL && journal.contains(#""method":"restore""#))
    let other = try world.run("auto-revert", ["--continue", "--method", "cancel"])
    #expect(other.status == 64 && other.error.contains("was begun with --method restore"), "\(other.error)")
    let outcome = try world.run("auto-revert", ["--continue", "--allow-replace", "--format", "json"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await world.marker() == "1")
  }
}
