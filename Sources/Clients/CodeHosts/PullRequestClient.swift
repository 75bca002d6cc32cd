import HTTPTransport
import JSONValues
import SystemInterfaces

/// Opens a pull request on a host, or finds the one that is open and brings it up to date: however often it is called, and
/// whatever answer is lost, there is one.
public struct PullRequestClient: Sendable {
  private let api: any PullRequestAPI
  private let tokens: [HostToken]
  private let http: any HTTPTransport
  private let clock: any WallClock
  private let patience: Duration
  /// How often a call is sent again after an answer that never came or spoke of the host's own trouble.
  private static let attempts = 4

  /// - Parameters:
  ///   - tokens: tried in this order.
  ///   - patience: how long all of it may take, pauses that the host asks for included.
  public init(
    _ host: CodeHost, tokens: [HostToken], http: any HTTPTransport, clock: any WallClock,
    patience: Duration = .seconds(120)
  ) {
    api = pullRequestAPI(host)
    self.tokens = tokens
    self.http = http
    self.clock = clock
    self.patience = patience
  }

  /// The open pull request of the draft's branches, with the draft's title and text.
  /// - Throws: `CodeHostError`, or `CancellationError`.
  public func open(_ draft: PullRequestDraft) async throws -> OpenedPullRequest {
    let host = api.host
    guard !tokens.isEmpty else {
      throw CodeHostError(
        kind: .unauthorized, message: "there is nothing to log in with to \(host.api)", advice: advice)
    }
    let end = clock.now + patience
    for (position, token) in tokens.enumerated() {
      do {
        return try await open(draft, Login(token: token, end: end))
      } catch let error as CodeHostError where error.kind == .unauthorized || error.kind == .notFound {
        // A host hides what a login may not see, so another one may.
        if position == tokens.count - 1 { throw error }
      }
    }
    throw CodeHostError(kind: .unauthorized, message: "no login is left for \(host.api)", advice: advice)
  }

  private struct Login {
    var token: HostToken
    var end: Timestamp
  }

  private func open(_ draft: PullRequestDraft, _ login: Login) async throws -> OpenedPullRequest {
    if let found = try await find(draft, login) { return try await update(found, draft, login) }
    var attempt = 1
    while true {
      let answer: Answer
      do {
        answer = try await send(api.creation(draft), login)
      } catch let error as CodeHostError where error.kind == .unreachable {
        // The host may have opened it all the same.
        if let found = try await find(draft, login) {
          return OpenedPullRequest(change: .opened, request: found)
        }
        guard attempt < PullRequestClient.attempts else { throw error }
        attempt += 1
        try await pause(.seconds(1 << attempt), login, error)
        continue
      }
      if (200..<300).contains(answer.status), let made = api.request(answer.json) {
        return OpenedPullRequest(change: .opened, request: made)
      }
      if api.meansExisting(answer.status, answer.words), let found = try await find(draft, login) {
        return try await update(found, draft, login)
      }
      throw failure(answer, "open a \(api.host.kind.noun) from \(draft.branch) into \(draft.base)", login)
    }
  }

  private func find(_ draft: PullRequestDraft, _ login: Login) async throws -> PullRequest? {
    var page = 1
    while page <= APIPage.pages, let call = api.list(draft, page: page) {
      let answer = try await patiently(call, login)
      guard answer.status == 200 else {
        throw failure(answer, "look for a \(api.host.kind.noun) of \(draft.branch)", login)
      }
      let entries = api.entries(answer.json)
      let found = entries.compactMap(api.request).first {
        $0.branch == draft.branch && $0.base == draft.base
      }
      if let found { return found }
      // Servers have limits of their own for a page.
      if entries.isEmpty
        || entries.count < APIPage.size && api.host.kind != .gitea && api.host.kind != .forgejo
      {
        return nil
      }
      page += 1
    }
    return nil
  }

  private func update(
    _ found: PullRequest, _ draft: PullRequestDraft, _ login: Login
  ) async throws -> OpenedPullRequest {
    func flat(_ text: String) -> [Substring] { text.split(whereSeparator: \.isNewline) }
    if found.title == draft.title, flat(found.text) == flat(draft.text) {
      return OpenedPullRequest(change: .unchanged, request: found)
    }
    var answer = try await patiently(api.update(found, draft), login)
    // Somebody changed it in between: as it is now, once more.
    if answer.status == 409, let now = try await find(draft, login) {
      answer = try await patiently(api.update(now, draft), login)
    }
    guard (200..<300).contains(answer.status) else {
      throw failure(answer, "update the \(api.host.kind.noun) \(found.number)", login)
    }
    return OpenedPullRequest(change: .updated, request: api.request(answer.json) ?? found)
  }

  // MARK: - Calls

  private struct Answer {
    var status: Int
    var json: JSONValue
    /// The host's own words.
    var words: String
  }

  /// A call that may be sent any number of times.
  private func patiently(_ call: APICall, _ login: Login) async throws -> Answer {
    var attempt = 1
    while true {
      do {
        return try await send(call, login)
      } catch let error as CodeHostError where error.kind == .unreachable {
        guard attempt < PullRequestClient.attempts else { throw error }
        attempt += 1
        try await pause(.seconds(1 << attempt), login, error)
      }
    }
  }

  /// Sends a call once, and again where the host asked to wait first.
  private func send(_ call: APICall, _ login: Login) async throws -> Answer {
    let url = api.host.api + call.path
    var request = HTTPRequest(
      call.method, url, headers: headers(login.token, hasBody: call.body != nil),
      body: call.body.map { Array($0.serialized().utf8) } ?? [])
    request.timeout = .seconds(20)
    request.options.maximumBodyBytes = 16 << 20
    while true {
      let response: HTTPResponse
      do {
        response = try await http.send(request)
      } catch let error as TransferError {
        throw CodeHostError(
          kind: .unreachable, message: "\(call.method) \(url): \(error)",
          advice: "check the network, the proxy variables and the host's address")
      }
      if let wait = wait(response) {
        let error = CodeHostError(
          kind: .rateLimited,
          message: "\(call.method) \(url): \(api.host.kind.title) limits this login (\(response.status))",
          advice: "run this again in \(counted(Int(wait.inSeconds.rounded(.up)), "second"))")
        try await pause(wait, login, error)
        continue
      }
      let json = (try? JSONValue(parsing: response.body)) ?? .null
      let words = PullRequestClient.words(json)
      if response.status >= 500 {
        throw CodeHostError(
          kind: .unreachable,
          message:
            "\(call.method) \(url) was answered \(response.status)\(words.isEmpty ? "" : ": \(words)")",
          advice: "look at the host's status page, and run this again")
      }
      return Answer(status: response.status, json: json, words: words)
    }
  }

  private func headers(_ token: HostToken, hasBody: Bool) -> [HTTPField] {
    var fields = [
      HTTPField(token.header.name, token.header.value), HTTPField("User-Agent", "backstop"),
      HTTPField("Accept", api.host.kind == .github ? "application/vnd.github+json" : "application/json"),
    ]
    if api.host.kind == .github { fields.append(HTTPField("X-GitHub-Api-Version", "2022-11-28")) }
    // libcurl sends a request again by itself where a connection that was used before breaks.
    fields.append(HTTPField("Connection", "close"))
    if hasBody { fields.append(HTTPField("Content-Type", "application/json")) }
    return fields
  }

  /// How long the host wants to be left alone; nil where it does not limit.
  private func wait(_ response: HTTPResponse) -> Duration? {
    let after = response.headers.first("Retry-After").flatMap { Double($0) }
    let isOut = ["X-RateLimit-Remaining", "RateLimit-Remaining"].contains {
      response.headers.first($0) == "0"
    }
    // A secondary limit may be told in words alone.
    let isSaid =
      response.status == 403
      && String(decoding: response.body.prefix(2000), as: UTF8.self).contains("rate limit")
    guard response.status == 429 || response.status == 403 && (after != nil || isOut || isSaid) else {
      return nil
    }
    if let after { return .milliseconds(Int64(max(0.1, after) * 1000)) }
    let reset = ["X-RateLimit-Reset", "RateLimit-Reset"].lazy.compactMap {
      response.headers.first($0).flatMap { Double($0) }
    }.first
    guard let reset else { return .seconds(30) }
    // A moment, or on some servers a time from now.
    let seconds = reset > 1_000_000_000 ? reset - clock.now.seconds : reset
    return .milliseconds(Int64(max(1, seconds) * 1000))
  }

  private func pause(_ time: Duration, _ login: Login, _ error: CodeHostError) async throws {
    guard clock.now + time <= login.end else { throw error }
    try await clock.sleep(for: time)
  }

  // MARK: - Words

  /// What a host says of an error, in any of the hosts' shapes.
  static func words(_ json: JSONValue) -> String {
    var found: [String] = []
    func add(_ value: JSONValue?) {
      switch value {
      case .string(let text)? where !text.isEmpty && !found.contains(text): found.append(text)
      case .array(let list)?: for entry in list.prefix(5) { add(entry["message"] ?? entry) }
      case .object(let object)?:
        if let message = object["message"] { return add(message) }
        for member in object.members.prefix(5) { add(member.value) }
      default: break
      }
    }
    for name in ["message", "error", "errors", "error_description"] { add(json[name]) }
    return found.joined(separator: ": ")
  }

  private func failure(_ answer: Answer, _ what: String, _ login: Login) -> CodeHostError {
    let said = answer.words.isEmpty ? "\(answer.status)" : "\(answer.status): \(answer.words)"
    let message = "cannot \(what) on \(api.host.api): \(said) (with \(login.token.source))"
    return switch answer.status {
    case 401, 403: CodeHostError(kind: .unauthorized, message: message, advice: advice)
    case 404:
      CodeHostError(
        kind: .notFound, message: message,
        advice: "check that \(api.host.repository) is there and that this login may see it; \(advice)")
    default:
      CodeHostError(kind: .refused, message: message, advice: "open it by hand, or mend what the host says")
    }
  }

  private var advice: String {
    switch api.host.kind {
    case .github:
      "give GITHUB_TOKEN the permissions contents: write and pull-requests: write (and let Actions open pull requests in "
        + "the repository's settings), or set BACKSTOP_GIT_TOKEN"
    case .gitlab:
      "set GITLAB_TOKEN to a token of the project with the scope api (a job's own token cannot open merge requests), or "
        + "BACKSTOP_GIT_TOKEN"
    case .gitea, .forgejo: "set GITEA_TOKEN or BACKSTOP_GIT_TOKEN to a token with the scope write:repository"
    case .bitbucket: "set BITBUCKET_TOKEN or BACKSTOP_GIT_TOKEN to an access token with pullrequest:write"
    case .bitbucketDataCenter:
      "set BACKSTOP_GIT_TOKEN (or BITBUCKET_TOKEN, with the server's address in BITBUCKET_SERVER_URL) to an HTTP access token "
        + "that may write to the repository"
    }
  }
}
