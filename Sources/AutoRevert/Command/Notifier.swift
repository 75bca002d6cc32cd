import DeploymentConfig
import HTTPTransport
import JSONValues
import Records
import RollbackPlan
import StepCommand
import SystemInterfaces

/// Tells people by the webhooks of the policy: before the first call and afterwards.
struct Notifier {
  let session: StepSession

  /// What the runbook's message says.
  struct Message {
    var issue: String
    var impact: String
    var action: String
    var eta: String
    var status: String
  }

  /// Sends `message` to everybody the policy names; a message that cannot be sent stops nothing and is a finding.
  func send(_ message: Message) async -> [PlanFinding] {
    var findings: [PlanFinding] = []
    for entry in session.policy.notifications
    where entry.environments.isEmpty || entry.environments.contains(session.environment) {
      guard let url = session.context.environment.nonEmpty(entry.variable) else {
        findings.append(failed(entry, "the environment variable \(entry.variable) is not set"))
        continue
      }
      session.redactor.learn(url)
      let body = Notifier.body(
        entry.kind, message, environment: session.environment, run: session.records.run)
      let request = HTTPRequest(
        "POST", url, headers: [HTTPField("Content-Type", "application/json")],
        body: Array(session.redactor.redact(body.serialized()).utf8), timeout: .seconds(10))
      do {
        let response = try await session.http().send(request)
        if !(200..<300).contains(response.status) {
          findings.append(failed(entry, "it answered \(response.status)"))
        }
      } catch {
        findings.append(failed(entry, "\(error)"))
      }
    }
    return findings
  }

  static func body(_ kind: NotificationPolicy.Kind, _ message: Message, environment: String, run: String)
    -> JSONValue
  {
    let subject = "[URGENT] Rolling back \(environment)"
    switch kind {
    case .webhook:
      return [
        "subject": .string(subject), "environment": .string(environment), "run": .string(run),
        "issue": .string(message.issue), "impact": .string(message.impact), "action": .string(message.action),
        "eta": .string(message.eta), "status": .string(message.status),
      ]
    case .slack:
      let lines = [
        "*\(subject)*", "Issue: \(message.issue)", "Impact: \(message.impact)", "Action: \(message.action)",
        "ETA: \(message.eta)", "Status: \(message.status)",
      ]
      return ["text": .string(lines.joined(separator: "\n"))]
    }
  }

  private func failed(_ entry: NotificationPolicy, _ why: String) -> PlanFinding {
    PlanFinding(
      .notificationFailed, .warning, target: entry.variable,
      "the message to \(entry.variable) could not be sent: \(why)")
  }
}
