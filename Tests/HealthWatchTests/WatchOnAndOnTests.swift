import DeploymentRecords
import HealthAnalysis
import JSONValues
import Reporting
import StepResults
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import HealthWatch

/// A watch that is cut into runs, and one that goes on after its time.
@Suite struct WatchOnAndOnTests {
  static let deployment = Timestamp(seconds: 1_750_000_020)
  let clock = ManualClock(Self.deployment)
  let kept = Kept()

  final class Kept: Sendable {
    private let state = Mutex<WatchState?>(nil)
    var value: WatchState? {
      get { state.withLock { $0 } }
      set { state.withLock { $0 = newValue } }
    }
  }

  private func watch(
    _ cloudWatch: ScriptedCloudWatch, targets: WatchTargets = ScriptedCloudWatch.targets,
    isOnce: Bool = false,
    probe: (@Sendable (Timestamp) -> ProbeAnswer)? = { _ in .answered(status: 200, milliseconds: 5) },
    logs: [LogLine] = []
  ) -> LiveWatch {
    var request = WatchSchedule.Request(length: .seconds(1800))
    request.deployedAt = Self.deployment
    var schedule = WatchSchedule(request, now: clock.now, targets: targets)
    if let state = kept.value { (schedule.deployedAt, schedule.end) = (state.deployedAt, state.end) }
    let kept = kept
    return LiveWatch(
      schedule: schedule, targets: targets, policy: HealthPolicy(), metrics: cloudWatch,
      logs: ScriptedLogs(events: logs), probe: probe.map { ScriptedProbe(clock: clock, answer: $0) },
      clock: clock, progress: Progress(terminal: CapturingTerminal(), clock: clock, level: .quiet),
      isOnce: isOnce, keep: { kept.value = $0 })
  }

  @Test func `looks of single runs say what one long run says`() async throws {
    let bad = Self.deployment + .seconds(900)
    for failures in [0.0, 30] {
      let cloudWatch = ScriptedCloudWatch(.init(failures: { $0 >= bad ? failures : 0 }))
      var looks = 0
      var last: WatchResult?
      while last?.isFinished != true, looks < 60 {
        let result = try await watch(cloudWatch, isOnce: true).run(begun: kept.value)
        looks += 1
        #expect(result.window.looks == looks)
        if !result.isFinished {
          #expect(result.judgement.verdict == .inconclusive)
          #expect(result.judgement.reasons[0].hasPrefix("the watch goes on: "))
          #expect(result.findings.map(\.code).contains("watch-goes-on"))
          // What is kept survives as text.
          kept.value = kept.value.flatMap { WatchState($0.document) }
          #expect(kept.value != nil)
          clock.advance(by: .seconds(60))
        }
        last = result
      }
      #expect(last?.judgement.verdict == (failures > 0 ? .stop : .go))
      #expect(kept.value == nil)
      let probes = try #require(last?.judgement.series.first { $0.name == "probe:GET /" })
      // The probes of looks after the end belong to no watch.
      #expect(probes.observed["requests"] == Double(min(looks, 30)))
      clock.advance(by: Self.deployment - clock.now)
    }
  }

  @Test func `a run that was killed is gone on with, at every look`() async throws {
    for killed in [1, 7, 31] {
      kept.value = nil
      clock.advance(by: Self.deployment - clock.now)
      for _ in 0..<killed {
        _ = try await watch(ScriptedCloudWatch(), isOnce: true).run(begun: kept.value)
        clock.advance(by: .seconds(60))
      }
      let result = try await watch(ScriptedCloudWatch()).run(begun: kept.value)
      #expect(result.judgement.verdict == .go)
      #expect(result.window.looks == 33)
      #expect(clock.now - Self.deployment == .seconds(1920))
    }
  }

  @Test func `only a watch of the same deployment is gone on with`() {
    let state = WatchState(deployedAt: Self.deployment, end: Self.deployment + .seconds(1800))
    let now = Self.deployment + .seconds(600)
    #expect(state.goesOn(deployedAt: nil, updatedAt: nil, now: now))
    #expect(state.goesOn(deployedAt: nil, updatedAt: Self.deployment, now: now))
    #expect(!state.goesOn(deployedAt: nil, updatedAt: Self.deployment + .seconds(1), now: now))
    #expect(state.goesOn(deployedAt: Self.deployment, updatedAt: nil, now: now))
    #expect(!state.goesOn(deployedAt: now, updatedAt: nil, now: now))
    #expect(!state.goesOn(deployedAt: nil, updatedAt: nil, now: now + .seconds(90_000)))
    #expect(WatchState(["schemaVersion": 2]) == nil)
  }

  @Test func `what begins in the last minutes is watched a little longer`() async throws {
    let bad = Self.deployment + .seconds(28 * 60)
    let cloudWatch = ScriptedCloudWatch(.init(failures: { $0 >= bad ? 60 : 0 }))
    let result = try await watch(cloudWatch).run()
    #expect(result.judgement.verdict == .stop)
    #expect(result.window.extended > 0 && result.window.extended <= 360)
    #expect(!result.window.endedEarly)
  }

  @Test func `what began and ended is healthy after a little longer`() async throws {
    let bad = Self.deployment + .seconds(28 * 60)
    let cloudWatch = ScriptedCloudWatch(
      .init(failures: { $0 >= bad && $0 < bad + .seconds(120) ? 60 : 0 }))
    let result = try await watch(cloudWatch).run()
    #expect(result.judgement.verdict == .go)
    #expect(result.window.extended > 0)
  }

  @Test func `a slow worker delays nobody but itself`() async throws {
    var targets = ScriptedCloudWatch.targets
    targets.series[0].settle = .zero
    targets.series.append(
      SeriesDefinition(
        name: SeriesName(name: "function/worker", kind: .errors), values: [ScriptedCloudWatch.failed],
        counts: [ScriptedCloudWatch.count], settle: .seconds(900)))
    let cloudWatch = ScriptedCloudWatch(.init(failures: { $0 >= Self.deployment ? 60 : 0 }))
    let stopped = try await watch(cloudWatch, targets: targets).run()
    #expect(stopped.judgement.verdict == .stop)
    #expect(clock.now - Self.deployment <= .seconds(300))
    clock.advance(by: Self.deployment - clock.now)
    let healthy = try await watch(ScriptedCloudWatch(), targets: targets).run()
    #expect(healthy.judgement.verdict == .go)
    #expect(clock.now - Self.deployment == .seconds(1920))
    let worker = try #require(healthy.series.first { $0.name == "function/worker" })
    #expect(worker.watch.count == 17)
  }

  @Test func `a new kind of error in every other invocation is a reason to stop`() async throws {
    var targets = ScriptedCloudWatch.targets
    targets.series.append(
      SeriesDefinition(
        name: SeriesName(name: "function/shop", kind: .errors), values: [], counts: [ScriptedCloudWatch.count]
      ))
    let lines = (0..<400).map {
      LogLine(
        time: Self.deployment + .seconds(Double($0) * 2),
        message: "[CRITICAL] PaymentLostError: order \($0) has no payment")
    }
    let result = try await watch(ScriptedCloudWatch(), targets: targets, logs: lines).run()
    #expect(result.judgement.verdict == .stop)
    let series = try #require(result.judgement.series.first { $0.name == "log/shop" })
    #expect(series.verdict == .severe)
    #expect(
      result.findings.first { $0.code == "watch-new-log-error" }?.message.contains("PaymentLostError") == true
    )
    #expect(clock.now - Self.deployment <= .seconds(420))
  }

  @Test func `half of all probes failing is an outage`() async throws {
    let began = clock.now
    let result = try await watch(
      ScriptedCloudWatch(),
      probe: {
        Int(($0 - began).inSeconds / 60) % 2 == 0
          ? .failed(status: 502) : .answered(status: 200, milliseconds: 5)
      }
    ).run()
    #expect(result.judgement.verdict == .stop)
  }

  @Test func `a login page in front of the endpoint leaves the question open`() async throws {
    #expect(EndpointProbe.isLoginPage(Array("<form><INPUT name=p type='password'></form>".utf8)))
    #expect(!EndpointProbe.isLoginPage(Array("{\"type\":\"password\"}".utf8)))
    let result = try await watch(ScriptedCloudWatch(), probe: { _ in .foreign("a login page answered") })
      .run()
    #expect(result.judgement.verdict == .inconclusive)
    #expect(result.judgement.reasons.contains { $0.contains("a login page answered") })
  }

  @Test(arguments: [
    (0.02, "20 ms"), (29.9999, "30 s"), (30, "30 s"), (90, "1 min 30 s"), (1800, "30 min"),
    (5400, "1 h 30 min"),
    (86_400, "1 d"),
  ])
  func `durations are written as people write them`(seconds: Double, text: String) {
    #expect(people(.seconds(seconds)) == text)
  }

  @Test(arguments: [
    (0.0, "0"), (12.34, "12.3"), (-0.5, "-0.5"), (9.3e17, "9.3e+17"), (Double.infinity, "inf"),
  ])
  func `numbers of any size are written`(value: Double, text: String) {
    #expect(number(value) == text)
  }
}
