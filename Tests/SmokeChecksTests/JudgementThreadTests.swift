import HTTPTransport
import HurlFile
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import SmokeChecks

/// Answers at once, and has a thread as the real transport has.
private struct ThreadedTransport: HTTPTransport {
  let thread = OneThread()
  let body: [UInt8]
  var executors: [any TaskExecutor] { [thread] }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    await Task.yield()
    return HTTPResponse(status: 200, body: body)
  }
}

@Suite struct `The thread on which an answer is judged` {
  @Test(arguments: [(400, true), (70_000, false), (2_000_000, false)])
  func `is the transport's own unless the body is large`(length: Int, isTransports: Bool) async throws {
    let transport = ThreadedTransport(body: [UInt8](repeating: 0x61, count: length))
    let entry = "GET http://a.example/\nHTTP 200\n[Asserts]\nbody == \"x\"\n"
    let document = try HurlDocument(parsing: entry + entry, file: "a.hurl")
    let environment = HurlEnvironment(root: "/", files: LocalFileSystem(), random: Randomness())
    let session = HurlSession(path: "/a.hurl", variables: HurlVariables(), environment: environment)
    var settings = SmokeSettings()
    settings.settling = Settling(window: .zero)
    var dependencies = SmokeDependencies(
      transport: transport, clock: ManualClock(), random: Randomness())
    // The judgement redacts what it is about to shorten.
    let judged = Mutex<[Bool]>([])
    dependencies.redact = { text in
      judged.withLock { $0.append(transport.thread.isCurrent) }
      return text
    }
    let told = Mutex<[Bool]>([])
    dependencies.result = { _ in told.withLock { $0.append(transport.thread.isCurrent) } }
    let report = await SmokeRun.run(
      [HurlChecks.chain(document, session: session)], settings: settings, dependencies: dependencies)
    #expect(report.results.map(\.outcome) == [.fail, .fail])
    #expect(judged.withLock { Set($0) } == [isTransports])
    // And back again for the next request.
    #expect(told.withLock { $0 } == [true, true])
  }

  @Test func `is the transport's own also for a few checks beside each other`() async throws {
    let transport = ThreadedTransport(body: [])
    let places = Mutex<[Bool]>([])
    let checks = (0..<5).map { number in
      var check = Check(name: "\(number)", key: "\(number)") { _ in
        await Task.yield()
        places.withLock { $0.append(transport.thread.isCurrent) }
        return .passed
      }
      check.mayOverlap = true
      return check
    }
    _ = await SmokeRun.run(
      [CheckChain(checks)], settings: SmokeSettings(),
      dependencies: SmokeDependencies(transport: transport, clock: ManualClock(), random: Randomness()))
    #expect(places.withLock { $0 } == [true, true, true, true, true])
  }
}
