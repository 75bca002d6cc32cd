import AWSClients
import CloudFormationModel
import DeploymentRecords
import JSONValues
import RestorePoints
import StepResults
import SystemInterfaces
import TemplateAnalysis

/// Whether a stack is in a state from which a deployment may start: a pure function of what was read.
enum StackReadiness {
  /// The largest template that a call carries itself; larger ones go through S3.
  static let maximumTemplateBytes = 51_200
  /// The largest template that there is.
  static let largestTemplateBytes = 1_048_576

  static func findings(_ state: StackState, status: StackStatus, allowsDrift: Bool) -> [Finding] {
    var findings: [Finding] = []
    func add(_ code: String, _ severity: Severity, _ message: String) {
      findings.append(Finding(code, severity, message, subject: state.name))
    }
    if status.isInProgress || status == .reviewInProgress {
      add("stack-in-motion", .error, "\(state.name) is \(status): wait until it has finished")
    } else if status.isFailed || status == .rollbackComplete {
      add("stack-failed", .error, "\(state.name) is \(status): repair it before anything new is deployed")
    } else if status == .updateRollbackComplete || status == .importRollbackComplete {
      add("stack-rolled-back", .notice, "\(state.name) is \(status): its last update was rolled back")
    } else if !status.isKnown {
      add("stack-failed", .error, "\(state.name) is \(status), a status that this version does not know")
    }
    if state.driftStatus == "DRIFTED" {
      add(
        "drift", allowsDrift ? .warning : .error,
        "\(state.name) has drifted from its template: a restore puts the template's values back")
    }
    if state.deploymentMode == "EXPRESS" {
      add(
        "express-deployment", .warning,
        "\(state.name) is deployed in EXPRESS mode: its rollback is disabled, and UPDATE_COMPLETE does not mean that "
          + "what was deployed is ready")
    }
    let hidden = state.parameters.filter(\.noEcho).map(\.name)
    if !hidden.isEmpty {
      add(
        "hidden-parameter", .warning,
        "\(state.name): \(hidden.joined(separator: ", ")) cannot be read back (NoEcho), so a change of it is not seen: "
          + "unverified; a restore keeps the value that the stack has then"
          + (state.parentId == nil
            ? ". Where a deployment changes or drops it, the rollback needs the old value: set "
              + hidden.map(state.variable).joined(separator: ", ") + " as a CI secret, and give auto-revert "
              + hidden.map { "--parameter \(state.role)/\($0)" }.joined(separator: " ") : ""))
    }
    return findings
  }

  /// What is missing to put a stack back, with the finding's code; nil where nothing is.
  /// - Parameters:
  ///   - missingBucket: why there is no bucket for large templates; nil where there is one.
  ///   - missingAssets: what the template fetches and is not there.
  static func gap(
    templateBytes: Int, missingBucket: String?, missingAssets: [String] = []
  ) -> (code: String, why: String)? {
    if templateBytes == 0 { return ("not-restorable", "its template is empty") }
    if templateBytes > largestTemplateBytes {
      return (
        "not-restorable",
        "its template has \(templateBytes) bytes; no update takes more than \(largestTemplateBytes)"
      )
    }
    if templateBytes > maximumTemplateBytes, let missingBucket {
      return (
        "template-bucket-missing",
        "its template has \(templateBytes) bytes; more than \(maximumTemplateBytes) go through S3, and \(missingBucket)"
      )
    }
    guard missingAssets.isEmpty else {
      return (
        "asset-missing", "what its template fetches is not there: \(missingAssets.joined(separator: "; "))"
      )
    }
    return nil
  }

  /// What the template fetches from a place where the next deployment may write something else. The code of functions and
  /// templates of nested stacks are kept apart, and say so by themselves.
  static func overwritable(_ reading: StackReading) -> [Finding] {
    let isKept: Set<String> = [
      "AWS::Lambda::Function", "AWS::Serverless::Function", "AWS::CloudFormation::Stack",
    ]
    let types = Dictionary(
      reading.state.resources.map { ($0.logicalId, $0.type) }, uniquingKeysWith: { first, _ in first })
    let open = (reading.facts?.assets ?? []).filter { use in
      guard case .object(_, let key, let version) = use.asset, version == nil, !isContentAddress(key) else {
        return false
      }
      return !(types[use.logicalId].map(isKept.contains) ?? false)
    }
    guard !open.isEmpty else { return [] }
    return [
      Finding(
        "asset-not-pinned", .warning,
        "\(reading.state.name): its restore cannot be promised where the next deployment writes to the same place, since the "
          + "template names no version of what it fetches:"
          + open.map { "\n\($0.logicalId): \($0.asset)" }.joined(),
        subject: reading.state.name)
    ]
  }

  /// Whether a key is made from what lies there or from when it was made, so that nothing else comes to lie there.
  static func isContentAddress(_ key: String) -> Bool {
    var (hex, digits) = (0, 0)
    for byte in key.utf8 {
      let isDigit = (0x30...0x39).contains(byte)
      digits = isDigit ? digits + 1 : 0
      hex = isDigit || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte) ? hex + 1 : 0
      if hex >= 32 || digits >= 13 { return true }
    }
    return false
  }

  /// What would make the next deployment easier to take back; nothing that keeps it from beginning.
  /// - Parameter watch: for how long a deployment is watched.
  static func advice(_ readings: [StackReading], watch: Duration) -> [Finding] {
    var findings: [Finding] = []
    let minutes = Int(watch.inSeconds / 60)
    let unwatched = readings.filter {
      $0.state.parentId == nil && ($0.state.rollbackConfiguration?["monitoringMinutes"]?.int ?? 0) < minutes
    }
    if !unwatched.isEmpty {
      findings.append(
        Finding(
          "no-monitoring-time", .notice,
          "\(unwatched.map(\.state.name).joined(separator: ", ")): deploy with "
            + "RollbackConfiguration.MonitoringTimeInMinutes \(minutes): then CloudFormation itself can take the update "
            + "back for as long as it is watched, and keeps what it replaced", subject: "stacks"))
    }
    for reading in readings where reading.state.parentId == nil && reading.disablesRollback {
      findings.append(
        Finding(
          "rollback-disabled", .warning,
          "\(reading.state.name) was last deployed with its rollback disabled: an update that fails stays half-done",
          subject: reading.state.name))
    }
    return findings
  }
}
