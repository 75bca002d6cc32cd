import SystemInterfaces

/// What logs in to a host's API.
public struct HostToken: Hashable, Sendable {
  /// How it is sent.
  public enum Form: Hashable, Sendable {
    /// `Authorization: Bearer …`.
    case bearer
    /// `PRIVATE-TOKEN: …`, of GitLab.
    case privateToken
    /// `JOB-TOKEN: …`, of a job of GitLab.
    case jobToken
    /// `Authorization: token …`, of Gitea.
    case token
  }
  /// The token, and the variable that holds it.
  public var value: String, source: String
  /// How it is sent.
  public var form: Form

  /// The tokens of the environment that `host` may be shown, the one to begin with first. A token of a CI system is shown to
  /// that system's own server alone; one that is named for this purpose to whichever host the remote has.
  public static func tokens(for host: CodeHost, _ environment: Environment) -> [HostToken] {
    var found: [HostToken] = []
    let form: Form =
      switch host.kind {
      case .github, .bitbucket, .bitbucketDataCenter: .bearer
      case .gitlab: .privateToken
      case .gitea, .forgejo: .token
      }
    func add(_ name: String, _ form: Form) {
      guard let value = environment.nonEmpty(name), !found.contains(where: { $0.value == value }) else {
        return
      }
      found.append(HostToken(value: value, source: name, form: form))
    }
    add("BACKSTOP_GIT_TOKEN", form)
    // An API elsewhere than at its pages' host gets only what was meant for it.
    let isOwn = isOwnAPI(of: host, environment)
    func isServer(_ variable: String, _ usual: String) -> Bool {
      let web = environment.nonEmpty(variable) ?? usual
      return isOwn && RemoteURL(web).webHost == RemoteURL(host.web).webHost
    }
    switch host.kind {
    case .github where isServer("GITHUB_SERVER_URL", "https://github.com"):
      add("GITHUB_TOKEN", form)
      add("GH_TOKEN", form)
    case .gitlab where isServer("CI_SERVER_URL", "https://gitlab.com"):
      add("GITLAB_TOKEN", form)
      add("CI_JOB_TOKEN", .jobToken)
    case .gitea, .forgejo:
      if isServer("GITHUB_SERVER_URL", host.web) {
        for name in ["GITEA_TOKEN", "FORGEJO_TOKEN"] { add(name, form) }
      }
      if environment.nonEmpty("GITHUB_SERVER_URL") != nil, isServer("GITHUB_SERVER_URL", "") {
        add("GITHUB_TOKEN", form)
      }
    case .bitbucket where isServer("BITBUCKET_SERVER_URL", "https://bitbucket.org"):
      add("BITBUCKET_TOKEN", form)
    case .bitbucketDataCenter where isServer("BITBUCKET_SERVER_URL", ""): add("BITBUCKET_TOKEN", form)
    default: break
    }
    add("BACKSTOP_LEDGER_TOKEN", form)
    return found
  }

  private static func isOwnAPI(of host: CodeHost, _ environment: Environment) -> Bool {
    let api = RemoteURL(host.api)
    let web = RemoteURL(host.web)
    if api.host == web.host && api.port == web.port || api.host == "api.\(web.host)" { return true }
    return ["GITHUB_API_URL", "CI_API_V4_URL"].contains { name in
      environment.nonEmpty(name)?.trimmingSlashes == host.api
    }
  }

  /// The header line that carries it.
  var header: (name: String, value: String) {
    switch form {
    case .bearer: ("Authorization", "Bearer \(value)")
    case .token: ("Authorization", "token \(value)")
    case .privateToken: ("PRIVATE-TOKEN", value)
    case .jobToken: ("JOB-TOKEN", value)
    }
  }
}
