import DeploymentConfig
import Reporting

/// What the runbook's message says, and where the rollback stands.
struct IncidentMessage: Hashable, Sendable {
  /// Where the rollback stands.
  enum State: String, Hashable, Sendable {
    case inProgress = "in-progress"
    case complete, needsPerson = "needs-person"

    /// As a person reads it.
    var words: String {
      switch self {
      case .inProgress: "In progress"
      case .complete: "Complete"
      case .needsPerson: "Needs a person"
      }
    }
  }
  /// What is wrong, whom it hits, what is done.
  var issue: String, impact: String, action: String
  /// How long it is expected to take, or took.
  var eta: String
  /// Where it stands.
  var state: State
  /// More on that, for a person: what failed, what to do next.
  var detail = ""
  /// Who takes responsibility, where somebody does.
  var `operator` = ""
  /// Whether it is over: nobody need stand by, though somebody may have to look at what is left.
  var isOver = false

  /// The status line.
  var status: String { detail.isEmpty ? state.words : "\(state.words): \(detail)" }

  /// Every field gone over by `change`: what is redacted here is redacted before any encoding hides it.
  func mapped(_ change: (String) -> String) -> IncidentMessage {
    var changed = self
    changed.issue = change(issue)
    changed.impact = change(impact)
    changed.action = change(action)
    changed.eta = change(eta)
    changed.detail = change(detail)
    changed.operator = change(`operator`)
    return changed
  }
}

/// A message as one channel sends it.
struct RenderedMessage: Hashable, Sendable {
  /// Stable for one rollback, however many runs it takes.
  var incident: String
  /// The run that sends it, the environment.
  var run: String, environment: String
  /// One line; the whole message.
  var subject: String, text: String
  /// The parts.
  var message: IncidentMessage

  /// The runbook's template.
  static let defaultSubject = "[URGENT] Rolling back {environment}"
  static let defaultText = """
    Issue: {issue}
    Impact: {impact}
    Action: {action}
    ETA: {eta}
    Status: {status}

    Team: please stand by and monitor. Incident {incident}, run {run}.
    """
  /// The same once it is over: nothing is urgent then.
  static let overSubject = "[OVER] Rolling back {environment}"
  static let overText = """
    Issue: {issue}
    Impact: {impact}
    Action: {action}
    Time: {eta}
    Status: {status}

    Team: nobody need stand by any more. Incident {incident}, run {run}.
    """

  init(
    _ message: IncidentMessage, _ entry: NotificationPolicy, incident: String, run: String,
    environment: String
  ) {
    self.message = message
    self.incident = incident
    self.run = run
    self.environment = environment
    let values = [
      "action": message.action, "environment": environment, "eta": message.eta, "impact": message.impact,
      "incident": incident, "issue": message.issue, "operator": message.operator, "run": run,
      "status": message.status,
    ].mapValues(OutsideText.message)
    subject = RenderedMessage.fill(
      entry.subject, message.isOver ? RenderedMessage.overSubject : RenderedMessage.defaultSubject, values)
    text = RenderedMessage.fill(
      entry.text, message.isOver ? RenderedMessage.overText : RenderedMessage.defaultText, values)
  }

  private static func fill(_ own: MessageTemplate?, _ builtIn: String, _ values: [String: String]) -> String {
    own?.filled(values) ?? (try? MessageTemplate(builtIn))?.filled(values) ?? ""
  }
}
