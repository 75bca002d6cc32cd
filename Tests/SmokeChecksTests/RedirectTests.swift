import HTTPTransport
import HurlFile
import SystemInterfaces
import TestSupport
import Testing

@testable import SmokeChecks

/// What follows a `Location`, request by request.
@Suite struct `Redirects of Hurl entries` {
  private static let first = "https://app.example/a/b?q=1"

  /// The outcome of one entry with these lines before its answer and these asserts, and the requests that were sent.
  private func run(
    _ lines: String = "", method: String = "GET", url: String = first, asserts: String = "",
    signs: Bool = false, _ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse
  ) async throws -> (result: CheckResult, requests: [HTTPRequest]) {
    let text = "\(method) \(url)\n\(lines)\nHTTP *\n[Asserts]\nstatus > 0\n\(asserts)\n"
    let document = try HurlDocument(parsing: text, file: "a.hurl")
    var environment = HurlEnvironment(root: "/", files: LocalFileSystem(), random: Randomness())
    if signs {
      environment.sign = { request, _ in
        var signed = request
        signed.headers.append(HTTPField("Authorization", "AWS4-HMAC-SHA256 x"))
        return signed
      }
    }
    let session = HurlSession(path: "/a.hurl", variables: HurlVariables(), environment: environment)
    let transport = ScriptedTransport { answer($0) }
    var settings = SmokeSettings()
    settings.settling = Settling(window: .zero)
    settings.allowsWrites = true
    let report = await SmokeRun.run(
      [HurlChecks.chain(document, session: session)], settings: settings,
      dependencies: SmokeDependencies(transport: transport, clock: ManualClock(), random: Randomness()))
    return (report.results[0], transport.requests)
  }

  private func moved(_ status: Int, to location: String, _ more: HTTPField...) -> HTTPResponse {
    HTTPResponse(status: status, headers: [HTTPField("Location", location)] + more)
  }

  /// One redirect from the first URL, then 200.
  private func once(
    _ status: Int = 302, to location: String, _ lines: String = "", method: String = "GET",
    signs: Bool = false
  ) async throws -> HTTPRequest {
    let (result, requests) = try await run(
      lines, method: method, signs: signs
    ) { request in
      request.url == Self.first ? self.moved(status, to: location) : HTTPResponse(status: 200)
    }
    #expect(result.outcome == .pass, "\(result.message)")
    return try #require(requests.count == 2 ? requests.last : nil, "\(requests.map(\.url))")
  }

  private static let follow = "[Options]\nlocation: true"

  @Test(arguments: [
    ("/x", "https://app.example/x"), ("x", "https://app.example/a/x"), ("../x", "https://app.example/x"),
    ("?r=2", "https://app.example/a/b?r=2"), ("//other.example/x", "https://other.example/x"),
    ("http://other.example", "http://other.example"), ("./x/./y/../z#part", "https://app.example/a/x/z"),
    ("/a b/\u{e9}\"<>", "https://app.example/a%20b/%C3%A9%22%3C%3E"),
    ("/100%25", "https://app.example/100%25"),
    ("HTTPS://APP.example:443/x", "https://APP.example:443/x"),
  ])
  func `a reference is resolved as RFC 3986 has it, what cannot stand in a URL encoded`(
    location: String, url: String
  ) async throws {
    #expect(try await once(to: location, Self.follow).url == url)
  }

  @Test(arguments: [
    "file:///etc/passwd", "ftp://app.example/", "javascript:alert(1)", "http://", "https://:80/",
    "http://a:99999/",
    "gopher://app.example:70/_x",
  ])
  func `other schemes and what is no URL are not followed`(location: String) async throws {
    let (result, requests) = try await run(Self.follow) { _ in self.moved(302, to: location) }
    #expect(result.failure == .malformedAnswer && requests.count == 1, "\(result.message)")
    #expect(result.message.contains(location))
  }

  @Test(arguments: [
    ("POST", 301, "GET"), ("POST", 302, "GET"), ("POST", 303, "GET"), ("PUT", 303, "GET"),
    ("POST", 307, "POST"),
    ("POST", 308, "POST"), ("HEAD", 303, "HEAD"), ("GET", 307, "GET"),
  ])
  func `the method and its body stay where the status says so`(
    method: String, status: Int, next: String
  ) async throws {
    let body = method == "HEAD" || method == "GET" ? "" : "\n{\"a\": 1}"
    let request = try await once(status, to: "/x", Self.follow + body, method: method)
    #expect(request.method == next)
    let keeps = next == "POST"
    #expect(request.body.isEmpty == !keeps)
    #expect((request.headers.first("content-type") != nil) == keeps)
  }

  @Test(arguments: [
    "https://other.example/", "http://app.example/", "https://app.example:8443/", "https://sub.app.example/",
    "https://app.example.evil.example/",
  ])
  func `another origin gets no credentials and no cookies, unless the file trusts it`(
    location: String
  ) async throws {
    let secrets = "Authorization: Bearer t\nX-Api-Key: k\nCookie: own=1\nHost: app.example\nX-Trace: 7\n"
    let stranger = try await once(to: location, secrets + Self.follow)
    #expect(stranger.headers.first("x-trace") == "7")
    for name in ["authorization", "x-api-key", "cookie", "host"] {
      #expect(stranger.headers.first(name) == nil, "\(name)")
    }
    let trusted = try await once(to: location, secrets + "[Options]\nlocation-trusted: true")
    #expect(trusted.headers.first("authorization") == "Bearer t" && trusted.headers.first("host") == nil)
    let same = try await once(to: "/x", secrets + "[Cookies]\nsection: 2\n" + Self.follow)
    #expect(same.headers.all("cookie") == ["own=1"])
    #expect(same.headers.first("authorization") == "Bearer t" && same.headers.first("x-api-key") == "k")
    for login in ["[BasicAuth]\nme: pw", "[Options]\nlocation: true\nuser: me:pw"] {
      let lines = login.hasPrefix("[Options]") ? login : "\(login)\n\(Self.follow)"
      #expect(try await once(to: location, lines).headers.first("authorization") == nil)
      #expect(try await once(to: "/x", lines).headers.first("authorization") == "Basic bWU6cHc=")
    }
    let digest = try await once(to: location, Self.follow + "\nuser: me:pw\ndigest: true")
    #expect(digest.options.digestCredentials == nil)
  }

  @Test func `what is signed for one host is signed for no other`() async throws {
    let signing = Self.follow + "\naws-sigv4: aws:amz:eu-west-1:execute-api"
    #expect(
      try await once(to: "https://other.example/", signing, signs: true).headers.first("authorization") == nil
    )
    #expect(try await once(to: "/x", signing, signs: true).headers.all("authorization").count == 1)
    let trusted = signing.replacing("location: true", with: "location-trusted: true")
    #expect(
      try await once(to: "https://other.example/", trusted, signs: true).headers.first("authorization") != nil
    )
  }

  @Test func `cookies set on the way go on to their host alone`() async throws {
    let (_, requests) = try await run(Self.follow) { request in
      switch request.url {
      case Self.first:
        self.moved(
          302, to: "/next", HTTPField("Set-Cookie", "s=1; Path=/; Secure"),
          HTTPField("Set-Cookie", "p=2; Path=/a"))
      case "https://app.example/next": self.moved(302, to: "http://app.example/plain")
      case "http://app.example/plain": self.moved(302, to: "https://other.example/")
      default: HTTPResponse(status: 200)
      }
    }
    #expect(requests.map { $0.headers.first("cookie") } == [nil, "s=1", nil, nil])
  }

  @Test(arguments: [(0, 1), (1, 2), (3, 4)])
  func `as many redirects as the file allows, and no more`(limit: Int, sent: Int) async throws {
    let (result, requests) = try await run("[Options]\nlocation: true\nmax-redirs: \(limit)") { request in
      self.moved(302, to: "/\(request.url.utf8.count)x\(request.url.split(separator: "/").last ?? "")")
    }
    #expect(result.failure == .redirectLoop && requests.count == sent, "\(result.message)")
    let (exact, _) = try await run(
      "[Options]\nlocation: true\nmax-redirs: 2",
      asserts: "redirects count == 2\nredirects nth 1 location == \"/2\"\nurl endsWith \"/2\""
    ) { request in
      request.url == Self.first
        ? self.moved(302, to: "/1")
        : request.url.hasSuffix("/1") ? self.moved(302, to: "/2") : HTTPResponse(status: 200)
    }
    #expect(exact.outcome == .pass, "\(exact.message)")
  }

  @Test(arguments: [200, 300, 304, 305, 401])
  func `other statuses are answers, whatever Location they bring`(status: Int) async throws {
    let (result, requests) = try await run(Self.follow, asserts: "status == \(status)") { _ in
      self.moved(status, to: "/x")
    }
    #expect(result.outcome == .pass && requests.count == 1, "\(result.message)")
    let (silent, _) = try await run(Self.follow, asserts: "status == 302") { _ in HTTPResponse(status: 302) }
    #expect(silent.outcome == .pass, "a redirect to nowhere is an answer: \(silent.message)")
    let (unasked, sent) = try await run(asserts: "status == 302\nheader \"Location\" == \"/x\"") { _ in
      self.moved(302, to: "/x")
    }
    #expect(unasked.outcome == .pass && sent.count == 1)
  }
}
