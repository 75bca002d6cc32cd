/// A server that takes messages.
public struct MailServer: Hashable, Sendable {
  /// `smtp://host:port` or `smtps://host:port`; a name and a password may stand in it.
  public var url: String
  /// What the server is told in AUTH, where it does not stand in the URL.
  public var user: String?, password: String?
  /// Whether `smtp://` must go over to TLS (STARTTLS). Nothing is sent otherwise.
  public var requiresTLS = true
  /// A PEM file of authorities instead of the system's.
  public var certificateAuthorityFile: String?
  /// From the start of the connection to the last answer.
  public var timeout: Duration = .seconds(15)

  /// A server that must speak TLS.
  public init(_ url: String) { self.url = url }
}

/// What sends mail.
public protocol MailTransport: Sendable {
  /// Returns once the server has taken `message` for all its recipients; throws a `TransferError` where it did not, or
  /// `CancellationError`.
  func deliver(_ message: MailMessage, to server: MailServer) async throws
}
