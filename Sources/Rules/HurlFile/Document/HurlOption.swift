/// One line of an `[Options]` section.
public struct HurlOption: Hashable, Sendable {
  /// A value that is written out or comes from a variable.
  public enum Value: Hashable, Sendable {
    case bool(Bool)
    /// A whole number.
    case number(Int)
    /// In the unit written; milliseconds where none is.
    case duration(Duration)
    case text(HurlTemplate)
    /// Resolved when the entry runs; `unit` is what a bare number means.
    case placeholder(HurlExpression, unit: Duration?)
    /// `variable: name=value`.
    case variable(name: String, VariableValue)
  }
  /// The right side of `variable: name=value`.
  public enum VariableValue: Hashable, Sendable {
    case literal(HurlValue)
    case text(HurlTemplate)
  }

  /// Where the name stands.
  public let position: HurlPosition
  /// The name, such as `retry-interval`.
  public let name: HurlOptionName
  /// What stands after the colon.
  public let value: Value
}

/// The options that are understood.
public enum HurlOptionName: String, Hashable, Sendable, CaseIterable {
  case awsSigV4 = "aws-sigv4"
  case caCertificate = "cacert"
  case clientCertificate = "cert"
  case clientKey = "key"
  case compressed
  case connectTo = "connect-to"
  case connectTimeout = "connect-timeout"
  case delay
  case digest
  case header
  case http10 = "http1.0"
  case http11 = "http1.1"
  case http2
  case http3
  case insecure
  case ipv4
  case ipv6
  case limitRate = "limit-rate"
  case location
  case locationTrusted = "location-trusted"
  case maxRedirects = "max-redirs"
  case maxTime = "max-time"
  case netrc
  case netrcFile = "netrc-file"
  case netrcOptional = "netrc-optional"
  case noHeader = "no-header"
  case noJSONPathCoercion = "no-jsonpath-coercion"
  case output
  case pathAsIs = "path-as-is"
  case pinnedPublicKey = "pinnedpubkey"
  case proxy
  case `repeat`
  case resolve
  case retry
  case retryInterval = "retry-interval"
  case skip
  case unixSocket = "unix-socket"
  case user
  case variable
  case verbose
  case verbosity
  case veryVerbose = "very-verbose"
}
