/// The `[Options]` of an entry with all placeholders resolved; nil and empty mean that the file says nothing.
public struct HurlOptions: Hashable, Sendable {
  /// HTTP versions that can be asked for.
  public enum Version: String, Hashable, Sendable { case http10, http11, http2, http3 }
  /// Internet protocol versions that can be asked for.
  public enum AddressFamily: Hashable, Sendable { case ipv4, ipv6 }

  /// How much of an exchange is told: nothing of it, its header fields, its bodies too.
  public enum Verbosity: String, Hashable, Sendable { case brief, verbose, debug }

  /// `provider1[:provider2[:region[:service]]]`
  public var awsSigV4: String?
  /// PEM files; the client certificate may be `file:passphrase`.
  public var caCertificate: String?, clientCertificate: String?, clientKey: String?
  /// Asks for and decodes compressed answers.
  public var compressed: Bool?
  /// `host:port:otherHost:otherPort`, `host:port:address`.
  public var connectTo: [String] = [], resolve: [String] = []
  /// Until the connection stands; for the whole exchange; before the request; between tries.
  public var connectTimeout: Duration?, maxTime: Duration?, delay: Duration?, retryInterval: Duration?
  /// The HTTP version to ask for.
  public var version: Version?
  /// Whether certificates go unverified.
  public var insecure: Bool?
  /// The internet protocol to use.
  public var addressFamily: AddressFamily?
  /// Bytes a second.
  public var limitRate: Int?
  /// Whether redirects are followed, and whether with credentials to other hosts too.
  public var followsRedirects: Bool?, sendsCredentialsToOtherHosts: Bool?
  /// At most this many redirects; -1 for no limit.
  public var maxRedirects: Int?
  /// Credentials from a netrc file.
  public var netrc: Bool?, netrcFile: String?, netrcOptional: Bool?
  /// Where the answer's body is to be written.
  public var output: String?
  /// Whether `..` in the path is left alone.
  public var pathAsIs: Bool?
  /// `host:port` or a URL.
  public var proxy: String?
  /// How often the entry runs; -1 for ever.
  public var repetitions: Int?
  /// How often a failing entry is tried again; -1 for ever.
  public var retries: Int?
  /// Whether the entry is passed over.
  public var skip: Bool?
  /// A socket in the file system to connect to.
  public var unixSocket: String?
  /// `user:password`, and whether it is proved by a digest rather than sent.
  public var user: String?, digest: Bool?
  /// More header fields, `name: value`.
  public var headers: [String] = []
  /// Names of header fields that are not sent, those among them that would be added unasked.
  public var withoutHeaders: [String] = []
  /// Whether a JSONPath gives a list also where it leads to one value.
  public var keepsJSONPathLists: Bool?
  /// The public key that the server must have: a file, or `sha256//…`.
  public var pinnedPublicKey: String?
  /// How much is to be told.
  public var verbosity: Verbosity?

  /// Nothing said.
  public init() {}
}

extension HurlOptions {
  /// The file and the passphrase of a client certificate, as curl parts them: `FILE:passphrase`, `\:` standing for a colon of
  /// the name.
  public static func certificate(_ text: String) -> (file: String, passphrase: String?) {
    var file = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      if character == "\\", let next = rest.first, next == ":" || next == "\\" {
        rest.removeFirst()
        file.append(next)
      } else if character == ":" {
        return (file, String(rest))
      } else {
        file.append(character)
      }
    }
    return (file, nil)
  }
}
