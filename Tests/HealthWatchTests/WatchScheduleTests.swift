import SystemInterfaces
import Testing

@testable import HealthWatch

@Suite struct WatchScheduleTests {
  let now = Timestamp(seconds: 1_750_000_000)

  private func schedule(_ request: WatchSchedule.Request, _ change: (inout WatchTargets) -> Void = { _ in })
    -> WatchSchedule
  {
    var targets = WatchTargets()
    change(&targets)
    return WatchSchedule(request, now: now, targets: targets)
  }

  @Test func `the usual watch looks every minute at minutes that are two minutes old`() {
    let usual = schedule(.init(length: .seconds(1800)))
    #expect(usual.deployedAt == now)
    #expect(usual.end == now + .seconds(1800))
    #expect(usual.interval == .seconds(60))
    #expect(usual.period == .seconds(60))
    #expect(usual.settle == .seconds(120))
    #expect(usual.lastLook == now + .seconds(1920))
    #expect(usual.baselineStart == now - .seconds(86_400 + 900))
  }

  @Test func `a slow function is waited for by itself, unless a time was asked for`() {
    #expect(schedule(.init(length: .seconds(1800))).waitsForEach)
    let told = schedule(.init(length: .seconds(1800), settle: .seconds(30)))
    #expect(told.settle == .seconds(30))
    #expect(!told.waitsForEach)
    #expect(!schedule(.init(length: .seconds(60))).waitsForEach)
  }

  @Test(arguments: [(10.0, 1.0, 2.0, 1.0), (60, 1, 12, 4), (180, 5, 36, 12), (300, 60, 60, 120)])
  func `a short watch has fine periods`(length: Double, period: Double, interval: Double, settle: Double) {
    let short = schedule(.init(length: .seconds(length)))
    #expect(short.period == .seconds(period))
    #expect(short.interval == .seconds(interval))
    #expect(short.settle == .seconds(settle))
  }

  @Test func `periods under a minute are kept for three hours`() {
    #expect(schedule(.init(length: .seconds(10))).baselineStart == now - .seconds(10_800))
  }

  @Test func `the deployment is the last update of the stacks, unless that is long ago`() {
    let update = schedule(.init(length: .seconds(1800))) { $0.updatedAt = now - .seconds(300) }
    #expect(update.deployedAt == now - .seconds(300))
    #expect(update.end == now + .seconds(1800))
    let old = schedule(.init(length: .seconds(1800))) { $0.updatedAt = now - .seconds(90_000) }
    #expect(old.deployedAt == now)
  }

  @Test func `a deployment of long ago is judged after a few looks`() {
    let past = schedule(.init(length: .seconds(1800), deployedAt: now - .seconds(7200)))
    #expect(past.deployedAt == now - .seconds(7200))
    #expect(past.lastLook == now + .seconds(240))
    let running = schedule(.init(length: .seconds(1800), deployedAt: now - .seconds(600)))
    #expect(running.end == now + .seconds(1200))
  }
}
