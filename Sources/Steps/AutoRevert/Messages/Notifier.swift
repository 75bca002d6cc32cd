import DeploymentConfig
import DeploymentRecords
import HTTPTransport
import MailTransport
import Redaction
import Reporting
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// Tells people by the policy's channels: one thread each, opened before the first call, updated, and closed.
///
/// A channel that fails stops nothing: it is a finding of the run.
actor Notifier {
  private let session: StepSession
  private let entries: [NotificationPolicy]
  private var incident: Incident
  private var last: IncidentMessage?
  private var failures: [String: String] = [:]
  /// Channels that did not take the last message in time.
  private var missed: Set<String> = []
  /// Whether something was said in this run.
  private(set) var hasSpoken = false

  /// - Parameter isContinued: the thread of the run before is gone on with.
  init(_ session: StepSession, isContinued: Bool) {
    self.session = session
    entries = session.policy.notifications.filter {
      $0.environments.isEmpty || $0.environments.contains(session.environment)
    }
    let earlier =
      isContinued
      ? Incident.open(session.records.root, of: session.application, session.context.files) : nil
    incident =
      earlier
      ?? Incident(
        id: session.newId(), application: session.application, openedAt: session.context.clock.now)
  }

  /// Whether the policy names anybody for this environment.
  var hasReceivers: Bool { !entries.isEmpty }

  /// What could not be sent, or could not be if it came to that; one finding a channel.
  var findings: [PlanFinding] {
    failures.sorted { $0.key < $1.key }.map { name, why in
      PlanFinding(
        .notificationFailed, .warning, target: name, "the message to \(name) could not be sent: \(why)")
    }
  }

  /// The channels that were told, in this run or an earlier one of the same rollback.
  var told: [String] { incident.threads.keys.sorted() }

  /// Whether each channel has what it needs, without sending anything.
  func check() {
    for entry in entries {
      if case .failure(let failure) = channel(entry) { failures[entry.name] = failure.description }
    }
  }

  /// How long a message may take: no call waits long for people, who are told again beside the calls; afterwards there is
  /// time.
  static let beforeCalls: Duration = .seconds(3), otherwise: Duration = .seconds(10)

  /// Says `message` to those who know of the rollback already and to those whose time has come, side by side.
  func tell(_ message: IncidentMessage, within limit: Duration = Notifier.otherwise) async {
    last = message
    let elapsed = session.context.clock.now - incident.openedAt
    await send(
      message,
      to: entries.filter { entry in
        // What needs a person goes to everybody.
        message.state == .needsPerson || incident.threads[entry.name] != nil
          || (message.state == .inProgress ? entry.after <= elapsed : entry.after == .zero)
      }, within: limit)
  }

  /// Tells those again who were not reached in time, then waits for each escalation step and takes it, until the task is
  /// cancelled: the rollback has then ended.
  func escalate() async {
    if let message = last, message.state == .inProgress {
      await send(message, to: entries.filter { missed.contains($0.name) }, within: Notifier.otherwise)
    }
    let steps = entries.filter { $0.after > .zero }.sorted { $0.after < $1.after }
    for entry in steps {
      let due = incident.openedAt + entry.after
      do {
        try await session.context.clock.sleep(for: max(.zero, due - session.context.clock.now))
      } catch {
        return
      }
      guard !Task.isCancelled, var message = last, message.state == .inProgress,
        incident.threads[entry.name] == nil
      else { continue }
      message.detail = "not finished after \(RevertReport.minutes(entry.after.inSeconds))"
      session.progress.say("not finished after \(entry.after.words): telling \(entry.name)")
      last = message
      // Those who were told before learn that others are.
      await send(
        message, to: entries.filter { $0 == entry || incident.threads[$0.name] != nil },
        within: Notifier.otherwise)
    }
  }

  private func send(
    _ message: IncidentMessage, to entries: [NotificationPolicy], within length: Duration
  ) async {
    guard !entries.isEmpty else { return }
    hasSpoken = true
    let redactor = session.redactor
    let clean = message.mapped { redactor.redact($0) }
    let limit = SendingLimit(length, session.context.clock)
    let results = await withTaskGroup(
      of: (String, Result<Incident.Thread, any Error>).self,
      returning: [(String, Result<Incident.Thread, any Error>)].self
    ) { group in
      for entry in entries {
        switch channel(entry) {
        case .failure(let failure): failures[entry.name] = failure.description
        case .success(let channel):
          let rendered = RenderedMessage(
            clean, entry, incident: incident.id, run: session.records.run, environment: session.environment)
          let thread = incident.threads[entry.name] ?? Incident.Thread()
          group.addTask {
            do {
              return (entry.name, .success(try await channel.send(rendered, in: thread, limit)))
            } catch {
              return (entry.name, .failure(error))
            }
          }
        }
      }
      var all: [(String, Result<Incident.Thread, any Error>)] = []
      for await result in group { all.append(result) }
      return all
    }
    for (name, result) in results {
      switch result {
      case .success(let thread):
        incident.threads[name] = thread
        if missed.remove(name) != nil { failures[name] = nil }
      case .failure(is CancellationError):
        // The rollback ended meanwhile, and its end is told next.
        continue
      case .failure(let error):
        failures[name] = "\(error)"
        if (error as? TransferError)?.kind == .timedOut { missed.insert(name) }
        if let partly = error as? MailChannel.PartlySent { incident.threads[name] = partly.thread }
      }
    }
    do throws(FileError) {
      try incident.save(session.records.root, session.context.files)
    } catch {
      failures["incident.json"] = "the thread is not kept for a later run: \(error)"
    }
  }

  // MARK: - Channels

  private func channel(_ entry: NotificationPolicy) -> Result<any Channel, ChannelFailure> {
    do throws(ChannelFailure) {
      let http = session.http()
      switch entry.kind {
      case .webhook: return .success(WebhookChannel(http: http, url: try secret(entry.variable)))
      case .slack:
        guard let token = entry.tokenVariable, let channel = entry.channel else {
          return .success(SlackWebhookChannel(http: http, url: try secret(entry.variable)))
        }
        return .success(
          SlackBotChannel(
            http: http, url: entry.variable == nil ? "https://slack.com/api" : try secret(entry.variable),
            token: try secret(token), channel: channel))
      case .smtp: return .success(try mailChannel(entry))
      }
    } catch {
      return .failure(error)
    }
  }

  private func mailChannel(_ entry: NotificationPolicy) throws(ChannelFailure) -> MailChannel {
    // A mail server's address is no secret, a password in it is.
    let url = try value(entry.variable)
    session.redactor.learn(url, named: entry.variable ?? "")
    guard ["smtp://", "smtps://"].contains(where: { url.lowercased().hasPrefix($0) }) else {
      throw ChannelFailure("\(entry.variable ?? "") holds no smtp:// or smtps:// address")
    }
    guard let mail = session.context.mail, let sender = entry.sender else {
      throw ChannelFailure("there is no way to send mail here")
    }
    var server = MailServer(url)
    if entry.userVariable != nil { server.user = try value(entry.userVariable) }
    if entry.passwordVariable != nil { server.password = try secret(entry.passwordVariable) }
    server.requiresTLS = entry.tls == .required
    server.certificateAuthorityFile = entry.certificateAuthorityFile.map(session.context.absolute)
    return MailChannel(
      mail: mail, server: server, sender: sender, recipients: entry.recipients, clock: session.context.clock)
  }

  /// The value of a variable that the policy names; never shown from here on.
  private func secret(_ variable: String?) throws(ChannelFailure) -> String {
    let value = try value(variable)
    session.redactor.learn(value)
    session.redactor.learn(value, named: variable ?? "")
    return value
  }

  private func value(_ variable: String?) throws(ChannelFailure) -> String {
    guard let variable, let value = session.context.environment.nonEmpty(variable) else {
      throw ChannelFailure("the environment variable \(variable ?? "") is not set")
    }
    return value
  }
}
