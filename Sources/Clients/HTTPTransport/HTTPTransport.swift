/// What sends a request. Clients take this; tests hand in a script of answers.
public protocol HTTPTransport: Sendable {
  /// The answer to `request`, or a `TransferError` where none came whole, or `CancellationError`.
  func send(_ request: HTTPRequest) async throws -> HTTPResponse
  /// Where tasks run best that do little but send and look at the answers; they must not block. Several work beside each
  /// other, which pays where there are hundreds of requests. None: anywhere.
  var executors: [any TaskExecutor] { get }
}

extension HTTPTransport {
  /// Anywhere.
  public var executors: [any TaskExecutor] { [] }
}

/// A transfer that got no complete answer.
public struct TransferError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What went wrong, as far as a step must tell it apart.
  public enum Kind: String, Hashable, Sendable, Codable {
    /// The name has no address.
    case nameNotResolved
    /// Nothing accepted the connection.
    case connectionFailed
    /// TLS was not agreed, or the certificate is not trusted.
    case tlsFailed
    /// The time ran out.
    case timedOut
    /// The connection ended before the answer did, or the answer is no HTTP.
    case brokenAnswer
    /// More redirects than allowed.
    case tooManyRedirects
    /// The body grew past the limit.
    case bodyTooLarge
    /// The URL is none, or of another scheme.
    case badRequest
    /// A proxy refused or could not be reached.
    case proxyFailed
    /// Anything else; the message says it.
    case other
  }
  /// What went wrong.
  public let kind: Kind
  /// The library's own code, 0 where there is none.
  public let code: Int
  /// The library's own words.
  public let message: String

  /// A failure of `kind`.
  public init(_ kind: Kind, code: Int = 0, message: String) {
    self.kind = kind
    self.code = code
    self.message = message
  }

  public var description: String { message }

  /// libcurl's code for authorities that cannot be read.
  public static let noAuthorities = 77

  /// Whether the fault is in this machine's own settings, whatever was asked: a proxy of the environment that cannot be
  /// reached or refuses, authorities that cannot be read. Then nothing is known of what was asked.
  public var isFaultOfThisMachine: Bool { kind == .proxyFailed || code == TransferError.noAuthorities }
}
