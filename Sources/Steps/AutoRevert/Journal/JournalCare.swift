import DeploymentRecords
import JSONValues
import StepResults
import StepRuntime
import SystemInterfaces

/// Looks at the journals before a run rests on them. A damaged one is set aside; only where it holds the revert that is to
/// be continued, a person decides whether to go on without it.
struct JournalCare {
  let session: StepSession
  /// Whether a person said to go on without one that is needed.
  let mayGoWithout: Bool
  /// The command that goes on without it.
  let commandWithout: String

  /// - Throws: `StepFailure` with exit 65 where an unfinished revert stands in a damaged journal.
  func look() throws {
    let (files, records) = (session.context.files, session.records.root)
    guard try files.status(of: records)?.kind == .folder else { return }
    for name in try files.names(in: records) where name.hasPrefix("journal-") && name.hasSuffix(".jsonl") {
      try look(at: "\(records)/\(name)")
    }
  }

  private func look(at path: String) throws {
    let text: String
    do throws(FileError) {
      text = try session.context.files.readText(path)
    } catch {
      // One that others wrote, a folder, a device: none of ours, and in the way of one that is.
      return session.setAside(path, error.reason)
    }
    let (lines, damage) = ActionJournal.parsed(text)
    guard let damage else { return }
    guard RevertJournal.isOpen(lines), !mayGoWithout else { return session.setAside(path, damage) }
    throw StepFailure(
      .data, "\(path) holds an unfinished revert, and is damaged: \(damage)",
      advice: "what it holds cannot be continued; to set it aside and go on without it: \(commandWithout)")
  }
}
