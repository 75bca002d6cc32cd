import CryptoDigests
import HTTPTransport
import SystemInterfaces

/// Signs requests with AWS Signature Version 4.
struct SigV4Signer: Sendable {
  var credentials: AWSCredentials
  var region: String
  var service: String
  /// All services but S3 encode the path once more.
  var encodesPathTwice = true

  /// `request` with `X-Amz-Date`, the session token where there is one, and `Authorization`.
  func signed(_ request: HTTPRequest, at time: Timestamp) -> HTTPRequest {
    let stamp = time.basicFormat
    let (host, path, query) = SigV4Signer.parts(of: request.url)
    var request = request
    request.headers.append(HTTPField("X-Amz-Date", stamp))
    if let token = credentials.sessionToken {
      request.headers.append(HTTPField("X-Amz-Security-Token", token))
    }
    let bodyDigest = Digest.sha256Hex(request.body)
    if !encodesPathTwice { request.headers.append(HTTPField("X-Amz-Content-Sha256", bodyDigest)) }
    let scope = "\(stamp.prefix(8))/\(region)/\(service)/aws4_request"
    let (canonicalHeaders, names) = SigV4Signer.canonicalHeaders(request.headers, host: host)
    let canonical = [
      request.method,
      encodesPathTwice ? PercentEncoding.encode(SigV4Signer.normalized(path), keeping: "/") : path,
      SigV4Signer.canonicalQuery(query),
      canonicalHeaders,
      names,
      bodyDigest,
    ].joined(separator: "\n")
    let toSign = ["AWS4-HMAC-SHA256", stamp, scope, Digest.sha256Hex(Array(canonical.utf8))]
      .joined(separator: "\n")
    var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
    for part in [String(stamp.prefix(8)), region, service, "aws4_request"] {
      key = Digest.hmacSHA256(key: key, part.utf8)
    }
    let signature = Digest.hex(Digest.hmacSHA256(key: key, toSign.utf8))
    request.headers.append(
      HTTPField(
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyId)/\(scope), SignedHeaders=\(names), "
          + "Signature=\(signature)"))
    return request
  }

  // Proxies change or drop these; a signature over them would not survive.
  private static let unsigned: Set<String> = [
    "user-agent", "expect", "connection", "accept-encoding", "transfer-encoding", "x-amzn-trace-id",
    "amz-sdk-request", "amz-sdk-invocation-id",
  ]

  /// The header block, each line with its end, and the names; values of one name are joined by commas.
  static func canonicalHeaders(_ headers: [HTTPField], host: String) -> (block: String, names: String) {
    var values: [String: [String]] = [:]
    for field in headers {
      let name = field.name.lowercased()
      if !unsigned.contains(name) { values[name, default: []].append(trimmed(field.value)) }
    }
    if values["host"] == nil { values["host"] = [host] }
    let names = values.keys.sorted()
    let block = names.map { "\($0):\(values[$0, default: []].joined(separator: ","))\n" }.joined()
    return (block, names.joined(separator: ";"))
  }

  /// Host with port, path and query of a URL that is already percent-encoded.
  static func parts(of url: String) -> (host: String, path: String, query: String) {
    var rest = Substring(url)
    if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    var host = AWSEndpoints.authority(of: url)
    // Clients leave the usual port out of `Host`.
    if url.hasPrefix("https:"), host.hasSuffix(":443") { host = String(host.dropLast(4)) }
    if url.hasPrefix("http:"), host.hasSuffix(":80") { host = String(host.dropLast(3)) }
    rest = rest[end...]
    let mark = rest.firstIndex(of: "?")
    let path = String(rest[..<(mark ?? rest.endIndex)])
    let query = mark.map { String(rest[rest.index(after: $0)...]) } ?? ""
    return (host, path.isEmpty ? "/" : path, query)
  }

  private static func encodedAnew(_ text: Substring) -> String {
    PercentEncoding.encode(PercentEncoding.bytes(decoding: text), isKept: PercentEncoding.isUnreserved)
  }

  /// The parameters encoded anew and sorted by name, then value; a name without value gets an empty one.
  static func canonicalQuery(_ query: String) -> String {
    query.split(separator: "&").map { pair -> (name: String, value: String) in
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (encodedAnew(sides[0]), sides.count > 1 ? encodedAnew(sides[1]) : "")
    }
    .sorted { ($0.name, $0.value) < ($1.name, $1.value) }
    .map { "\($0.name)=\($0.value)" }
    .joined(separator: "&")
  }

  /// `path` without `.` and `..` and doubled slashes.
  static func normalized(_ path: String) -> String {
    var kept: [Substring] = []
    for segment in path.split(separator: "/") where segment != "." {
      if segment == ".." { _ = kept.popLast() } else { kept.append(segment) }
    }
    let joined = "/" + kept.joined(separator: "/")
    return path.hasSuffix("/") && joined != "/" ? joined + "/" : joined
  }

  private static func trimmed(_ value: String) -> String {
    value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
  }
}
