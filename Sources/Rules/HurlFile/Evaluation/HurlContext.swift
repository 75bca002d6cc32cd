import JSONValues
import SystemInterfaces

/// What rendering and evaluation need from outside, handed in.
public struct HurlContext: Sendable {
  /// The present time, for `newDate`, `daysAfterNow` and `daysBeforeNow`.
  public var now: Timestamp
  /// Where `newUuid` comes from.
  public var randomness: Randomness
  /// Whether a JSONPath that leads to one value gives that value; else it always gives a list.
  public var coercesJSONPath = true
  /// Reads a file named in a Hurl file; throws what is to be told about it. The path is as written there: where it may
  /// lead is for the caller to decide.
  public var readFile: @Sendable (String) throws -> [UInt8]

  /// A context.
  public init(
    now: Timestamp, randomness: Randomness = Randomness(),
    readFile: @escaping @Sendable (String) throws -> [UInt8]
  ) {
    self.now = now
    self.randomness = randomness
    self.readFile = readFile
  }
}

/// A request ready to be sent.
public struct HurlRequestSpec: Hashable, Sendable {
  /// One name and its value.
  public struct Parameter: Hashable, Sendable {
    /// The name and the value, as written: not encoded.
    public var name: String, value: String

    /// A name and its value.
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }
  /// Such as `GET`.
  public var method: String
  /// Absolute, with the parameters of `[Query]` appended; percent-encoded where it must be.
  public var url: String
  /// The file's own header fields in their order, then those that follow from its sections.
  public var headers: [Parameter]
  /// The body; empty where there is none.
  public var body: [UInt8]
  /// Whether there is a body at all.
  public var hasBody: Bool
  /// The `[Cookies]` section; already among `headers` as `Cookie`.
  public var cookies: [Parameter]
  /// User and secret for basic authentication from `[BasicAuth]`; already among `headers`.
  public var basicAuth: Parameter?
}

/// What came back, as far as queries can see.
public struct HurlResponseValues: Hashable, Sendable {
  /// The server's certificate.
  public struct Certificate: Hashable, Sendable {
    /// Distinguished names and the serial number.
    public var subject = "", issuer = "", serialNumber = ""
    /// The validity.
    public var start: Timestamp?, end: Timestamp?
    /// The subject's alternative names.
    public var alternativeNames = ""
    /// The certificate itself, as PEM.
    public var pem = ""
    /// All empty.
    public init() {}

    /// A serial number in pairs of digits, as Hurl prints it: `1e:e8:b1`.
    public static func paired(_ number: String) -> String {
      if number.contains(":") { return number }
      let digits = Array(number)
      return stride(from: 0, to: digits.count, by: 2)
        .map { String(digits[$0..<min($0 + 2, digits.count)]) }.joined(separator: ":")
    }
  }
  /// The status of the last answer.
  public var status: Int
  /// `1.0`, `1.1`, `2` or `3`.
  public var version: String
  /// The URL that answered.
  public var url: String
  /// The fields of the last answer, in order.
  public var headers: [HurlRequestSpec.Parameter]
  /// The body, content coding removed.
  public var body: [UInt8]
  /// Bytes of the body that were counted and not kept.
  public var droppedBodyBytes = 0
  /// Digests of the whole body, where they were made on the way.
  public var sha256: [UInt8]?, md5: [UInt8]?
  /// The time from sending to the last byte.
  public var duration: Duration
  /// The server's certificate, where there is one.
  public var certificate: Certificate?
  /// The address that answered.
  public var address: String?
  /// The answers on the way, where redirects were followed.
  public var redirects: [HurlValue]
  /// Why the content coding could not be removed; queries of the body fail with it.
  public var bodyProblem: String?

  /// An answer.
  public init(
    status: Int, version: String = "1.1", url: String = "", headers: [HurlRequestSpec.Parameter] = [],
    body: [UInt8] = [], duration: Duration = .zero, certificate: Certificate? = nil, address: String? = nil,
    redirects: [HurlValue] = [], bodyProblem: String? = nil
  ) {
    self.status = status
    self.version = version
    self.url = url
    self.headers = headers
    self.body = body
    self.duration = duration
    self.certificate = certificate
    self.address = address
    self.redirects = redirects
    self.bodyProblem = bodyProblem
  }
}

/// How an answer was judged.
public struct HurlEvaluation: Hashable, Sendable {
  /// A captured value.
  public struct Capture: Hashable, Sendable {
    /// The variable's name.
    public var name: String
    /// Its value.
    public var value: HurlValue
    /// Whether it is a secret.
    public var isRedacted: Bool
  }
  /// One thing that had to hold.
  public struct Assertion: Hashable, Sendable {
    /// Where it stands.
    public var line: Int, column: Int
    /// What was asserted, as written.
    public var description: String
    /// Whether it holds.
    public var passed: Bool
    /// What was expected and what was found; empty for a status, a body and lines of `[Asserts]` that passed.
    public var expected: String, actual: String
    /// What the eye does not see of the difference.
    public var hint: String?
  }
  /// The captured values in order.
  public var captures: [Capture] = []
  /// Status, version, headers and body first, then `[Asserts]`, in order.
  public var assertions: [Assertion] = []
  /// Why a capture failed; nothing after it was judged.
  public var error: HurlRuntimeError?
  /// The body as JSON, where a query took it for that.
  public var json: JSONValue?

  /// Whether everything held.
  public var passed: Bool { error == nil && assertions.allSatisfy(\.passed) }
}
