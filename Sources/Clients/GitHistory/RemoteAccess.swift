/// A way to log in to a remote.
public enum RemoteLogin: Sendable, Hashable {
  /// A name and a password or token; `source` says where they come from, for messages.
  case password(user: String, password: String, source: String)
  /// The keys of the running SSH agent.
  case agent
  /// A private key in a file.
  case key(path: String, passphrase: String?, source: String)

  /// Where it comes from.
  public var source: String {
    switch self {
    case .password(_, _, let source), .key(_, _, let source): source
    case .agent: "the SSH agent"
    }
  }
}

/// How a remote is spoken to.
public struct RemoteAccess: Sendable, Hashable {
  /// Tried in this order; the credentials of the address itself are tried before.
  public var logins: [RemoteLogin]
  /// Header lines of every HTTP request, such as what a CI's checkout leaves in git's configuration.
  public var headers: [String]
  /// The settings that they come from.
  public var headerSettings: [String] = []
  /// A PEM file of authorities instead of the system's.
  public var authorities: String?
  /// Folders of authorities with colons between, beside it or alone.
  public var authoritiesFolder: String?

  /// Nothing to log in with.
  public init(logins: [RemoteLogin] = [], headers: [String] = [], authorities: String? = nil) {
    self.logins = logins
    self.headers = headers
    self.authorities = authorities
  }
}
