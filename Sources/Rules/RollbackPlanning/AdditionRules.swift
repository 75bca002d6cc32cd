import CloudFormationModel
import StepResults

/// What the deployment that is undone added goes as it would have gone in CloudFormation's own rollback: without leave, unless
/// it holds data or the policy asks for it.
struct AdditionRules {
  let stack: StackFacts
  let options: PlanOptions
  private let additions: [RestoreChange]

  /// - Parameter lost: what the restore takes away.
  init(stack: StackFacts, options: PlanOptions, lost: [RestoreChange]) {
    self.stack = stack
    self.options = options
    let added = lost.filter(\.isAddition)
    // What is inside a nested stack is listed with it, and each is judged by itself.
    let full = Set(
      lost.filter { $0.isStateful && !AdditionRules.keepsOnlyRecords($0) && $0.type != AdditionRules.nested }
        .map(\.logicalID))
    additions = added.filter { change in
      guard change.isStateful else { return true }
      if change.type == AdditionRules.nested {
        return !full.contains { $0.hasPrefix(change.logicalID + "/") }
      }
      return AdditionRules.keepsOnlyRecords(change)
    }
  }

  private static let nested = "AWS::CloudFormation::Stack"

  /// A log of what was deployed and is taken away holds nothing that the version before would miss.
  private static func keepsOnlyRecords(_ change: RestoreChange) -> Bool {
    change.type == "AWS::Logs::LogGroup"
  }

  /// Whether `change` is told here: it goes, or the policy asks.
  func goes(_ change: RestoreChange) -> Bool { additions.contains(change) }

  /// What goes, in one sentence a stack; data in it by name.
  var findings: [PlanFinding] {
    guard !additions.isEmpty else { return [] }
    let names = LossSummary.names(additions)
    let isAsked = options.asksForAdditions && !options.allowReplace
    var findings = [
      PlanFinding(
        .additionRemoved, isAsked ? .error : .notice, target: stack.name,
        remedy: isAsked ? .options(["--allow-replace"]) : nil,
        "the restore of \(stack.name) removes what the deployment that is undone added: \(names)."
          + (isAsked ? " The policy asks for leave (additions: ask): only with --allow-replace." : ""))
    ]
    findings += additions.filter(\.isStateful).filter(AdditionRules.keepsOnlyRecords).map {
      PlanFinding(
        .additionRemoved, .warning, target: "\(stack.name)/\($0.logicalID)",
        "\($0.logicalID) (\($0.type)) goes with everything that was logged to it since the deployment added it."
      )
    }
    return findings
  }
}

/// What the restore makes anew although the restore point knows one of it.
struct MadeAnewRules {
  let stack: StackFacts
  let options: PlanOptions

  /// A stop where the name is taken, or where an empty one would stand in for one with data.
  func findings(_ changes: [RestoreChange]) -> [PlanFinding] {
    changes.compactMap { change in
      guard let former = change.former else { return nil }
      return change.effect == .add ? finding(change, former) : taken(change, former)
    }
  }

  /// A stop where the restore would put back, by a replacement, one that the deployment replaced and kept under its name.
  private func taken(_ change: RestoreChange, _ former: RestoreChange.Former) -> PlanFinding? {
    guard former.isLeftBehind, former.isNamed else { return nil }
    let path = "\(stack.name)/\(change.logicalID)"
    let allowed = options.allows(change, of: stack)
    return PlanFinding(
      .nameTaken, allowed ? .warning : .error, target: path,
      "the deployment put another in the place of \(change.logicalID) (\(change.type)) in \(stack.name) and left "
        + "\(former.id) behind, whose name the restore needs: it cannot make a second one, and CloudFormation takes up none "
        + "in the place of another. Give it another logical id in a template with \(former.id) and import it there (a change "
        + "set of the type IMPORT), or go on with the one that is there."
        + (allowed ? "" : " If \(former.id) is gone, give leave with --allow-stateful \(path)."))
  }

  private func finding(_ change: RestoreChange, _ former: RestoreChange.Former) -> PlanFinding? {
    let path = "\(stack.name)/\(change.logicalID)"
    let allowed = options.allows(change, of: stack)
    let leave = allowed ? "" : " If it is gone or may stay beside, give leave with --allow-stateful \(path)."
    let what = "\(change.logicalID) (\(change.type))"
    if former.isLeftBehind, former.isNamed {
      return PlanFinding(
        .nameTaken, allowed ? .warning : .error, target: path,
        "the deployment let go of \(what) in \(stack.name) and left \(former.id) behind, whose name the restore needs: it "
          + "cannot make a second one, and CloudFormation does not take this one up by itself. Import it into the stack as "
          + "the recorded template declares it (a change set of the type IMPORT), then run auto-revert again."
          + leave)
    }
    guard change.isStateful else { return nil }
    if former.isLeftBehind {
      return PlanFinding(
        .wouldLoseData, allowed ? .warning : .error, target: path,
        "the restore would make \(what) in \(stack.name) anew and empty: the one with the data, \(former.id), was left "
          + "behind by the deployment, and belongs to no stack. Import it first." + leave)
    }
    return PlanFinding(
      .madeAnew, .warning, target: path,
      "the deployment deleted \(what) of \(stack.name) (\(former.id)) with its data; the restore makes it anew, empty."
    )
  }
}

extension PlanOptions {
  /// Whether leave was given for `change` of `stack` by name.
  func allows(_ change: RestoreChange, of stack: StackFacts) -> Bool {
    allowStateful.contains("\(stack.name)/\(change.logicalID)")
      || allowStateful.contains("\(stack.role)/\(change.logicalID)")
  }
}
