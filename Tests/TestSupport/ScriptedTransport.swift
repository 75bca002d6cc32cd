import HTTPTransport
import Synchronization

/// Answers requests by a function and keeps them, for the failures that real servers will not show on demand.
public final class ScriptedTransport: HTTPTransport {
  private let answer: @Sendable (HTTPRequest) async throws -> HTTPResponse
  private let seen = Mutex<[HTTPRequest]>([])

  /// Answers each request by `answer`.
  public init(_ answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) {
    self.answer = answer
  }

  /// All requests so far, in the order they were sent.
  public var requests: [HTTPRequest] { seen.withLock { $0 } }

  public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    seen.withLock { $0.append(request) }
    return try await answer(request)
  }
}
