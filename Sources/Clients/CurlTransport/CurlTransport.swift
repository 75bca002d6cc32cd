import Glibc
import HTTPTransport
import SystemInterfaces

/// Sends requests over a libcurl multi handle that a thread of its own drives; over a second one for tasks that prefer
/// the second executor.
///
/// libcurl is initialised and a thread started by the first request: a step that sends none pays nothing.
/// Connections are kept and used again by the thread that made them; there HTTP/2 requests to one host share one.
public final class CurlTransport: HTTPTransport, Sendable {
  private let loops = [CurlLoop(), CurlLoop()]
  private let proxies: ProxyVariables

  /// - Parameter environment: where the usual proxy variables are read.
  public init(environment: Environment) {
    proxies = ProxyVariables(environment)
  }

  deinit { for loop in loops { loop.stop() } }

  public var executors: [any TaskExecutor] { loops }

  /// The loop that the task runs on, so that nothing changes threads; else the first.
  private var loop: CurlLoop {
    withUnsafeCurrentTask { task in
      task?.unownedTaskExecutor == loops[1].asUnownedTaskExecutor() ? loops[1] : loops[0]
    }
  }

  /// Begins on a thread of its own what libcurl needs before its first request, for a process that will send one soon.
  public static func warmUp() {
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { _ in
        CurlLibrary.start()
        return nil
      }, nil)
    // Without the thread the first request does it.
    if code == 0 { pthread_detach(thread) }
  }

  public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    try Task.checkCancellation()
    let transfer = CurlTransfer(request, proxies: proxies)
    let loop = loop
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        transfer.begin(continuation)
        loop.enqueue(.start(transfer))
      }
    } onCancel: {
      loop.enqueue(.cancel(transfer))
    }
  }
}

/// The proxy variables that curl documents, taken from the handed-in environment rather than from the process.
struct ProxyVariables: Sendable {
  let http: String, https: String, exceptions: String

  init(_ environment: Environment) {
    let all = environment.nonEmpty("all_proxy") ?? environment.nonEmpty("ALL_PROXY") ?? ""
    // HTTP_PROXY in capitals can be set by a client of a CGI program; curl ignores it too.
    http = environment.nonEmpty("http_proxy") ?? all
    https = environment.nonEmpty("https_proxy") ?? environment.nonEmpty("HTTPS_PROXY") ?? all
    exceptions = environment.nonEmpty("no_proxy") ?? environment.nonEmpty("NO_PROXY") ?? ""
  }

  /// The proxy for a request, empty for none, and what it is not used for: the request's own, else these.
  func choice(for request: HTTPRequest) -> (proxy: String, exceptions: String) {
    request.options.proxy.map { ($0, "") } ?? (proxy(for: request.url), exceptions)
  }

  /// The proxy for a URL; empty for none.
  private func proxy(for url: String) -> String {
    if http.isEmpty, https.isEmpty { return "" }
    return url.lowercased().hasPrefix("https:") ? https : http
  }
}
