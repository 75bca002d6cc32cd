import DeploymentRecords
import Redaction
import Reporting
import StepResults

/// The text of the revert's pull request: what it takes back, why, and how to bring it back.
enum PullRequestText {
  static func make(
    branch: String, environment: String, wasPutBack: Bool, reason: String?, restored: String?,
    commits: [RevertPart.CommitEntry], evidence: [RevertPart.EvidenceEntry]
  ) -> String {
    var lines = [
      "\(OutsideText.markdownCode(environment)) \(wasPutBack ? "was rolled back" : "was found")"
        + (restored.map { "\(wasPutBack ? " to" : " at") \($0.prefix(12))" } ?? "")
        + ". Without this revert the next deployment brings the fault back.", "",
    ]
    if let reason { lines += ["**Reason**: \(flat(reason))", ""] }
    lines += ["**Takes back**", ""]
    lines += commits.map { "- \($0.id) \(flat($0.summary))" }
    let spoken = evidence.filter { $0.verdict != .go }
    if !spoken.isEmpty {
      lines += ["", "**Evidence**", ""]
      for entry in spoken {
        lines.append("- \(entry.step) said \(entry.verdict.rawValue) at \(entry.finishedAt)")
        lines += entry.messages.prefix(5).map { "  - \(flat($0))" }
      }
    }
    lines += [
      "",
      "**To reapply** once the fault is mended, revert the revert: "
        + FollowUp.reapply(branch, commits.count)
        + " on top of the branch that it was merged into. Merging the original branch again would bring nothing back.",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func flat(_ text: String) -> String { OutsideText.markdown(OutsideText.line(text)) }
}
