import DeploymentRecords
import HealthAnalysis
import Redaction
import Reporting
import StepResults
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import HealthWatch

@Suite struct LiveWatchTests {
  /// A minute that is whole, so that no period is cut by the deployment.
  static let deployment = Timestamp(seconds: 1_750_000_020)
  let clock = ManualClock(Self.deployment)
  let terminal = CapturingTerminal()

  private func watch(
    _ cloudWatch: ScriptedCloudWatch, probe: (@Sendable (Timestamp) -> ProbeAnswer)? = nil,
    logs: [LogLine] = [], request: WatchSchedule.Request = .init(length: .seconds(1800)),
    save: @escaping @Sendable (Observations) throws -> Void = { _ in }
  ) -> LiveWatch {
    var request = request
    request.deployedAt = request.deployedAt ?? Self.deployment
    return LiveWatch(
      schedule: WatchSchedule(request, now: clock.now, targets: ScriptedCloudWatch.targets),
      targets: ScriptedCloudWatch.targets, policy: HealthPolicy(), metrics: cloudWatch,
      logs: ScriptedLogs(events: logs), probe: probe.map { ScriptedProbe(clock: clock, answer: $0) },
      clock: clock,
      progress: Progress(terminal: terminal, clock: clock, level: .verbose), save: save)
  }

  @Test func `a healthy half hour is a go, in no time`() async throws {
    let cloudWatch = ScriptedCloudWatch()
    let result = try await watch(cloudWatch, probe: { _ in .answered(status: 403, milliseconds: 9) }).run()
    #expect(result.judgement.verdict == .go)
    #expect(result.judgement.series.map(\.verdict) == [.healthy, .healthy, .healthy])
    #expect(clock.now - Self.deployment == .seconds(1920))
    #expect(!result.window.endedEarly)
    #expect(result.findings.isEmpty)
  }

  @Test func `what was not normal before the deployment is no baseline`() async throws {
    // An hour of failures, undone by what is watched now: without the cut it would be what is usual.
    let undone = Self.deployment - .seconds(3600)
    let cloudWatch = ScriptedCloudWatch(
      .init(failures: { time in time >= undone ? 30 : 0 }))
    var request = WatchSchedule.Request(length: .seconds(1800))
    request.baselineUntil = undone
    let result = try await watch(cloudWatch, request: request).run()
    #expect(result.judgement.verdict == .stop)
    let errors = try #require(result.judgement.series.first { $0.kind == .errors })
    #expect(errors.baseline["failures"] ?? 0 == 0)
    #expect(cloudWatch.calls.first?.start == undone - .seconds(86_400 + 900))
  }

  @Test func `each look asks for the whole watch again, the baseline once`() async throws {
    let cloudWatch = ScriptedCloudWatch()
    let result = try await watch(cloudWatch).run()
    let calls = cloudWatch.calls
    // The day before, the same hours of the two weeks before that, and then the watch itself.
    #expect(calls.first?.start == Self.deployment - .seconds(86_400 + 900))
    #expect(calls.dropFirst().prefix(2).allSatisfy { $0.start < Self.deployment - .seconds(6 * 86_400) })
    #expect(calls.dropFirst(3).allSatisfy { $0.start == Self.deployment })
    #expect(calls.count == 35)
    #expect(result.calls.getMetricData == 35)
    #expect(result.calls.metricsRequested == 35 * 3)
    #expect(abs(result.calls.estimatedUsd - 0.00105) < 1e-9)
    #expect(result.window.looks == 33)
  }

  @Test func `half filled minutes are revised and judged only when settled`() async throws {
    // All requests fail in the newest, half filled minute alone: never true of a settled one.
    let clock = clock
    let cloudWatch = ScriptedCloudWatch(
      .init(failures: { time in clock.now - time < .seconds(60) ? 60 : 0 }))
    let result = try await watch(
      cloudWatch, request: .init(length: .seconds(1800), interval: .seconds(45))
    ).run()
    #expect(result.judgement.verdict == .go)
    #expect(result.window.revisions > 20)
    #expect(terminal.error.contains("revised: api/shop at "))
  }

  @Test func `a version that fails is stopped early, with its onset`() async throws {
    let bad = Self.deployment + .seconds(600)
    let cloudWatch = ScriptedCloudWatch(.init(failures: { $0 >= bad ? 30 : 0 }))
    let result = try await watch(cloudWatch).run()
    #expect(result.judgement.verdict == .stop)
    #expect(result.window.endedEarly)
    let errors = try #require(result.judgement.series.first { $0.kind == .errors })
    #expect(errors.onset == bad)
    // Three or four bad minutes, and two more until they have settled.
    #expect(clock.now - bad <= .seconds(420))
  }

  @Test func `slowness is stopped`() async throws {
    let cloudWatch = ScriptedCloudWatch(.init(latency: { $0 >= Self.deployment ? 900 : 100 }))
    let result = try await watch(cloudWatch).run()
    #expect(result.judgement.verdict == .stop)
    #expect(result.judgement.series.first { $0.verdict == .severe }?.kind == .latency)
  }

  @Test func `an AWS that cannot be reached at the first look is the caller's error`() async throws {
    let cloudWatch = ScriptedCloudWatch(.init(fault: { _ in .unreachable }))
    await #expect(throws: ScriptedCloudWatch.Fault.unreachable) { try await watch(cloudWatch).run() }
  }

  @Test func `an AWS that cannot be reached later leaves the question open`() async throws {
    let cloudWatch = ScriptedCloudWatch(.init(fault: { $0 > 10 ? .unreachable : nil }))
    let result = try await watch(cloudWatch).run()
    #expect(result.judgement.verdict == .inconclusive)
    #expect(result.findings.map(\.code) == ["watch-aws-unreachable"])
    #expect(result.judgement.series.allSatisfy { $0.doubt == .notWhole })
  }

  @Test func `an AWS that cannot be reached for a while changes nothing`() async throws {
    let cloudWatch = ScriptedCloudWatch(.init(fault: { (5..<12).contains($0) ? .unreachable : nil }))
    let result = try await watch(cloudWatch).run()
    #expect(result.judgement.verdict == .go)
    #expect(result.findings.map(\.code) == ["watch-aws-unreachable"])
  }

  @Test func `a late answer tells of the time when it was asked, and one more look is made`() async throws {
    // Asked a minute before the end, answered after the time of the last look.
    let clock = clock
    let cloudWatch = ScriptedCloudWatch(
      .init(fault: { number in
        if number == 30 { clock.advance(by: .seconds(240)) }
        return nil
      }))
    let result = try await watch(cloudWatch).run()
    #expect(result.judgement.verdict == .go, "\(result.judgement.reasons)")
    #expect(cloudWatch.calls.count == 31)
  }

  @Test func `partial data are no data`() async throws {
    let cloudWatch = ScriptedCloudWatch(.init(fault: { $0 > 3 ? .partial : nil }))
    let result = try await watch(cloudWatch).run()
    #expect(result.judgement.verdict == .inconclusive)
    #expect(result.judgement.reasons.contains { $0.contains("PartialData") })
  }

  @Test func `a baseline that came in part is asked for again`() async throws {
    let cloudWatch = ScriptedCloudWatch(.init(fault: { $0 <= 2 ? .partial : nil }))
    let result = try await watch(cloudWatch).run()
    #expect(result.judgement.verdict == .go)
    let day = Self.deployment - .seconds(86_400 + 900)
    // Once in part and once more, and never again when it was whole.
    let asked = cloudWatch.calls.filter { $0.start == day }.count
    #expect(asked >= 2 && asked <= 4)
    #expect(cloudWatch.calls.last?.start == Self.deployment)
  }

  @Test func `probes that all fail stop a watch whose metrics say nothing`() async throws {
    let cloudWatch = ScriptedCloudWatch(.init(traffic: 0))
    let result = try await watch(cloudWatch, probe: { _ in .failed(status: 502) }).run()
    #expect(result.judgement.verdict == .stop)
    #expect(clock.now - Self.deployment == .seconds(180))
    #expect(result.judgement.series.first?.name == "probe:GET /")
  }

  @Test func `a two minute outage of the probe passes`() async throws {
    let cloudWatch = ScriptedCloudWatch()
    let result = try await watch(
      cloudWatch,
      probe: {
        $0 - Self.deployment < .seconds(121) ? .failed(status: 503) : .answered(status: 200, milliseconds: 5)
      }
    ).run()
    #expect(result.judgement.verdict == .go)
  }

  @Test func `silence of AWS and of the endpoint together is this machine's, not an outage`() async throws {
    let cloudWatch = ScriptedCloudWatch(.init(fault: { $0 > 5 ? .unreachable : nil }))
    let began = clock.now
    let result = try await watch(
      cloudWatch,
      probe: { $0 - began > .seconds(290) ? .silent("no route") : .answered(status: 200, milliseconds: 5) }
    ).run()
    #expect(result.judgement.verdict == .inconclusive)
  }

  @Test func `silence of the endpoint alone is an outage`() async throws {
    let result = try await watch(ScriptedCloudWatch(), probe: { _ in .silent("connection refused") }).run()
    #expect(result.judgement.verdict == .stop)
  }

  @Test func `new kinds of error in the logs are counted and quoted`() async throws {
    let before = LogLine(
      time: Self.deployment - .seconds(3600), message: "ERROR slow request 17 took 2000 ms")
    let after = [1, 2, 3].map {
      LogLine(time: Self.deployment + .seconds(60 * $0), message: "ERROR no column tax_\($0) in invoice")
    }
    let old = LogLine(time: Self.deployment + .seconds(30), message: "ERROR slow request 99 took 2500 ms")
    let result = try await watch(ScriptedCloudWatch(), logs: [before, old] + after).run()
    #expect(result.judgement.verdict == .go)
    #expect(result.logs.map(\.count) == [3])
    #expect(result.logs.first?.firstSeen == Self.deployment + .seconds(60))
    #expect(result.findings.map(\.code) == ["watch-new-log-error"])
    #expect(result.findings.first?.message.contains("no column tax_1 in invoice") == true)
  }

  @Test func `a watch that is interrupted returns what it has`() async throws {
    let clock = clock
    let began = clock.now
    let cloudWatch = ScriptedCloudWatch()
    let saved = Mutex(0)
    let watch = watch(
      cloudWatch,
      save: { seen in
        saved.withLock { $0 = seen.count }
        if clock.now - began >= .seconds(300) { withUnsafeCurrentTask { $0?.cancel() } }
      })
    let result = try await Task { try await watch.run() }.value
    #expect(result.judgement.verdict == .inconclusive)
    #expect(result.findings.map(\.code) == ["watch-early-end"])
    #expect(saved.withLock { $0 } > 2880)
    #expect(clock.now - began < .seconds(400))
  }

  @Test func `a watch that is run again goes on where the other ended`() async throws {
    var earlier = Observations()
    for minute in 0..<3 {
      earlier.insert(
        SeriesPoint(time: Self.deployment + .seconds(60 * minute), value: 1, count: 1),
        into: SeriesName(name: "probe:GET /", kind: .errors))
    }
    clock.advance(by: .seconds(180))
    let result = try await watch(ScriptedCloudWatch(), probe: { _ in .failed(status: 500) }).run(
      earlier: earlier)
    #expect(result.judgement.verdict == .stop)
    #expect(result.window.looks == 1)
  }

  @Test func `a watch of seconds over fine periods ends in seconds`() async throws {
    let request = WatchSchedule.Request(length: .seconds(10), interval: .seconds(2))
    let good = try await watch(ScriptedCloudWatch(.init(traffic: 600)), request: request).run()
    #expect(good.judgement.verdict == .go)
    #expect(clock.now - Self.deployment == .seconds(11))
    clock.advance(by: .seconds(600))
    let bad = try await watch(
      ScriptedCloudWatch(.init(traffic: 600, failures: { $0 >= Self.deployment ? 9 : 0 })), request: request
    ).run()
    #expect(bad.judgement.verdict == .stop)
  }

  @Test func `probes that no metric counts are pointed out`() async throws {
    let cloudWatch = ScriptedCloudWatch(.init(traffic: 0))
    let result = try await watch(cloudWatch, probe: { _ in .answered(status: 200, milliseconds: 5) }).run()
    #expect(result.judgement.verdict == .inconclusive)
    #expect(result.findings.map(\.code) == ["watch-metrics-missing"])
  }
}
