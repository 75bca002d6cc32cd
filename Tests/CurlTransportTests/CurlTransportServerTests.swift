import HTTPTransport
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

@testable import CurlTransport

/// The transport against a server in another process: TLS with certificates of its own, many connections at once.
@Suite(.serialized) struct CurlTransportServerTests {
  private static let server = Result { try ServerProcess(python: "misbehaving_server.py") }
  let server: ServerProcess
  let transport = CurlTransport(environment: Environment())

  init() throws { server = try Self.server.get() }

  func url(_ scheme: String, _ port: String, _ path: String = "/good") -> String {
    "\(scheme)://127.0.0.1:\(server.port(port))\(path)"
  }

  func kind(_ request: HTTPRequest) async -> TransferError.Kind? {
    await #expect(throws: TransferError.self) { try await transport.send(request) }?.kind
  }

  @Test func `a certificate is trusted by its authority alone`() async throws {
    #expect(await kind(HTTPRequest("GET", url("https", "tls"))) == .tlsFailed)
    var options = HTTPOptions()
    options.certificateAuthorityFile = server.ready["good"]?.string
    options.wantsCertificate = true
    let response = try await transport.send(HTTPRequest("GET", url("https", "tls"), options: options))
    #expect(response.status == 200)
    #expect(response.timings.tls > .zero)
    let certificate = try #require(response.certificate)
    #expect(certificate.subject.contains("localhost"))
    #expect(certificate.alternativeNames.contains("127.0.0.1"))
    let expires = try #require(HTTPDate.parse(certificate.expireDate))
    #expect((Duration.seconds(29 * 86_400) ... .seconds(31 * 86_400)).contains(expires - SystemClock().now))

    // Trusted, and of another name.
    options.certificateAuthorityFile = server.ready["other"]?.string
    #expect(await kind(HTTPRequest("GET", url("https", "tls-other-name"), options: options)) == .tlsFailed)
    options.verifiesTLS = false
    #expect(
      try await transport.send(HTTPRequest("GET", url("https", "tls-other-name"), options: options)).status
        == 200)
  }

  @Test func `each answer shows the certificate of its own server, on connections new and old`() async throws
  {
    var options = HTTPOptions()
    options.verifiesTLS = false
    options.wantsCertificate = true
    var shown: [String: Set<String>] = [:]
    var reused = 0
    for path in ["/keeps_connection", "/keeps_connection", "/good", "/keeps_connection", "/good", "/good"] {
      for port in ["tls", "tls-other-name"] {
        let answer = try await transport.send(HTTPRequest("GET", url("https", port, path), options: options))
        shown[port, default: []].insert(try #require(answer.certificate).pem)
        if answer.timings.reusedConnection { reused += 1 }
      }
    }
    #expect(shown["tls"]?.count == 1 && shown["tls-other-name"]?.count == 1)
    #expect(shown["tls"] != shown["tls-other-name"])
    #expect(reused > 0)
  }

  @Test func `a thousand at once all come back`() async throws {
    let transport = transport
    let request = HTTPRequest("GET", url("http", "plain"), timeout: .seconds(60))
    let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<1000 { group.addTask { try await transport.send(request).status } }
      return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
    }
    #expect(statuses == [200: 1000])
  }

  @Test func `two hundred running requests end within moments of being cancelled`() async throws {
    let transport = transport
    let request = HTTPRequest("GET", url("http", "plain", "/no_answer"))
    let task = Task {
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<200 {
          group.addTask {
            do {
              _ = try await transport.send(request)
              return false
            } catch { return error is CancellationError }
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
    }
    // Answered after the others were begun: the loop takes commands in order.
    _ = try await transport.send(HTTPRequest("GET", url("http", "plain")))
    task.cancel()
    #expect(await task.value == 200)
  }

  @Test func `a transport that nobody holds any longer lets its request end`() async throws {
    var short: CurlTransport? = CurlTransport(environment: Environment())
    let request = HTTPRequest(
      "GET", url("http", "plain", "/silent_after_headers"), timeout: .milliseconds(300))
    let task = Task { [short] in try await short?.send(request) }
    short = nil
    await #expect(throws: (any Error).self) { try await task.value }
  }

  @Test(arguments: [
    ("http://user:s3cret@nowhere.invalid/", ""), ("http://user:s3cret@127.0.0.1:1/", ""),
    ("http://user:s3cret@127.0.0.1:port/", ""), ("http://127.0.0.1:1/", "http://user:s3cret@127.0.0.1:port"),
    ("http://127.0.0.1:1/", "nonsense://user:s3cret@127.0.0.1:1"),
    ("http://127.0.0.1:1/", "http://user:s3cret@nowhere.invalid:1"),
  ]) func `no error carries a password of a URL`(url: String, proxy: String) async {
    var request = HTTPRequest("GET", url)
    if !proxy.isEmpty { request.options.proxy = proxy }
    let error = await #expect(throws: TransferError.self) { try await transport.send(request) }
    #expect(error?.message.isEmpty == false)
    #expect(error?.message.contains("s3cret") == false)
  }

  @Test(arguments: [
    ("Unsupported proxy syntax in 'http://u:p@h:x'", "Unsupported proxy syntax in 'http://…@h:x'"),
    ("Unsupported proxy syntax in 'u:p@h'", "Unsupported proxy syntax in '…@h'"),
    ("Failed to connect to h port 1", "Failed to connect to h port 1"),
  ]) func `user information is cut out of libcurl's words`(message: String, cut: String) {
    #expect(CurlTransfer.withoutUserInfo(message) == cut)
  }
}
