import DeploymentLedger
import DeploymentRecords
import GitHistory
import Redaction
import StepResults
import SystemInterfaces
import Testing

@Suite struct RemoteLoginsTests {
  private func sources(
    _ url: String, _ variables: [String: String], _ configurations: [(name: String, value: String)] = [],
    files: Set<String> = []
  ) -> [String] {
    RemoteLogins.access(
      to: url, environment: Environment(variables), configurations: configurations, exists: files.contains
    ).logins.map(\.source)
  }

  @Test func `a CI's token is shown to its own server alone`() {
    let all = [
      "GITHUB_TOKEN": "g", "CI_JOB_TOKEN": "j", "GITLAB_TOKEN": "l",
      "CI_SERVER_URL": "https://git.example:8443/",
    ]
    #expect(sources("https://github.com/a/b.git", all) == ["GITHUB_TOKEN"])
    #expect(sources("https://git.example:8443/a/b.git", all) == ["GITLAB_TOKEN", "CI_JOB_TOKEN"])
    for other in [
      "https://git.example/a/b.git", "http://git.example:8443/a", "https://github.com.evil.example/a",
      "https://evil.example/github.com", "https://github.com@evil.example/a", "http://github.com/a",
    ] {
      #expect(sources(other, all) == [], "\(other)")
    }
    #expect(sources("https://user@GitHub.com/a", all) == ["GITHUB_TOKEN"])
    let own = all.merging(["GITHUB_SERVER_URL": "https://ghe.example"]) { $1 }
    #expect(sources("https://github.com/a", own) == [])
    #expect(sources("https://ghe.example/a", own) == ["GITHUB_TOKEN"])
    // The one that is meant for the ledger goes wherever the ledger goes.
    #expect(sources("https://evil.example/a", ["BACKSTOP_LEDGER_TOKEN": "t"]) == ["BACKSTOP_LEDGER_TOKEN"])
  }

  @Test func `names that servers expect beside a token`() {
    let access = RemoteLogins.access(
      to: "https://github.com/a", environment: Environment(["GITHUB_TOKEN": "t"]), configurations: [],
      exists: { _ in false })
    #expect(access.logins == [.password(user: "x-access-token", password: "t", source: "GITHUB_TOKEN")])
  }

  @Test func `headers and authorities of git's configuration, by address`() {
    let configurations = [
      ("http.https://github.com/.extraheader", "AUTHORIZATION: basic one"), ("http.extraheader", "X-All: 1"),
      ("http.https://other.example/.extraheader", "AUTHORIZATION: basic two"), ("http.sslcainfo", "/all.pem"),
      ("http.https://github.com/.sslcainfo", "/github.pem"),
      ("http.https://other.example/.sslcainfo", "/other.pem"),
    ].map { (name: $0.0, value: $0.1) }
    func access(_ url: String, _ variables: [String: String] = [:]) -> RemoteAccess {
      RemoteLogins.access(
        to: url, environment: Environment(variables), configurations: configurations, exists: { _ in false })
    }
    #expect(access("https://github.com/a").headers == ["AUTHORIZATION: basic one", "X-All: 1"])
    #expect(access("https://github.com/a").authorities == "/github.pem")
    #expect(access("https://elsewhere.example/").headers == ["X-All: 1"])
    #expect(access("https://elsewhere.example/").authorities == "/all.pem")
    #expect(access("https://github.com/a", ["GIT_SSL_CAINFO": "/own.pem"]).authorities == "/own.pem")
    let folders = RemoteLogins.access(
      to: "https://github.com/a", environment: Environment(["HOME": "/h", "SSL_CERT_FILE": "/for-all.pem"]),
      configurations: [(name: "http.sslcapath", value: "~/authorities")], exists: { _ in false })
    #expect(folders.authorities == nil && folders.authoritiesFolder == "/h/authorities")
    let cleared = RemoteLogins.access(
      to: "https://github.com/a", environment: Environment(),
      configurations: configurations + [(name: "http.extraheader", value: "")], exists: { _ in false })
    #expect(cleared.headers.isEmpty)
  }

  @Test func `SSH: a named key, the ssh command's, the agent, the usual files`() {
    let url = "git@github.com:a/b.git"
    #expect(sources(url, ["HOME": "/h", "GITHUB_TOKEN": "t"]) == [])
    let all = [
      "HOME": "/h", "SSH_AUTH_SOCK": "/s", "BACKSTOP_LEDGER_SSH_KEY": "/k",
      "GIT_SSH_COMMAND": "ssh -i /c -o X=1",
    ]
    #expect(
      sources(url, all, files: ["/h/.ssh/id_ed25519", "/h/.ssh/id_rsa"])
        == ["BACKSTOP_LEDGER_SSH_KEY", "the key of the ssh command", "the SSH agent", "~/.ssh/id_ed25519"])
    #expect(
      sources("ssh://git@h/x", [:], [(name: "core.sshcommand", value: "ssh -i /d")])
        == ["the key of the ssh command"])
  }
}

@Suite struct LedgerLockTests {
  private let lock = LedgerLock(
    id: "aa", run: "github-7-1", step: .autoRevert, holder: "runner-3, process 9", since: minute(0),
    expiresAt: minute(240))

  @Test func `who may take a lock that is there`() {
    func standing(_ own: Set<String> = [], _ takeOver: String? = nil, at: Double = 10) -> LedgerLock.Standing
    {
      LedgerLock.standing(lock, own: own, takeOver: takeOver, now: minute(at))
    }
    #expect(LedgerLock.standing(nil, own: ["aa"], takeOver: "x", now: minute(0)) == .free)
    #expect(standing() == .held)
    #expect(standing(["bb", "aa"]) == .ownStale)
    #expect(standing([], "github-7-1") == .takenOver)
    #expect(standing([], "github-7-2") == .held)
    #expect(standing(at: 239.9) == .held)
    #expect(standing(at: 240) == .expired)
  }

  @Test func `words name run, step, place and age`() {
    #expect(
      lock.words(at: minute(12))
        == "run github-7-1 (auto-revert on runner-3, process 9), since 2025-10-09T08:53:20Z (12 minutes)")
  }
}
