import CloudFormationModel
import DeploymentRecords
import RestorePoints
import StepResults
import TemplateAnalysis

/// Whether the traffic stands still, so that what is recorded is a state to go back to: a pure function of what was read.
struct TrafficReadiness {
  /// What was read, with whether each stack's template says so.
  let state: TrafficState
  let findings: [Finding]

  /// Whether nothing is in between.
  var isSettled: Bool { !state.shifts.contains(where: \.isUnsettled) }

  init(_ read: TrafficState, _ readings: [StackReading]) {
    var state = read
    let facts = Dictionary(
      readings.map { ($0.state.name, $0.facts?.sharedTraffic ?? []) }, uniquingKeysWith: { $0 + $1 })
    for index in state.shifts.indices {
      let owned = state.shifts[index]
      if TrafficReadiness.isTemplates(owned.shift, facts[owned.stack] ?? []) {
        state.shifts[index].isTemplates = true
      }
    }
    self.init(
      state,
      meaning: "What is recorded is a state in between and none to go back to; let the rollout end first")
  }

  /// What goes on now, beside a restore point that is there: shares that it records as the template's are settled.
  init(_ live: TrafficState, beside recorded: TrafficState?) {
    var state = live
    for index in state.shifts.indices {
      let shift = state.shifts[index].shift
      state.shifts[index].isTemplates =
        recorded?.shifts.first {
          $0.shift.subject == shift.subject && $0.shift.shares == shift.shares
        }?.isTemplates
    }
    self.init(
      state, meaning: "A deployment that begins now begins in the middle of a rollout; let that end first")
  }

  private init(_ state: TrafficState, meaning consequence: String) {
    self.state = state
    findings =
      state.shifts.filter(\.isUnsettled).map { owned in
        Finding(
          "traffic-shared", .warning,
          "the \(owned.shift.subject) of \(owned.stack): \(owned.shift.shares). \(consequence)",
          subject: owned.shift.subject)
      }
      + state.unread.map {
        Finding(
          "traffic-not-read", .warning, "whether two versions share traffic was not looked at: \($0)",
          subject: "traffic")
      }
  }

  /// Whether the template gives the same shares: somebody deployed them, and a rollback brings them back.
  private static func isTemplates(_ shift: TrafficShift, _ shares: [[Double]]) -> Bool {
    let live: [Double]
    switch shift {
    case .alias(let alias): live = [alias.weight]
    case .canary(let canary): live = [canary.percentTraffic]
    case .targetGroups(let listener): live = listener.targets.map { Double($0.weight) }
    case .deployment: return false
    }
    return shares.contains { $0.sorted() == live.sorted() }
  }
}
