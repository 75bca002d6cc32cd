/// The parts of a remote's address, in any of git's spellings.
public struct RemoteURL: Hashable, Sendable {
  /// `https`, `http`, `ssh`, `git` or `file`.
  public var scheme: String
  /// In lower case; empty for a path of this machine.
  public var host: String
  /// Where the address names one.
  public var port: Int?
  /// Without slashes at its ends and without `.git`.
  public var path: String

  /// Reads `https://host/path`, `ssh://user@host:port/path`, `user@host:path` or a path.
  public init(_ address: String) {
    var path: Substring
    if let mark = address.firstRange(of: "://") {
      scheme = address[..<mark.lowerBound].lowercased()
      let rest = address[mark.upperBound...]
      let authority = rest.prefix { $0 != "/" }
      path = rest.dropFirst(authority.count)
      var place = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
      if let colon = place.lastIndex(of: ":"), let number = Int(place[place.index(after: colon)...]) {
        port = number
        place = place[..<colon]
      }
      host = place.lowercased()
    } else if !address.hasPrefix("/"), let colon = address.firstIndex(of: ":"),
      !address[..<colon].contains("/")
    {
      scheme = "ssh"
      host = (address[..<colon].split(separator: "@").last ?? "").lowercased()
      path = address[address.index(after: colon)...]
    } else {
      (scheme, host, path) = ("file", "", address[...])
    }
    while path.hasPrefix("/") { path.removeFirst() }
    while path.hasSuffix("/") { path.removeLast() }
    if path.hasSuffix(".git") { path.removeLast(4) }
    self.path = String(path)
  }

  /// Scheme, host and port of the pages that belong to it: those of the address itself where it is one of HTTP.
  var webOrigin: String {
    guard scheme == "https" || scheme == "http" else { return "https://\(webHost)" }
    return "\(scheme)://\(host)" + (port.map { ":\($0)" } ?? "")
  }

  /// The host of its pages: some take SSH on the port of HTTPS at a host of its own.
  var webHost: String {
    switch host {
    case "ssh.github.com": "github.com"
    case "altssh.gitlab.com": "gitlab.com"
    case "altssh.bitbucket.org": "bitbucket.org"
    default: host
    }
  }
}
