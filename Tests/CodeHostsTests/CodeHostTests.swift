import SystemInterfaces
import Testing

@testable import CodeHosts

/// Which host a remote is of, and which tokens it is shown.
@Suite struct CodeHostTests {
  @Test(arguments: [
    ("https://github.com/acme/shop.git", CodeHost.Kind.github, "https://api.github.com", "acme/shop"),
    ("git@github.com:acme/shop.git", .github, "https://api.github.com", "acme/shop"),
    ("ssh://git@ssh.github.com:443/acme/shop", .github, "https://api.github.com", "acme/shop"),
    (
      "https://x:secret@github.acme.example/acme/shop/", .github, "https://github.acme.example/api/v3",
      "acme/shop"
    ),
    ("https://gitlab.com/acme/team/shop.git", .gitlab, "https://gitlab.com/api/v4", "acme/team/shop"),
    (
      "ssh://git@gitlab.acme.example:2222/a/b/c/shop.git", .gitlab, "https://gitlab.acme.example/api/v4",
      "a/b/c/shop"
    ),
    ("https://codeberg.org/acme/shop.git", .forgejo, "https://codeberg.org/api/v1", "acme/shop"),
    ("http://gitea.local:3000/acme/shop.git", .gitea, "http://gitea.local:3000/api/v1", "acme/shop"),
    ("git@bitbucket.org:acme/shop.git", .bitbucket, "https://api.bitbucket.org/2.0", "acme/shop"),
    (
      "https://bitbucket.acme.example/scm/SHOP/web.git", .bitbucketDataCenter,
      "https://bitbucket.acme.example/rest/api/1.0", "SHOP/web"
    ),
    (
      "ssh://git@bitbucket.acme.example:7999/~ada/web.git", .bitbucketDataCenter,
      "https://bitbucket.acme.example/rest/api/1.0", "~ada/web"
    ),
    (
      "https://code.acme.example:8443/git/scm/SHOP/web.git", .bitbucketDataCenter,
      "https://code.acme.example:8443/git/rest/api/1.0", "SHOP/web"
    ),
  ])
  func `an address tells its host`(
    address: String, kind: CodeHost.Kind, api: String, repository: String
  ) throws {
    let host = try CodeHost(remote: address, kind: nil, api: nil, environment: Environment())
    #expect(host.kind == kind && host.api == api && host.repository == repository, "\(host)")
    #expect(!host.web.contains("secret"))
  }

  @Test(arguments: [
    (
      [
        "GITHUB_SERVER_URL": "https://code.acme.example",
        "GITHUB_API_URL": "https://code.acme.example/api/v3",
      ],
      CodeHost.Kind.github, "https://code.acme.example/api/v3"
    ),
    (
      ["GITHUB_SERVER_URL": "https://code.acme.example", "GITEA_ACTIONS": "true"], .gitea,
      "https://code.acme.example/api/v1"
    ),
    (
      [
        "CI_SERVER_URL": "https://code.acme.example/git",
        "CI_API_V4_URL": "https://code.acme.example/git/api/v4",
      ],
      .gitlab, "https://code.acme.example/git/api/v4"
    ),
    (
      ["CI_FORGE_URL": "https://code.acme.example", "CI_FORGE_TYPE": "forgejo"], .forgejo,
      "https://code.acme.example/api/v1"
    ),
  ])
  func `where the address does not tell, the CI does`(
    variables: [String: String], kind: CodeHost.Kind, api: String
  ) throws {
    let path = variables["CI_SERVER_URL"] == nil ? "acme/shop" : "git/acme/shop"
    let host = try CodeHost(
      remote: "https://code.acme.example/\(path).git", kind: nil, api: nil,
      environment: Environment(variables))
    #expect(host.kind == kind && host.api == api && host.repository == "acme/shop", "\(host)")
  }

  @Test func `a page of Bitbucket's own server names project, repository and branches`() throws {
    let host = try CodeHost(
      remote: "https://code.acme.example/git/scm/SHOP/web.git", kind: nil, api: nil,
      environment: Environment())
    #expect(
      host.newPullRequestPage(from: "backstop/a b", into: "main")
        == "https://code.acme.example/git/projects/SHOP/repos/web/pull-requests?create"
        + "&sourceBranch=refs%2Fheads%2Fbackstop%2Fa%20b&targetBranch=refs%2Fheads%2Fmain")
  }

  @Test func `what nobody tells is said, and a person can say it`() throws {
    let address = "https://code.acme.example/acme/shop.git"
    #expect(throws: CodeHost.Unknown.self) {
      try CodeHost(remote: address, kind: nil, api: nil, environment: Environment())
    }
    let named = try CodeHost(
      remote: address, kind: .bitbucket, api: "http://127.0.0.1:8/2.0/", environment: Environment())
    #expect(named.api == "http://127.0.0.1:8/2.0")
    #expect(throws: CodeHost.Unknown.self) {
      try CodeHost(remote: "https://github.com/shop", kind: nil, api: nil, environment: Environment())
    }
  }

  @Test func `a CI's token is shown to its own server alone`() throws {
    let variables = Environment([
      "GITHUB_TOKEN": "one", "CI_JOB_TOKEN": "two", "GITLAB_TOKEN": "three", "BACKSTOP_GIT_TOKEN": "four",
      "BITBUCKET_TOKEN": "five",
    ])
    func tokens(
      _ address: String, api: String? = nil, _ more: [String: String] = [:]
    ) throws -> [String] {
      let variables = Environment(variables.variables.merging(more) { $1 })
      let host = try CodeHost(remote: address, kind: nil, api: api, environment: variables)
      return HostToken.tokens(for: host, variables).map(\.source)
    }
    #expect(try tokens("https://github.com/a/b") == ["BACKSTOP_GIT_TOKEN", "GITHUB_TOKEN"])
    #expect(try tokens("https://github.com/a/b", api: "https://evil.example/api") == ["BACKSTOP_GIT_TOKEN"])
    #expect(try tokens("https://github.acme.example/a/b") == ["BACKSTOP_GIT_TOKEN"])
    #expect(try tokens("https://gitlab.com/a/b") == ["BACKSTOP_GIT_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN"])
    #expect(try tokens("https://bitbucket.org/a/b") == ["BACKSTOP_GIT_TOKEN", "BITBUCKET_TOKEN"])
    let own = "https://bitbucket.acme.example/scm/a/b.git"
    #expect(try tokens(own) == ["BACKSTOP_GIT_TOKEN"])
    #expect(
      try tokens(own, ["BITBUCKET_SERVER_URL": "https://bitbucket.acme.example"])
        == ["BACKSTOP_GIT_TOKEN", "BITBUCKET_TOKEN"])
  }
}
