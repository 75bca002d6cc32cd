import CLibCurl
import CLibCurlShims
import CryptoDigests
import HTTPTransport
import Synchronization
import SystemInterfaces

/// One exchange. After it is enqueued it belongs to the loop's thread.
final class CurlTransfer: @unchecked Sendable {
  let request: HTTPRequest
  private let proxies: ProxyVariables
  private var continuation: CheckedContinuation<HTTPResponse, any Error>?
  private var handle: CurlHandle?
  var easy: UnsafeMutableRawPointer? { handle?.easy }
  /// Where it stands among those that run; nil while it does not.
  var place: Int?
  var isCancelled = false
  private var lists: [UnsafeMutablePointer<curl_slist>] = []
  private var response: HTTPResponse
  private var isBodyTooLarge = false
  private var headerBytes = 0
  /// Whether the empty line came that ends the header fields of the newest answer.
  private var hasAllFields = false
  private var digests: (sha256: RunningDigest, md5: RunningDigest)?
  private var listening: StreamListening?
  private weak var handles: CurlHandles?
  /// Whose certificate is to be shown; nil where none is.
  private lazy var origin = request.options.wantsCertificate ? CurlTransfer.origin(of: request) : nil

  init(_ request: HTTPRequest, proxies: ProxyVariables) {
    self.request = request
    self.proxies = proxies
    response = HTTPResponse(status: 0, url: request.url)
  }

  deinit { for list in lists { curl_slist_free_all(list) } }

  func begin(_ continuation: CheckedContinuation<HTTPResponse, any Error>) {
    self.continuation = continuation
  }

  /// The settings of a handle that do not belong to one transfer alone.
  final class Profile {
    let method: String
    let timeout: Duration
    let hasBody: Bool
    let headers: [HTTPField]
    let options: HTTPOptions
    let proxy: String, exceptions: String

    init(_ request: HTTPRequest, _ proxies: ProxyVariables) {
      method = request.method
      timeout = request.timeout
      hasBody = !request.body.isEmpty
      headers = request.headers
      options = request.options
      (proxy, exceptions) = proxies.choice(for: request)
    }

    /// Whether `request` wants the same.
    func fits(_ request: HTTPRequest, _ proxies: ProxyVariables) -> Bool {
      method == request.method && timeout == request.timeout && hasBody == !request.body.isEmpty
        && headers == request.headers && options == request.options
        && (proxy, exceptions) == proxies.choice(for: request)
    }
  }

  /// Takes a handle and sets it up; a failure names the option that libcurl refused.
  func prepare(_ handles: CurlHandles) -> TransferError? {
    guard let handle = handles.take(for: request, origin, proxies) else {
      return TransferError(.other, code: 27, message: "libcurl gave no handle")
    }
    self.handle = handle
    self.handles = handles
    if request.options.wantsDigests { digests = (RunningDigest(.sha256), RunningDigest(.md5)) }
    var settings = CurlSettings(handle.easy)
    let profile = handle.profile ?? Profile(request, proxies)
    if handle.profile == nil { setProfile(profile, &settings) }
    // A body, lists and what a server said to credentials would stay with the handle.
    let isPlain =
      request.body.isEmpty && request.options.resolve.isEmpty && request.options.connectTo.isEmpty
      && request.options.digestCredentials == nil
    handle.profile = isPlain ? profile : nil
    let me = Unmanaged.passUnretained(self).toOpaque()
    settings.set("URL", CURLOPT_URL, request.url)
    if !request.body.isEmpty {
      let code = request.body.withUnsafeBytes {
        shim_setopt_bytes(easy, $0.baseAddress, curl_off_t($0.count))
      }
      settings.check("body", code)
    }
    setLists(&settings)
    handle.errorText[0] = 0
    settings.check("private", shim_setopt_pointer(easy, CURLOPT_PRIVATE, me))
    settings.check("body", shim_setopt_pointer(easy, CURLOPT_WRITEDATA, me))
    settings.check("headers", shim_setopt_pointer(easy, CURLOPT_HEADERDATA, me))
    return settings.failure
  }

  private func setProfile(_ profile: Profile, _ settings: inout CurlSettings) {
    let options = profile.options
    settings.check("error text", shim_setopt_pointer(easy, CURLOPT_ERRORBUFFER, handle?.errorText))
    settings.set("protocols", CURLOPT_PROTOCOLS_STR, "http,https")
    settings.set("redirect protocols", CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
    settings.set("no signals", CURLOPT_NOSIGNAL, 1)
    settings.set("timeout", CURLOPT_TIMEOUT_MS, max(1, milliseconds(profile.timeout)))
    settings.set("connect timeout", CURLOPT_CONNECTTIMEOUT_MS, max(1, milliseconds(options.connectTimeout)))
    settings.set("HTTP version", CURLOPT_HTTP_VERSION, Int(version(options.version)))
    settings.set("proxy", CURLOPT_PROXY, profile.proxy)
    settings.set("proxy exceptions", CURLOPT_NOPROXY, profile.exceptions)
    settings.set("method", CURLOPT_CUSTOMREQUEST, profile.method)
    if profile.method == "HEAD" { settings.set("no body", CURLOPT_NOBODY, 1) }
    if options.maximumRedirects > 0 {
      settings.set("redirects", CURLOPT_FOLLOWLOCATION, 1)
      settings.set("redirects", CURLOPT_MAXREDIRS, options.maximumRedirects)
    }
    if !options.verifiesTLS {
      settings.set("TLS verification", CURLOPT_SSL_VERIFYPEER, 0)
      settings.set("TLS verification", CURLOPT_SSL_VERIFYHOST, 0)
    }
    if let family = options.addressFamily {
      let choice = family == .ipv4 ? CURL_IPRESOLVE_V4 : CURL_IPRESOLVE_V6
      settings.set("address family", CURLOPT_IPRESOLVE, Int(choice))
    }
    if options.sendsPathAsIs { settings.set("path as is", CURLOPT_PATH_AS_IS, 1) }
    if let path = options.unixSocket { settings.set("Unix socket", CURLOPT_UNIX_SOCKET_PATH, path) }
    if let rate = options.bytesPerSecond {
      settings.set("rate", CURLOPT_MAX_RECV_SPEED_LARGE, rate)
      settings.set("rate", CURLOPT_MAX_SEND_SPEED_LARGE, rate)
    }
    if let key = options.pinnedPublicKey { settings.set("public key", CURLOPT_PINNEDPUBLICKEY, key) }
    if let user = options.digestCredentials {
      settings.set("credentials", CURLOPT_USERPWD, user)
      // CURLAUTH_DIGEST, whose macro is a cast that is not imported.
      settings.set("credentials", CURLOPT_HTTPAUTH, 1 << 1)
    }
    if let file = options.certificateAuthorityFile { settings.set("CA file", CURLOPT_CAINFO, file) }
    if let folder = options.certificateAuthorityFolder { settings.set("CA folder", CURLOPT_CAPATH, folder) }
    if let file = options.clientCertificateFile { settings.set("client certificate", CURLOPT_SSLCERT, file) }
    if let word = options.clientKeyPassphrase { settings.set("passphrase", CURLOPT_KEYPASSWD, word) }
    if let file = options.clientKeyFile { settings.set("client key", CURLOPT_SSLKEY, file) }
    if options.acceptsCompression || options.decodesUnasked {
      settings.set("compression", CURLOPT_ACCEPT_ENCODING, "")
    }
    if options.wantsCertificate { settings.set("certificate", CURLOPT_CERTINFO, 1) }
    setHeaders(&settings)
    setCallbacks(&settings)
  }

  private func setHeaders(_ settings: inout CurlSettings) {
    // libcurl would wait for "100 Continue" with large bodies, which signed requests must not carry; it would add a
    // content type of its own to a body.
    var fields = request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    if !request.body.isEmpty {
      if request.headers.first("Expect") == nil { fields.append("Expect:") }
      if request.headers.first("Content-Type") == nil { fields.append("Content-Type:") }
    }
    // Servers answer 411 to methods that bring a body but do not say that there is none (RFC 9110, section 8.6).
    if request.body.isEmpty, ["POST", "PUT", "PATCH"].contains(request.method),
      request.headers.first("Content-Length") == nil, request.headers.first("Transfer-Encoding") == nil
    {
      fields.append("Content-Length: 0")
    }
    // Without a value libcurl leaves its own field out; decoding stays on.
    if request.options.decodesUnasked, !request.options.acceptsCompression,
      request.headers.first("Accept-Encoding") == nil
    {
      fields.append("Accept-Encoding:")
    }
    fields += request.options.withoutHeaders.map { "\($0):" }
    let list = CurlTransfer.list(fields)
    handle?.keep(headers: list)
    settings.check("headers", shim_setopt_list(easy, CURLOPT_HTTPHEADER, list))
  }

  private func setLists(_ settings: inout CurlSettings) {
    if !request.options.resolve.isEmpty {
      settings.check(
        "resolve", list(request.options.resolve).map { shim_setopt_list(easy, CURLOPT_RESOLVE, $0) })
    }
    if !request.options.connectTo.isEmpty {
      settings.check(
        "connect to", list(request.options.connectTo).map { shim_setopt_list(easy, CURLOPT_CONNECT_TO, $0) })
    }
  }

  private func list(_ entries: [String]) -> UnsafeMutablePointer<curl_slist>? {
    let list = CurlTransfer.list(entries)
    if let list { lists.append(list) }
    return list
  }

  private static func list(_ entries: [String]) -> UnsafeMutablePointer<curl_slist>? {
    var list: UnsafeMutablePointer<curl_slist>?
    for entry in entries { list = curl_slist_append(list, entry) }
    return list
  }

  private func setCallbacks(_ settings: inout CurlSettings) {
    settings.check(
      "body",
      shim_setopt_write(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, me in
        Unmanaged<CurlTransfer>.fromOpaque(me!).takeUnretainedValue()
          .received(UnsafeRawBufferPointer(start: bytes, count: size * count))
      })
    settings.check(
      "headers",
      shim_setopt_write(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, me in
        Unmanaged<CurlTransfer>.fromOpaque(me!).takeUnretainedValue()
          .receivedHeader(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
      })
  }

  // MARK: - The answer

  private func received(_ bytes: UnsafeRawBufferPointer) -> Int {
    if response.body.count + response.droppedBodyBytes + bytes.count > request.options.maximumBodyBytes {
      isBodyTooLarge = true
      return 0
    }
    let room = request.options.keptBodyBytes.map { max(0, $0 - response.body.count) } ?? bytes.count
    response.body.append(contentsOf: bytes.prefix(room))
    response.droppedBodyBytes += max(0, bytes.count - room)
    digests?.sha256.update(bytes)
    digests?.md5.update(bytes)
    listening?.received(bytes)
    return bytes.count
  }

  /// The most that all header fields of an exchange may hold, interim answers and trailers included: libcurl counts the
  /// fields of one answer alone.
  private static let maximumHeaderBytes = 1 << 20

  /// Whether there is room for the line.
  private func receivedHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    headerBytes += line.count
    if headerBytes > CurlTransfer.maximumHeaderBytes { return false }
    keepHeader(line)
    if line.count <= 2 { hasAllFields = true }
    if line.count <= 2, let limit = request.options.listensToStreams { listen(for: limit) }
    return true
  }

  /// At the end of an answer's header fields: does it end by itself?
  private func listen(for limit: Duration) {
    var status = 0
    _ = shim_getinfo_long(easy, CURLINFO_RESPONSE_CODE, &status)
    let type = response.headers.first("content-type")?.lowercased() ?? ""
    guard status == 101 || type.hasPrefix("text/event-stream") && status >= 200 else { return }
    listening = StreamListening(for: status == 101 ? .zero : limit)
    handles?.listening.append(self)
  }

  /// When listening to an answer that does not end is over; nil where it is expected to end by itself.
  var listensUntil: ContinuousClock.Instant? { listening?.end }

  /// Takes what came of an answer that does not end by itself for the whole.
  func endListening(_ handles: CurlHandles) {
    response.isStream = true
    complete(CURLE_OK, handles)
  }

  private func keepHeader(_ line: UnsafeRawBufferPointer) {
    if line.count >= 5, line.loadUnaligned(as: UInt32.self) == CurlTransfer.http, line[4] == UInt8(ascii: "/")
    {
      // A new answer begins: an interim one, or the next of a redirect.
      response.headers = []
      hasAllFields = false
      handle?.beginFields()
      var end = 5
      while end < line.count, !isSpace(line[end]) { end += 1 }
      response.version = text(line, 5..<end)
      return
    }
    var colon = 0
    while colon < line.count, line[colon] != UInt8(ascii: ":") { colon += 1 }
    guard colon < line.count else { return }
    if response.headers.isEmpty { response.headers.reserveCapacity(8) }
    func make() -> HTTPField {
      var start = colon + 1, end = line.count
      while start < end, isSpace(line[start]) { start += 1 }
      while start < end, isSpace(line[end - 1]) { end -= 1 }
      return HTTPField(text(line, 0..<colon), text(line, start..<end))
    }
    response.headers.append(handle?.field(in: line, make) ?? make())
  }

  /// `HTTP` as it stands in memory.
  private static let http = UInt32(littleEndian: 0x5054_5448)

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
  private func text(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> String {
    String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }

  func complete(_ result: CURLcode, _ handles: CurlHandles) {
    // The time for the exchange may be up before that for listening is.
    let isCutStream = listening != nil && result == CURLE_OPERATION_TIMEDOUT
    if isCutStream { response.isStream = true }
    guard result == CURLE_OK || isCutStream else { return finish(.failure(failure(result)), handles) }
    // libcurl takes an answer for whole that ends among its header fields.
    guard hasAllFields else {
      let cut = TransferError(
        .brokenAnswer, code: Int(CURLE_PARTIAL_FILE.rawValue),
        message: "the connection ended among the answer's header fields")
      return finish(.failure(cut), handles)
    }
    if let digests {
      response.sha256 = digests.sha256.value
      response.md5 = digests.md5.value
    }
    var status = 0
    _ = shim_getinfo_long(easy, CURLINFO_RESPONSE_CODE, &status)
    response.status = status
    response.timings = timings()
    if request.options.maximumRedirects > 0 {
      response.url = text(CURLINFO_EFFECTIVE_URL) ?? request.url
    }
    response.address = text(CURLINFO_PRIMARY_IP)
    response.proxy = usedProxy()
    if let origin {
      // libcurl shows the certificate where the connection is made, and not again where it is used again.
      if !response.timings.reusedConnection, let shown = certificate() {
        handles.certificates[origin] = shown
        handle?.certified = origin
      }
      response.certificate = handles.certificates[origin]
    }
    finish(.success(response), handles)
  }

  /// What a connection is made to, as far as requests tell.
  private static func origin(of request: HTTPRequest) -> String {
    let url = request.url.utf8
    let scheme = url.firstIndex(of: UInt8(ascii: ":")) ?? url.startIndex
    let authority = url[scheme...].drop { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }
      .prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    var parts = [String(Substring(authority))]
    parts += request.options.resolve
    parts += request.options.connectTo
    if let socket = request.options.unixSocket { parts.append(socket) }
    return parts.count == 1 ? parts[0] : parts.joined(separator: " ")
  }

  func finish(_ result: Result<HTTPResponse, any Error>, _ handles: CurlHandles) {
    // Whose certificate a failed exchange left in the handle is not known.
    if let handle, origin == nil || (try? result.get()) != nil {
      handles.giveBack(handle)
    }
    handle = nil
    continuation?.resume(with: result)
    continuation = nil
  }

  private func failure(_ result: CURLcode) -> TransferError {
    let own = handle.map { String(cString: $0.errorText) } ?? ""
    var message =
      own.isEmpty ? String(cString: curl_easy_strerror(result)) : CurlTransfer.withoutUserInfo(own)
    // "Couldn't connect" does not say whether the host refused or was not there; the system does.
    var code = 0
    if result == CURLE_COULDNT_CONNECT, shim_getinfo_long(easy, CURLINFO_OS_ERRNO, &code) == CURLE_OK,
      code != 0
    {
      message += ": \(SystemError.message(Int32(truncatingIfNeeded: code)))"
    }
    if isBodyTooLarge {
      return TransferError(
        .bodyTooLarge, code: Int(result.rawValue),
        message: "the body grew past \(request.options.maximumBodyBytes) bytes")
    }
    if headerBytes > CurlTransfer.maximumHeaderBytes {
      return TransferError(
        .brokenAnswer, code: Int(CURLE_WEIRD_SERVER_REPLY.rawValue),
        message: "the header fields grew past \(CurlTransfer.maximumHeaderBytes) bytes")
    }
    // Nothing here refuses a body for another reason than its size: it is libcurl's decoding that did.
    if result == CURLE_WRITE_ERROR { message = "there is more behind the end of the compressed body" }
    if let proxy = failedProxy(result, message) {
      return TransferError(
        .proxyFailed, code: Int(result.rawValue), message: "the proxy \(proxy): \(message)")
    }
    return TransferError(CurlTransfer.kind(result), code: Int(result.rawValue), message: message)
  }

  /// The environment's proxy, where it is what failed: it was not reached, or wants a login. A request's own proxy is part of
  /// what is asked.
  private func failedProxy(_ result: CURLcode, _ message: String) -> String? {
    guard request.options.proxy == nil else { return nil }
    let url = proxies.choice(for: request).proxy
    guard !url.isEmpty else { return nil }
    let place = CurlTransfer.hostAndPort(url)
    switch result {
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: return place.shown
    case CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT:
      return message.contains("to \(place.host) port \(place.port)") ? place.shown : nil
    default: return message.contains("407") && message.contains("CONNECT") ? place.shown : nil
    }
  }

  /// The environment's proxy where the answer came over it, which the port tells that was connected to.
  private func usedProxy() -> String? {
    let url = proxies.choice(for: request).proxy
    var port = 0
    guard request.options.proxy == nil, !url.isEmpty,
      shim_getinfo_long(easy, CURLINFO_PRIMARY_PORT, &port) == CURLE_OK
    else { return nil }
    let place = CurlTransfer.hostAndPort(url)
    return place.port == "\(port)" ? place.shown : nil
  }

  /// Of a proxy's address; its port is 1080 where none is named.
  static func hostAndPort(_ url: String) -> (host: String, port: String, shown: String) {
    var rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? Substring(url)
    if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
    rest = rest.prefix { $0 != "/" }
    let colon = rest.lastIndex(of: ":").flatMap { rest[$0...].contains("]") ? nil : $0 }
    var host = String(colon.map { rest[..<$0] } ?? rest)
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    let port = colon.map { String(rest[rest.index(after: $0)...]) } ?? "1080"
    return (host, port, "\(host):\(port)")
  }

  /// libcurl quotes URLs that it cannot use, a proxy's with name and password too: what stands before an `@` goes.
  static func withoutUserInfo(_ message: String) -> String {
    guard let at = message.lastIndex(of: "@") else { return message }
    let quote = message[..<at].lastIndex { "'\"".contains($0) }.map { message.index(after: $0) }
    let scheme = message[..<at].ranges(of: "://").last?.upperBound
    return message[..<(scheme ?? quote ?? message.startIndex)] + "…" + message[at...]
  }

  static func kind(_ result: CURLcode) -> TransferError.Kind {
    switch result {
    case CURLE_COULDNT_RESOLVE_HOST: .nameNotResolved
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: .proxyFailed
    case CURLE_COULDNT_CONNECT: .connectionFailed
    case CURLE_OPERATION_TIMEDOUT: .timedOut
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED,
      CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      .tlsFailed
    case CURLE_TOO_MANY_REDIRECTS: .tooManyRedirects
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .badRequest
    case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE, CURLE_WEIRD_SERVER_REPLY,
      CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_CHUNK_FAILED, CURLE_WRITE_ERROR:
      .brokenAnswer
    default: .other
    }
  }

  private func timings() -> HTTPTimings {
    func time(_ info: CURLINFO) -> Duration {
      var microseconds: curl_off_t = 0
      _ = shim_getinfo_off(easy, info, &microseconds)
      return .microseconds(Int64(microseconds))
    }
    var timings = HTTPTimings()
    timings.nameLookup = time(CURLINFO_NAMELOOKUP_TIME_T)
    timings.connect = time(CURLINFO_CONNECT_TIME_T)
    timings.tls = time(CURLINFO_APPCONNECT_TIME_T)
    timings.firstByte = time(CURLINFO_STARTTRANSFER_TIME_T)
    timings.total = time(CURLINFO_TOTAL_TIME_T)
    var connections = 0
    _ = shim_getinfo_long(easy, CURLINFO_NUM_CONNECTS, &connections)
    timings.reusedConnection = connections == 0
    return timings
  }

  private func text(_ info: CURLINFO) -> String? {
    var found: UnsafePointer<CChar>?
    guard shim_getinfo_string(easy, info, &found) == CURLE_OK, let found else { return nil }
    return String(cString: found)
  }

  /// The leaf of the chain that the server showed.
  private func certificate() -> HTTPCertificate? {
    var chain: UnsafeMutablePointer<curl_certinfo>?
    guard shim_getinfo_certinfo(easy, &chain) == CURLE_OK, let chain, chain.pointee.num_of_certs > 0 else {
      return nil
    }
    var certificate = HTTPCertificate()
    var entry = chain.pointee.certinfo?[0]
    while let current = entry {
      let line = String(cString: current.pointee.data)
      entry = current.pointee.next
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = String(line[line.index(after: colon)...])
      switch line[..<colon] {
      case "Subject": certificate.subject = value
      case "Issuer": certificate.issuer = value
      case "Serial Number": certificate.serialNumber = value
      case "Start date": certificate.startDate = value
      case "Expire date": certificate.expireDate = value
      case "Cert": certificate.pem = value
      case "X509v3 Subject Alternative Name": certificate.alternativeNames = value
      default: break
      }
    }
    return certificate
  }

  private func milliseconds(_ duration: Duration) -> Int { Int(duration.microseconds / 1000) }

  private func version(_ version: HTTPOptions.Version) -> UInt32 {
    switch version {
    case .http10: UInt32(CURL_HTTP_VERSION_1_0)
    case .http11: UInt32(CURL_HTTP_VERSION_1_1)
    case .http2: UInt32(CURL_HTTP_VERSION_2_0)
    case .http2Direct: UInt32(CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
    case .automatic: UInt32(CURL_HTTP_VERSION_2TLS)
    }
  }
}

/// Sets options of one easy handle and keeps the first that libcurl refused.
struct CurlSettings {
  private let easy: UnsafeMutableRawPointer
  private(set) var failure: TransferError?

  init(_ easy: UnsafeMutableRawPointer) { self.easy = easy }

  mutating func set(_ name: StaticString, _ option: CURLoption, _ value: String) {
    check(name, shim_setopt_string(easy, option, value))
  }

  mutating func set(_ name: StaticString, _ option: CURLoption, _ value: Int) {
    check(name, shim_setopt_long(easy, option, value))
  }

  mutating func check(_ name: StaticString, _ code: CURLcode?) {
    guard let code, code != CURLE_OK, failure == nil else { return }
    let words = String(cString: curl_easy_strerror(code))
    failure = TransferError(
      .badRequest, code: Int(code.rawValue), message: "libcurl refused the \(name): \(words)")
  }
}
