import AWSClients
import AutoRevert
import HTTPTransport
import SystemInterfaces
import TestSupport
import Testing

/// Change sets of nested stacks: the local AWS makes none, so the service's answers are played.
@Suite struct `Nested change sets` {
  /// One resource in an answer of DescribeChangeSet.
  private static func change(
    _ id: String, _ type: String, _ action: String = "Modify", replacement: String? = nil,
    nested: String? = nil,
    stack: String? = nil, source: String? = nil
  ) -> String {
    "<member><Type>Resource</Type><ResourceChange><Action>\(action)</Action><LogicalResourceId>\(id)</LogicalResourceId>"
      + (stack.map { "<PhysicalResourceId>\($0)</PhysicalResourceId>" } ?? "")
      + "<ResourceType>\(type)</ResourceType>"
      + (replacement.map { "<Replacement>\($0)</Replacement>" } ?? "")
      + (nested.map { "<ChangeSetId>\($0)</ChangeSetId>" } ?? "")
      + (source.map { "<Details><member><ChangeSource>\($0)</ChangeSource></member></Details>" } ?? "")
      + "</ResourceChange></member>"
  }

  private static func changeSet(
    _ changes: [String], status: String = "CREATE_COMPLETE", reason: String = ""
  ) -> String {
    "<DescribeChangeSetResponse><DescribeChangeSetResult><Status>\(status)</Status>"
      + "<ExecutionStatus>\(status == "CREATE_COMPLETE" ? "AVAILABLE" : "UNAVAILABLE")</ExecutionStatus>"
      + "<StatusReason>\(reason)</StatusReason><Changes>\(changes.joined())</Changes>"
      + "</DescribeChangeSetResult></DescribeChangeSetResponse>"
  }

  /// What the engine gets of the change set `root` where the service has `answers` by the change set's name, or the listed
  /// stack's.
  private static func described(_ answers: [String: String]) async throws -> DescribedChangeSet? {
    let transport = ScriptedTransport { request in
      let sent = String(decoding: request.body, as: UTF8.self).split(separator: "&").map(String.init)
      func value(_ name: String) -> String? {
        sent.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
      }
      let name = value("ChangeSetName") ?? value("StackName") ?? ""
      guard let answer = answers[name] else {
        return Doors.error("ChangeSetNotFound", "no \(name)", status: 404)
      }
      return HTTPResponse(status: 200, body: Array(answer.utf8))
    }
    return try await Doors.operations(transport).changeSet("root", of: "S")
  }

  /// The members of a stack, as ListStackResources answers.
  private static func listed(_ members: [(String, String, String)]) -> String {
    let all = members.map { id, type, physical in
      "<member><LogicalResourceId>\(id)</LogicalResourceId><PhysicalResourceId>\(physical)</PhysicalResourceId>"
        + "<ResourceType>\(type)</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>"
    }
    return "<ListStackResourcesResponse><ListStackResourcesResult><StackResourceSummaries>\(all.joined())"
      + "</StackResourceSummaries></ListStackResourcesResult></ListStackResourcesResponse>"
  }

  private static let stackType = "AWS::CloudFormation::Stack"

  @Test func `what happens in nested stacks is seen with its place, and judged like the parent's`()
    async throws
  {
    let found = try #require(
      try await Self.described([
        "root": Self.changeSet([
          Self.change("Child", Self.stackType, replacement: "False", nested: "child", stack: "c1"),
          Self.change("Fn", "AWS::Lambda::Function", replacement: "False"),
        ]),
        "child": Self.changeSet([
          Self.change("Table", "AWS::DynamoDB::Table", replacement: "True"),
          Self.change("Grand", Self.stackType, replacement: "False", nested: "grand", stack: "g1"),
        ]),
        "grand": Self.changeSet([Self.change("Role", "AWS::IAM::Role", replacement: "Conditional")]),
      ]))
    #expect(found.state == .ready)
    #expect(
      found.changes.map { "\($0.logicalID) \($0.replacement ?? "")" } == [
        "Child False", "Child/Table True", "Child/Grand False", "Child/Grand/Role Conditional", "Fn False",
      ])
    #expect(!found.changes.contains { $0.isUnseen })
  }

  @Test func `a nested stack that is listed though nothing in it changes is left out`() async throws {
    let found = try #require(
      try await Self.described([
        "root": Self.changeSet([
          Self.change("Child", Self.stackType, nested: "child", stack: "c1", source: "Automatic")
        ]),
        "child": Self.changeSet([]),
      ]))
    #expect(found.state == .empty)
    // Not so where the parent gives it something else.
    let direct = try await Self.described([
      "root": Self.changeSet([
        Self.change("Child", Self.stackType, nested: "child", stack: "c1", source: "DirectModification")
      ]),
      "child": Self.changeSet([]),
    ])
    #expect(direct?.state == .ready)
  }

  @Test func `a nested change set that failed is named, one that is not ready is waited for`() async throws {
    func state(_ status: String, _ reason: String = "") async throws -> DescribedChangeSet.State? {
      try await Self.described([
        "root": Self.changeSet([Self.change("Child", Self.stackType, nested: "child", stack: "c1")]),
        "child": Self.changeSet([], status: status, reason: reason),
      ])?.state
    }
    #expect(
      try await state("FAILED", "Template error")
        == .failed("the change set of the nested stack Child: Template error"))
    #expect(try await state("CREATE_IN_PROGRESS") == .pending)
  }

  @Test func `where no change set of a nested stack is shown all in it counts as possibly replaced`()
    async throws
  {
    let found = try #require(
      try await Self.described([
        "root": Self.changeSet([Self.change("Child", Self.stackType, stack: "c1")]),
        "c1": Self.listed([("Table", "AWS::DynamoDB::Table", "t"), ("Grand", Self.stackType, "g1")]),
        "g1": Self.listed([("Fn", "AWS::Lambda::Function", "f")]),
      ]))
    #expect(
      found.changes.map { "\($0.logicalID) \($0.replacement ?? "") \($0.isUnseen)" } == [
        "Child False false", "Child/Table Conditional true", "Child/Grand/Fn Conditional true",
      ])
  }

  @Test func `what is in a nested stack that goes goes with it, and stays where its policy keeps it`()
    async throws
  {
    for policy in ["Delete", "Retain"] {
      let removed = Self.change("Child", Self.stackType, "Remove", stack: "c1").replacing(
        "</ResourceChange>", with: "<PolicyAction>\(policy)</PolicyAction></ResourceChange>")
      let found = try #require(
        try await Self.described([
          "root": Self.changeSet([removed]),
          "c1": Self.listed([("Queue", "AWS::SQS::Queue", "q"), ("Grand", Self.stackType, "g1")]),
          "g1": Self.listed([("Fn", "AWS::Lambda::Function", "f")]),
        ]))
      #expect(
        found.changes.map { "\($0.logicalID) \($0.action) \($0.policy ?? "") \($0.isUnseen)" } == [
          "Child Remove \(policy) false", "Child/Queue Remove \(policy) false",
          "Child/Grand/Fn Remove \(policy) false",
        ])
    }
  }

  @Test func `change sets are asked for with the nested stacks, and deleted as one`() async throws {
    let transport = ScriptedTransport { _ in
      HTTPResponse(
        status: 200,
        body: Array(
          ("<CreateChangeSetResponse><CreateChangeSetResult><Id>id</Id></CreateChangeSetResult>"
            + "</CreateChangeSetResponse>").utf8))
    }
    var request = RestoreRequest(
      stack: "S", name: "cs", template: "{}", parameters: [], capabilities: [], tags: [], notificationARNs: []
    )
    request.includesNestedStacks = true
    _ = try await Doors.operations(transport).createChangeSet(request)
    request.includesNestedStacks = false
    _ = try await Doors.operations(transport).createChangeSet(request)
    let sent = transport.requests.map { String(decoding: $0.body, as: UTF8.self) }
    #expect(sent[0].contains("IncludeNestedStacks=true") && !sent[1].contains("IncludeNestedStacks"))
    // Two requests, two tokens: the service would answer the second with the first's change set.
    #expect(sent[0].contains("ClientToken=cs-nested") && sent[1].contains("ClientToken=cs&"))
  }
}
