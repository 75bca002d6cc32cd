import DeploymentRecords
import JSONValues
import StepResults
import Synchronization
import SystemInterfaces

/// What a session comes across that the step's own judgement does not speak of, told in its record.
final class Remarks: Sendable {
  private let found = Mutex<[Finding]>([])

  func add(_ finding: Finding) {
    found.withLock { found in
      if !found.contains(where: { $0.fingerprint == finding.fingerprint }) { found.append(finding) }
    }
  }

  var findings: [Finding] { found.withLock { $0 } }
}

/// What earlier runs left behind, as far as it can be used: damage costs what stood in the file, and nothing else.
extension StepSession {
  /// Adds a finding to those of the step.
  public func remark(_ finding: Finding) { remarks.add(finding) }

  /// What was come across beside the step's own findings.
  var remarkedFindings: [Finding] { remarks.findings + trust.findings }

  /// The latest record of `step`, as JSON; nil where there is none that can be used. A damaged one is set aside.
  /// - Parameter folder: the records folder of another environment, if not this one's.
  public func latestDocument(of step: Step, in folder: String? = nil) -> JSONValue? {
    document(at: "\(folder ?? records.root)/\(step.rawValue).json", of: step, in: folder)
  }

  /// The record at `path`, as JSON; nil where there is none that can be used. A damaged one is set aside.
  public func document(at path: String, of step: Step, in folder: String? = nil) -> JSONValue? {
    let tree: JSONValue
    do throws(FileError) {
      guard try context.files.status(of: path) != nil else { return nil }
      if let folder, trust.distrust(of: path, in: folder) != nil { return nil }
      let bytes = try context.files.read(path)
      guard records.isProved(bytes, in: folder) else {
        trust.refuseUnproved(path)
        return nil
      }
      guard let parsed = try? JSONValue(parsing: bytes) else {
        setAside(path, bytes.isEmpty ? "it is empty" : "it is cut off, or no JSON")
        return nil
      }
      tree = parsed
    } catch {
      if error.isDistrust || error.isNotFound { return nil }
      // What cannot be read for want of permission is not damaged.
      if error.isOfAnotherType { setAside(path, error.reason) } else { remarkUnread(path, error.reason) }
      return nil
    }
    guard tree["step"]?.string == step.rawValue, tree["verdict"]?.string.flatMap(Verdict.init) != nil,
      let finishedAt = tree["finishedAt"]?.string.flatMap({ Timestamp($0) })
    else {
      setAside(path, "it is no record of \(step.rawValue): step, verdict or time are missing")
      return nil
    }
    guard finishedAt <= context.clock.now + FileTrust.clockTolerance else {
      setAside(path, "it says that it was written in the future, at \(finishedAt)")
      return nil
    }
    return tree
  }

  /// Gives what is damaged another name, so that it stands in no later run's way, and says so.
  public func setAside(_ path: String, _ why: String) {
    var aside = "\(path).damaged"
    var count = 1
    while context.files.exists(aside) {
      count += 1
      aside = "\(path).damaged-\(count)"
    }
    do throws(FileError) {
      try context.files.rename(path, to: aside)
      remark(
        Finding(
          "record-set-aside", .warning, "\(path) cannot be used and is now \(aside): \(why)", subject: path))
    } catch { remarkUnread(path, "\(why); and it cannot be set aside: \(error.reason)") }
  }

  /// What stands where this run writes and is of another type, such as a file where a folder belongs, is set aside.
  func clearTheWay() {
    let root = records.root
    let places: [(path: String, kind: FileStatus.Kind)] =
      [("\(root)/runs", .folder), ("\(root)/runs/\(records.run)", .folder)]
      + [(restorePoints.root, .folder), ("\(restorePoints.root)/latest", .file)]
      + Step.allCases.map { ("\(root)/\($0.rawValue).json", .file) }
    for (path, kind) in places {
      guard let status = try? context.files.status(of: path), status.kind != kind else { continue }
      // A link to the restore points is the user's own business, and is said where it is met.
      if status.kind == .symbolicLink, path == restorePoints.root { continue }
      setAside(path, kind == .folder ? "it is no folder" : "it is no file")
    }
  }

  private func remarkUnread(_ path: String, _ why: String) {
    remark(Finding("record-set-aside", .warning, "\(path) was not used: \(why)", subject: path))
  }
}
