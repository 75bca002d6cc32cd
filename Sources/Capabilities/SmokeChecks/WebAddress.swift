import HurlFile
import SystemInterfaces

/// An absolute `http` or `https` URL in its parts, each as written.
public struct WebAddress: Hashable, Sendable, CustomStringConvertible {
  /// `http` or `https`, in lower case.
  public var scheme: String
  /// `user:password` before the `@`, percent-encoded, nil where there is none.
  public var userInfo: String?
  /// The host, an IPv6 address with its brackets.
  public var host: String
  /// The port as written, nil where it is the scheme's own.
  public var port: Int?
  /// The path; empty or beginning with a slash.
  public var path: String
  /// What follows the question mark, nil where there is none.
  public var query: String?

  /// The parts of `text`, or nil where it is no absolute HTTP URL. A fragment is dropped: it is never sent.
  public init?(_ text: String) {
    // By bytes: every check asks for it.
    let bytes = text.utf8
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      bytes[colon...].starts(with: "://".utf8)
    else { return nil }
    scheme = text[..<colon].lowercased()
    guard scheme == "http" || scheme == "https" else { return nil }
    let start = bytes.index(colon, offsetBy: 3)
    let end = bytes[start...].firstIndex(of: UInt8(ascii: "#")) ?? bytes.endIndex
    let authorityEnd =
      bytes[start..<end].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? end
    var authority = bytes[start..<authorityEnd]
    if let at = authority.lastIndex(of: UInt8(ascii: "@")) {
      userInfo = String(text[authority.startIndex..<at])
      authority = authority[bytes.index(after: at)...]
    }
    if let colon = authority.lastIndex(of: UInt8(ascii: ":")),
      !authority[colon...].contains(UInt8(ascii: "]"))
    {
      let digits = text[bytes.index(after: colon)..<authority.endIndex]
      authority = authority[..<colon]
      if !digits.isEmpty {
        guard let number = Int(digits), (0...65_535).contains(number) else { return nil }
        port = number
      }
    }
    let hasWrong = authority.contains {
      $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "<")
    }
    guard !authority.isEmpty, !hasWrong else { return nil }
    host = String(text[authority.startIndex..<authority.endIndex])
    var pathEnd = end
    if let question = bytes[authorityEnd..<end].firstIndex(of: UInt8(ascii: "?")) {
      query = String(text[bytes.index(after: question)..<end])
      pathEnd = question
    }
    path = String(text[authorityEnd..<pathEnd])
  }

  /// The port that is connected to.
  public var effectivePort: Int { port ?? (scheme == "https" ? 443 : 80) }

  /// Scheme, host and port: requests with the same origin may share credentials and connections.
  public var origin: String { "\(scheme)://\(host.lowercased()):\(effectivePort)" }

  public var description: String {
    var text = "\(scheme)://"
    if let userInfo { text += "\(userInfo)@" }
    text += host
    if let port { text += ":\(port)" }
    text += path
    if let query { text += "?\(query)" }
    return text
  }

  /// The URL without credentials and query: what a report may show of any URL.
  public var display: String {
    var copy = self
    copy.userInfo = nil
    copy.query = nil
    return copy.description
  }

  /// What `reference` means when it stands in an answer of this URL (RFC 3986, section 5), nil where it is of
  /// another scheme or no reference. What cannot stand in a URL is percent-encoded, as browsers do.
  public func resolving(_ reference: String) -> WebAddress? {
    let reference = PercentEncoding.url(reference)
    if let absolute = WebAddress(reference) { return absolute }
    if reference.hasPrefix("//") { return WebAddress("\(scheme):\(reference)") }
    if let colon = reference.firstIndex(of: ":"), !reference[..<colon].contains(where: { "/?#".contains($0) })
    {
      return nil
    }
    var result = self
    let text = reference.prefix { $0 != "#" }
    if text.isEmpty { return result }
    let question = text.firstIndex(of: "?")
    let newPath = text[..<(question ?? text.endIndex)]
    result.query = question.map { String(text[text.index(after: $0)...]) }
    if newPath.isEmpty { return result }
    if newPath.hasPrefix("/") {
      result.path = WebAddress.withoutDots(newPath)
    } else {
      let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
      result.path = WebAddress.withoutDots(folder + newPath)
    }
    return result
  }

  private static func withoutDots(_ path: Substring) -> String {
    var parts: [Substring] = []
    let split = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    for (position, part) in split.enumerated() {
      let isLast = position == split.count - 1
      switch part {
      case ".": if isLast { parts.append("") }
      case "..":
        if !parts.isEmpty { parts.removeLast() }
        if isLast { parts.append("") }
      default: parts.append(part)
      }
    }
    return "/" + parts.joined(separator: "/")
  }
}
