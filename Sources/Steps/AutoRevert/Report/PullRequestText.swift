import DeploymentRecords
import Redaction
import Reporting
import StepResults

/// The text of the revert's pull request: what it takes back, why, what the database is like, and how to bring it back.
struct PullRequestText {
  var branch: String
  var environment: String
  var reason: String?
  /// The commit that was put back; nil where nothing was rolled back but git.
  var restored: String?
  /// Whether something was put back; else all was found as recorded.
  var wasPutBack = true
  var commits: [RevertPart.CommitEntry]
  var evidence: [RevertPart.EvidenceEntry] = []
  var schema = SchemaState()
  /// The run that left the record.
  var record: String?

  /// What the migrations of the range are like: in the database, and in the branch.
  struct SchemaState: Hashable, Sendable {
    /// Still applied, taken for applied since nobody could tell, taken back in the database, and what a person has to do.
    var applied: [String] = [], assumed: [String] = [], undone: [String] = [], left: [String] = []

    /// Takes in the migrations of a plan, as `states` tells of them.
    mutating func add(_ plan: GitRevertPlan, _ states: MigrationStates) {
      for path in plan.keptMigrations {
        switch states[path] {
        case .applied: applied.append(path)
        case .unknown(let why): assumed.append("\(path) (\(why))")
        case .companion: break
        case .notApplied:
          left.append("remove \(path): the database has not applied it, and the next deployment would")
        }
      }
      if !(applied + assumed).isEmpty {
        left.append("write a migration that takes back what the kept ones did, where it has to go")
      }
      for path in plan.goneMigrations {
        switch states[path] {
        case .applied: left.append("take \(path) back in the database, which has applied it: its file goes")
        case .unknown(let why):
          left.append("see that no database has applied \(path), whose file goes (\(why))")
        case .companion: break
        case .notApplied: undone.append("\(path), which the database has not applied, or not any more")
        }
      }
    }
  }

  var markdown: String {
    let name = OutsideText.markdownCode(environment)
    var lines = [
      restored.map {
        "\(name) \(wasPutBack ? "was rolled back to" : "was found at") \($0.prefix(12)). Without this revert the next deployment brings the fault back."
      }
        ?? "This takes commits back that were meant for \(name). Without it the next deployment brings them along.",
      "",
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
    lines += schemaLines
    lines += [
      "",
      "**To reapply** once the fault is mended, revert the revert: "
        + FollowUp.reapply(branch, commits.count)
        + " on top of the branch that it was merged into. Merging the original branch again would bring nothing back. A commit whose title begins with `Reapply` lets the "
        + "next deployment pass.",
    ]
    if let record { lines += ["", "Record: \(flat(record))"] }
    return lines.joined(separator: "\n") + "\n"
  }

  private var schemaLines: [String] {
    guard schema != SchemaState() else { return [] }
    var lines = ["", "**Schema**", ""]
    lines += schema.applied.map { "- applied, and its file stays: \(flat($0))" }
    lines += schema.assumed.map { "- its file stays, since it may be applied: \(flat($0))" }
    lines += schema.undone.map { "- undone: \(flat($0))" }
    lines += schema.left.map { "- to do: \(flat($0))" }
    return lines
  }

  private func flat(_ text: String) -> String { OutsideText.markdown(OutsideText.line(text)) }
}
