import AWSClients
import CloudFormationModel
import SystemInterfaces
import TestSupport
import Testing

/// The clients against a local AWS that really deploys.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct LocalAWSTests {
  let client: AWSClient

  init() throws { client = AWSClient.of(try LocalAWS.shared()) }

  static func template(version: String) -> String {
    """
    AWSTemplateFormatVersion: '2010-09-09'
    Description: café "quoted" & <angled>
    Parameters:
      Version: {Type: String, Default: '\(version)'}
      Hidden: {Type: String, NoEcho: true, Default: s3cretvalue}
    Resources:
      P:
        Type: AWS::SSM::Parameter
        Properties: {Type: String, Value: !Ref Version}
    Outputs:
      Name: {Value: !Ref P, Export: {Name: !Sub '${AWS::StackName}-name'}}

    """
  }

  func settled(_ name: String) async throws -> Stack {
    while true {
      let stack = try #require(try await CloudFormationClient(client).describeStack(name))
      if !stack.status.isInProgress { return stack }
      try await SystemClock().sleep(for: .milliseconds(50))
    }
  }

  @Test func `a stack from creation to deletion`() async throws {
    let cloudFormation = CloudFormationClient(client)
    let name = unique("life")
    let template = Self.template(version: "one")
    var update = StackUpdate(.body(template))
    update.tags = [AWSTag("owner", "a b&c=d")]
    try await cloudFormation.createStack(name, update, token: "backstop-create")
    let created = try await settled(name)
    #expect(created.status == .createComplete)
    #expect(created.tags == [AWSTag("owner", "a b&c=d")])
    #expect(created.parameters.first { $0.key == "Hidden" }?.value == "****")
    #expect(created.description == "café \"quoted\" & <angled>")
    #expect(created.createdAt != nil)
    #expect(created.outputs.first?.exportName == "\(name)-name")
    #expect(try await cloudFormation.getTemplate(name, stage: .original) == template)

    let resources = try await cloudFormation.listStackResources(name)
    #expect(resources.map(\.logicalId) == ["P"])
    #expect(resources.first?.type == "AWS::SSM::Parameter")
    #expect(try await cloudFormation.describeStackResources(name).map(\.logicalId) == ["P"])
    let parameter = try #require(resources.first?.physicalId)
    #expect(try await SSMClient(client).getParameter(parameter).value == "one")
    #expect(
      try await cloudFormation.listExports().contains { $0.name == "\(name)-name" && $0.value == parameter })
    #expect(try await cloudFormation.listImports("\(name)-name") == [])

    var next = StackUpdate(.previous)
    next.parameters = [StackParameter("Version", "two"), .previous("Hidden")]
    let changeSet = try await cloudFormation.createChangeSet(name, name: "next", next, token: "backstop-cs")
    var described = try await cloudFormation.describeChangeSet(changeSet)
    while described.isPending { described = try await cloudFormation.describeChangeSet(changeSet) }
    #expect(described.status == "CREATE_COMPLETE")
    #expect(!described.isEmpty)
    #expect(described.changes.map(\.logicalId) == ["P"])
    #expect(described.changes.first?.action == "Modify")
    try await cloudFormation.executeChangeSet(changeSet, token: "backstop-execute")
    #expect(try await settled(name).status == .updateComplete)
    #expect(try await SSMClient(client).getParameter(parameter).value == "two")

    let events = try await cloudFormation.describeStackEvents(name)
    #expect(events.first?.isOfStack == true)
    #expect(events.first?.status == "UPDATE_COMPLETE")
    #expect(zip(events, events.dropFirst()).allSatisfy { $0.time >= $1.time })
    let first = try #require(events.last)
    let later = try await cloudFormation.describeStackEvents(name, after: first.id)
    #expect(later.count == events.count - 1)

    try await cloudFormation.deleteStack(name, token: "backstop-delete")
    while try await cloudFormation.describeStack(name) != nil {}
  }

  @Test func `nothing to change is told apart`() async throws {
    let cloudFormation = CloudFormationClient(client)
    let name = unique("same")
    try await cloudFormation.createStack(
      name, StackUpdate(.body(Self.template(version: "1"))), token: "backstop-1")
    _ = try await settled(name)
    let error = await #expect(throws: AWSError.self) {
      try await cloudFormation.updateStack(
        name, StackUpdate(.body(Self.template(version: "1"))), token: "backstop-2")
    }
    #expect(error?.kind == .noUpdates)
    let id = try await cloudFormation.createChangeSet(
      name, name: "empty", StackUpdate(.body(Self.template(version: "1"))), token: "backstop-3")
    var described = try await cloudFormation.describeChangeSet(id)
    while described.isPending { described = try await cloudFormation.describeChangeSet(id) }
    #expect(described.isEmpty)
    try await cloudFormation.deleteChangeSet(id)
    try await cloudFormation.deleteChangeSet(id)
  }

  @Test func `a stack that is not there`() async throws {
    let cloudFormation = CloudFormationClient(client)
    #expect(try await cloudFormation.describeStack("absent") == nil)
    let error = await #expect(throws: AWSError.self) { try await cloudFormation.describeStacks("absent") }
    #expect(error?.kind == .notFound)
    #expect(error?.subject == "stack absent")
    #expect(
      error?.description.contains("CloudFormation DescribeStacks of stack absent at 127.0.0.1:") == true)
  }

  @Test func `termination protection and stack policy`() async throws {
    let cloudFormation = CloudFormationClient(client)
    let name = unique("guarded")
    try await cloudFormation.createStack(
      name, StackUpdate(.body(Self.template(version: "1"))), token: "backstop-1")
    _ = try await settled(name)
    #expect(try await cloudFormation.getStackPolicy(name) == nil)
    let policy =
      #"{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"}]}"#
    try await cloudFormation.setStackPolicy(name, body: policy)
    #expect(try await cloudFormation.getStackPolicy(name) == policy)
    try await cloudFormation.updateTerminationProtection(name, enabled: true)
    #expect(try await settled(name).hasTerminationProtection)
  }

  @Test func `drift is found`() async throws {
    let cloudFormation = CloudFormationClient(client)
    let name = unique("drift")
    try await cloudFormation.createStack(
      name, StackUpdate(.body(Self.template(version: "1"))), token: "backstop-1")
    _ = try await settled(name)
    let id = try await cloudFormation.detectStackDrift(name)
    var detection = try await cloudFormation.describeStackDriftDetectionStatus(id)
    while detection.detectionStatus == "DETECTION_IN_PROGRESS" {
      detection = try await cloudFormation.describeStackDriftDetectionStatus(id)
    }
    #expect(detection.detectionStatus == "DETECTION_COMPLETE")
    #expect(detection.driftStatus == "IN_SYNC")
    #expect(try await cloudFormation.describeStackResourceDrifts(name).isEmpty)
  }

  @Test func `who is calling`() async throws {
    let identity = try await STSClient(client).getCallerIdentity()
    #expect(identity.account.count == 12)
    #expect(identity.arn.hasPrefix("arn:aws"))
    let role = try await STSClient(client).assumeRole(
      "arn:aws:iam::000000000000:role/deploy", sessionName: "backstop-test")
    #expect(role.sessionToken != nil)
    #expect(role.expiration != nil)
  }
}
