import Foundation
import GitHistory
import HTTPTransport
import JSONValues
import StepRuntime
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import PreflightSnapshot

/// Two hundred stacks in an account whose CloudFormation throttles a third of the calls.
@Suite struct ManyStacksTests {
  /// CloudFormation as far as a snapshot asks it, with a count of what is under way.
  final class Cloud: HTTPTransport {
    private struct State {
      var calls: [String: Int] = [:]
      var running = 0, mostRunning = 0
      var open: Set<String> = [], mostOpen = 0
      var looks: [String: Int] = [:]
      var throttled = 0
      var refusals: [String: Int] = [:]
      var random = SeededGenerator(seed: 7)
    }
    private let state = Mutex(State())

    var calls: [String: Int] { state.withLock { $0.calls } }
    var most: (requests: Int, changeSets: Int) { state.withLock { ($0.mostRunning, $0.mostOpen) } }
    var left: Set<String> { state.withLock { $0.open } }
    var throttled: Int { state.withLock { $0.throttled } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
      // Who one is, another service says.
      if request.form("Action") == "GetCallerIdentity" {
        return .xml(
          "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:root</Arn><Account>123456789012</Account>"
            + "</GetCallerIdentityResult></GetCallerIdentityResponse>")
      }
      let body = String(decoding: request.body, as: UTF8.self)
      let isThrottled = state.withLock { state in
        state.running += 1
        state.mostRunning = max(state.mostRunning, state.running)
        // One in three, by chance, but the same call no more than four times.
        guard state.random.next() % 3 == 0, state.refusals[body, default: 0] < 4 else { return false }
        state.refusals[body, default: 0] += 1
        state.throttled += 1
        return true
      }
      // Others get a turn, so that what may be under way at once is.
      for _ in 0..<5 { await Task.yield() }
      defer { state.withLock { $0.running -= 1 } }
      guard !isThrottled else {
        return .xml(
          "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>",
          status: 400)
      }
      let action = request.form("Action") ?? ""
      let inner = answer(action, request)
      return .xml("<\(action)Response><\(action)Result>\(inner)</\(action)Result></\(action)Response>")
    }

    private func answer(_ action: String, _ request: HTTPRequest) -> String {
      // A name, or the ARN that ends in it, percent-encoded.
      let asked = request.form("StackName") ?? ""
      let name = asked.replacing("%2F1", with: "").split(separator: "F").last.map(String.init) ?? asked
      return state.withLock { state in
        state.calls[action, default: 0] += 1
        switch action {
        case "DescribeStacks":
          return """
            <Stacks><member><StackId>arn:aws:cloudformation:us-east-1:123456789012:stack/\(name)/1</StackId>
            <StackName>\(name)</StackName><StackStatus>UPDATE_COMPLETE</StackStatus>
            <CreationTime>2026-01-01T00:00:00Z</CreationTime></member></Stacks>
            """
        case "GetTemplate": return "<TemplateBody>Resources: {}</TemplateBody>"
        case "ListStackResources": return "<StackResourceSummaries/>"
        case "CreateChangeSet":
          state.open.insert(name)
          state.mostOpen = max(state.mostOpen, state.open.count)
          return "<Id>arn:changeSet/\(name)</Id>"
        case "DescribeChangeSet":
          state.looks[name, default: 0] += 1
          return state.looks[name] == 1
            ? "<Status>CREATE_IN_PROGRESS</Status>"
            : "<Status>FAILED</Status><StatusReason>The submitted information didn't contain changes.</StatusReason>"
        case "DeleteChangeSet":
          state.open.remove(name)
          return ""
        default: return ""
        }
      }
    }
  }

  @Test func `all are recorded, with few requests and fewer change sets at once`() async throws {
    let folder = TemporaryFolder()
    let count = 200
    let lines = (1...count).map { "S\($0)_STACK=stack-\($0)" }
    try (["ENVIRONMENT=prod", "AWS_REGION=us-east-1", "USE_EXTERNAL_DATABASE=true"] + lines).joined(
      separator: "\n"
    )
    .write(toFile: folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    let cloud = Cloud()
    let terminal = CapturingTerminal()
    let context = StepContext(
      environment: Environment(["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI"]
      ),
      clock: ManualClock(), files: LocalFileSystem(), terminal: terminal, random: Randomness(),
      makeTransport: { _ in cloud }, openRepository: { try GitRepository(at: $0, environment: $1) },
      workingDirectory: folder.path, processId: 1)
    let status = await StepMain<PreflightCommand>.run(
      arguments: ["prod", "--no-baseline", "--format", "json", "--quiet"], context: context)
    #expect(status == 0, "\(terminal.error.prefix(2000))")
    let record = try JSONValue(parsing: terminal.output)
    #expect(record["summary"]?["restorable"]?.int == count)
    #expect((record["stacks"]?.array ?? []).count == count)
    #expect(cloud.throttled > 500)
    #expect(cloud.most.requests > 1 && cloud.most.requests <= 24)
    #expect(cloud.most.changeSets > 1 && cloud.most.changeSets <= RehearsalPhase.width)
    #expect(cloud.left.isEmpty)
    // Three descriptions: when read, before and after what takes long; nothing is asked twice but for a reason.
    #expect(cloud.calls["DescribeStacks"] == 3 * count)
    for (action, each) in [
      ("GetTemplate", 2), ("GetStackPolicy", 1), ("ListStackResources", 1), ("ListChangeSets", 1),
      ("CreateChangeSet", 1), ("DescribeChangeSet", 2), ("DeleteChangeSet", 1),
    ] { #expect(cloud.calls[action] == each * count, "\(action)") }
  }
}
