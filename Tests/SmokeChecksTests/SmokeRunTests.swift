import DeploymentRecords
import HTTPTransport
import SmokeChecks
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@Suite struct `A run of checks` {
  private func run(
    _ chains: [CheckChain], settings: SmokeSettings = SmokeSettings(), baseline: [ResponseBaseline] = []
  ) async -> SmokeReport {
    await SmokeRun.run(
      chains, settings: settings,
      dependencies: SmokeDependencies(
        transport: ScriptedTransport { _ in HTTPResponse(status: 200) }, clock: ManualClock(),
        random: Randomness(Constant(share: 0.5))), baseline: baseline)
  }

  private func scripted(_ name: String, _ script: [AttemptResult]) -> Check {
    let next = Mutex(0)
    return Check(name: name, key: name) { _ in
      next.withLock { position in
        defer { position += 1 }
        return script[min(position, script.count - 1)]
      }
    }
  }

  @Test func `a check that passes at once passes`() async {
    let report = await run([CheckChain([scripted("a", [.passed])])])
    #expect(report.results.map(\.outcome) == [.pass])
    #expect(report.results[0].attempts.count == 1)
    #expect(report.isGood)
  }

  @Test func `one that passes after a retry is flaky and keeps all its tries`() async {
    let report = await run([
      CheckChain([
        scripted("a", [.failed(.serverError, "answered 500"), .failed(.throttled, "429"), .passed])
      ])
    ])
    let result = report.results[0]
    #expect(result.outcome == .flaky)
    #expect(result.attempts.map(\.failure) == [.serverError, .throttled, nil])
    #expect(result.failure == .throttled)
    #expect(result.message == "passed at try 3; before: 429")
    #expect(report.isGood)
  }

  @Test func `only the first try failing in a function's way is a cold start`() async {
    let report = await run([
      CheckChain([scripted("a", [.failed(.functionTimedOut, "answered 504"), .passed])])
    ])
    #expect(report.results[0].failure == .coldStart)
  }

  @Test func `a failure that settles is tried until the window ends`() async {
    var settings = SmokeSettings()
    settings.settling = Settling(window: .seconds(20))
    let report = await run(
      [CheckChain([scripted("a", [.failed(.connectionRefused, "refused")])])], settings: settings)
    let result = report.results[0]
    #expect(result.outcome == .fail)
    #expect(result.attempts.count > 5)
    #expect((19_999...20_001).contains(result.attempts.last!.startedAfterMs))
  }

  @Test(arguments: [FailureClass.tlsFailed, .forbidden, .assertion, .redirectLoop, .stackMissing])
  func `a terminal failure ends at once`(failure: FailureClass) async {
    let report = await run([CheckChain([scripted("a", [.failed(failure, "no")])])])
    #expect(report.results[0].attempts.count == 1)
    #expect(report.results[0].outcome == .fail)
  }

  @Test func `what has not begun by the deadline is an error`() async {
    var settings = SmokeSettings()
    settings.concurrency = 1
    settings.settling = Settling(window: .seconds(1), deadline: .seconds(5))
    let clock = ManualClock()
    let slow = Check(name: "slow", key: "slow") { _ in
      clock.advance(by: .seconds(6))
      return .passed
    }
    let report = await SmokeRun.run(
      [CheckChain([slow]), CheckChain([scripted("late", [.passed])])], settings: settings,
      dependencies: SmokeDependencies(
        transport: ScriptedTransport { _ in HTTPResponse(status: 200) }, clock: clock, random: Randomness()))
    #expect(report.results.map(\.outcome) == [.pass, .error])
    #expect(report.results[1].failure == .deadline)
    #expect(!report.isGood)
  }

  @Test func `a writing check is skipped where that is not allowed`() async {
    var settings = SmokeSettings()
    settings.allowsWrites = false
    var check = scripted("a", [.passed])
    check.writes = true
    let report = await run([CheckChain([check])], settings: settings)
    #expect(report.results[0].outcome == .skipped)
    #expect(report.results[0].failure == .writesNotAllowed)
    #expect(report.results[0].attempts.isEmpty)
  }

  @Test func `what changes data is left out after a failure in its chain`() async {
    var second = scripted("b", [.passed])
    second.needsEarlier = true
    let report = await run([
      CheckChain([scripted("a", [.failed(.assertion, "no")]), second, scripted("c", [.passed])])
    ])
    #expect(report.results.map(\.outcome) == [.fail, .skipped, .pass])
  }

  @Test func `no more than the concurrency are asked at once`() async {
    let running = Mutex((now: 0, most: 0))
    let chains = (0..<40).map { number in
      CheckChain([
        Check(name: "\(number)", key: "\(number)") { context in
          running.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
          }
          for _ in 0..<5 { await Task.yield() }
          running.withLock { $0.now -= 1 }
          return .passed
        }
      ])
    }
    var settings = SmokeSettings()
    settings.concurrency = 4
    let report = await run(chains, settings: settings)
    #expect(report.results.count == 40)
    #expect(report.results.map(\.name) == (0..<40).map(String.init))
    #expect((2...4).contains(running.withLock { $0.most }))
  }

  @Test func `neighbours that may overlap run side by side, the others wait`() async {
    let log = Mutex<[String]>([])
    func check(_ name: String, overlaps: Bool) -> Check {
      var check = Check(name: name, key: name) { _ in
        log.withLock { $0.append("+\(name)") }
        for _ in 0..<20 { await Task.yield() }
        log.withLock { $0.append("-\(name)") }
        return .passed
      }
      check.mayOverlap = overlaps
      return check
    }
    let chain = CheckChain([
      check("a", overlaps: true), check("b", overlaps: true), check("c", overlaps: true),
      check("d", overlaps: false),
    ])
    let report = await run([chain])
    let seen = log.withLock { $0 }
    #expect(report.results.map(\.name) == ["a", "b", "c", "d"])
    #expect(Set(seen.prefix(3)) == ["+a", "+b", "+c"])
    #expect(seen.suffix(2) == ["+d", "-d"])
  }

  @Test func `the version from before is not yet a pass`() async {
    var old = AttemptResult.passed
    old.version = "1.0.0"
    var new = AttemptResult.passed
    new.version = "1.1.0"
    var settings = SmokeSettings()
    settings.expectedVersion = "1.1.0"
    var before = ResponseBaseline(name: "a", outcome: "pass")
    before.answeredVersion = "1.0.0"
    let settled = await run(
      [CheckChain([scripted("a", [old, old, new])])], settings: settings, baseline: [before])
    #expect(settled.results[0].outcome == .flaky)
    #expect(settled.results[0].attempts.map(\.failure) == [.oldVersion, .oldVersion, nil])
    let stuck = await run([CheckChain([scripted("a", [old])])], settings: settings, baseline: [before])
    #expect(stuck.results[0].outcome == .fail)
    #expect(stuck.results[0].message == "the old version still answers: 1.0.0, expected 1.1.0")
  }

  @Test func `progress is told once a result`() async {
    let told = Mutex<[Int]>([])
    _ = await SmokeRun.run(
      (0..<9).map { CheckChain([scripted("\($0)", [.passed])]) }, settings: SmokeSettings(),
      dependencies: SmokeDependencies(
        transport: ScriptedTransport { _ in HTTPResponse(status: 200) }, clock: ManualClock(),
        random: Randomness()
      ) { _, count in told.withLock { $0.append(count) } })
    #expect(told.withLock { $0.sorted() } == Array(1...9))
  }

  @Test(.timeLimit(.minutes(1)))
  func `a check beside others is told of when it ends, not when all have`() async {
    let (told, tell) = AsyncStream<String>.makeStream()
    let slow = Check(name: "slow", key: "slow") { _ in
      for await name in told where name == "fast" { break }
      return .passed
    }
    var chain = CheckChain([scripted("first", [.passed]), slow, scripted("fast", [.passed])])
    for number in chain.checks.indices { chain.checks[number].mayOverlap = true }
    let report = await SmokeRun.run(
      [chain], settings: SmokeSettings(),
      dependencies: SmokeDependencies(
        transport: ScriptedTransport { _ in HTTPResponse(status: 200) }, clock: ManualClock(),
        random: Randomness()
      ) { result, _ in tell.yield(result.name) })
    #expect(report.isGood && report.results.count == 3)
  }

  @Test func `an interrupted run reports what it did not begin`() async {
    let interrupting = Check(name: "a", key: "a") { _ in
      withUnsafeCurrentTask { $0?.cancel() }
      return .passed
    }
    let report = await run([CheckChain([interrupting, scripted("b", [.passed])])])
    #expect(report.results.map(\.outcome) == [.pass, .skipped])
    #expect(report.results[1].message == "the run was interrupted")
  }
}
