import DeploymentEvidence
import StepResults
import Testing

@Suite struct `What a stop speaks about, and what answers it` {
  private let bad = live(2, 2)
  private let good = live(1, 1)
  private var stop: Evidence { smoke(.stop, of: bad, at: 3) }

  @Test func `a stop stands until something answers it`() {
    let history = history([stop])
    #expect(history.standingStops(about: bad) == [stop])
    #expect(history.answer(to: stop) == nil)
    #expect(history.standingStops(about: live(9, 9)).isEmpty)
  }

  @Test func `none of these answers a stop, and none raises one`() {
    let others = [
      // A dry run, a refused and an interrupted run, files that were only read.
      nothing(.autoRevert, .go, of: bad, at: 4), nothing(.autoRevert, .stop, of: bad, at: 5),
      nothing(.autoRevert, .inconclusive, of: bad, at: 6), nothing(.smokeTest, .go, of: bad, at: 7),
      // Nobody knows about which deployment; another application; an older record.
      smoke(.go, of: nil, at: 8), smoke(.go, of: bad, at: 9, application: "shop"),
      smoke(.go, of: bad, at: 10, application: nil),
      // Other checks; the evidence did not suffice.
      smoke(.go, of: bad, at: 11, checked("other")), smoke(.inconclusive, of: bad, at: 12),
    ]
    for other in others {
      let both = history([stop, other])
      #expect(both.standingStops(about: bad) == [stop], "\(other)")
      #expect(both.answer(to: stop) == nil, "\(other)")
      #expect(history([other]).standingStops(about: bad).isEmpty)
    }
    let foreign = smoke(.stop, of: bad, at: 3, application: "shop")
    #expect(history([foreign]).standingStops(about: bad).isEmpty)
  }

  @Test func `a go of the same checks about the same deployment takes it back, an earlier one does not`() {
    for checks in [checked("home"), checked("home", "other")] {
      let later = history([stop, smoke(.go, of: bad, at: 4, checks)])
      #expect(later.standingStops(about: bad).isEmpty && later.answer(to: stop) != nil)
    }
    #expect(history([smoke(.go, of: bad, at: 2.5), stop]).standingStops(about: bad) == [stop])
    let again = smoke(.stop, of: bad, at: 5)
    #expect(history([stop, smoke(.go, of: bad, at: 4), again]).standingStops(about: bad) == [again])
  }

  @Test func `a whole rollback that was found healthy settles it, and the bad version stays bad`() {
    let back = live(5, 5)
    let all = history(
      [stop, reverted(.go, to: back, from: bad, at: 6)], [point("a", of: good, at: 1.5)])
    #expect(all.answer(to: stop)?.step == .autoRevert)
    #expect(all.standingStops(about: back).isEmpty)
    #expect(all.standingStops(about: bad) == [stop])
  }

  @Test func `what a rollback left out is still the bad version`() {
    let half = live(2, 5)
    let all = history(
      [stop, reverted(.go, to: half, from: bad, at: 6, isPartial: true)], [point("a", of: good, at: 1.5)])
    #expect(all.standingStops(about: half) == [stop] && all.answer(to: stop) == nil)
    // The other half may be put back by the same stop, unless what had failed passes by now.
    #expect(all.reasons(against: half).isEmpty)
    let sick = smoke(.stop, of: bad, at: 3, checked("home", "other", failing: ["other"]))
    let unasked = history([sick, reverted(.go, to: half, from: bad, at: 6, isPartial: true)])
    #expect(unasked.reasons(against: half) == [sick])
    #expect(history([stop]).reasons(against: half).isEmpty)
    // Checked by itself it may be found good.
    let passed = history(all.evidence + [smoke(.go, of: half, at: 7)], all.points)
    #expect(passed.standingStops(about: half).isEmpty)
  }

  @Test func `a stack that the bad deployment did not touch is not to blame`() {
    let before = live(1, 1)
    let bad = live(2, 1)
    let stop = smoke(.stop, of: bad, at: 3)
    let back = live(5, 1)
    let recorded = history([stop], [point("a", of: before, at: 1.5)])
    #expect(recorded.standingStops(about: before).isEmpty && recorded.standingStops(about: back).isEmpty)
    let checked = history([smoke(.go, of: before, at: 1.5), stop])
    #expect(checked.standingStops(about: back).isEmpty)
  }

  @Test func `a fix forward is another deployment, and good once it was checked`() {
    let fix = live(4, 2)
    #expect(history([stop]).standingStops(about: fix) == [stop])
    let passed = history([stop, smoke(.go, of: fix, at: 5)])
    #expect(passed.standingStops(about: fix).isEmpty)
    #expect(passed.standingStops(about: bad) == [stop])
  }

  @Test func `an update that CloudFormation undid left the version before it`() {
    let failed = live(-4, 2)
    #expect(history([stop]).standingStops(about: failed) == [stop])
    let between = history([stop, smoke(.go, of: live(3.5, 3.5), at: 3.7)])
    #expect(between.standingStops(about: live(-4, -4)).isEmpty)
    // Undone while it ran: the version before the bad one.
    let cancelled = live(-2, -2)
    let all = history([stop], [point("a", of: good, at: 1.5)])
    #expect(all.standingStops(about: cancelled).isEmpty)
  }

  @Test func `health after a rollback that does not pass is a stop about what was put back`() {
    let back = live(5, 5)
    let all = history([stop, reverted(.stop, to: back, from: bad, at: 6)], [point("a", of: good, at: 1.5)])
    #expect(all.standingStops(about: back).map(\.step) == [.autoRevert])
    #expect(all.answer(to: stop) == nil)
    #expect(all.isGood(all.points[0], holding: ["api", "workflow"]))
    // What was put back is what the restore point holds.
    let named = history(
      [stop, reverted(.stop, to: back, from: bad, at: 6, point: "a")], [point("a", of: good, at: 1.5)])
    #expect(!named.isGood(named.points[0], holding: ["api", "workflow"]))
    #expect(named.holds(named.points[0], back) && !all.holds(all.points[0], back))
    let mended = history(all.evidence + [smoke(.go, of: back, at: 7)], all.points)
    #expect(mended.standingStops(about: back).isEmpty)
  }

  @Test func `the commit of a deployment is what was said of it alone`() {
    let back = live(5, 5)
    let all = history(
      [
        smoke(.go, of: good, at: 1.2, commit: "v1"), smoke(.stop, of: bad, at: 3, commit: "v2"),
        reverted(.go, to: back, from: bad, at: 6, commit: "v1"),
        // Checked out at the bad commit still.
        smoke(.go, of: back, at: 7, commit: "v2"),
      ])
    #expect(all.commit(of: good) == "v1" && all.commit(of: bad) == "v2" && all.commit(of: back) == "v1")
    #expect(all.commit(of: live(9, 9)) == nil)
    #expect(history([], [point("a", of: good, at: 2, commit: "v1")]).commit(of: good) == "v1")
  }
}
