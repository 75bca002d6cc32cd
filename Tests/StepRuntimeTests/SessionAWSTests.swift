import AWSClients
import CommandArguments
import DeploymentRecords
import HTTPTransport
import JSONValues
import Reporting
import StepResults
import SystemInterfaces
import TestSupport
import Testing

@testable import StepRuntime

/// A step that asks who it is, and says it.
private struct IdentityCommand: StepCommand {
  struct Part: StepPart {
    struct Summary: Codable, Sendable { var word: String }
    static let step = Step.smokeTest
    var account: String
  }
  let common: CommonOptions
  init(_ arguments: inout ArgumentReader) throws(ArgumentError) { common = try CommonOptions(&arguments) }

  static let abstract = "Says who it is."
  static let catalog: [FindingDescription] = []

  func run(in session: StepSession) async throws -> StepOutcome<Part> {
    let identity = try await STSClient(session.aws()).getCallerIdentity()
    session.progress.say(
      "as \(identity.arn) with \(session.context.environment["AWS_SECRET_ACCESS_KEY"] ?? "")")
    let isShared = try session.aws() === session.aws()
    return StepOutcome(
      verdict: isShared ? .go : .stop, findings: [], summary: .init(word: ""),
      part: Part(account: identity.account))
  }

  static func report(_ record: Record<Part>) -> Report { Report(record, headline: "ended") }
}

/// How a session reaches AWS, and which exit code each kind of failure ends in.
@Suite struct SessionAWSTests {
  private let folder = TemporaryFolder()
  private let terminal = CapturingTerminal()

  static let keys = ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s3cret-of-the-job"]

  private func run(
    _ variables: [String: String], region: String = "AWS_REGION=eu-west-1\n", answer: ScriptedTransport
  ) async throws -> Int32 {
    try LocalFileSystem().writeAtomically(
      Array("API_ENDPOINT=http://h/\n\(region)".utf8), to: folder("deployment-prod.config"), mode: 0o644)
    let context = StepContext(
      environment: Environment(
        variables.merging(["HOME": folder.path, "AWS_EC2_METADATA_DISABLED": "true"]) { $1 }),
      clock: ManualClock(), files: LocalFileSystem(), terminal: terminal, random: Randomness(),
      makeTransport: { _ in answer },
      openRepository: { _, _ in throw StepFailure(.data, "no repository in this test") },
      workingDirectory: folder.path, processId: 1)
    return await StepMain<IdentityCommand>.run(arguments: ["prod"], context: context)
  }

  private static func answering(_ status: Int, _ body: String) -> ScriptedTransport {
    ScriptedTransport { _ in HTTPResponse(status: status, body: Array(body.utf8)) }
  }

  @Test func `the configuration's region, the environment's keys, one client`() async throws {
    let transport = Self.answering(
      200,
      "<R><GetCallerIdentityResult><Account>12</Account><Arn>arn:x</Arn></GetCallerIdentityResult></R>")
    let status = try await run(
      Self.keys.merging(["AWS_REGION": "us-east-1"]) { $1 }, answer: transport)
    #expect(status == 0)
    #expect(transport.requests.map(\.url) == ["https://sts.eu-west-1.amazonaws.com/"])
    let authorization = transport.requests[0].headers.first("Authorization")
    #expect(authorization?.contains("Credential=AKID/") == true)
    #expect(authorization?.contains("/eu-west-1/sts/aws4_request") == true)
    #expect(transport.requests[0].headers.first("User-Agent")?.hasPrefix("backstop/") == true)
    #expect(terminal.error.contains("as arn:x with "))
    #expect(!terminal.error.contains("s3cret-of-the-job"))
  }

  @Test func `no region anywhere`() async throws {
    #expect(try await run(Self.keys, region: "", answer: Self.answering(200, "")) == 65)
    #expect(terminal.error.contains("no AWS region"))
  }

  @Test func `a profile's region where nothing else names one`() async throws {
    try LocalFileSystem().writeAtomically(
      Array("[default]\nregion = ap-south-1\n".utf8), to: folder("config"), mode: 0o600)
    let transport = Self.answering(403, "")
    _ = try await run(
      Self.keys.merging(["AWS_CONFIG_FILE": folder("config")]) { $1 }, region: "", answer: transport)
    #expect(transport.requests.first?.url == "https://sts.ap-south-1.amazonaws.com/")
  }

  @Test func `no credentials`() async throws {
    let transport = Self.answering(200, "")
    #expect(try await run([:], answer: transport) == 77)
    #expect(terminal.error.contains("no AWS credentials: environment: AWS_ACCESS_KEY_ID is not set;"))
    #expect(transport.requests.isEmpty)
  }

  @Test(arguments: [
    (403, "ExpiredToken", Int32(77)), (403, "InvalidClientTokenId", 77), (403, "AccessDenied", 77),
    (400, "Throttling", 69), (503, "ServiceUnavailable", 69), (400, "ConflictException", 75),
    (404, "NoSuchKey", 65), (400, "SomethingElse", 69),
  ]) func `errors and their exit codes`(status: Int, code: String, exit: Int32) async throws {
    let body = "<E><Error><Code>\(code)</Code><Message>words</Message></Error></E>"
    #expect(try await run(Self.keys, answer: Self.answering(status, body)) == exit)
    #expect(
      terminal.error.contains(
        "STS GetCallerIdentity at sts.eu-west-1.amazonaws.com was answered \(status) \(code): words"))
  }

  @Test func `an AWS that cannot be reached`() async throws {
    let transport = ScriptedTransport { _ in throw TransferError(.connectionFailed, message: "refused") }
    #expect(try await run(Self.keys, answer: transport) == 69)
    #expect(terminal.error.contains("got no answer: refused (after 5 attempts)"))
    #expect(terminal.error.contains("check the network, the proxy variables, and AWS_ENDPOINT_URL"))
  }
}
