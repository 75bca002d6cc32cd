import CryptoDigests
import HTTPTransport
import HurlFile
import SystemInterfaces

/// An option that the format has and `smoke-test` has not.
struct RefusedOption: Error, CustomStringConvertible {
  let description: String
}

/// The exchange of one entry: cookies added, credentials applied, redirects followed.
struct HurlExchange: Sendable {
  /// The answer that counts, and what the entry's queries see of it.
  struct Answer: Sendable {
    var response: HTTPResponse
    var values: HurlResponseValues
  }

  /// The first request, before cookies of the session.
  let first: HTTPRequest
  private let options: HurlOptions
  private let session: HurlSession
  private let ownCookies: [HurlRequestSpec.Parameter]
  private let signing: SigningOrder?
  private let looksAtCertificate: Bool

  init(
    _ spec: HurlRequestSpec, options: HurlOptions, entry: HurlEntry, session: HurlSession, timeout: Duration,
    keepsBody: Bool
  ) throws {
    var request = HTTPRequest(
      spec.method, spec.url, headers: spec.headers.map { HTTPField($0.name, $0.value) }, body: spec.body,
      timeout: options.maxTime ?? timeout)
    request.headers += options.headers.map { line in
      let sides = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      return HTTPField(trimmed(sides[0]), sides.count > 1 ? trimmed(sides[1]) : "")
    }
    let unwanted = options.withoutHeaders
    request.headers.removeAll { field in unwanted.contains { field.isNamed($0) } }
    if !unwanted.contains(where: { $0.lowercased() == "user-agent" }) { Exchange.introduce(&request) }
    var transport = try HurlExchange.transportOptions(options, session, timeout: request.timeout)
    transport.acceptsCompression = options.compressed == true
    transport.withoutHeaders = unwanted
    transport.wantsDigests = entry.wantsDigests
    if !keepsBody, options.output == nil {
      transport.keptBodyBytes = Exchange.excerptBytes
      transport.maximumBodyBytes = Exchange.maximumUnreadBytes
    }
    // Without TLS, servers of gRPC take no upgrade from HTTP/1.
    if GRPCAnswer.isGRPC(request.headers.first("content-type")), request.url.hasPrefix("http:"),
      [.automatic, .http2].contains(transport.version)
    {
      transport.version = .http2Direct
    }
    request.options = transport
    var order: SigningOrder?
    if let text = options.awsSigV4 {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      let user = options.user.map { $0.split(separator: ":", maxSplits: 1).map(String.init) }
      order = SigningOrder(
        region: parts.count > 2 && !parts[2].isEmpty ? parts[2] : nil,
        service: parts.count > 3 && !parts[3].isEmpty ? parts[3] : nil, accessId: user?.first,
        secret: user.flatMap { $0.count > 1 ? $0[1] : nil })
      if let secret = order?.secret { session.environment.learnSecret(secret) }
    } else if request.headers.first("authorization") == nil,
      let user = try options.user ?? HurlExchange.netrcUser(options, session, url: request.url)
    {
      if let mark = user.firstIndex(of: ":") {
        session.environment.learnSecret(String(user[user.index(after: mark)...]))
      }
      if options.digest == true {
        request.options.digestCredentials = user
      } else {
        request.headers.append(HTTPField("Authorization", "Basic \(Base64.encode(Array(user.utf8)))"))
      }
    }
    if let secret = spec.basicAuth?.value { session.environment.learnSecret(secret) }
    first = request
    ownCookies = spec.cookies
    signing = order
    looksAtCertificate = entry.looksAtCertificate
    self.options = options
    self.session = session
  }

  /// Whether the request can be sent again as it is, to measure latency.
  var isPlain: Bool { signing == nil && options.followsRedirects != true && first.body.isEmpty }

  /// `user:password` that the file of `netrc-file` has for the host, unless the URL brings its own.
  private static func netrcUser(_ options: HurlOptions, _ session: HurlSession, url: String) throws -> String?
  {
    guard let name = options.netrcFile, let address = WebAddress(url), address.userInfo == nil else {
      return nil
    }
    let (root, files) = (session.environment.root, session.environment.files)
    let isBeside = files.exists("\(session.folder)/\(name)")
    let access = FileAccess(root: root, folder: isBeside ? session.folder : root, files: files)
    let text: String
    do {
      text = String(decoding: try access.read(name), as: UTF8.self)
    } catch {
      if options.netrcOptional == true, !isBeside { return nil }
      throw error
    }
    return NetrcFile(text).credentials(for: address.host).map { "\($0.user):\($0.password)" }
  }

  private static func transportOptions(
    _ options: HurlOptions, _ session: HurlSession, timeout: Duration
  ) throws -> HTTPOptions {
    func refuse(_ name: String, _ isGiven: Bool) throws {
      guard isGiven else { return }
      throw RefusedOption(description: "option \(name) is not supported by smoke-test")
    }
    // What is written out is refused when the file is read; these came from a variable.
    try refuse(
      "netrc without netrc-file",
      options.netrcFile == nil && (options.netrc == true || options.netrcOptional == true))
    try refuse("http3", options.version == .http3)
    try refuse("output: -", options.output == "-")
    func file(_ name: String?) -> String? {
      guard let name, !name.hasPrefix("/") else { return name }
      let beside = "\(session.folder)/\(name)"
      return session.environment.files.exists(beside) ? beside : name
    }
    var made = HTTPOptions()
    made.version =
      switch options.version {
      case .http10: .http10
      case .http11: .http11
      case .http2: .http2
      case .http3, nil: .automatic
      }
    made.connectTimeout = min(options.connectTimeout ?? made.connectTimeout, timeout)
    made.verifiesTLS = options.insecure != true
    made.certificateAuthorityFile = file(options.caCertificate)
    let certificate = options.clientCertificate.map(HurlOptions.certificate)
    made.clientCertificateFile = file(certificate?.file)
    made.clientKeyPassphrase = certificate?.passphrase
    if let passphrase = certificate?.passphrase { session.environment.learnSecret(passphrase) }
    made.clientKeyFile = file(options.clientKey)
    made.addressFamily = options.addressFamily.map { $0 == .ipv4 ? .ipv4 : .ipv6 }
    made.sendsPathAsIs = options.pathAsIs == true
    made.resolve = options.resolve
    made.connectTo = options.connectTo
    made.proxy = options.proxy
    made.unixSocket = file(options.unixSocket)
    made.bytesPerSecond = options.limitRate
    made.pinnedPublicKey = options.pinnedPublicKey.map { $0.hasPrefix("sha256//") ? $0 : file($0) ?? $0 }
    // Bodies are decoded whether or not compression was asked for.
    made.decodesUnasked = true
    made.maximumBodyBytes = Exchange.maximumBodyBytes
    made.listensToStreams = Exchange.listening
    return made
  }

  /// Sends the request and follows redirects where the entry says so.
  func run(_ context: AttemptContext) async -> Result<Answer, ExchangeFailure> {
    var request = first
    var redirects: [HurlValue] = []
    // libcurl's default and Hurl's own.
    let limit = options.maxRedirects ?? 50
    // What signs for one host signs for no other.
    let home = signing == nil ? nil : WebAddress(request.url)?.origin
    while true {
      // Always: another check may use the connection again that this one makes, and look at its certificate.
      request.options.wantsCertificate = request.url.hasPrefix("https:")
      var sent = withCookies(request, now: context.clock.now)
      if let signing,
        options.sendsCredentialsToOtherHosts == true || WebAddress(request.url)?.origin == home
      {
        guard let sign = session.environment.sign else {
          return failure(.badRequest, "aws-sigv4: there is nothing here to sign with")
        }
        do {
          sent = try await sign(sent, signing)
        } catch {
          return failure(.badRequest, "aws-sigv4: \(error)")
        }
      }
      let response: HTTPResponse
      switch await Exchange.send(sent, context) {
      case .failure(let failure): return .failure(failure)
      case .success(let answer): response = answer
      }
      log(sent, response, context)
      if response.headers.first("set-cookie") != nil, let address = WebAddress(request.url) {
        session.update { $0.cookies.store(response.headers, from: address, now: context.clock.now) }
      }
      guard options.followsRedirects == true || options.sendsCredentialsToOtherHosts == true,
        [301, 302, 303, 307, 308].contains(response.status), let location = response.headers.first("location")
      else {
        return .success(
          Answer(response: response, values: values(response, request.url, redirects)))
      }
      redirects.append(.response(url: request.url, location: location, status: response.status))
      guard limit < 0 || redirects.count <= limit else {
        return failure(.redirectLoop, "more than \(limit) redirects, the last one to \(location)")
      }
      let address = WebAddress(request.url)
      guard let target = address?.resolving(location) else {
        return failure(.malformedAnswer, "redirected to \(location), which is no HTTP URL")
      }
      request = redirected(request, response.status, from: address, to: target)
    }
  }

  private func failure(_ failure: FailureClass, _ message: String) -> Result<Answer, ExchangeFailure> {
    .failure(ExchangeFailure(Diagnosis(failure: failure, message: message)))
  }

  /// Cookies of the session and the request's own, as one field.
  private func withCookies(_ request: HTTPRequest, now: Timestamp) -> HTTPRequest {
    let jar = session.update { $0.cookies }
    // Most sessions have none, and then nobody has to know where the request goes.
    guard !jar.isEmpty, let address = WebAddress(request.url) else { return request }
    let stored = jar.pairs(for: address, now: now)
    guard !stored.isEmpty else { return request }
    var request = request
    let own = request.headers.all("cookie")
    request.headers.removeAll { $0.name.lowercased() == "cookie" }
    let all = stored.map { "\($0.name)=\($0.value)" } + own
    request.headers.append(HTTPField("Cookie", all.joined(separator: "; ")))
    return request
  }

  private func redirected(
    _ request: HTTPRequest, _ status: Int, from: WebAddress?, to target: WebAddress
  ) -> HTTPRequest {
    var next = request
    next.url = target.description
    // A field that was written by hand goes on to where it was meant for; the section's cookies are for one request.
    let section = ownCookies.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")
    let isSame = from?.origin == target.origin
    next.headers.removeAll { $0.name.lowercased() == "cookie" && (!isSame || $0.value == section) }
    if status < 307, next.method != "HEAD" {
      next.method = "GET"
      next.body = []
      next.headers.removeAll { $0.name.lowercased().hasPrefix("content-") }
    }
    if !isSame {
      next.headers.removeAll { $0.name.lowercased() == "host" }
      if options.sendsCredentialsToOtherHosts != true {
        next.headers.removeAll { field in
          ["authorization", "x-api-key", "proxy-authorization"].contains(field.name.lowercased())
            || session.environment.isSecretName(field.name) || session.environment.holdsSecret(field.value)
        }
        next.options.digestCredentials = nil
      } else if let userInfo = from?.userInfo, target.userInfo == nil {
        var trusted = target
        trusted.userInfo = userInfo
        next.url = trusted.description
      }
    } else if let userInfo = from?.userInfo, target.userInfo == nil {
      var same = target
      same.userInfo = userInfo
      next.url = same.description
    }
    return next
  }

  private func values(_ response: HTTPResponse, _ url: String, _ redirects: [HurlValue]) -> HurlResponseValues
  {
    var values = HurlResponseValues(
      status: response.status, version: response.version, url: url,
      headers: response.headers.map { HurlRequestSpec.Parameter(name: $0.name, value: $0.value) },
      body: response.body, duration: response.timings.total, address: response.address, redirects: redirects)
    values.droppedBodyBytes = response.droppedBodyBytes
    values.sha256 = response.sha256
    values.md5 = response.md5
    if looksAtCertificate, let shown = response.certificate {
      var certificate = HurlResponseValues.Certificate()
      certificate.subject = shown.subject
      certificate.issuer = shown.issuer
      certificate.serialNumber = HurlResponseValues.Certificate.paired(shown.serialNumber)
      certificate.start = HTTPDate.parse(shown.startDate)
      certificate.end = HTTPDate.parse(shown.expireDate)
      certificate.alternativeNames = shown.alternativeNames
      certificate.pem = shown.pem
      values.certificate = certificate
    }
    return values
  }

  private func log(_ request: HTTPRequest, _ response: HTTPResponse, _ context: AttemptContext) {
    guard let verbosity = options.verbosity, verbosity != .brief else { return }
    var lines = ["> \(request.method) \(request.url)"]
    lines += request.headers.map { "> \($0.name): \($0.value)" }
    lines.append("< HTTP/\(response.version) \(response.status)")
    lines += response.headers.map { "< \($0.name): \($0.value)" }
    if verbosity == .debug {
      lines.append(String(context.redact(String(decoding: response.body, as: UTF8.self)).prefix(4096)))
    }
    session.environment.log(lines.joined(separator: "\n"))
  }
}
