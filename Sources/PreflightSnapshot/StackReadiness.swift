import AWSClients
import Records

/// Whether a stack is in a state from which a deployment may start: a pure function of what was read.
enum StackReadiness {
  /// The largest template that a call carries itself; larger ones go through S3.
  static let maximumTemplateBytes = 51_200

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
        "express-deployment", .warning, "\(state.name) is deployed in EXPRESS mode, which disables rollback")
    }
    let hidden = state.parameters.filter(\.noEcho).map(\.name)
    if !hidden.isEmpty {
      add(
        "hidden-parameter", .notice,
        "\(state.name): \(hidden.joined(separator: ", ")) cannot be read back (NoEcho); a restore keeps the value "
          + "that the stack has then")
    }
    return findings
  }

  /// What is missing to put the stack back; nil where nothing is.
  static func gap(_ state: StackState, templateBytes: Int, hasBucket: Bool) -> String? {
    if templateBytes == 0 { return "its template is empty" }
    if templateBytes > maximumTemplateBytes, !hasBucket {
      return
        "its template has \(templateBytes) bytes; more than \(maximumTemplateBytes) go through S3, and no bucket "
        + "is named"
    }
    return nil
  }
}
