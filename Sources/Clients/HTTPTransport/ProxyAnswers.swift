import SystemInterfaces

/// Tells a service's own answers from those that the proxy of this machine gives in its place: to an `http` address a proxy
/// answers itself where it refuses, wants a login or is broken, and the service has then said nothing.
public struct ProxyAnswersTransport: HTTPTransport {
  private let base: any HTTPTransport
  private let random: Randomness
  /// Whether the proxy brings answers of what every run must reach: then it works, and its answer is about the service.
  private let works: @Sendable (_ proxy: String) async -> Bool

  /// `base`, whose answers are looked at.
  public init(
    _ base: any HTTPTransport, random: Randomness,
    works: @escaping @Sendable (_ proxy: String) async -> Bool = { _ in false }
  ) {
    self.base = base
    self.random = random
    self.works = works
  }

  public var executors: [any TaskExecutor] { base.executors }

  public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    let response = try await base.send(request)
    // A request's own proxy is part of what is asked.
    guard let proxy = response.proxy, request.options.proxy == nil, response.url.hasPrefix("http://"),
      response.status == 403 || response.status == 407 || response.status >= 500
    else { return response }
    // No service asks for the login of a proxy.
    if response.status == 407 { throw refusal(proxy, response, "it wants a login") }
    guard try await answersForNobody(response, request), await !works(proxy) else { return response }
    throw refusal(proxy, response, "it answers so for a name that nobody has, too")
  }

  private func refusal(_ proxy: String, _ response: HTTPResponse, _ why: String) -> TransferError {
    TransferError(.proxyFailed, message: "the proxy \(proxy) answered \(response.status) itself: \(why)")
  }

  /// Whether the proxy says the same of a name under `.invalid`, which has no address (RFC 6761).
  private func answersForNobody(_ response: HTTPResponse, _ request: HTTPRequest) async throws -> Bool {
    let nobody = "backstop-\(random.hex(8)).invalid"
    let method = request.method == "HEAD" ? "HEAD" : "GET"
    let probe = HTTPRequest(method, "http://\(nobody)/", timeout: min(request.timeout, .seconds(10)))
    do {
      let answer = try await base.send(probe)
      return answer.status == response.status
        && ProxyAnswersTransport.words(answer) == ProxyAnswersTransport.words(response)
    } catch is TransferError { return false }
  }

  /// The body without what differs from page to page of one kind: the address, times, numbers.
  private static func words(_ response: HTTPResponse) -> String {
    var text = String(decoding: response.body.prefix(16_384), as: UTF8.self)
    let rest = response.url.dropFirst("http://".count)
    let authority = String(rest.prefix { !"/?#".contains($0) })
    let host = String(authority.prefix { $0 != ":" })
    for part in [response.url, authority, host] where !part.isEmpty {
      text = text.replacing(part, with: "")
    }
    return text.filter { !$0.isNumber && !$0.isWhitespace }
  }
}
