import CloudFormationModel
import RollbackPlanning
import StepResults
import Testing

/// Sentences are put together of parts; whichever status a stack has, they read as sentences.
@Suite struct `Grammar` {
  /// What is wrong with a sentence; nil where nothing is.
  private static func fault(_ text: String) -> String? {
    if let twice = text.firstMatch(of: /\b([A-Za-z]+) \1\b/) { return "\(twice.1) twice" }
    let words = text.split { !$0.isLetter && $0 != "'" }.map { $0.lowercased() }
    for pair in [
      "it its", "its it", "is is", "it was left it", "was its", "is its", "and and", "the a", "a an",
    ]
    where " \(words.joined(separator: " ")) ".contains(" \(pair) ") {
      return pair
    }
    for mark in ["  ", " .", " ,", " ;", "..", ",,", ":.", "()", "( ", " )", ",.", ";."]
    where text.contains(mark) {
      return "the marks '\(mark)'"
    }
    if let plural = text.firstMatch(of: /\b1 (?!(?:is|was|has|series)\b)[a-z]+s\b/) { return "\(plural.0)" }
    let opened = text.filter { $0 == "(" }.count
    return opened == text.filter { $0 == ")" }.count ? nil : "brackets that do not close"
  }

  @Test func `knows a bad sentence`() {
    #expect(Self.fault("it its update failed") != nil && Self.fault("was  left") != nil)
    #expect(Self.fault("Shop is UPDATE_FAILED: its update failed and was left as it was.") == nil)
  }

  /// Every status, with what may be beside it.
  private static func stacks(_ status: StackStatus) -> [StackFacts] {
    let stuck = [StuckResource(path: "Fn", reason: "no such role")]
    return [
      Sample.stack("api", status),
      Sample.stack("api", status, difference: .none),
      Sample.stack("api", status, difference: .unknown("its template could not be read")),
      Sample.stack("api", status, isRecorded: false),
      Sample.stack("api", status, edit: { $0.stuck = stuck }),
      Sample.stack("api", status, edit: { $0.isExpress = true }),
      Sample.stack("api", status, edit: { $0.isTerminationProtected = true }),
      Sample.stack("api", status, edit: { $0.exports = ["Api": ["Shop-workflow-prod", "Other"]] }),
      Sample.stack("api", status, record: { $0.maskedParameters = ["Password"] }),
      Sample.stack("api", status, record: { $0.obstacles = ["its template is not in the restore point"] }),
      Sample.stack(
        "api", status,
        edit: { live in
          live.preview = RestorePreview(
            changeSet: "c",
            changes: [
              RestoreChange(
                logicalID: "Table", type: "AWS::DynamoDB::Table", effect: .replace,
                statefulTypes: StatefulTypes()),
              RestoreChange(
                logicalID: "Fn", type: "AWS::Lambda::Function", effect: .mayReplace,
                statefulTypes: StatefulTypes()
              ),
            ])
        }),
    ]
  }

  @Test(arguments: StackStatus.allCases, PlanOptions.Method.allCases)
  func `every sentence about every status reads as one`(_ status: StackStatus, _ method: PlanOptions.Method) {
    for stack in Self.stacks(status) {
      for failures in [[], [FailedAttempt(kind: .restore, reason: "AccessDenied: not allowed")]] {
        for confirms in [false, true] {
          var facts = Sample.facts([stack])
          facts.failures = [stack.name: failures]
          facts.breakingMigrations = ["V2__drop.sql"]
          let plan = Sample.plan(facts) { options in
            options.method = method
            if confirms { options.typedWords = ["DELETE"] }
          }
          let sentences =
            plan.findings.map(\.message) + plan.actions.map(\.reason) + plan.actions.flatMap(\.losses)
          for sentence in sentences {
            #expect(Self.fault(sentence) == nil, "\(Self.fault(sentence) ?? ""): \(sentence)")
          }
          for message in plan.findings.map(\.message) { #expect(message.hasSuffix("."), "\(message)") }
        }
      }
    }
  }

  @Test(arguments: StackStatus.allCases) func `what a status means follows its name`(_ status: StackStatus) {
    let rule = status.rule
    #expect(Self.fault("Shop is \(status.rawValue): \(rule.clause).") == nil)
    for operation in StackOperation.allCases {
      switch operation.judge(status) {
      case .replan(let why), .failed(let why): #expect(Self.fault(why) == nil, "\(why)")
      case .done, .again: break
      }
    }
  }
}
