import AWSClients
import DeploymentRecords
import HTTPTransport
import RollbackPlanning
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert

/// An environment that stands in two regions, with a function of the same name in each.
@Suite struct `Functions of one name in two regions` {
  /// The digest of each region's code now; what is written changes it.
  final class Cloud: Sendable {
    let digests = Mutex(["us-east-1": "us-new", "eu-west-1": "eu-good"])
    let calls = Mutex<[String]>([])

    func answer(_ request: HTTPRequest) throws -> HTTPResponse {
      let region = request.url.contains("eu-west-1") ? "eu-west-1" : "us-east-1"
      let call = request.url.split(separator: "/").last.map(String.init) ?? ""
      calls.withLock { $0.append("\(region) \(request.method) \(call)") }
      if request.url.contains("cloudformation") {
        let error = "<Code>ValidationError</Code><Message>Stack with id App does not exist</Message>"
        return HTTPResponse(
          status: 400, body: Array("<ErrorResponse><Error>\(error)</Error></ErrorResponse>".utf8))
      }
      if request.method == "PUT", call == "code" {
        digests.withLock { $0[region] = region == "us-east-1" ? "us-good" : "eu-good" }
      }
      let digest = digests.withLock { $0[region]! }
      return HTTPResponse(
        status: 200,
        body: Array(
          """
          {"FunctionName":"worker","CodeSha256":"\(digest)","Timeout":3,"MemorySize":128,"RevisionId":"r",\
          "LastModified":"2026-11-26T09:00:00.000+0000"}
          """.utf8))
    }
  }

  static let american = "arn:aws:lambda:us-east-1:111111111111:function:worker"
  static let european = "arn:aws:lambda:eu-west-1:111111111111:function:worker"

  static func restorePoint() -> LoadedRestorePoint {
    var point = RestorePoint(
      id: "20261126T080000Z-aaaaaa", environment: "prod", commit: nil,
      createdAt: Timestamp("2026-11-26T08:00:00Z")!, region: "us-east-1", account: "111111111111")
    for (name, region, digest) in [("App-us", "us-east-1", "us-good"), ("App-eu", "eu-west-1", "eu-good")] {
      point.stacks.append(
        StackState(
          role: name, name: name,
          stackId: "arn:aws:cloudformation:\(region):111111111111:stack/\(name)/1", status: "UPDATE_COMPLETE",
          lastUpdatedAt: point.createdAt, templateFile: "t", templateSha256: "0"))
      point.functions.append(
        FunctionState(name: "worker", stack: name, codeSha256: digest, timeout: 3, memory: 128))
    }
    var loaded = LoadedRestorePoint(point: point, templates: [:])
    loaded.packages = [american: Array("us".utf8), european: Array("eu".utf8)]
    return loaded
  }

  static func resources(_ cloud: Cloud, reliefs: [ReliefRequest] = []) -> AWSResources {
    let own = AWSClient(
      transport: ScriptedTransport { try cloud.answer($0) }, clock: ManualClock(), random: Randomness(),
      configuration: AWSConfiguration(environment: Environment(), files: LocalFileSystem()),
      region: "us-east-1",
      credentials: StaticCredentials(AWSCredentials(accessKeyId: "A", secretAccessKey: "secret-of-a-test")))
    let clients = StackClients(
      own, names: ["App-us", "App-eu"], places: ["App-eu": .init(role: nil, region: "eu-west-1")])
    return AWSResources(clients, restorePoint: restorePoint(), reliefs: reliefs)
  }

  @Test func `each is compared with its own, and only the changed one is put back`() async throws {
    let cloud = Cloud()
    let resources = Self.resources(cloud)
    func changed() async throws -> [ResourceFacts] {
      try await resources.facts().filter { $0.live != $0.recorded }
    }
    let before = try await changed()
    #expect(before.map(\.target) == [Self.american])
    #expect(before.map(\.live) == ["us-new"] && before.map(\.recorded) == ["us-good"])
    cloud.calls.withLock { $0 = [] }
    var action = PlannedAction(.restoreFunctionCode, target: Self.american, reason: "changed")
    action.payload = .digest("us-good")
    try await resources.perform(action)
    #expect(cloud.calls.withLock { $0.filter { $0.contains("PUT") } } == ["us-east-1 PUT code"])
    #expect(try await resources.progress(of: action) == .done)
    #expect(try await changed().isEmpty)
  }

  @Test func `a shared name is no function's, its ARN is`() async throws {
    let cloud = Cloud()
    var action = PlannedAction(.restoreFunctionCode, target: "worker", reason: "changed")
    action.payload = .digest("us-good")
    await #expect(throws: OperationFailure.self) { try await Self.resources(cloud).perform(action) }
    let setting = try #require(ReliefRequest("worker:timeout=30"))
    let failure = await #expect(throws: OperationFailure.self) {
      try await Self.resources(cloud, reliefs: [setting]).reliefs()
    }
    #expect(failure?.message.contains("\(Self.american) or \(Self.european)") == true)
    #expect(cloud.calls.withLock { $0.isEmpty })
    let exact = try #require(ReliefRequest("\(Self.european):timeout=30"))
    let found = try await Self.resources(cloud, reliefs: [exact]).reliefs()
    #expect(found.map(\.function) == [Self.european])
    #expect(cloud.calls.withLock { $0.allSatisfy { $0.hasPrefix("eu-west-1 ") } })
  }
}
