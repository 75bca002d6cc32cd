import GitHistory
import SystemInterfaces

/// What there is to log in to a remote with: tokens of the environment, what a CI's checkout left in git's
/// configuration, keys. A token of a CI system is shown to that system's own server alone.
public enum RemoteLogins {
  /// Everything that fits an address.
  /// - Parameters:
  ///   - configurations: git's, those that begin with `http.` and `core.sshcommand`.
  ///   - exists: whether there is a file.
  public static func access(
    to url: String, environment: Environment, configurations: [(name: String, value: String)],
    exists: (String) -> Bool
  ) -> RemoteAccess {
    guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
      let command = configurations.last { $0.name == "core.sshcommand" }?.value
      return RemoteAccess(logins: keys(environment, command: command, exists: exists))
    }
    var access = RemoteAccess(logins: tokens(for: url, environment))
    for (name, value) in configurations {
      guard let scope = scope(of: name, "extraheader"), url.hasPrefix(scope) else { continue }
      // An empty one takes back those before it, as in git.
      if value.isEmpty { access.headers = [] } else { access.headers.append(value) }
      access.headerSettings.append(name)
    }
    // Git's own settings; what names authorities for every program comes after them.
    func named(_ variable: String, _ key: String) -> String? {
      environment.nonEmpty(variable)
        ?? configurations.last { item in scope(of: item.name, key).map(url.hasPrefix) ?? false }?.value
    }
    func path(_ text: String) -> String {
      text.hasPrefix("~/") ? (environment["HOME"] ?? "~") + text.dropFirst() : text
    }
    access.authorities = named("GIT_SSL_CAINFO", "sslcainfo").map(path)
    access.authoritiesFolder = named("GIT_SSL_CAPATH", "sslcapath").map(path)
    return access
  }

  /// `http.https://github.com/.extraheader` as `https://github.com/`; `http.extraheader` as the empty prefix of all.
  private static func scope(of name: String, _ key: String) -> String? {
    if name == "http.\(key)" { return "" }
    guard name.hasPrefix("http."), name.hasSuffix(".\(key)") else { return nil }
    return String(name.dropFirst(5).dropLast(key.count + 1))
  }

  // MARK: - HTTPS

  private static func tokens(for url: String, _ environment: Environment) -> [RemoteLogin] {
    var logins: [RemoteLogin] = []
    func add(_ name: String, user: String) {
      guard let token = environment.nonEmpty(name) else { return }
      logins.append(.password(user: user, password: token, source: name))
    }
    add("BACKSTOP_GIT_TOKEN", user: environment.nonEmpty("BACKSTOP_GIT_USER") ?? user(of: url))
    add("BACKSTOP_LEDGER_TOKEN", user: environment.nonEmpty("BACKSTOP_LEDGER_USER") ?? user(of: url))
    let server = origin(of: url)
    if server == origin(of: environment.nonEmpty("GITHUB_SERVER_URL") ?? "https://github.com") {
      add("GITHUB_TOKEN", user: "x-access-token")
      add("GH_TOKEN", user: "x-access-token")
    }
    if server == origin(of: environment.nonEmpty("CI_SERVER_URL") ?? "https://gitlab.com") {
      add("GITLAB_TOKEN", user: "oauth2")
      add("CI_JOB_TOKEN", user: "gitlab-ci-token")
    }
    if server == "https://bitbucket.org" { add("BITBUCKET_TOKEN", user: "x-token-auth") }
    // Gitea's and Forgejo's runners name their server as GitHub's do.
    if let own = environment.nonEmpty("GITHUB_SERVER_URL"), server == origin(of: own) {
      for name in ["GITEA_TOKEN", "FORGEJO_TOKEN"] { add(name, user: "x-access-token") }
    }
    return logins
  }

  /// The name beside a token: most hosts take any, Bitbucket one alone, in its cloud and on its servers, which clone below
  /// `scm`.
  private static func user(of url: String) -> String {
    origin(of: url) == "https://bitbucket.org" || url.contains("/scm/") ? "x-token-auth" : "x-access-token"
  }

  /// Scheme, host and port of an address, without the credentials in it.
  static func origin(of url: String) -> String? {
    guard let mark = url.firstRange(of: "://") else { return nil }
    let authority = url[mark.upperBound...].prefix { $0 != "/" }
    let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    return (url[..<mark.upperBound] + host).lowercased()
  }

  // MARK: - SSH

  private static func keys(
    _ environment: Environment, command: String?, exists: (String) -> Bool
  ) -> [RemoteLogin] {
    var logins: [RemoteLogin] = []
    let passphrase =
      environment.nonEmpty("BACKSTOP_GIT_SSH_PASSPHRASE")
      ?? environment.nonEmpty("BACKSTOP_LEDGER_SSH_PASSPHRASE")
    func add(_ path: String, _ source: String) {
      logins.append(.key(path: path, passphrase: passphrase, source: source))
    }
    for name in ["BACKSTOP_GIT_SSH_KEY", "BACKSTOP_LEDGER_SSH_KEY"] {
      if let path = environment.nonEmpty(name) { add(path, name) }
    }
    let words = (environment.nonEmpty("GIT_SSH_COMMAND") ?? command ?? "").split(separator: " ")
    if let flag = words.firstIndex(of: "-i"), flag + 1 < words.count {
      add(String(words[flag + 1]), "the key of the ssh command")
    }
    if environment.nonEmpty("SSH_AUTH_SOCK") != nil { logins.append(.agent) }
    if let home = environment.nonEmpty("HOME") {
      for name in ["id_ed25519", "id_ecdsa"] where exists("\(home)/.ssh/\(name)") {
        add("\(home)/.ssh/\(name)", "~/.ssh/\(name)")
      }
    }
    return logins
  }
}
