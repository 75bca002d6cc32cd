import HTTPTransport

/// What helps to act on a failure: how to ask again by hand, and what came back.
public struct Evidence: Hashable, Sendable {
  /// The request, as a line for a shell with curl; what proves who asks is left out.
  public var curl: String
  /// The header fields of the answer that tell who answered, from where, and under which number.
  public var headers: [String]
  /// The beginning of the answer's body.
  public var body: String
  /// What the functions behind the API logged about this very request, where it could be found.
  public var log: [String] = []

  /// What is known.
  public init(curl: String, headers: [String], body: String, log: [String] = []) {
    self.curl = curl
    self.headers = headers
    self.body = body
    self.log = log
  }

  /// The numbers under which AWS knows the request.
  public var requestIds: [String] {
    headers.compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
      guard parts.count == 2 else { return nil }
      switch parts[0].lowercased() {
      case "x-amzn-requestid", "apigw-requestid": return String(parts[1])
      case "x-amzn-trace-id":
        let root = parts[1].split(separator: ";").first { $0.hasPrefix("Root=") } ?? parts[1]
        return String(root.hasPrefix("Root=") ? root.dropFirst(5) : root)
      default: return nil
      }
    }
  }
}

extension Evidence {
  private static let telling: Set<String> = [
    "content-type", "x-amzn-requestid", "apigw-requestid", "x-amz-apigw-id", "x-amzn-trace-id",
    "x-amzn-errortype", "x-amz-cf-id", "via", "server", "x-cache", "age", "location", "retry-after",
    "www-authenticate",
  ]
  private static let longestBody = 600

  /// What is known of an exchange that failed; `response` is nil where no answer came.
  init(_ request: HTTPRequest, _ response: HTTPResponse?, redact: (String) -> String) {
    curl = CurlLine.text(of: request, redact)
    headers = (response?.headers ?? []).filter { Evidence.telling.contains($0.name.lowercased()) }.map {
      redact("\($0.name): \($0.value)")
    }
    let bytes = response?.body.prefix(16_384) ?? []
    // A body that is no text says nothing here.
    let text = bytes.contains(0) ? "" : redact(String(decoding: bytes, as: UTF8.self))
    body = text.count > Evidence.longestBody ? String(text.prefix(Evidence.longestBody)) + "…" : text
  }
}

/// Requests as lines for a shell with curl.
enum CurlLine {
  /// Fields whose values prove who asks.
  private static let secret: Set<String> = [
    "authorization", "proxy-authorization", "x-api-key", "cookie", "x-amz-security-token",
  ]
  private static let longestBody = 2000

  /// The line that sends `request` again, without what `redact` takes out: before quotes for the shell would part a secret.
  static func text(of request: HTTPRequest, _ redact: (String) -> String) -> String {
    func quoted(_ text: String) -> String { CurlLine.quoted(redact(text)) }
    var words = ["curl", "-i"]
    if request.method == "HEAD" {
      words.append("-I")
    } else if request.method != "GET" || !request.body.isEmpty {
      words += ["-X", request.method]
    }
    for field in request.headers {
      let value = secret.contains(field.name.lowercased()) ? "…" : field.value
      words += ["-H", quoted("\(field.name): \(value)")]
    }
    if !request.body.isEmpty {
      let isText = !request.body.contains(0) && request.body.count <= longestBody
      words += [
        "--data-binary", isText ? quoted(String(decoding: request.body, as: UTF8.self)) : "@BODY",
      ]
    }
    let options = request.options
    switch options.version {
    case .http10: words.append("--http1.0")
    case .http11: words.append("--http1.1")
    case .http2: words.append("--http2")
    case .http2Direct: words.append("--http2-prior-knowledge")
    case .automatic: break
    }
    if !options.verifiesTLS { words.append("-k") }
    let files = [
      ("--cacert", options.certificateAuthorityFile), ("--cert", options.clientCertificateFile),
      ("--key", options.clientKeyFile), ("--unix-socket", options.unixSocket),
    ]
    for case (let name, let value?) in files { words += [name, quoted(value)] }
    for entry in options.resolve { words += ["--resolve", quoted(entry)] }
    for entry in options.connectTo { words += ["--connect-to", quoted(entry)] }
    if options.acceptsCompression { words.append("--compressed") }
    words.append(quoted(request.url))
    return words.joined(separator: " ")
  }

  /// In single quotes, where a shell would take it for more than a word.
  private static func quoted(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
          || "/:._-=@%+,".utf8.contains(byte)
      }
    if isPlain { return text }
    var inside = ""
    for character in text { inside += character == "'" ? "'\\''" : String(character) }
    return "'\(inside)'"
  }
}
