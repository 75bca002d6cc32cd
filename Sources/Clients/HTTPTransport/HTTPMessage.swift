/// One header field. Names are compared without regard to case.
public struct HTTPField: Hashable, Sendable {
  /// As sent or received.
  public var name: String
  /// Without surrounding white space.
  public var value: String

  /// A field `name: value`.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension HTTPField {
  /// Whether this is the field `name`, whatever its case.
  public func isNamed(_ name: String) -> Bool {
    let (left, right) = (self.name.utf8, name.utf8)
    return left.count == right.count && zip(left, right).allSatisfy { $0 == $1 || lower($0) == lower($1) }
  }

  private func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 32 : byte }
}

extension [HTTPField] {
  /// The first value of `name`, whatever its case.
  public func first(_ name: String) -> String? { first { $0.isNamed(name) }?.value }
  /// All values of `name`, in order.
  public func all(_ name: String) -> [String] { filter { $0.isNamed(name) }.map(\.value) }
}

/// An exchange to make.
public struct HTTPRequest: Sendable {
  /// Sent as it is.
  public var method: String
  /// Absolute, percent-encoded; `http` or `https` alone.
  public var url: String
  /// Sent in this order; `Host`, `Content-Length` and the like are added by the transport.
  public var headers: [HTTPField]
  /// Sent as it is; empty means none.
  public var body: [UInt8]
  /// From the start of the connection to the last byte.
  public var timeout: Duration
  /// How the connection is made and how far an answer is followed.
  public var options: HTTPOptions

  /// A request with no body and a timeout of thirty seconds unless given.
  public init(
    _ method: String = "GET", _ url: String, headers: [HTTPField] = [], body: [UInt8] = [],
    timeout: Duration = .seconds(30), options: HTTPOptions = HTTPOptions()
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.options = options
  }
}

/// How a connection is made and how far an answer is followed. The defaults are those of a careful client.
public struct HTTPOptions: Hashable, Sendable {
  /// Which protocol versions are offered.
  public enum Version: Hashable, Sendable {
    case http10, http11, http2, automatic
    /// HTTP/2 without asking first whether the server speaks it, as gRPC does without TLS.
    case http2Direct
  }
  /// HTTP/2 over TLS where the server offers it, by default.
  public var version = Version.automatic
  /// From the start to an established connection, TLS included.
  public var connectTimeout: Duration = .seconds(10)
  /// Redirects are answers unless this is more than 0.
  public var maximumRedirects = 0
  /// Certificates are verified unless a person asked otherwise.
  public var verifiesTLS = true
  /// A PEM file of authorities instead of the system's.
  public var certificateAuthorityFile: String?
  /// Folders of authorities, as OpenSSL reads them, with colons between.
  public var certificateAuthorityFolder: String?
  /// The client's own certificate and key, PEM files.
  public var clientCertificateFile: String?
  /// The key of `clientCertificateFile`, where it is a file of its own.
  public var clientKeyFile: String?
  /// The passphrase of the key.
  public var clientKeyPassphrase: String?
  /// Names of fields that are left out, those among them that the transport would add by itself.
  public var withoutHeaders: [String] = []
  /// Internet protocol versions that names may be resolved to.
  public enum AddressFamily: Hashable, Sendable { case ipv4, ipv6 }
  /// Both, unless one is asked for.
  public var addressFamily: AddressFamily?
  /// Whether `/./` and `/../` in the path are sent as they are.
  public var sendsPathAsIs = false
  /// `host:port:address` entries used instead of name resolution.
  public var resolve: [String] = []
  /// `host:port:otherHost:otherPort` entries.
  public var connectTo: [String] = []
  /// A socket in the file system that is connected to instead of the host.
  public var unixSocket: String?
  /// The most that is sent and received in a second.
  public var bytesPerSecond: Int?
  /// The public key that the server must have: a file, or `sha256//` and its digest in Base64.
  public var pinnedPublicKey: String?
  /// `user:password`, proved by a digest (RFC 7616) where the server asks for one.
  public var digestCredentials: String?
  /// A proxy URL; nil follows `http_proxy`, `https_proxy`, `no_proxy`; empty means none.
  public var proxy: String?
  /// Asks for and decodes gzip, deflate and br.
  public var acceptsCompression = false
  /// Decodes as well where the server compresses without being asked; no field asks for it.
  public var decodesUnasked = false
  /// Of a longer body only so many bytes are kept, and all are counted; nil keeps all.
  public var keptBodyBytes: Int?
  /// A body that grows past this many bytes ends the exchange with `.bodyTooLarge`.
  public var maximumBodyBytes = 64 << 20
  /// How long an answer that does not end by itself is listened to: events (`text/event-stream`) come for so long, or
  /// until there is a pause after the first; a change of protocol (101) ends the exchange with its header fields. Nil waits
  /// for the end.
  public var listensToStreams: Duration?
  /// Whether digests are made of the whole body, also of what is not kept.
  public var wantsDigests = false
  /// Whether the server's certificate is read into the response.
  public var wantsCertificate = false

  /// The defaults.
  public init() {}
}

/// When the parts of an exchange ended, counted from its start.
public struct HTTPTimings: Hashable, Sendable {
  /// The name was resolved, the connection made, TLS agreed, the first byte received, the last byte received.
  public var nameLookup: Duration = .zero, connect: Duration = .zero, tls: Duration = .zero
  /// See `nameLookup`.
  public var firstByte: Duration = .zero, total: Duration = .zero
  /// Whether an open connection was used again.
  public var reusedConnection = false

  /// All zero.
  public init() {}
}

/// What the server showed of its certificate.
public struct HTTPCertificate: Hashable, Sendable {
  /// Distinguished names and the serial number, as libcurl writes them.
  public var subject = "", issuer = "", serialNumber = ""
  /// The validity, as libcurl writes it: `Jan 10 08:29:52 2026 GMT`.
  public var startDate = "", expireDate = ""
  /// The subject's alternative names, where the library gives them.
  public var alternativeNames = ""
  /// The certificate itself, as PEM.
  public var pem = ""

  /// All empty.
  public init() {}
}

/// What came back.
public struct HTTPResponse: Sendable {
  /// The status of the last answer.
  public var status: Int
  /// `1.0`, `1.1`, `2` or `3`.
  public var version: String
  /// The fields of the last answer, in order.
  public var headers: [HTTPField]
  /// The body, decoded where compression was asked for.
  public var body: [UInt8]
  /// Bytes that came and were not kept, by the request's `keptBodyBytes`.
  public var droppedBodyBytes = 0
  /// Digests of the whole body, where the request wants them.
  public var sha256: [UInt8]?, md5: [UInt8]?
  /// Whether the exchange was ended on this side, as the answer would not have ended by itself.
  public var isStream = false
  /// The URL that answered, after redirects.
  public var url: String
  /// How long each part took.
  public var timings: HTTPTimings
  /// The server's certificate, where it was asked for and there is one.
  public var certificate: HTTPCertificate?
  /// The address that answered, where known.
  public var address: String?
  /// The proxy of the environment that the request went through, host and port; nil where it went through none.
  public var proxy: String?

  /// An answer; what is not given is empty.
  public init(
    status: Int, headers: [HTTPField] = [], body: [UInt8] = [], url: String = "", version: String = "1.1",
    timings: HTTPTimings = HTTPTimings()
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.url = url
    self.version = version
    self.timings = timings
  }
}
