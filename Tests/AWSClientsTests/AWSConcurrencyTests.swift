import HTTPTransport
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import AWSClients

@Suite struct AWSConcurrencyTests {
  /// Counts how many requests are under way, and lets them answer when told.
  final class Gate: Sendable {
    private struct State {
      var running = 0
      var most = 0
    }
    private let state = Mutex(State())
    var most: Int { state.withLock { $0.most } }

    func passing() async {
      state.withLock { state in
        state.running += 1
        state.most = max(state.most, state.running)
      }
      // Others get a turn: whoever may be under way beside this one is by then.
      for _ in 0..<20 { await Task.yield() }
      state.withLock { $0.running -= 1 }
    }
  }

  static let answer = "<DescribeStacksResponse><DescribeStacksResult/></DescribeStacksResponse>"
  static let throttled =
    "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"

  @Test func `two hundred calls are answered, never more than the window at once`() async throws {
    let gate = Gate()
    let transport = ScriptedTransport { _ in
      await gate.passing()
      return .text(200, Self.answer)
    }
    let service = CloudFormationClient(.over(transport))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<200 { group.addTask { _ = try await service.describeStacks("s\(number)") } }
      try await group.waitForAll()
    }
    #expect(transport.requests.count == 200)
    #expect(gate.most > 1)
    #expect(Double(gate.most) <= AWSConcurrency.Rule.maximum)
  }

  @Test func `who was throttled comes with fewer requests, and all are answered in the end`() async throws {
    let count = Mutex(0)
    let transport = ScriptedTransport { _ in
      let number = count.withLock { count in
        count += 1
        return count
      }
      return number <= 60 ? .text(400, Self.throttled) : .text(200, Self.answer)
    }
    let service = CloudFormationClient(.over(transport))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<40 { group.addTask { _ = try await service.describeStacks("s\(number)") } }
      try await group.waitForAll()
    }
    #expect(transport.requests.count == 100)
  }

  @Test func `a complaint halves the window, answers widen it again`() async {
    let lanes = AWSConcurrency()
    for _ in 0..<5 {
      await lanes.enter("CloudFormation")
      lanes.leave("CloudFormation", isThrottled: true)
    }
    // Down to one: a second request has to wait for the first.
    await lanes.enter("CloudFormation")
    let order = Mutex<[String]>([])
    let second = Task {
      await lanes.enter("CloudFormation")
      order.withLock { $0.append("second") }
      lanes.leave("CloudFormation", isThrottled: false)
    }
    for _ in 0..<20 { await Task.yield() }
    order.withLock { $0.append("first") }
    lanes.leave("CloudFormation", isThrottled: false)
    await second.value
    #expect(order.withLock { $0 } == ["first", "second"])
    // Another service is not meant.
    await lanes.enter("Lambda")
    await lanes.enter("Lambda")
    lanes.leave("Lambda", isThrottled: false)
    lanes.leave("Lambda", isThrottled: false)
  }
}
