import AWSClients
import AutoRevert
import CloudFormationModel
import DeploymentRecords
import HTTPTransport
import JSONValues
import Redaction
import RollbackPlanning
import SystemInterfaces
import TestSupport
import Testing

/// The doors to AWS over recorded answers, for what a real service does not show on demand.
@Suite struct `Doors` {
  static func operations(_ transport: ScriptedTransport) -> AWSOperations {
    let client = AWSClient(
      transport: transport, clock: ManualClock(), random: Randomness(),
      configuration: AWSConfiguration(
        environment: Environment(["AWS_MAX_ATTEMPTS": "1"]), files: LocalFileSystem()),
      region: "eu-west-1",
      credentials: StaticCredentials(
        AWSCredentials(accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI")))
    return AWSOperations(StackClients(client), clock: ManualClock())
  }

  static func error(_ code: String, _ message: String = "no", status: Int = 400) -> HTTPResponse {
    let body =
      "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error></ErrorResponse>"
    return HTTPResponse(status: status, body: Array(body.utf8))
  }

  @Test(arguments: [
    ("ValidationError", 400, OperationFailure.Kind.refused),
    ("TokenAlreadyExistsException", 400, .alreadyAccepted),
    ("Throttling", 400, .throttled),
    ("AccessDenied", 403, .credentials),
    ("ExpiredToken", 403, .credentials),
    ("InternalFailure", 500, .uncertain),
    ("ServiceUnavailable", 503, .uncertain),
  ]) func `tells failures apart by what they say of the effect`(
    _ code: String, _ status: Int, _ kind: OperationFailure.Kind
  ) async throws {
    let operations = Self.operations(ScriptedTransport { _ in Self.error(code, status: status) })
    let failure = await #expect(throws: OperationFailure.self) {
      try await operations.cancelUpdate("S", token: "t")
    }
    #expect(failure?.kind == kind)
    #expect(failure?.message.contains("CancelUpdateStack") == true)
  }

  @Test(arguments: [TransferError.Kind.brokenAnswer, .timedOut, .connectionFailed])
  func `an answer that never came is never taken for a refusal`(_ kind: TransferError.Kind) async throws {
    let operations = Self.operations(ScriptedTransport { _ in throw TransferError(kind, message: "gone") })
    let failure = await #expect(throws: OperationFailure.self) {
      try await operations.cancelUpdate("S", token: "t")
    }
    let found = try #require(failure?.kind)
    #expect([.uncertain, .unreachable].contains(found))
  }

  @Test func `3 restores with no rollback triggers and no monitoring time, and without a role`() async throws
  {
    let transport = ScriptedTransport { _ in
      let body =
        "<CreateChangeSetResponse><CreateChangeSetResult><Id>id</Id></CreateChangeSetResult></CreateChangeSetResponse>"
      return HTTPResponse(status: 200, body: Array(body.utf8))
    }
    let request = RestoreRequest(
      stack: "arn:aws:cloudformation:eu-west-1:1:stack/S/1", name: "cs", template: "{}",
      parameters: [.init(name: "Open", value: "1"), .init(name: "Hidden", value: nil)],
      capabilities: ["CAPABILITY_IAM"],
      tags: [StackTag(name: "owner", value: "me")], notificationARNs: [])
    _ = try await Self.operations(transport).createChangeSet(request)
    let sent = String(decoding: try #require(transport.requests.first).body, as: UTF8.self).split(
      separator: "&"
    ).map(String.init)
    #expect(sent.contains("RollbackConfiguration.MonitoringTimeInMinutes=0"))
    #expect(sent.contains { $0 == "RollbackConfiguration.RollbackTriggers=" })
    #expect(!sent.contains { $0.hasPrefix("RoleARN") })
    // NoEcho values are kept, never their mask.
    #expect(sent.contains("Parameters.member.2.UsePreviousValue=true"))
    #expect(!sent.contains { $0.hasPrefix("Parameters.member.2.ParameterValue") })
    #expect(sent.contains("Tags.member.1.Value=me"))
  }

  @Test(arguments: [
    ("CREATE_COMPLETE", "AVAILABLE", "", DescribedChangeSet.State.ready),
    ("CREATE_IN_PROGRESS", "UNAVAILABLE", "", .pending),
    ("FAILED", "UNAVAILABLE", "The submitted information didn't contain changes.", .empty),
    ("FAILED", "UNAVAILABLE", "No updates are to be performed.", .empty),
    ("FAILED", "UNAVAILABLE", "No export named X found", .failed("No export named X found")),
    ("CREATE_COMPLETE", "OBSOLETE", "", .unusable("it is OBSOLETE")),
  ]) func `reads what became of a change set`(
    _ status: String, _ execution: String, _ reason: String, _ state: DescribedChangeSet.State
  ) async throws {
    let change =
      "<Changes><member><ResourceChange><Action>Modify</Action><LogicalResourceId>Fn</LogicalResourceId>"
      + "<ResourceType>AWS::Lambda::Function</ResourceType><Replacement>Conditional</Replacement></ResourceChange></member></Changes>"
    let body =
      "<DescribeChangeSetResponse><DescribeChangeSetResult><Status>\(status)</Status><ExecutionStatus>\(execution)</ExecutionStatus>"
      + "<StatusReason>\(reason)</StatusReason>\(status == "CREATE_COMPLETE" ? change : "")</DescribeChangeSetResult></DescribeChangeSetResponse>"
    let operations = Self.operations(
      ScriptedTransport { _ in HTTPResponse(status: 200, body: Array(body.utf8)) })
    let found = try #require(try await operations.changeSet("cs", of: "S"))
    #expect(found.state == state)
    if state == .ready {
      #expect(
        found.changes == [
          ChangedResource(
            logicalID: "Fn", type: "AWS::Lambda::Function", action: "Modify", replacement: "Conditional")
        ])
    }
  }
}

@Suite struct `Restore point as loaded` {
  static func point(_ edit: (inout StackState) -> Void) -> LoadedRestorePoint {
    var stack = StackState(
      role: "api", name: "S", stackId: "arn:aws:cloudformation:eu-west-1:1:stack/S/1",
      status: "UPDATE_COMPLETE",
      lastUpdatedAt: Timestamp(seconds: 1),
      templateFile: "t", templateSha256: "x")
    edit(&stack)
    var point = RestorePoint(
      id: "r", environment: "prod", commit: nil, createdAt: Timestamp(seconds: 2), region: "eu-west-1",
      account: nil)
    point.stacks = [stack]
    return LoadedRestorePoint(point: point, templates: ["S": "{}"])
  }

  /// One run over a stack whose live template has no parameters.
  static func plan(_ point: LoadedRestorePoint) async throws -> Plan {
    let clock = ManualClock(Timestamp(seconds: 1_000_000))
    var stack = ModelStack(
      name: "S", id: "arn:aws:cloudformation:eu-west-1:1:stack/S/1", status: .updateComplete,
      updatedAt: Timestamp(seconds: 500),
      live: ModelTemplate("2"),
      previous: ModelTemplate("2"))
    stack.id = "arn:aws:cloudformation:eu-west-1:1:stack/S/1"
    let cloud = ModelCloud([stack], seed: 1, clock: clock)
    let journal = RevertJournal(
      records: "/r", restorePoint: "r", files: MemoryFiles(), clock: clock, redactor: Redactor())
    let task = RevertTask(
      targets: [TargetStack(role: "api", name: "S")], restorePoint: point, options: PlanOptions(),
      deadline: clock.now + .seconds(600))
    let engine = RevertEngine(task, cloudFormation: cloud, clock: clock, journal: journal)
    return try await engine.run(dryRun: true) { _, _ in true }.plan
  }

  @Test func `11 refuses a NoEcho value that the deployed template no longer has`() async throws {
    let plan = try await Self.plan(
      Self.point { $0.parameters = [StackParameter(name: "Hidden", value: nil, noEcho: true)] })
    #expect(plan.findings.contains { $0.code == .notRestorable && $0.message.contains("Hidden is NoEcho") })
  }

  @Test func `refuses what the restore point calls not restorable, with its reason`() async throws {
    let plan = try await Self.plan(
      Self.point {
        $0.restorable = false
        $0.why = "the asset is gone"
      })
    #expect(plan.findings.contains { $0.code == .notRestorable && $0.message.contains("the asset is gone") })
  }

  @Test func `refuses a template that a call cannot carry`() async throws {
    var point = Self.point { _ in }
    point.templates["S"] = String(repeating: "x", count: 51_201)
    let plan = try await Self.plan(point)
    #expect(plan.findings.contains { $0.code == .notRestorable && $0.message.contains("51201 bytes") })
  }
}
