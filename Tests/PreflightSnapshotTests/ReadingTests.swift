import AWSClients
import CloudFormationModel
import CryptoDigests
import DeploymentConfig
import DeploymentRecords
import HTTPTransport
import MigrationAnalysis
import StepResults
import SystemInterfaces
import TemplateAnalysis
import TestSupport
import Testing

@testable import PreflightSnapshot
@testable import RestorePoints

@Suite struct ReadingTests {
  // MARK: - Templates

  private func reading(_ template: String, _ parameters: [DeploymentRecords.StackParameter] = [])
    -> StackReading
  {
    var state = StackState(
      role: "api", name: "api", stackId: "arn:aws:cloudformation:eu-central-1:123456789012:stack/api/1",
      status: "UPDATE_COMPLETE", lastUpdatedAt: Timestamp(seconds: 0), templateFile: "t", templateSha256: "0")
    state.parameters = parameters
    var reading = StackReading(state: state, status: .updateComplete, files: [:], template: template)
    reading.takeFacts()
    return reading
  }

  @Test func `a parameter that the template hides is hidden, whatever was answered`() {
    let reading = reading(
      "Parameters: {P: {Type: String, NoEcho: true}, Q: {Type: String}}\nResources: {}",
      [.init(name: "P", value: "in the clear", noEcho: false), .init(name: "Q", value: "q", noEcho: false)])
    #expect(reading.state.parameters.map(\.noEcho) == [true, false])
    #expect(reading.state.parameters.map(\.value) == [nil, "q"])
  }

  @Test func `names in the template are known by the stack's own ARN`() {
    let reading = reading(
      """
      Resources:
        F: {Type: AWS::Lambda::Function, Properties: {Code: {S3Bucket: !Sub "b-${AWS::AccountId}", S3Key: k}}}
      Outputs:
        X: {Value: !ImportValue {"Fn::Sub": "${AWS::StackName}-vpc"}}
      """)
    #expect(reading.state.imports == ["api-vpc"])
    #expect(reading.package(of: "F") == .object(bucket: "b-123456789012", key: "k", version: nil))
    #expect(reading.package(of: "G") == nil)
  }

  @Test func `a template that cannot be read leaves the question open`() {
    let broken = reading("{")
    #expect(broken.facts == nil)
    #expect(RehearsalPhase.unchecked([broken], [:]).map(\.code) == ["assets-unchecked"])
  }

  @Test func `an import that only the exporting stack tells is added`() {
    var exporting = reading("Resources: {}")
    exporting.state.name = "network"
    exporting.state.importers = ["vpc": ["api", "elsewhere"]]
    var readings = [exporting, reading("Resources: {}")]
    EnvironmentReader.addImports(&readings)
    EnvironmentReader.addImports(&readings)
    #expect(readings[1].state.imports == ["vpc"] && readings[0].state.imports.isEmpty)
  }

  // MARK: - Code of functions

  private static let package = Array("a package".utf8)
  private static let digest = Base64.encode(Digest.sha256(package))

  /// A Lambda and an S3 with one function and one object of `size`, written at `written`.
  private func kept(
    _ policy: SnapshotPolicy = SnapshotPolicy(), size: Int? = nil,
    written: String = "Mon, 01 Jun 2026 00:00:00 GMT",
    digest: String = digest, codeSize: Int = package.count, mayRead: Bool = true, more: String = ""
  ) async throws -> FunctionCodeReader.Kept {
    let configuration = """
      {"FunctionName":"f","CodeSha256":"\(digest)","CodeSize":\(codeSize),
       "LastModified":"2026-07-01T00:00:00.000+0000"\(more)}
      """
    let transport = ScriptedTransport { request in
      if request.url == "https://code.example/f" {
        return HTTPResponse(status: 200, headers: [], body: Self.package)
      }
      if request.url.hasSuffix("/configuration") { return .xml(configuration) }
      if request.url.contains("/functions/f") {
        guard mayRead else { return .xml(#"{"__type":"AccessDeniedException","message":"no"}"#, status: 403) }
        return .xml(#"{"Configuration":\#(configuration),"Code":{"Location":"https://code.example/f"}}"#)
      }
      guard let size else { return .xml("", status: 404) }
      return HTTPResponse(
        status: 200,
        headers: [
          HTTPField("Content-Length", "\(size)"), HTTPField("Last-Modified", written),
          HTTPField("x-amz-version-id", "v1"),
        ], body: [])
    }
    let reader = FunctionCodeReader(client: .scripted(transport), policy: policy, stack: "Shop-Api")
    return try await reader.keep(
      try await reader.details("f"), isInline: false,
      size == nil ? nil : .object(bucket: "assets", key: "f.zip", version: nil))
  }

  @Test func `a package in S3 that is what runs is remembered by its place and version`() async throws {
    let kept = try await kept(size: Self.package.count)
    #expect(kept.state?.bucket == "assets" && kept.state?.key == "f.zip" && kept.state?.versionId == "v1")
    #expect(kept.files.isEmpty && kept.findings.isEmpty)
  }

  @Test func `what S3 does not have as it runs is kept itself`() async throws {
    let later = "Wed, 01 Jul 2026 00:00:01 GMT"
    for kept in [
      try await kept(), try await kept(size: 3), try await kept(size: Self.package.count, written: later),
    ] {
      #expect(kept.state?.file == "functions/Shop-Api.f.zip" && kept.state?.bucket == nil)
      #expect(kept.files == ["functions/Shop-Api.f.zip": Self.package])
    }
    var always = SnapshotPolicy()
    always.functionCode = .always
    #expect(try await kept(always, size: Self.package.count).state?.file != nil)
  }

  @Test func `code that is not kept is said to be lost, and why`() async throws {
    var never = SnapshotPolicy()
    never.functionCode = .never
    var small = SnapshotPolicy()
    small.functionCodeMegabytes = 1
    for (kept, why) in [
      (try await kept(never), "the policy keeps no code"),
      (try await kept(small, codeSize: 3 << 20), "it has 3 MB"),
      (try await kept(mayRead: false), "lambda:GetFunction is not permitted"),
      (try await kept(digest: "another"), "another digest"),
    ] {
      #expect(kept.state == nil && kept.files.isEmpty)
      #expect(kept.findings.map(\.code) == ["function-code-not-kept"])
      #expect(kept.findings.first?.message.contains(why) == true, "\(why)")
    }
  }

  @Test func `an image is remembered by its digest`() async throws {
    let kept = try await kept(more: #","PackageType":"Image""#)
    #expect(kept.findings.first?.message.contains("image is not named") == true)
  }

  // MARK: - Labels of secrets

  @Test func `our oldest labels make room, nobody else's`() {
    let stages = [
      "v1": ["AWSPREVIOUS", "backstop-20260101T000000Z-aaaaaa", "backstop-20260102T000000Z-aaaaaa", "mine"],
      "v2": ["AWSCURRENT"] + (3...6).map { "backstop-2026010\($0)T000000Z-aaaaaa" },
    ]
    let outdated = SecretLabels.outdated(stages)
    #expect(
      outdated.map(\.label) == ["backstop-20260101T000000Z-aaaaaa", "backstop-20260102T000000Z-aaaaaa"])
    #expect(outdated.map(\.version) == ["v1", "v1"])
    #expect(SecretLabels.outdated(["v": ["AWSCURRENT"]]).isEmpty)
  }

  @Test func `a label is put on the recorded version; another service's secret is left alone`() async throws {
    let transport = ScriptedTransport { request in
      let target = request.headers.first("x-amz-target") ?? ""
      guard target.hasSuffix("DescribeSecret") else { return .xml("{}") }
      return .xml(#"{"ARN":"arn:a","Name":"a","VersionIdsToStages":{"v1":["AWSCURRENT"]}}"#)
    }
    let labels = SecretLabels(clients: StackClients(.scripted(transport)))
    var managed = ManagedSecretState(arn: "arn:rds", stack: "db", versionId: "v9", rotates: true)
    managed.owningService = "rds"
    let own = ManagedSecretState(arn: "arn:a", stack: "api", versionId: "v1", rotates: false)
    let (labelled, findings) = try await labels.attach([own, managed], restorePoint: "R")
    #expect(labelled.map(\.label) == ["backstop-R", nil] && findings.isEmpty)
    let sent = transport.requests.map { String(decoding: $0.body, as: UTF8.self) }
    #expect(
      sent.contains {
        $0.contains(#""VersionStage":"backstop-R""#) && $0.contains(#""MoveToVersionId":"v1""#)
      })
    #expect(!sent.contains { $0.contains("arn:rds") })
  }

  @Test func `who may not label is told, and nothing fails`() async throws {
    let labels = SecretLabels(
      clients: StackClients(
        .scripted(
          ScriptedTransport { _ in .xml(#"{"__type":"AccessDeniedException","message":"no"}"#, status: 400) })
      ))
    let own = ManagedSecretState(arn: "arn:a", stack: "api", versionId: "v1", rotates: false)
    let (labelled, findings) = try await labels.attach([own], restorePoint: "R")
    #expect(labelled == [own] && findings.map(\.code) == ["secret-unlabelled"])
  }

  // MARK: - Bounded work

  @Test func `results come in the order of the elements, whatever was first`() async throws {
    let results = try await Array(0..<50).mapAtOnce(width: 3) { number in
      for _ in 0..<(50 - number) { await Task.yield() }
      return number * 2
    }
    #expect(results == Array(0..<50).map { $0 * 2 })
    #expect(try await [Int]().mapAtOnce { $0 }.isEmpty)
  }
}
