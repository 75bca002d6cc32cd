import HTTPTransport
import SystemInterfaces

/// The cookies of one file's session (RFC 6265, as far as checks of one application need it).
public struct CookieJar: Hashable, Sendable {
  struct Cookie: Hashable, Sendable {
    var name: String
    var value: String
    var domain: String
    var isHostOnly: Bool
    var path: String
    var isSecure: Bool
    var expires: Timestamp?
  }
  private(set) var cookies: [Cookie] = []

  /// As libcurl has them: what one answer may set, one cookie may hold, one request may carry; and all that are kept.
  static let limits = (perAnswer: 50, bytes: 4096, perRequest: 150, requestBytes: 8190, kept: 3000)

  /// No cookies.
  public init() {}

  /// Whether there are none.
  public var isEmpty: Bool { cookies.isEmpty }

  /// Forgets all.
  public mutating func removeAll() { cookies = [] }

  /// Takes over the `Set-Cookie` fields of an answer of `address`.
  public mutating func store(_ headers: [HTTPField], from address: WebAddress, now: Timestamp) {
    var count = 0
    for field in headers where field.name.count == 10 && field.name.lowercased() == "set-cookie" {
      count += 1
      if count > CookieJar.limits.perAnswer { break }
      store(field.value, from: address, now: now)
    }
    if cookies.count > CookieJar.limits.kept { cookies.removeFirst(cookies.count - CookieJar.limits.kept) }
  }

  private mutating func store(_ text: String, from address: WebAddress, now: Timestamp) {
    let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(trimmed)
    guard let pair = parts.first, let mark = pair.firstIndex(of: "="), mark > pair.startIndex else { return }
    let host = address.host.lowercased()
    var cookie = Cookie(
      name: trimmed(pair[..<mark]), value: trimmed(pair[pair.index(after: mark)...]), domain: host,
      isHostOnly: true, path: CookieJar.defaultPath(address.path), isSecure: false, expires: nil)
    guard cookie.name.utf8.count + cookie.value.utf8.count <= CookieJar.limits.bytes else { return }
    var hasMaximumAge = false
    for attribute in parts.dropFirst() {
      let halves = attribute.split(separator: "=", maxSplits: 1).map(trimmed)
      let value = halves.count > 1 ? halves[1] : ""
      switch halves.first?.lowercased() {
      case "domain" where !value.isEmpty:
        let domain = (value.hasPrefix(".") ? String(value.dropFirst()) : value).lowercased()
        // A server may not set cookies for others.
        guard host == domain || host.hasSuffix(".\(domain)") else { return }
        cookie.domain = domain
        cookie.isHostOnly = false
      case "path" where value.hasPrefix("/"): cookie.path = value
      case "secure": cookie.isSecure = true
      case "max-age":
        guard let seconds = Int64(value) else { continue }
        hasMaximumAge = true
        cookie.expires = now + .seconds(max(-1, min(seconds, 1 << 32)))
      case "expires" where !hasMaximumAge: cookie.expires = HTTPDate.parse(value) ?? cookie.expires
      default: continue
      }
    }
    cookies.removeAll { $0.name == cookie.name && $0.domain == cookie.domain && $0.path == cookie.path }
    if let expires = cookie.expires, expires <= now { return }
    cookies.append(cookie)
  }

  /// Adds a cookie as a Netscape cookie file's line would.
  public mutating func add(name: String, value: String, domain: String, path: String, isSecure: Bool) {
    let bare = domain.hasPrefix(".") ? String(domain.dropFirst()) : domain
    cookies.removeAll { $0.name == name && $0.domain == bare && $0.path == path }
    cookies.append(
      Cookie(
        name: name, value: value, domain: bare.lowercased(), isHostOnly: bare == domain, path: path,
        isSecure: isSecure, expires: nil))
  }

  /// The `name=value` pairs that a request to `address` carries, longer paths first.
  public func pairs(for address: WebAddress, now: Timestamp) -> [(name: String, value: String)] {
    guard !cookies.isEmpty else { return [] }
    let host = address.host.lowercased()
    let path = address.path.isEmpty ? "/" : address.path
    var room = CookieJar.limits.requestBytes
    return cookies.enumerated().filter { _, cookie in
      (host == cookie.domain || !cookie.isHostOnly && host.hasSuffix(".\(cookie.domain)"))
        && CookieJar.matches(path, cookie.path)
        && (!cookie.isSecure || address.scheme == "https" || host == "localhost" || host == "127.0.0.1")
        && (cookie.expires.map { $0 > now } ?? true)
    }
    .sorted { ($1.element.path.utf8.count, $0.offset) < ($0.element.path.utf8.count, $1.offset) }
    .prefix(CookieJar.limits.perRequest).map { ($0.element.name, $0.element.value) }
    .prefix { name, value in
      room -= name.utf8.count + value.utf8.count + 3
      return room >= 0
    }
    .map { (name: $0.0, value: $0.1) }
  }

  private static func defaultPath(_ path: String) -> String {
    guard path.hasPrefix("/"), let last = path.lastIndex(of: "/"), last > path.startIndex else { return "/" }
    return String(path[..<last])
  }

  private static func matches(_ path: String, _ prefix: String) -> Bool {
    path == prefix || path.hasPrefix(prefix.hasSuffix("/") ? prefix : prefix + "/")
  }
}

func trimmed(_ text: some StringProtocol) -> String {
  var rest = Substring(text)
  while let last = rest.last, last.isWhitespace { rest.removeLast() }
  return String(rest.drop(while: \.isWhitespace))
}
