import CloudFormationModel
import CurlTransport
import Foundation
import HTTPTransport
import JSONValues
import MailTransport
import RollbackPlanning
import StepRuntime
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert

/// Messages to a real webhook, a real HTTP server with Slack's rules, and real SMTP servers.
@Suite(.enabled(if: PeopleServer.isInstalled, "ci/install-python was not run"))
struct NotifierTests {
  private let server: PeopleServer
  private var bench = SessionBench()

  init() throws {
    server = try PeopleServer()
    bench.transport = CurlTransport(environment: Environment([:]))
    bench.mail = CurlMail()
    bench.variables = [
      "HOOK": "\(server.web)/hook?token=hook-secret-1", "BROKEN": "\(server.web)/broken",
      "SLACK_API": "\(server.web)/api", "SLACK_TOKEN": "xoxb-a-bots-token",
      "SLACK_HOOK": "\(server.web)/slack-hook",
      "MAIL": "smtp://localhost:\(server.port("starttls"))", "MAIL_PASSWORD": "mail p@ss/word?",
      "MAIL_USER": "backstop", "SMTPS": "smtps://localhost:\(server.port("smtps"))",
      "PLAIN": "smtp://localhost:\(server.port("plain"))",
    ]
  }

  private let message = IncidentMessage(
    issue: "checkout answers 500 <!channel> & more", impact: "prod (Shop-Api)", action: "restore Shop-Api",
    eta: "about 13 min", state: .inProgress, operator: "sam")

  /// The message with another state.
  private func ended(_ state: IncidentMessage.State, _ detail: String = "") -> IncidentMessage {
    var message = message
    message.state = state
    message.isOver = state == .complete
    message.detail = detail
    return message
  }

  private func notifier(_ policy: String, isContinued: Bool = false) throws -> Notifier {
    try notifier(bench, policy, isContinued: isContinued)
  }

  private func notifier(_ bench: SessionBench, _ policy: String, isContinued: Bool = false) throws -> Notifier
  {
    var bench = bench
    bench.policy = "notifications:\n" + policy
    return Notifier(try bench.start().session, isContinued: isContinued)
  }

  private var mail: String {
    "{kind: smtp, url-from: MAIL, user-from: MAIL_USER, password-from: MAIL_PASSWORD, from: ops@example.com, "
      + "to: [a@example.com, b@example.com], ca-file: \(server.authority)}"
  }

  @Test func `a webhook gets one incident, numbered`() async throws {
    let notifier = try notifier("  - {url-from: HOOK}\n")
    await notifier.tell(message)
    await notifier.tell(ended(.complete, "back at commit 0123"))
    #expect(await notifier.findings.isEmpty)
    let posts = try await server.posts()
    #expect(posts.map { $0["path"]?.string } == ["/hook?token=hook-secret-1", "/hook?token=hook-secret-1"])
    let bodies = posts.compactMap { $0["body"] }
    #expect(bodies.map { $0["sequence"]?.int } == [1, 2])
    #expect(Set(bodies.map { $0["incident"]?.string }).count == 1)
    #expect(bodies.map { $0["state"]?.string } == ["in-progress", "complete"])
    #expect(bodies[0]["issue"]?.string == "checkout answers 500 <!channel> & more")
    #expect(bodies[0]["impact"]?.string == "prod (Shop-Api)" && bodies[0]["eta"]?.string == "about 13 min")
    #expect(bodies[1]["status"]?.string == "Complete: back at commit 0123")
  }

  @Test func `a Slack bot updates its message and answers in its thread at the end`() async throws {
    let notifier = try notifier(
      "  - {kind: slack, url-from: SLACK_API, token-from: SLACK_TOKEN, channel: C0OPS}\n")
    await notifier.tell(message)
    await notifier.tell(message)
    await notifier.tell(ended(.needsPerson, "stuck <here>"))
    #expect(await notifier.findings.isEmpty)
    let posts = try await server.posts()
    #expect(
      posts.map { $0["path"]?.string } == [
        "/api/chat.postMessage", "/api/chat.update", "/api/chat.update", "/api/chat.postMessage",
      ])
    let time = posts[1]["body"]?["ts"]?.string
    #expect(time == "1700000000.000001")
    #expect(posts[2]["body"]?["ts"]?.string == time && posts[3]["body"]?["thread_ts"]?.string == time)
    let text = posts[0]["body"]?["text"]?.string ?? ""
    #expect(text.hasPrefix("*[URGENT] Rolling back prod*\n"))
    // What somebody wrote into a reason calls nobody.
    #expect(text.contains("500 &lt;!channel&gt; &amp; more") && !text.contains("<!channel>"))
    #expect(posts[3]["body"]?["text"]?.string == "Needs a person: stuck &lt;here&gt;")
  }

  @Test func `what Slack refuses with 200 is a finding`() async throws {
    var bench = bench
    bench.variables["SLACK_TOKEN"] = "xoxb-another-token"
    let wrongToken = try notifier(
      bench,
      "  - {kind: slack, url-from: SLACK_API, token-from: SLACK_TOKEN, channel: C0OPS}\n")
    await wrongToken.tell(message)
    #expect(await wrongToken.findings.map(\.code) == [.notificationFailed])
    #expect(await wrongToken.findings.first?.message.contains("invalid_auth") == true)
    bench.variables["SLACK_TOKEN"] = "xoxb-a-bots-token"
    let forbidden = try notifier(
      bench,
      "  - {kind: slack, url-from: SLACK_API, token-from: SLACK_TOKEN, channel: C0FORBIDDEN}\n")
    await forbidden.tell(message)
    #expect(await forbidden.findings.first?.message.contains("not_in_channel") == true)
  }

  @Test func `a Slack webhook gets text alone`() async throws {
    let notifier = try notifier("  - {kind: slack, url-from: SLACK_HOOK}\n")
    await notifier.tell(message)
    let body = try #require(try await server.posts().first?["body"])
    #expect(body.object?.names == ["text"])
    #expect(body["text"]?.string?.contains("Status: In progress") == true)
  }

  @Test func `mail goes over TLS after AUTH, and makes one thread`() async throws {
    let notifier = try notifier("  - \(mail)\n")
    await notifier.tell(message)
    await notifier.tell(message)
    await notifier.tell(ended(.complete, "zurück – 元に戻した"))
    #expect(await notifier.findings.map(\.message) == [])
    let mails = try await server.mails()
    #expect(mails.count == 3)
    for mail in mails {
      #expect(mail["server"]?.string == "starttls" && mail["tls"]?.bool == true)
      #expect(mail["user"]?.string == "backstop" && mail["from"]?.string == "ops@example.com")
      #expect(mail["to"]?.array?.compactMap(\.string) == ["a@example.com", "b@example.com"])
      #expect(mail["defects"]?.array == [])
    }
    func field(_ index: Int, _ name: String) -> String { mails[index]["fields"]?[name]?.string ?? "" }
    #expect(field(0, "subject") == "[URGENT] Rolling back prod")
    #expect(field(1, "subject") == "Re: [URGENT] Rolling back prod")
    #expect(field(0, "references").isEmpty)
    #expect(
      field(1, "references") == field(0, "message-id") && field(1, "in-reply-to") == field(0, "message-id"))
    #expect(field(2, "references") == "\(field(0, "message-id")) \(field(1, "message-id"))")
    #expect(field(0, "date") == "Thu, 26 Nov 2026 02:00:00 +0000")
    #expect(mails[2]["text"]?.string?.contains("Status: Complete: zurück – 元に戻した") == true)
  }

  @Test func `mail goes by implicit TLS too, with the password in the address`() async throws {
    var bench = bench
    bench.variables["SMTPS"] =
      "smtps://backstop:mail%20p%40ss%2Fword%3F@localhost:\(server.port("smtps"))"
    let notifier = try notifier(
      bench,
      "  - {kind: smtp, url-from: SMTPS, from: ops@example.com, to: a@example.com, ca-file: \(server.authority)}\n"
    )
    await notifier.tell(message)
    #expect(await notifier.findings.map(\.message) == [])
    let mails = try await server.mails()
    #expect(mails.map { $0["server"]?.string } == ["smtps"] && mails[0]["user"]?.string == "backstop")
  }

  @Test func `without TLS nothing is sent unless the policy says so, and a password never`() async throws {
    let strict = try notifier("  - {kind: smtp, url-from: PLAIN, from: ops@example.com, to: a@example.com}\n")
    await strict.tell(message)
    #expect(await strict.findings.count == 1)
    let withPassword = try notifier(
      "  - {kind: smtp, url-from: PLAIN, user-from: MAIL_USER, password-from: MAIL_PASSWORD, tls: optional, "
        + "from: ops@example.com, to: a@example.com}\n")
    await withPassword.tell(message)
    #expect(await withPassword.findings.count == 1)
    #expect(try await server.mails().isEmpty)
    let relaxed = try notifier(
      "  - {kind: smtp, url-from: PLAIN, tls: optional, from: ops@example.com, to: a@example.com}\n")
    await relaxed.tell(message)
    #expect(await relaxed.findings.isEmpty)
    #expect(try await server.mails().map { $0["server"]?.string } == ["plain"])
  }

  @Test func `a certificate that nobody vouches for ends the connection`() async throws {
    let notifier = try notifier(
      "  - {kind: smtp, url-from: SMTPS, from: ops@example.com, to: a@example.com}\n")
    await notifier.tell(message)
    #expect(await notifier.findings.first?.message.contains("certificate") == true)
    #expect(try await server.mails().isEmpty)
  }

  @Test func `one refused address does not keep the others from being told`() async throws {
    let notifier = try notifier(
      "  - {kind: smtp, url-from: PLAIN, tls: optional, from: ops@example.com, to: [refused@example.com, b@example.com]}\n"
    )
    await notifier.tell(message)
    #expect(await notifier.findings.first?.message.contains("refused@example.com") == true)
    #expect(try await server.mails().map { $0["to"]?[0]?.string } == ["b@example.com"])
  }

  @Test func `a channel that fails keeps no other from being told`() async throws {
    let notifier = try notifier("  - {url-from: BROKEN}\n  - {url-from: NOT_SET}\n  - {url-from: HOOK}\n")
    await notifier.tell(message)
    let messages = await notifier.findings.map(\.message)
    #expect(
      messages == [
        "the message to BROKEN could not be sent: it answered 500",
        "the message to NOT_SET could not be sent: the environment variable NOT_SET is not set",
      ])
    #expect(try await server.posts().count { $0["path"]?.string?.hasPrefix("/hook") == true } == 1)
    #expect(await notifier.told == ["HOOK"])
  }

  @Test func `escalation goes on while it runs, and ends with it`() async throws {
    let notifier = try notifier(
      "  - {url-from: HOOK}\n  - {kind: slack, url-from: SLACK_HOOK, after: 10m}\n  - {url-from: BROKEN, after: 30m, "
        + "environments: [staging]}\n")
    await notifier.tell(message)
    #expect(try await server.posts().count == 1)
    await notifier.escalate()
    #expect(bench.clock.now == Timestamp("2026-11-26T02:10:00Z")!)
    let posts = try await server.posts()
    // Those who knew learn that others do now.
    let paths = posts.compactMap { $0["path"]?.string }
    #expect(paths.count { $0.hasPrefix("/hook") } == 2 && paths.count { $0 == "/slack-hook" } == 1)
    let text = posts.last { $0["path"]?.string == "/slack-hook" }?["body"]?["text"]?.string ?? ""
    #expect(text.contains("not finished after 10 min"))
  }

  @Test func `what ends well in time is not escalated, what needs a person is`() async throws {
    let policy = "  - {url-from: HOOK}\n  - {kind: slack, url-from: SLACK_HOOK, after: 10m}\n"
    let good = try notifier(policy)
    await good.tell(message)
    await good.tell(ended(.complete))
    #expect(try await server.posts().count == 2)
    let bad = try notifier(policy)
    await bad.tell(message)
    await bad.tell(ended(.needsPerson, "stuck"))
    #expect(try await server.posts().count { $0["path"]?.string == "/slack-hook" } == 1)
  }

  @Test func `a run that continues another goes on in its thread`() async throws {
    let policy =
      "  - {url-from: HOOK}\n  - {kind: slack, url-from: SLACK_API, token-from: SLACK_TOKEN, channel: C0OPS}\n"
    await (try notifier(policy)).tell(message)
    await (try notifier(policy, isContinued: true)).tell(ended(.complete))
    let posts = try await server.posts()
    #expect(posts.contains { $0["path"]?.string == "/api/chat.update" })
    let incidents = posts.compactMap { $0["body"]?["incident"]?.string }
    #expect(incidents.count == 2 && Set(incidents).count == 1)
    // A new rollback is another incident.
    await (try notifier(policy)).tell(message)
    let all = try await server.posts().compactMap { $0["body"]?["incident"]?.string }
    #expect(Set(all).count == 2)
  }

  @Test func `secrets are taken out before a message is encoded`() async throws {
    var bench = bench
    let secret = "hunter2-hunter2"
    bench.variables["DB_PASSWORD"] = secret
    var spoken = message
    spoken.issue = "login with \(secret) fails"
    spoken.detail = "postgres://app:pass-in-url-1@db/x"
    let notifier = try notifier(bench, "  - {url-from: HOOK}\n  - \(mail)\n")
    await notifier.tell(spoken)
    let all =
      try await server.posts().map { $0["body"]?.serialized() ?? "" } + server.mails().map { $0.serialized() }
    #expect(all.count == 2)
    for text in all {
      #expect(!text.contains(secret) && !text.contains("pass-in-url-1"))
      #expect(text.contains("login with [redacted] fails"))
    }
    // Neither do addresses and tokens get into findings, output or the file that is left.
    let left = try String(contentsOfFile: bench.folder(".backstop/prod/incident.json"), encoding: .utf8)
    #expect(!left.contains("hook-secret-1") && !left.contains("xoxb"))
  }

  @Test func `the policy's own template is filled`() async throws {
    let notifier = try notifier(
      "  - {url-from: HOOK, subject: '{environment} {status}', text: '{\"a\": \"{issue}\"} {operator} {eta}'}\n"
    )
    var spoken = message
    spoken.issue = "{eta} in a reason is no place"
    await notifier.tell(spoken)
    let body = try #require(try await server.posts().first?["body"])
    #expect(body["subject"]?.string == "prod In progress")
    #expect(body["text"]?.string == "{\"a\": \"{eta} in a reason is no place\"} sam about 13 min")
  }

  @Test func `a dry run says what could not be sent, and sends nothing`() async throws {
    let notifier = try notifier("  - {url-from: HOOK}\n  - {url-from: NOT_SET}\n")
    await notifier.check()
    #expect(await notifier.findings.map(\.target) == ["NOT_SET"])
    #expect(try await server.posts().isEmpty)
  }
}

/// Receivers that take a connection and say nothing.
@Suite struct `Silent receivers of messages` {
  private let message = IncidentMessage(
    issue: "500", impact: "prod", action: "restore", eta: "3 min", state: .inProgress)

  /// A mail server that says nothing, and how long it was waited for.
  private final class SilentMail: MailTransport {
    let limits = Mutex<[Duration]>([])
    func deliver(_ message: MailMessage, to server: MailServer) async throws {
      limits.withLock { $0.append(server.timeout) }
      throw TransferError(.timedOut, code: 28, message: "Operation timed out")
    }
  }

  private func notifier(
    _ entries: String, clock: ManualClock? = nil, mail: (any MailTransport)? = nil,
    _ answer: @escaping @Sendable (HTTPRequest, ManualClock) throws -> String
  ) throws -> (notifier: Notifier, web: ScriptedTransport) {
    var bench = SessionBench()
    let clock = bench.clock
    let web = ScriptedTransport { request in
      HTTPResponse(status: 200, headers: [], body: Array(try answer(request, clock).utf8))
    }
    bench.policy = "notifications:\n" + entries
    bench.variables = [
      "HOOK": "http://hook.example", "SLACK": "http://slack.example", "SLACK_TOKEN": "xoxb-1",
      "MAIL": "smtp://mail.example",
    ]
    (bench.transport, bench.mail) = (web, mail)
    return (Notifier(try bench.start().session, isContinued: false), web)
  }

  @Test func `they are waited for briefly before the first call, and told again beside it`() async throws {
    let isSilent = Mutex(true)
    let mail = SilentMail()
    let (notifier, web) = try notifier(
      "  - {url-from: HOOK}\n  - {kind: slack, url-from: SLACK}\n  - {kind: smtp, url-from: MAIL, tls: optional, "
        + "from: ops@example.com, to: [a@example.com, b@example.com]}\n", mail: mail
    ) { request, _ in
      if request.url.contains("hook"), isSilent.withLock({ $0 }) {
        throw TransferError(.timedOut, code: 28, message: "Operation timed out")
      }
      return "ok"
    }
    await notifier.tell(message, within: Notifier.beforeCalls)
    #expect(web.requests.map(\.timeout) == [.seconds(3), .seconds(3)])
    // Once for both addresses: who says nothing is not asked for each.
    #expect(mail.limits.withLock { $0 } == [.seconds(3)])
    #expect(await notifier.findings.map(\.target) == ["HOOK", "a@example.com, b@example.com"])
    #expect(await notifier.findings.first?.message.contains("timed out") == true)
    #expect(await notifier.told == ["SLACK"])

    isSilent.withLock { $0 = false }
    await notifier.escalate()
    #expect(web.requests.count == 3 && web.requests.last?.timeout == .seconds(10))
    #expect(mail.limits.withLock { $0 } == [.seconds(3), .seconds(10)])
    #expect(await notifier.findings.map(\.target) == ["a@example.com, b@example.com"])
    #expect(await notifier.told == ["HOOK", "SLACK"])
  }

  @Test func `several requests of one message share its time`() async throws {
    let seconds = Mutex(0)
    let (notifier, web) = try notifier(
      "  - {kind: slack, url-from: SLACK, token-from: SLACK_TOKEN, channel: C0OPS}\n"
    ) { _, clock in
      clock.advance(by: .seconds(seconds.withLock { $0 }))
      return #"{"ok": true, "channel": "C0OPS", "ts": "1.2"}"#
    }
    var end = message
    end.state = .complete
    await notifier.tell(message)
    seconds.withLock { $0 = 4 }
    await notifier.tell(end)
    #expect(web.requests.suffix(2).map(\.timeout) == [.seconds(10), .seconds(6)])
    seconds.withLock { $0 = 12 }
    await notifier.tell(end)
    #expect(web.requests.count == 4)
    #expect(await notifier.findings.first?.message.contains("not done within 10s") == true)
  }
}
