import SystemInterfaces

/// Where a repository is hosted: which API opens pull requests there.
public struct CodeHost: Hashable, Sendable {
  /// Whose API it has.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// The hosts that are known; Forgejo's API is Gitea's, and Bitbucket's own servers have another than its cloud.
    case github, gitlab, gitea, forgejo, bitbucket
    case bitbucketDataCenter = "bitbucket-data-center"

    /// What the host calls a pull request.
    public var noun: String { self == .gitlab ? "merge request" : "pull request" }
    /// As its makers write it.
    public var title: String {
      switch self {
      case .github: "GitHub"
      case .gitlab: "GitLab"
      case .gitea: "Gitea"
      case .forgejo: "Forgejo"
      case .bitbucket: "Bitbucket"
      case .bitbucketDataCenter: "Bitbucket Data Center"
      }
    }
  }
  /// Whose API it has.
  public var kind: Kind
  /// The address of the API, without a slash at the end.
  public var api: String
  /// The address of the host's pages, without a slash at the end.
  public var web: String
  /// `owner/name`; on GitLab with all groups.
  public var repository: String

  /// Why no pull request can be opened by an API.
  public struct Unknown: Error, Hashable, Sendable {
    /// What is not known, and what says it.
    public var message: String, advice: String
  }

  /// The host of a remote.
  /// - Parameters:
  ///   - kind: what a person calls it; else the address and the CI's variables tell.
  ///   - api: the API's address where it is not the usual one.
  public init(
    remote address: String, kind named: Kind?, api namedAPI: String?, environment: Environment
  ) throws(Unknown) {
    let remote = RemoteURL(address)
    let server = CodeHost.servers(environment).first { server in
      RemoteURL(server.web).webHost == remote.webHost && !remote.host.isEmpty
    }
    guard let kind = named ?? server?.kind ?? CodeHost.kind(of: remote) else {
      throw Unknown(
        message: "nothing says which host's API \(remote.host.isEmpty ? remote.path : remote.host) has",
        advice: "name it in the policy: auto-revert: { host: "
          + "\(Kind.allCases.map(\.rawValue).joined(separator: " | ")) }")
    }
    self.kind = kind
    // Behind SSH, the CI's variable knows scheme and port of the pages, the address does not.
    web = (server.map(\.web) ?? remote.webOrigin).trimmingSlashes
    var path = remote.path
    // A server may live below a folder of its host.
    let folder = RemoteURL(web).path
    if !folder.isEmpty, path.hasPrefix(folder + "/") { path.removeFirst(folder.count + 1) }
    let names = path.split(separator: "/")
    // Such a server says by `scm` where its own folder ends.
    if kind == .bitbucketDataCenter, names.count > 3, names[names.count - 3] == "scm", folder.isEmpty {
      web += "/" + names.dropLast(3).joined(separator: "/")
    }
    guard names.count >= 2 else {
      throw Unknown(
        message: "the path \(path) of the remote names no owner and repository of \(kind.title)",
        advice: "give the remote the address that the host shows for cloning")
    }
    repository =
      kind == .gitlab && remote.scheme != "file"
      ? names.joined(separator: "/") : names.suffix(2).joined(separator: "/")
    api = (namedAPI ?? server?.api ?? CodeHost.api(of: kind, web)).trimmingSlashes
  }

  /// What a CI system says of its own server.
  private struct Server {
    var kind: Kind
    var web: String
    var api: String?
  }

  private static func servers(_ environment: Environment) -> [Server] {
    var found: [Server] = []
    if let web = environment.nonEmpty("GITHUB_SERVER_URL") {
      // Gitea's and Forgejo's runners set GitHub's variables as well.
      let kind: Kind =
        environment.nonEmpty("FORGEJO_ACTIONS") != nil
        ? .forgejo : environment.nonEmpty("GITEA_ACTIONS") != nil ? .gitea : .github
      found.append(Server(kind: kind, web: web, api: environment.nonEmpty("GITHUB_API_URL")))
    }
    if let web = environment.nonEmpty("CI_SERVER_URL") {
      found.append(Server(kind: .gitlab, web: web, api: environment.nonEmpty("CI_API_V4_URL")))
    }
    if let web = environment.nonEmpty("CI_FORGE_URL"),
      let kind = environment.nonEmpty("CI_FORGE_TYPE").flatMap({ Kind(rawValue: $0.lowercased()) })
    {
      found.append(Server(kind: kind, web: web))
    }
    return found
  }

  private static func kind(of remote: RemoteURL) -> Kind? {
    let host = remote.webHost
    if host == "codeberg.org" { return .forgejo }
    let labels = host.split(separator: ".").map(String.init)
    let kind = Kind.allCases.first { kind in
      labels.contains { $0 == kind.rawValue || $0.hasPrefix("\(kind.rawValue)-") }
    }
    // The cloud has one address; elsewhere stand servers, which clone over HTTP below `scm`.
    if kind == .bitbucket, host != "bitbucket.org" { return .bitbucketDataCenter }
    let names = remote.path.split(separator: "/")
    if kind == nil, remote.scheme.hasPrefix("http"), names.count > 2, names[names.count - 3] == "scm" {
      return .bitbucketDataCenter
    }
    return kind
  }

  private static func api(of kind: Kind, _ web: String) -> String {
    switch kind {
    case .github: web == "https://github.com" ? "https://api.github.com" : "\(web)/api/v3"
    case .gitlab: "\(web)/api/v4"
    case .gitea, .forgejo: "\(web)/api/v1"
    case .bitbucket: web == "https://bitbucket.org" ? "https://api.bitbucket.org/2.0" : "\(web)/2.0"
    case .bitbucketDataCenter: "\(web)/rest/api/1.0"
    }
  }

  /// The page on which a person opens the pull request by hand.
  public func newPullRequestPage(from branch: String, into base: String) -> String {
    let (from, into) = (
      PercentEncoding.encode(branch, keeping: "/"), PercentEncoding.encode(base, keeping: "/")
    )
    let page = "\(web)/\(repository)"
    return switch kind {
    case .github: "\(page)/compare/\(into)...\(from)?expand=1"
    case .gitlab:
      "\(page)/-/merge_requests/new?merge_request%5Bsource_branch%5D=\(PercentEncoding.encode(branch))"
        + "&merge_request%5Btarget_branch%5D=\(PercentEncoding.encode(base))"
    case .gitea, .forgejo: "\(page)/compare/\(into)...\(from)"
    case .bitbucket:
      "\(page)/pull-requests/new?source=\(PercentEncoding.encode(branch))&dest=\(PercentEncoding.encode(base))"
    case .bitbucketDataCenter:
      "\(web)\(projectAndRepository)/pull-requests?create&sourceBranch="
        + "\(PercentEncoding.encode("refs/heads/\(branch)"))&targetBranch=\(PercentEncoding.encode("refs/heads/\(base)"))"
    }
  }
}

extension CodeHost {
  /// `/projects/KEY/repos/NAME`, as Bitbucket's servers name a repository in pages and API alike; a person's own project is
  /// called `~name`.
  var projectAndRepository: String {
    let names = repository.split(separator: "/").map { PercentEncoding.encode(String($0), keeping: "~") }
    return "/projects/\(names.first ?? "")/repos/\(names.last ?? "")"
  }
}

extension String {
  /// Without slashes at the end.
  var trimmingSlashes: String {
    var text = self
    while text.hasSuffix("/") { text.removeLast() }
    return text
  }
}
