import DeploymentConfig
import HTTPTransport
import JSONValues
import MailTransport
import Reporting
import StepRuntime
import SystemInterfaces

/// A way to tell people.
protocol Channel: Sendable {
  /// Sends `message`, in place of or beside what the thread holds; the thread as it is then.
  func send(_ message: RenderedMessage, in thread: Incident.Thread, _ limit: SendingLimit) async throws
    -> Incident.Thread
}

/// When a message is given up, however many requests it takes.
struct SendingLimit: Sendable {
  private let clock: any WallClock
  private let length: Duration
  private let end: Timestamp

  /// From now on.
  init(_ length: Duration, _ clock: any WallClock) {
    self.clock = clock
    self.length = length
    end = clock.now + length
  }

  /// What the next request may take.
  func left() throws(ChannelFailure) -> Duration {
    let left = end - clock.now
    guard left > .zero else { throw ChannelFailure("it was not done within \(length.words)") }
    return left
  }
}

/// Why a message was not sent.
struct ChannelFailure: Error, Hashable, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// One JSON document a message, each with the same incident.
struct WebhookChannel: Channel {
  let http: any HTTPTransport
  let url: String

  func send(_ message: RenderedMessage, in thread: Incident.Thread, _ limit: SendingLimit) async throws
    -> Incident.Thread
  {
    let body: JSONValue = [
      "incident": .string(message.incident), "sequence": JSONValue(integerLiteral: thread.count + 1),
      "state": .string(message.message.state.rawValue), "subject": .string(message.subject),
      "environment": .string(message.environment), "run": .string(message.run),
      "issue": .string(message.message.issue), "impact": .string(message.message.impact),
      "action": .string(message.message.action), "eta": .string(message.message.eta),
      "status": .string(message.message.status), "text": .string(message.text),
    ]
    _ = try await post(body, to: url, http, limit)
    return Incident.Thread(count: thread.count + 1)
  }
}

/// Slack's incoming webhook: it takes messages and cannot change them.
struct SlackWebhookChannel: Channel {
  let http: any HTTPTransport
  let url: String

  func send(_ message: RenderedMessage, in thread: Incident.Thread, _ limit: SendingLimit) async throws
    -> Incident.Thread
  {
    _ = try await post(["text": .string(SlackText.whole(message))], to: url, http, limit)
    return Incident.Thread(count: thread.count + 1)
  }
}

/// Slack's Web API with a bot's token: one message that is updated, and a reply when the rollback has ended, since an
/// update rings no bell.
struct SlackBotChannel: Channel {
  let http: any HTTPTransport
  let url: String
  let token: String
  let channel: String

  func send(_ message: RenderedMessage, in thread: Incident.Thread, _ limit: SendingLimit) async throws
    -> Incident.Thread
  {
    var thread = thread
    let text = SlackText.whole(message)
    if let first = thread.reference, let dot = first.firstIndex(of: " ") {
      let (place, time) = (String(first[..<dot]), String(first[first.index(after: dot)...]))
      _ = try await call(
        "chat.update", ["channel": .string(place), "ts": .string(time), "text": .string(text)], limit)
      if message.message.state != .inProgress {
        _ = try await call(
          "chat.postMessage",
          [
            "channel": .string(place), "thread_ts": .string(time),
            "text": .string(OutsideText.slack(message.message.status)),
          ], limit)
      }
    } else {
      let answer = try await call(
        "chat.postMessage", ["channel": .string(channel), "text": .string(text)], limit)
      if let time = answer["ts"]?.string {
        thread.reference = "\(answer["channel"]?.string ?? channel) \(time)"
      }
    }
    thread.count += 1
    return thread
  }

  /// Slack answers 200 to what it refuses.
  private func call(_ method: String, _ body: JSONValue, _ limit: SendingLimit) async throws -> JSONValue {
    let bytes = try await post(
      body, to: url + (url.hasSuffix("/") ? "" : "/") + method, http, limit,
      headers: [HTTPField("Authorization", "Bearer \(token)")])
    guard let answer = try? JSONValue(parsing: bytes) else {
      throw ChannelFailure("\(method) did not answer with JSON")
    }
    guard answer["ok"]?.bool == true else {
      throw ChannelFailure("\(method) was refused: \(answer["error"]?.string ?? "no reason given")")
    }
    return answer
  }
}

/// Mail: answers to one another, so that programs show one thread.
struct MailChannel: Channel {
  let mail: any MailTransport
  let server: MailServer
  let sender: String
  let recipients: [String]
  let clock: any WallClock

  func send(_ message: RenderedMessage, in thread: Incident.Thread, _ limit: SendingLimit) async throws
    -> Incident.Thread
  {
    let domain = sender.split(separator: "@").last.map(String.init) ?? "localhost"
    func id(_ number: Int) -> String { "backstop.\(message.incident).\(number)@\(domain)" }
    let number = thread.count + 1
    let isAnswer = number > 1
    // The first message and the one before this: programs that lost one find the other.
    let references = isAnswer ? (number > 2 ? [id(1), id(number - 1)] : [id(1)]) : []
    var letter = MailMessage(
      sender: sender, senderName: "Backstop", recipients: recipients,
      subject: (isAnswer ? "Re: " : "") + message.subject, text: message.text, date: clock.now,
      messageId: id(number), references: references)
    var server = server
    server.timeout = try limit.left()
    do {
      try await mail.deliver(letter, to: server)
    } catch let error as TransferError where recipients.count > 1 && isOfAddress(error) {
      // One address that is refused must not keep the others from being told.
      var refused: [String] = []
      for recipient in recipients {
        letter.recipients = [recipient]
        do {
          server.timeout = try limit.left()
          try await mail.deliver(letter, to: server)
        } catch let error as TransferError {
          refused.append("\(recipient) (\(error.message))")
        } catch let error as ChannelFailure {
          refused.append("\(recipient) (\(error))")
        }
      }
      if refused.count == recipients.count { throw error }
      if !refused.isEmpty { throw PartlySent(refused: refused, thread: Incident.Thread(count: number)) }
    }
    return Incident.Thread(count: number)
  }

  /// Whether the server was there and did not want this message.
  private func isOfAddress(_ error: TransferError) -> Bool {
    ![.nameNotResolved, .connectionFailed, .tlsFailed, .timedOut].contains(error.kind)
  }

  /// Some got it, and some did not.
  struct PartlySent: Error, CustomStringConvertible {
    let refused: [String]
    let thread: Incident.Thread
    var description: String { "it was refused for \(refused.joined(separator: ", "))" }
  }
}

/// Slack's text format.
enum SlackText {
  static func whole(_ message: RenderedMessage) -> String {
    "*\(OutsideText.slack(message.subject))*\n\(OutsideText.slack(message.text))"
  }
}

/// Posts `body`, and gives the body of a good answer.
private func post(
  _ body: JSONValue, to url: String, _ http: any HTTPTransport, _ limit: SendingLimit,
  headers: [HTTPField] = []
) async throws -> [UInt8] {
  let request = HTTPRequest(
    "POST", url, headers: [HTTPField("Content-Type", "application/json; charset=utf-8")] + headers,
    body: Array(body.serialized().utf8), timeout: try limit.left())
  let response = try await http.send(request)
  guard (200..<300).contains(response.status) else {
    throw ChannelFailure("it answered \(response.status)")
  }
  return response.body
}
