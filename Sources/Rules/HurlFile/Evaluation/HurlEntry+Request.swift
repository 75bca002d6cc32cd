import CryptoDigests
import SystemInterfaces

extension HurlEntry {
  /// The request with all placeholders replaced.
  public func request(
    _ variables: HurlVariables, _ context: HurlContext
  ) throws(HurlRuntimeError) -> HurlRequestSpec {
    let renderer = HurlRenderer(variables: variables, context: context)
    // A section without a line sends no body.
    let form = form?.isEmpty == true ? nil : form
    let multipart = multipart?.isEmpty == true ? nil : multipart
    var spec = HurlRequestSpec(
      method: method, url: try absoluteURL(renderer), headers: try parameters(headers, renderer), body: [],
      hasBody: form != nil || multipart != nil || body != nil, cookies: try parameters(cookies, renderer))
    let query = try parameters(query, renderer)
    if !query.isEmpty { spec.url = PercentEncoding.append(PercentEncoding.form(query), toQueryOf: spec.url) }
    if let basicAuth {
      let credentials = try parameter(basicAuth, renderer)
      spec.basicAuth = credentials
      let token = Base64.encode(Array("\(credentials.name):\(credentials.value)".utf8))
      spec.headers.append(.init(name: "Authorization", value: "Basic \(token)"))
    }
    if !spec.cookies.isEmpty {
      let line = spec.cookies.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")
      spec.headers.append(.init(name: "Cookie", value: line))
    }
    var contentType: String?
    if let body {
      spec.body = try body.bytes(renderer)
      contentType = body.contentType
    }
    if let form {
      spec.body = Array(PercentEncoding.form(try parameters(form, renderer)).utf8)
      contentType = "application/x-www-form-urlencoded"
    }
    if let multipart {
      let made = try MultipartBody(multipart, renderer)
      spec.body = made.bytes
      contentType = made.contentType
      spec.addBoundary(made.boundary)
    }
    if let contentType, !spec.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
      spec.headers.append(.init(name: "Content-Type", value: contentType))
    }
    return spec
  }

  private func absoluteURL(_ renderer: HurlRenderer) throws(HurlRuntimeError) -> String {
    var text = try renderer.text(url)
    let namesHost = text.withUTF8 { bytes in
      let scheme =
        bytes.starts(with: "https://".utf8) ? 8 : bytes.starts(with: "http://".utf8) ? 7 : bytes.count
      let authority = bytes[scheme...].prefix {
        $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
      }
      let host = authority.lastIndex(of: UInt8(ascii: "@")).map { authority[($0 + 1)...] } ?? authority
      return host.first.map { $0 != UInt8(ascii: ":") } ?? false && !host.contains(UInt8(ascii: " "))
    }
    guard namesHost else {
      throw HurlRuntimeError(
        position: url.position,
        message: "\(text) is no URL: expected http:// or https:// and the name of a host")
    }
    return PercentEncoding.url(text)
  }

  private func parameters(
    _ lines: [HurlKeyValue], _ renderer: HurlRenderer
  ) throws(HurlRuntimeError) -> [HurlRequestSpec.Parameter] {
    var parameters: [HurlRequestSpec.Parameter] = []
    for line in lines { parameters.append(try parameter(line, renderer)) }
    return parameters
  }

  private func parameter(
    _ line: HurlKeyValue, _ renderer: HurlRenderer
  ) throws(HurlRuntimeError) -> HurlRequestSpec.Parameter {
    .init(name: try renderer.text(line.key), value: try renderer.text(line.value))
  }
}

extension HurlBody {
  /// The bytes of this body.
  func bytes(_ renderer: HurlRenderer) throws(HurlRuntimeError) -> [UInt8] {
    switch content {
    case .json(let template), .text(let template), .multiline(_, let template):
      return Array(try renderer.text(template).utf8)
    case .xml(let text): return Array(text.utf8)
    case .bytes(let bytes): return bytes
    case .file(let template): return try renderer.file(template, at: position)
    }
  }

  /// What a request with this body says of it, where the file names no content type.
  var contentType: String? {
    switch content {
    case .json, .multiline(.json?, _), .multiline(.graphql?, _): "application/json"
    case .xml, .multiline(.xml?, _): "application/xml"
    default: nil
    }
  }
}
