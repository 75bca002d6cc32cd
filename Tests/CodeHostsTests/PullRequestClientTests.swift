import HTTPTransport
import JSONValues
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import CodeHosts

/// One pull request, whatever the host and the network do.
@Suite struct PullRequestClientTests {
  /// A host that keeps what it is told, in the shape of its published schema.
  private final class Host: Sendable {
    struct State {
      var open: [JSONValue] = []
      var calls: [String] = []
    }
    let state = Mutex(State())
    let kind: CodeHost.Kind
    init(_ kind: CodeHost.Kind) { self.kind = kind }

    func entry(_ body: JSONValue?, number: Int) -> JSONValue {
      let title = body?["title"] ?? ""
      switch kind {
      case .github, .gitea, .forgejo:
        return [
          "number": JSONValue(integerLiteral: number), "html_url": .string("https://host/\(number)"),
          "title": title,
          "body": body?["body"] ?? "", "head": ["ref": body?["head"] ?? ""],
          "base": ["ref": body?["base"] ?? ""],
        ]
      case .gitlab:
        return [
          "iid": JSONValue(integerLiteral: number), "web_url": .string("https://host/\(number)"),
          "title": title,
          "description": body?["description"] ?? "", "source_branch": body?["source_branch"] ?? "",
          "target_branch": body?["target_branch"] ?? "",
        ]
      case .bitbucket:
        return [
          "id": JSONValue(integerLiteral: number),
          "links": ["html": ["href": .string("https://host/\(number)")]],
          "title": title, "summary": ["raw": body?["description"] ?? ""],
          "source": body?["source"] ?? .null, "destination": body?["destination"] ?? .null,
        ]
      case .bitbucketDataCenter:
        return [
          "id": JSONValue(integerLiteral: number), "version": 2,
          "links": ["self": [["href": .string("https://host/\(number)")]]],
          "title": title, "description": body?["description"] ?? "",
          "fromRef": body?["fromRef"] ?? .null, "toRef": body?["toRef"] ?? .null,
        ]
      }
    }

    static func page(_ entries: [JSONValue], _ kind: CodeHost.Kind) -> JSONValue {
      [.bitbucket, .bitbucketDataCenter].contains(kind) ? ["values": .array(entries)] : .array(entries)
    }

    func answer(_ request: HTTPRequest) throws -> HTTPResponse {
      let body = try request.body.isEmpty ? nil : JSONValue(parsing: request.body)
      return state.withLock { state in
        state.calls.append(request.method)
        func response(_ status: Int, _ value: JSONValue) -> HTTPResponse {
          HTTPResponse(status: status, body: Array(value.serialized().utf8))
        }
        switch request.method {
        case "POST":
          guard state.open.isEmpty else {
            return kind == .github
              ? response(
                422,
                [
                  "message": "Validation Failed",
                  "errors": [["message": "A pull request already exists for a:b."]],
                ])
              : response(kind == .bitbucket ? 400 : 409, ["message": ["it exists already"]])
          }
          let made = entry(body, number: 7)
          state.open.append(made)
          return response(201, made)
        case "GET":
          let isFirst =
            request.url.contains("page=1") && !request.url.contains("page=10")
            || request.url.hasSuffix("start=0")
          return response(200, Host.page(isFirst ? state.open : [], kind))
        default:
          var changed = entry(body, number: 7)
          if case .object(var old) = state.open[0], case .object(let new) = changed {
            for name in ["title", "body", "description", "summary"] where old[name] != nil {
              old = JSONObject(old.members.map { $0.name == name ? .init(name, new[name] ?? .null) : $0 })
            }
            changed = .object(old)
          }
          state.open[0] = changed
          return response(200, changed)
        }
      }
    }
  }

  private let draft = PullRequestDraft(branch: "b", base: "main", title: "Revert x", text: "Because.\n")

  private func client(
    _ kind: CodeHost.Kind, clock: ManualClock = ManualClock(), tokens: [HostToken]? = nil,
    _ answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse
  ) throws -> PullRequestClient {
    let host = try CodeHost(
      remote: "https://host.example/a/c.git", kind: kind, api: "https://host.example/api",
      environment: Environment())
    return PullRequestClient(
      host, tokens: tokens ?? [HostToken(value: "t", source: "T", form: .bearer)],
      http: ScriptedTransport(answer), clock: clock)
  }

  @Test(arguments: CodeHost.Kind.allCases)
  func `is opened once, found again, and updated where its text is another`(kind: CodeHost.Kind) async throws
  {
    let host = Host(kind)
    let client = try client(kind) { try host.answer($0) }
    let opened = try await client.open(draft)
    #expect(opened.change == .opened && opened.request.number == 7 && opened.request.url == "https://host/7")
    #expect(try await client.open(draft).change == .unchanged)
    var other = draft
    other.text = "Because of something else.\n"
    let updated = try await client.open(other)
    #expect(updated.change == .updated && updated.request.text == other.text, "\(updated)")
    #expect(host.state.withLock { $0.calls.filter { $0 == "POST" }.count } == 1)
  }

  @Test(arguments: CodeHost.Kind.allCases)
  func `a lost answer opens no second one`(kind: CodeHost.Kind) async throws {
    let host = Host(kind)
    let client = try client(kind) { request in
      let answer = try host.answer(request)
      if request.method == "POST" { throw TransferError(.brokenAnswer, message: "the connection was closed") }
      return answer
    }
    let opened = try await client.open(draft)
    #expect(opened.change == .opened && opened.request.number == 7)
    #expect(host.state.withLock { $0.open.count } == 1)
  }

  @Test(arguments: CodeHost.Kind.allCases)
  func `who was first is found where the list did not have it yet`(kind: CodeHost.Kind) async throws {
    let host = Host(kind)
    host.state.withLock { state in
      state.open.append(
        host.entry(
          [
            "title": "Revert x", "body": "old", "description": "old", "head": "b", "base": "main",
            "source_branch": "b", "target_branch": "main", "source": ["branch": ["name": "b"]],
            "destination": ["branch": ["name": "main"]], "fromRef": ["id": "refs/heads/b"],
            "toRef": ["id": "refs/heads/main"],
          ], number: 7))
    }
    let gets = Mutex(0)
    let client = try client(kind) { request in
      let isFirst =
        request.method == "GET"
        && gets.withLock {
          $0 += 1; return $0
        } == 1
      let answer = try host.answer(request)
      return isFirst
        ? HTTPResponse(status: 200, body: Array(Host.page([], kind).serialized().utf8))
        : answer
    }
    // Gitea asks for page after page, of which the second is the real one here.
    let opened = try await client.open(draft)
    #expect(opened.change == .updated && opened.request.text == draft.text, "\(opened)")
  }

  @Test func `a limit is waited for, as long as there is time`() async throws {
    let clock = ManualClock()
    let host = Host(.github)
    let first = Mutex(true)
    let client = try client(.github, clock: clock) { request in
      if first.withLock({ value in
        defer { value = false }; return value
      }) {
        return HTTPResponse(
          status: 403,
          headers: [
            HTTPField("x-ratelimit-remaining", "0"), HTTPField("x-ratelimit-reset", "1750000040"),
          ])
      }
      return try host.answer(request)
    }
    let before = clock.now
    #expect(try await client.open(draft).change == .opened)
    #expect(clock.now - before == .seconds(40))

    let never = try self.client(.gitlab, clock: clock) { _ in
      HTTPResponse(status: 429, headers: [HTTPField("Retry-After", "3600")])
    }
    let error = await #expect(throws: CodeHostError.self) { try await never.open(draft) }
    #expect(error?.kind == .rateLimited && error?.advice.contains("3600 seconds") == true)
  }

  @Test(arguments: [
    (401, #"{"message":"Bad credentials"}"#, CodeHostError.Kind.unauthorized, "Bad credentials"),
    (403, #"{"message":"Resource not accessible by integration"}"#, .unauthorized, "not accessible"),
    (404, #"{"message":"404 Project Not Found"}"#, .notFound, "Not Found"),
    (
      422, #"{"message":"Validation Failed","errors":[{"field":"base","message":"base is invalid"}]}"#,
      .refused,
      "base is invalid"
    ),
    (400, #"{"type":"error","error":{"message":"There are no changes"}}"#, .refused, "There are no changes"),
    (503, "<html>", .unreachable, "503"),
  ])
  func `the host's own words are told`(
    status: Int, body: String, kind: CodeHostError.Kind, words: String
  ) async throws {
    let client = try client(.github) { request in
      request.method == "GET" && status != 503 && status != 401
        ? HTTPResponse(status: 200, body: Array("[]".utf8))
        : HTTPResponse(status: status, body: Array(body.utf8))
    }
    let error = await #expect(throws: CodeHostError.self) { try await client.open(draft) }
    #expect(error?.kind == kind && error?.message.contains(words) == true, "\(String(describing: error))")
  }

  @Test func `without a token nothing is asked, and with two the second may do`() async throws {
    let none = try client(.github, tokens: []) { _ in throw TransferError(.other, message: "asked") }
    let error = await #expect(throws: CodeHostError.self) { try await none.open(draft) }
    #expect(error?.kind == .unauthorized && error?.advice.contains("GITHUB_TOKEN") == true)
    let host = Host(.gitlab)
    let tokens = [
      HostToken(value: "weak", source: "CI_JOB_TOKEN", form: .jobToken),
      HostToken(value: "strong", source: "GITLAB_TOKEN", form: .privateToken),
    ]
    let two = try client(.gitlab, tokens: tokens) { request in
      request.headers.first("PRIVATE-TOKEN") == "strong"
        ? try host.answer(request) : HTTPResponse(status: 401)
    }
    #expect(try await two.open(draft).change == .opened)
  }
}
