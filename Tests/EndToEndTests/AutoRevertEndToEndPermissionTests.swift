import Foundation
import JSONValues
import TestSupport
import Testing

/// A rollback by somebody who may not do all of it, on a local AWS that checks permissions.
@Suite(.enabled(if: LocalAWS.isInstalled), .blocking) struct `auto-revert without a permission, end to end` {
  private let world: AutoRevertWorld
  private static let reading = [
    "cloudformation:Describe*", "cloudformation:Get*", "cloudformation:List*", "sts:*",
  ]

  init() throws { world = try AutoRevertWorld(try LocalAWS.sharedWithAuthorisation()) }

  @Test func `what is missing is named, whether anything was begun, and the same command goes on`()
    async throws
  {
    try await world.aws.createStack(world.name, template: world.plain())
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    let user = try world.makeUser(permits: Self.reading)
    func revert() throws -> BuiltStep.Outcome {
      try BuiltStep(
        "auto-revert", in: world.folder.path, variables: world.variables.merging(user) { $1 }
      ).run(["prod", "--confirm", "rollback-production", "--reason", "it is bad"])
    }
    let blind = try revert()
    #expect(blind.status == 77, "\(blind.output)\(blind.error)")
    #expect(blind.error.contains("permit CloudFormation CreateChangeSet"), "\(blind.error)")
    #expect(blind.error.contains("nothing was begun"), "\(blind.error)")

    try world.permit(Self.reading + ["cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet"])
    let halfway = try revert()
    #expect(halfway.status == 77, "\(halfway.output)\(halfway.error)")
    #expect(halfway.error.contains("permit CloudFormation ExecuteChangeSet"), "\(halfway.error)")
    #expect(halfway.error.contains("auto-revert prod --continue"), "\(halfway.error)")
    #expect(!halfway.error.contains("nothing was begun"), "\(halfway.error)")
    #expect(try await world.marker() == "2")

    try world.permit(["*"])
    let done = try revert()
    #expect(done.status == 0, "\(done.output)\(done.error)")
    #expect(try await world.marker() == "1")
  }

  @Test func `nobody overrides the rules without a name`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    let outcome = try world.run(
      "auto-revert", ["--confirm", "rollback-production", "--operator", " "])
    #expect(outcome.status == 64, "\(outcome.output)\(outcome.error)")
    #expect(outcome.error.contains("--operator is empty"), "\(outcome.error)")
  }
}
