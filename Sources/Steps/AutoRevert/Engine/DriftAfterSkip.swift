import RollbackPlanning
import StepResults

/// What a look for drift says of resources that a continued rollback skipped. CloudFormation checks neither custom resources
/// nor what is inside nested stacks, and some types not at all: of those it says nothing, and so must this.
struct DriftAfterSkip {
  let stack: String
  let skips: [String]
  let answer: DriftAnswer

  var findings: [PlanFinding] {
    let unchecked = skips.filter { !answer.drifted.contains($0) && !answer.inSync.contains($0) }
    var lines: [String] = []
    if !answer.drifted.isEmpty {
      lines.append("not as their template says after the skip: \(answer.drifted.joined(separator: ", "))")
    }
    if !unchecked.isEmpty {
      lines.append(
        "whether \(unchecked.joined(separator: ", ")) drifted is not known, since CloudFormation does not check it: look at "
          + "it by hand")
    }
    if lines.isEmpty {
      lines.append("no drift was found after skipping \(skips.joined(separator: ", "))")
    }
    let command =
      "aws cloudformation describe-stack-resource-drifts --stack-name \(stack) "
      + "--stack-resource-drift-status-filters MODIFIED DELETED NOT_CHECKED"
    return lines.map {
      PlanFinding(
        .driftAfterSkip, .warning, target: stack,
        remedy: .command(command, does: "shows what the skipped resources are not"), "\(stack): \($0).")
    }
  }
}
