import DeploymentEvidence
import StepResults
import SystemInterfaces
import TestSupport
import Testing

/// An application of two stacks, its deployments, and steps that see what is live and nothing else.
private struct World {
  /// What a stack holds: which version, and whether that works.
  struct Content: Hashable, CustomStringConvertible {
    var version: Int, isGood: Bool
    var description: String { "\(version)\(isGood ? "" : "!")" }
  }
  struct Stack {
    var content: Content, updatedAt: Double
    var isRolledBack = false
  }
  var random: SeededGenerator
  var time = 1.0
  var next = 1
  var stacks: [Stack]
  var evidence: [Evidence] = []
  var points: [RecordedDeployment] = []
  /// What was live when a restore point was made.
  var held: [String: [Content]] = [:]
  /// Contents that a truthful check found failing as a whole, and that none found good since.
  var knownBad: Set<[Content]> = []
  var log: [String] = []

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    stacks = [0, 0].map { Stack(content: Content(version: $0, isGood: true), updatedAt: 1) }
  }

  var contents: [Content] { stacks.map(\.content) }
  var works: Bool { stacks.allSatisfy { $0.content.isGood } }
  var live: Deployment { DeploymentEvidenceTests.live(time(0), time(1)) }
  private func time(_ index: Int) -> Double {
    stacks[index].isRolledBack ? -stacks[index].updatedAt : stacks[index].updatedAt
  }
  var known: DeploymentHistory { history(evidence, points) }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  mutating func deploy() {
    let both = chance(70)
    for index in both ? [0, 1] : [Int.random(in: 0...1, using: &random)] {
      stacks[index] = Stack(content: Content(version: next, isGood: chance(60)), updatedAt: time)
    }
    next += 1
    log.append("deploy \(contents)")
  }

  /// CloudFormation undoes it by itself, or it never reached a stack.
  mutating func deployBadly() {
    if chance(50) {
      for index in stacks.indices {
        stacks[index].updatedAt = time
        stacks[index].isRolledBack = true
      }
    }
    log.append("failed deployment")
  }

  mutating func check() {
    evidence.append(
      smoke(works ? .go : .stop, of: live, at: time, commit: "\(contents.map(\.version))"))
    if works { knownBad.remove(contents) } else { knownBad.insert(contents) }
    log.append("check \(works)")
  }

  /// The step refuses what a stop stands about.
  mutating func snapshot() {
    guard known.standingStops(about: live).isEmpty else { return log.append("snapshot refused") }
    #expect(!knownBad.contains(contents), "a bad version was recorded: \(log)")
    let id = "p\(1000 + Int(time))"
    points.append(point(id, of: live, at: time))
    held[id] = contents
    log.append("snapshot \(id)")
  }

  /// Records that state nothing, whatever they say.
  mutating func noise() {
    let verdict = [Verdict.go, .stop, .inconclusive].randomElement(using: &random) ?? .go
    switch Int.random(in: 0...4, using: &random) {
    case 0: evidence.append(nothing(.autoRevert, verdict, of: live, at: time))
    case 1: evidence.append(nothing(.smokeTest, verdict, of: live, at: time))
    case 2: evidence.append(smoke(verdict, of: nil, at: time))
    case 3: evidence.append(smoke(verdict, of: live, at: time, application: "blog"))
    default:
      evidence.append(smoke(.go, of: live, at: time, checked("other")))
      points.append(point("p\(1000 + Int(time))x", of: live, at: time, application: "blog"))
    }
  }

  /// What auto-revert does without a person.
  mutating func revert() {
    let (before, undone) = (contents, live)
    let all = known
    let only = chance(25) ? [Int.random(in: 0...1, using: &random)] : [0, 1]
    let names = only.map { ["api", "workflow"][$0] }
    if let commit = all.commit(of: live) {
      #expect(commit == "\(contents.map(\.version))", "a wrong commit was named: \(log)")
    }
    guard
      case .chosen(let id, let isLive) = RestorePointChoice.newest(
        in: all, live: live, holding: { _ in names }),
      let target = held[id]
    else { return log.append("nothing to go back to") }
    #expect(!knownBad.contains(target), "a bad version was the good one: \(log)")
    if isLive { #expect(target == contents, "said that nothing was deployed, and something was: \(log)") }
    let differing = only.filter { target[$0] != contents[$0] }
    guard !differing.isEmpty else { return log.append("as recorded in \(id)") }
    guard
      case .byEvidence = RollbackPermission.judge(all, live: live, hasReason: false, isAttended: false)
    else { return log.append("not permitted") }
    let worked = before.allSatisfy { $0.isGood }
    #expect(!worked, "a good version was rolled back: \(log)")
    for index in differing { stacks[index] = Stack(content: target[index], updatedAt: time) }
    evidence.append(
      reverted(
        works ? .go : .stop, to: live, from: undone, at: time + 0.2, isPartial: only.count < 2,
        commit: only.count < 2 ? nil : "\(contents.map(\.version))", point: id))
    if !works { knownBad.insert(contents) }
    log.append("reverted to \(id): \(contents)")
  }

  mutating func step() {
    time += 1
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<25: deploy()
    case 25..<35: deployBadly()
    case 35..<60: check()
    case 60..<75: snapshot()
    case 75..<85: noise()
    default: revert()
    }
  }
}

/// A good version is never rolled back, a bad one never becomes the good one, and nobody is told what is not so.
@Suite struct `Random histories` {
  @Test(arguments: 0..<400) func `keep the three promises`(seed: Int) {
    var world = World(seed: UInt64(seed))
    for _ in 0..<60 { world.step() }
  }

  @Test func `come to rollbacks, refusals and recorded versions`() {
    var seen = Set<String>()
    for seed in 0..<50 {
      var world = World(seed: UInt64(seed))
      for _ in 0..<60 { world.step() }
      for line in world.log {
        seen.insert(
          line.split(separator: " ").prefix(2).filter { !$0.hasPrefix("p1") }.joined(separator: " "))
      }
    }
    #expect(
      seen.isSuperset(of: [
        "reverted to", "not permitted", "snapshot refused", "snapshot", "as recorded", "failed deployment",
        "nothing to",
      ]), "\(seen)")
  }
}
