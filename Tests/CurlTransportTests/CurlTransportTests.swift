import CurlTransport
import Foundation
import HTTPTransport
import SystemInterfaces
import TestSupport
import Testing

/// A real HTTP server, Python's own, on a port that the system chose.
private final class LocalServer: Sendable {
  let port: Int
  private let process: Process

  init() throws {
    let script = """
      import http.server, sys, time
      class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'
        def answer(self, status, body=b'', headers={}):
          self.send_response(status)
          for name, value in headers.items(): self.send_header(name, value)
          self.send_header('Content-Length', str(len(body)))
          self.end_headers()
          if self.command != 'HEAD': self.wfile.write(body)
        def do_GET(self):
          if self.path == '/slow': time.sleep(30)
          elif self.path == '/big': self.answer(200, b'x' * 5000000)
          elif self.path == '/redirect': self.answer(302, b'', {'Location': '/hello'})
          elif self.path == '/loop': self.answer(302, b'', {'Location': '/loop'})
          elif self.path == '/cut':
            self.send_response(200); self.send_header('Content-Length', '100'); self.end_headers()
            self.wfile.write(b'short'); self.close_connection = True
          else: self.answer(200, b'hello', {'X-Seen': self.headers.get('X-Sent', ''), 'Set-Cookie': 'a=1'})
        do_HEAD = do_GET
        def do_POST(self):
          body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
          self.answer(200, body, {'X-Expect': str(self.headers.get('Expect')), 'X-Type': str(self.headers.get('Content-Type'))})
        do_PUT = do_POST
        def log_message(self, *a): pass
      class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 512
        daemon_threads = True
      server = Server(('127.0.0.1', 0), Handler)
      print(server.server_port, flush=True)
      import threading
      threading.Thread(target=server.serve_forever, daemon=True).start()
      sys.stdin.read()
      """
    process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script]
    let output = Pipe()
    process.standardOutput = output
    // The server ends when this pipe closes: with the test process at the latest.
    process.standardInput = Pipe()
    try process.begin()
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }

  deinit { process.terminate() }

  func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }
}

@Suite struct CurlTransportTests {
  private let server: LocalServer
  private let transport = CurlTransport(environment: Environment())

  init() throws { server = try LocalServer() }

  @Test func `an answer comes whole, with headers, timings and the connection's reuse`() async throws {
    let request = HTTPRequest("GET", server.url("/hello"), headers: [HTTPField("X-Sent", "v 1")])
    // Before whatever else waits for these threads: libcurl keeps an idle connection for two minutes only.
    let (first, second) = try await Task(priority: .high) { [transport] in
      (try await transport.send(request), try await transport.send(request))
    }.value
    #expect(first.status == 200 && first.body == Array("hello".utf8) && first.version == "1.1")
    #expect(first.headers.first("x-seen") == "v 1")
    #expect(first.timings.total >= first.timings.firstByte && first.timings.firstByte > .zero)
    #expect(!first.timings.reusedConnection)
    #expect(second.timings.reusedConnection)
  }

  @Test func `bodies are sent as they are, without Expect or an invented type`() async throws {
    let body = [UInt8](repeating: 7, count: 2_000_000)
    let answer = try await transport.send(HTTPRequest("PUT", server.url("/"), body: body))
    #expect(answer.body == body)
    #expect(answer.headers.first("X-Expect") == "None" && answer.headers.first("X-Type") == "None")
  }

  @Test func `HEAD waits for no body`() async throws {
    #expect(try await transport.send(HTTPRequest("HEAD", server.url("/big"))).status == 200)
  }

  @Test func `redirects are answers unless they are followed, and then bounded`() async throws {
    #expect(try await transport.send(HTTPRequest("GET", server.url("/redirect"))).status == 302)
    var options = HTTPOptions()
    options.maximumRedirects = 3
    let followed = try await transport.send(HTTPRequest("GET", server.url("/redirect"), options: options))
    #expect(followed.status == 200 && followed.url == server.url("/hello"))
    #expect(followed.headers.all("location").isEmpty)
    await expect(.tooManyRedirects, HTTPRequest("GET", server.url("/loop"), options: options))
  }

  @Test func `failures are told apart`() async {
    await expect(.connectionFailed, HTTPRequest("GET", "http://127.0.0.1:1/"))
    await expect(.nameNotResolved, HTTPRequest("GET", "http://nowhere.invalid/"))
    await expect(.timedOut, HTTPRequest("GET", server.url("/slow"), timeout: .milliseconds(100)))
    await expect(.brokenAnswer, HTTPRequest("GET", server.url("/cut")))
    await expect(.badRequest, HTTPRequest("GET", "file:///etc/passwd"))
    await expect(.tlsFailed, HTTPRequest("GET", "https://127.0.0.1:\(server.port)/"))
    var options = HTTPOptions()
    options.maximumBodyBytes = 100_000
    await expect(.bodyTooLarge, HTTPRequest("GET", server.url("/big"), options: options))
  }

  private func expect(_ kind: TransferError.Kind, _ request: HTTPRequest) async {
    let error = await #expect(throws: TransferError.self) { try await transport.send(request) }
    #expect(error?.kind == kind, "\(error?.message ?? "")")
  }

  @Test func `a cancelled request ends at once`() async throws {
    let transport = transport
    let request = HTTPRequest("GET", server.url("/slow"))
    let task = Task { try await transport.send(request) }
    task.cancel()
    let error = await #expect(throws: (any Error).self) { try await task.value }
    #expect(error is CancellationError)
  }

  @Test func `two hundred at once all come back`() async throws {
    let transport = transport
    let url = server.url("/hello")
    let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<200 { group.addTask { try await transport.send(HTTPRequest("GET", url)).status } }
      return try await group.reduce(into: [Int]()) { $0.append($1) }
    }
    #expect(statuses == [Int](repeating: 200, count: 200))
  }

  @Test func `tasks send on the thread that they prefer, over its connections`() async throws {
    let url = server.url("/hello")
    var threads: [UInt] = []
    for executor in transport.executors {
      let (first, second, thread) = try await withTaskExecutorPreference(executor) {
        let first = try await transport.send(HTTPRequest("GET", url))
        let second = try await transport.send(HTTPRequest("GET", url))
        return (first, second, UInt(pthread_self()))
      }
      #expect(first.status == 200 && second.status == 200)
      #expect(!first.timings.reusedConnection && second.timings.reusedConnection)
      threads.append(thread)
    }
    #expect(threads.count == 2 && Set(threads).count == 2)
  }

  @Test func `a request of the second thread is cancelled there`() async throws {
    let url = server.url("/slow")
    let executor = try #require(transport.executors.last)
    let task = Task(executorPreference: executor) { try await transport.send(HTTPRequest("GET", url)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `the proxy variables are followed, and their exceptions`() async throws {
    let proxied = CurlTransport(environment: Environment(["http_proxy": server.url("")]))
    #expect(try await proxied.send(HTTPRequest("GET", "http://nowhere.invalid/hello")).status == 200)
    let excepted = CurlTransport(
      environment: Environment(["http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"]))
    #expect(try await excepted.send(HTTPRequest("GET", server.url("/hello"))).status == 200)
  }
}
