import Foundation
import JSONValues
import TestSupport
import Testing

/// The built `auto-revert` over real git servers: how a revert gets from a clone to the others.
@Suite(.blocking, .enabled(if: LedgerWorld.isInstalled, "ci/install installs sshd"))
struct RevertDeliveryEndToEndTests {
  let world: LedgerWorld
  init() throws { world = try LedgerWorld() }

  private struct Run {
    let outcome: BuiltStep.Outcome
    let record: JSONValue
    var status: Int32 { outcome.status }
    var error: String { outcome.error }
    func summary(_ name: String) -> String? { record["summary"]?[name]?.string }
    var commands: [String] { record["summary"]?["commands"]?.array?.compactMap(\.string) ?? [] }
  }

  private func revert(
    _ clone: LedgerClone, _ arguments: String..., variables: [String: String] = [:]
  ) throws -> Run {
    let outcome = try clone.step("auto-revert", variables).run(
      ["prod", "--git-only", "--revert", "HEAD", "--format", "json"] + arguments)
    return Run(outcome: outcome, record: (try? JSONValue(parsing: outcome.output)) ?? .null)
  }

  /// A clone whose last commit changes something.
  private func clone(_ options: [String] = []) throws -> LedgerClone {
    let seed = try world.clone()
    if try world.git("rev-list", "--count", "main").text == "3\n" {
      try Data("worse\n".utf8).write(to: URL(fileURLWithPath: "\(seed.path)/app.txt"))
      #expect(try seed.git("add", "-A").status == 0)
      #expect(try seed.git("commit", "-q", "-m", "Worse").status == 0)
      #expect(try seed.git("push", "-q", "file://\(world.remote)", "HEAD:main").status == 0)
    }
    return try world.clone(options)
  }

  private func hook(_ name: String, _ text: String) throws {
    let hook = "\(world.remote)/hooks/\(name)"
    try Data("#!/bin/sh\n\(text)\n".utf8).write(to: URL(fileURLWithPath: hook))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
  }

  private func tip(_ branch: String) throws -> String {
    try world.git("rev-parse", "-q", "--verify", "refs/heads/\(branch)").text
  }

  // MARK: - HTTPS

  @Test(arguments: [[String](), ["--depth", "2"], ["--filter=blob:none"]])
  func `a branch is pushed with a token, from any kind of clone, and once`(options: [String]) throws {
    let clone = try clone(options)
    let run = try revert(clone, "--push")
    #expect(run.status == 0, "\(run.error)")
    let branch = try #require(run.summary("branch"))
    let head = try clone.git("rev-parse", "--short=10", "HEAD").text.dropLast()
    #expect(branch == "backstop/revert-prod-\(head)")
    #expect(run.summary("pushedTo") == "origin \(branch)")
    #expect(try tip(branch) == clone.git("rev-parse", branch).text)
    #expect(try world.git("fsck", "--strict").status == 0)
    let again = try revert(clone, "--push")
    #expect(again.status == 0 && again.error.contains("already"), "\(again.error)")
    // Another runner writes the same revert at another time.
    let other = try self.clone(options)
    let theirs = try revert(other, "--push", variables: ["GIT_COMMITTER_NAME": "Someone"])
    #expect(theirs.status == 0 && theirs.error.contains("the same revert"), "\(theirs.error)")
    #expect(try tip(branch) == clone.git("rev-parse", branch).text)
  }

  @Test func `TLS: an authority that is named is trusted, another is not`() throws {
    let clone = try clone()
    _ = try clone.git(
      "remote", "set-url", "origin", "https://localhost:\(world.server.port("https"))/app.git")
    let refused = try revert(clone, "--push")
    #expect(refused.status == 77 && refused.error.contains("certificate"), "\(refused.error)")
    #expect(refused.commands.first?.hasPrefix("git push origin backstop/revert-prod-") == true)
    let pushed = try revert(
      clone, "--push", variables: ["GIT_SSL_CAINFO": world.server.ready["authority"]?.string ?? ""])
    #expect(pushed.status == 0, "\(pushed.error)")
  }

  @Test(arguments: [
    "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "http.sslCAInfo", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "AWS_CA_BUNDLE", "ca-bundle",
  ])
  func
    `TLS: authorities count for the ledger and for the branch, whatever names them, and addresses as names do`(
      setting: String
    ) throws
  {
    let clone = try clone()
    let (file, folder) = (
      try #require(world.server.ready["authority"]?.string),
      try #require(world.server.ready["authorities"]?.string)
    )
    var variables: [String: String] = [:]
    switch setting {
    case "http.sslCAInfo": #expect(try clone.git("config", setting, file).status == 0)
    case "ca-bundle":
      try Data("ca-bundle: {prod: \(file)}\n".utf8).write(
        to: URL(fileURLWithPath: "\(clone.path)/backstop.yml"))
    case "SSL_CERT_DIR": variables[setting] = "/no/such/folder:\(folder)"
    default: variables[setting] = setting.hasSuffix("PATH") ? folder : file
    }
    for (host, port, isTrusted) in [
      ("localhost", "https", true), ("127.0.0.1", "https", true), ("localhost", "elsewhere", false),
      ("127.0.0.1", "elsewhere", false),
    ] {
      let address = "https://\(host):\(world.server.port(port))/app.git"
      _ = try clone.git("remote", "set-url", "origin", address)
      let ledger = try clone.check(variables: variables)
      #expect(ledger.status == 0)
      #expect(ledger.error.contains("not pushed") != isTrusted, "\(address): \(ledger.error)")
      if !isTrusted {
        let reason = host == "localhost" ? "hostname mismatch" : "IP address mismatch"
        #expect(ledger.error.contains("is not trusted: \(reason)"), "\(address): \(ledger.error)")
      }
      let pushed = try revert(clone, "--push", variables: variables)
      #expect(pushed.status == (isTrusted ? 0 : 77), "\(address): \(pushed.error)")
    }
  }

  @Test func `TLS: authorities that are not there are this machine's fault`() throws {
    let clone = try clone()
    _ = try clone.git(
      "remote", "set-url", "origin", "https://localhost:\(world.server.port("https"))/app.git")
    for setting in ["GIT_SSL_CAINFO", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
      let missing = [setting: "/no/such/authorities"]
      let pushed = try revert(clone, "--push", variables: missing)
      #expect(pushed.status == 69, "\(setting): \(pushed.error)")
      let ledger = try clone.check(variables: missing)
      #expect(ledger.error.contains("not pushed"), "\(setting): \(ledger.error)")
    }
  }

  @Test func `no token, a wrong one, no network: what to type is told, and the branch is kept in a file`()
    throws
  {
    let clone = try clone()
    let none = try revert(clone, "--push", variables: ["BACKSTOP_LEDGER_TOKEN": ""])
    #expect(none.status == 77 && none.error.contains("BACKSTOP_GIT_TOKEN"), "\(none.error)")
    let wrong = try revert(clone, "--push", variables: ["BACKSTOP_LEDGER_TOKEN": "planted-wrong-token"])
    #expect(wrong.status == 77 && wrong.error.contains("tried BACKSTOP_LEDGER_TOKEN"), "\(wrong.error)")
    #expect(!wrong.error.contains("planted") && !wrong.outcome.output.contains("planted-wrong"))

    _ = try clone.git("remote", "set-url", "origin", "http://127.0.0.1:1/app.git")
    let away = try revert(clone, "--push")
    #expect(away.status == 69, "\(away.error)")
    let branch = try #require(away.summary("branch"))
    #expect(away.commands.first == "git push origin \(branch)")
    #expect(away.summary("pullRequestText").map { FileManager.default.fileExists(atPath: $0) } == true)
    // The second command works in any other clone.
    let other = try self.clone()
    let words = try #require(away.commands.dropFirst().first).replacing("elsewhere: ", with: "")
    _ = try other.git("remote", "set-url", "origin", "file://\(world.remote)")
    let typed = try runProgram("sh", ["-c", words], in: other.path, variables: TestRepository.variables)
    #expect(typed.status == 0, "\(typed.error)")
    #expect(try tip(branch) == clone.git("rev-parse", branch).text)
  }

  @Test func `a server's own words on a refusal are told`() throws {
    let clone = try clone()
    try hook(
      "pre-receive",
      "echo 'error: GH013: Repository rule violations found for refs/heads/x.' >&2\necho '- Commits must have verified signatures.' >&2\nexit 1"
    )
    let run = try revert(clone, "--push")
    #expect(run.status == 77)
    for words in ["GH013: Repository rule violations", "verified signatures", "pre-receive hook declined"] {
      #expect(run.error.contains(words), "\(run.error)")
    }
    #expect(run.summary("branch") != nil && run.summary("pushedTo") == nil)
  }

  @Test func `an answer that is lost is found out about`() throws {
    let clone = try clone()
    _ = try clone.git("remote", "set-url", "origin", world.http("lost/app.git"))
    let run = try revert(clone, "--push")
    #expect(run.status == 0, "\(run.error)")
    #expect(try tip(run.summary("branch") ?? "") == clone.git("rev-parse", run.summary("branch") ?? "").text)
  }

  @Test func `a hook that stalls is given up after the policy's time`() throws {
    let clone = try clone()
    try hook("pre-receive", "exec sleep 20 >/dev/null 2>&1")
    try Data("ledger: {timeout: 1s}\n".utf8).write(to: URL(fileURLWithPath: "\(clone.path)/backstop.yml"))
    let run = try revert(clone, "--push")
    #expect(run.status == 69 && run.error.contains("no answer within 1 second"), "\(run.error)")
  }

  @Test func `what another put there is never overwritten`() throws {
    let clone = try clone()
    let first = try revert(clone)
    let branch = try #require(first.summary("branch"))
    #expect(first.status == 0 && first.summary("pushedTo") == nil)
    let other = try runProgram(
      "git", ["--git-dir", world.remote, "commit-tree", "main^{tree}", "-p", "main", "-m", "Something else"],
      variables: TestRepository.variables
    ).lines[0]
    #expect(try world.git("branch", branch, other).status == 0)
    let before = try tip(branch)
    let run = try revert(clone, "--push")
    #expect(run.status == 77 && run.error.contains("never overwritten"), "\(run.error)")
    #expect(try tip(branch) == before)
  }

  @Test func `straight to a branch, where the policy allows it and nobody was first`() throws {
    let clone = try clone()
    let denied = try revert(clone, "--push-to", "main")
    #expect(denied.status == 77 && denied.error.contains("push-to: [main]"), "\(denied.error)")
    try Data("auto-revert: {push-to: [main]}\n".utf8).write(
      to: URL(fileURLWithPath: "\(clone.path)/backstop.yml"))
    #expect(try revert(clone, "--push-to", "no..name").status == 64)
    let run = try revert(clone, "--push-to", "main")
    #expect(run.status == 0, "\(run.error)")
    #expect(try tip("main") == clone.git("rev-parse", run.summary("branch") ?? "").text)
    #expect(try world.git("log", "-1", "--format=%s", "main").text == "Revert \"Worse\"\n")
    let late = try revert(
      clone, "--push-to", "main", "--branch", "other", "--reason", "again", "--onto", "HEAD~0")
    #expect(late.status == 75 && late.error.contains("has moved on"), "\(late.error)")
  }

  // MARK: - SSH

  @Test func `SSH: an unknown host and a changed one are told apart, a key and an agent are taken`() throws {
    let clone = try clone()
    _ = try clone.git("remote", "set-url", "origin", world.ssh)
    let home = TemporaryFolder()
    try FileManager.default.createDirectory(atPath: home(".ssh"), withIntermediateDirectories: true)
    let key = world.folder("ssh/id_ed25519")
    func push(_ branch: String, _ more: [String: String]) throws -> Run {
      try revert(clone, "--push", "--branch", branch, variables: more.merging(["HOME": home.path]) { $1 })
    }
    let unknown = try push("a", ["BACKSTOP_LEDGER_SSH_KEY": key])
    #expect(unknown.status == 77 && unknown.error.contains("host key is unknown"), "\(unknown.error)")
    let known = try String(contentsOfFile: world.folder("ssh/known_hosts"), encoding: .utf8)
    let other = try String(contentsOfFile: world.folder("ssh/stranger.pub"), encoding: .utf8)
    try Data("\(known.split(separator: " ")[0]) \(other)".utf8).write(
      to: URL(fileURLWithPath: home(".ssh/known_hosts")))
    let changed = try push("a", ["BACKSTOP_LEDGER_SSH_KEY": key])
    #expect(changed.status == 77 && changed.error.contains("has CHANGED"), "\(changed.error)")
    #expect(changed.error.contains("SHA256:"))

    try Data(known.utf8).write(to: URL(fileURLWithPath: home(".ssh/known_hosts")))
    let stranger = try push("a", ["BACKSTOP_GIT_SSH_KEY": world.folder("ssh/stranger")])
    #expect(stranger.status == 77 && stranger.error.contains("Permission denied"), "\(stranger.error)")
    #expect(try push("a", ["BACKSTOP_GIT_SSH_KEY": key]).status == 0)
    let step = clone.step("auto-revert")
    let agent = try runProgram(
      "ssh-agent",
      [
        "sh", "-c",
        "ssh-add -q \(key) && exec \(BuiltStep.binaries)/\(step.name) prod --git-only --revert HEAD --push --branch c",
      ], in: clone.path, variables: step.variables.merging(["HOME": home.path]) { $1 })
    #expect(agent.status == 0, "\(agent.error)")
    for name in ["a", "c"] { #expect(try tip(name).count == 41) }
  }

  // MARK: - Pull requests

  @Test(arguments: ["github", "gitlab", "gitea", "bitbucket", "bitbucket-data-center"])
  func `a pull request is opened once, found again and updated`(kind: String) throws {
    let hosts = try ServerProcess(python: "host_server.py")
    let api = "http://127.0.0.1:\(hosts.port("http"))"
    let clone = try clone()
    let copy = world.folder("repositories/acme/app.git")
    #expect(try runProgram("git", ["clone", "-q", "--bare", world.remote, copy]).status == 0)
    #expect(try runProgram("git", ["--git-dir", copy, "config", "http.receivepack", "true"]).status == 0)
    _ = try clone.git("remote", "set-url", "origin", world.http("acme/app.git"))
    try Data("auto-revert: {host: \(kind), host-api: \"\(api)/\(kind)\", base: main}\n".utf8).write(
      to: URL(fileURLWithPath: "\(clone.path)/backstop.yml"))
    func ask(_ path: String, _ body: String? = nil) throws -> JSONValue {
      let more = body.map { ["-d", $0, "-H", "Content-Type: application/json"] } ?? []
      return try JSONValue(parsing: runProgram("curl", ["-sS"] + more + ["\(api)\(path)"]).output)
    }
    // One call is limited, and the answer to the creation is lost.
    _ = try ask("/_mode", #"{"limit": 1, "lose": 1}"#)
    let token = ["BACKSTOP_GIT_TOKEN": "planted-host-token"]
    let run = try revert(clone, "--pull-request", "--reason", "it answers 500", variables: token)
    #expect(run.status == 0, "\(run.error)")
    #expect(run.summary("pullRequest")?.contains("/41") == true)
    #expect(try revert(clone, "--pull-request", "--reason", "it answers 500", variables: token).status == 0)
    let changed = try revert(clone, "--pull-request", "--reason", "it answers 502", variables: token)
    #expect(changed.status == 0 && changed.error.contains("brought up to date"), "\(changed.error)")
    let seen = try ask("/_seen")
    let open = try #require(seen["open"]?[kind]?.array)
    #expect(open.count == 1 && open[0]["title"]?.string == "Revert \"Worse\"")
    let text = [open[0]["body"], open[0]["description"], open[0]["summary"]?["raw"]].compactMap { $0?.string }
    #expect(text.contains { $0.contains("**Reason**: it answers 502") }, "\(text)")
    // Who reviews it goes on reviewing it.
    if kind == "bitbucket-data-center" {
      #expect(open[0]["reviewers"]?.array?.first?["user"]?["name"]?.string == "grace")
    }
    #expect(!run.outcome.output.contains("planted-host-token") && !run.error.contains("planted-host-token"))
  }

  @Test func `a pull request that cannot be opened leaves the page on which a person opens it`() throws {
    let hosts = try ServerProcess(python: "host_server.py")
    let clone = try clone()
    let copy = world.folder("repositories/acme/app.git")
    #expect(try runProgram("git", ["clone", "-q", "--bare", world.remote, copy]).status == 0)
    #expect(try runProgram("git", ["--git-dir", copy, "config", "http.receivepack", "true"]).status == 0)
    _ = try clone.git("remote", "set-url", "origin", world.http("acme/app.git"))
    let policy = "auto-revert: {host: github, host-api: \"http://127.0.0.1:\(hosts.port("http"))/github\"}\n"
    try Data(policy.utf8).write(to: URL(fileURLWithPath: "\(clone.path)/backstop.yml"))
    let run = try revert(clone, "--pull-request", variables: ["BACKSTOP_GIT_TOKEN": "wrong-one"])
    #expect(run.status == 77 && run.error.contains("Bad credentials"), "\(run.error)")
    #expect(run.summary("pushedTo") != nil && run.summary("pullRequest") == nil)
    #expect(
      run.commands.contains { $0.contains("/acme/app/compare/main...backstop/revert-prod-") },
      "\(run.commands)")
    let unknown = try revert(try self.clone(), "--pull-request")
    #expect(unknown.status == 65 && unknown.error.contains("auto-revert: { host:"), "\(unknown.error)")
  }

  // MARK: - The commits

  @Test func `commits are signed as the repository asks`() throws {
    let clone = try clone()
    let keys = TemporaryFolder()
    #expect(try runProgram("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", keys("key")]).status == 0)
    let publicKey = try String(contentsOfFile: keys("key.pub"), encoding: .utf8)
    try Data("ada@example.com \(publicKey)".utf8).write(to: URL(fileURLWithPath: keys("allowed")))
    for (name, value) in [
      ("commit.gpgsign", "true"), ("gpg.format", "ssh"), ("user.signingkey", keys("key")),
      ("gpg.ssh.allowedSignersFile", keys("allowed")),
    ] { _ = try clone.git("config", name, value) }
    let run = try revert(clone, "--branch", "signed")
    #expect(run.status == 0, "\(run.error)")
    let verified = try clone.git("verify-commit", "signed")
    #expect(verified.status == 0 && verified.error.contains("Good \"git\" signature"), "\(verified.error)")
    #expect(try clone.git("fsck", "--strict").status == 0)

    _ = try clone.git("config", "user.signingkey", keys("no-such-key"))
    let refused = try revert(clone, "--branch", "unsigned")
    #expect(refused.status == 77 && refused.error.contains("could not be signed"), "\(refused.error)")
    #expect(try clone.git("rev-parse", "-q", "--verify", "unsigned").status != 0)

    let gnupg = keys("gnupg")
    try FileManager.default.createDirectory(
      atPath: gnupg, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let made = try runProgram(
      "gpg", ["--batch", "--passphrase", "", "--quick-gen-key", "Ada <ada@example.com>", "ed25519", "sign"],
      variables: ["GNUPGHOME": gnupg])
    try #require(made.status == 0, "\(made.error)")
    _ = try clone.git("config", "--unset", "user.signingkey")
    _ = try clone.git("config", "gpg.format", "openpgp")
    let signed = try revert(clone, "--branch", "openpgp", variables: ["GNUPGHOME": gnupg])
    #expect(signed.status == 0, "\(signed.error)")
    let good = try runProgram(
      "git", ["verify-commit", "openpgp"], in: clone.path,
      variables: TestRepository.variables.merging(["GNUPGHOME": gnupg]) { $1 })
    #expect(good.status == 0, "\(good.error)")
    _ = try runProgram("gpgconf", ["--kill", "all"], variables: ["GNUPGHOME": gnupg])
  }

  /// A certificate of its own making, which the machine trusts.
  private func certificate(in home: String) throws {
    try FileManager.default.createDirectory(
      atPath: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try "disable-crl-checks\n".write(toFile: "\(home)/gpgsm.conf", atomically: true, encoding: .utf8)
    try "allow-loopback-pinentry\n".write(toFile: "\(home)/gpg-agent.conf", atomically: true, encoding: .utf8)
    let script = """
      set -eu
      printf '%s\\n' 'Key-Type: RSA' 'Key-Length: 2048' 'Key-Usage: sign, cert' 'Serial: random' 'Name-DN: CN=Ada' \\
        'Name-Email: ada@example.com' > wish
      gpgsm --batch --pinentry-mode loopback --passphrase-fd 3 --generate-key < wish 3</dev/null > certificate.pem
      gpgsm --batch --import certificate.pem
      fingerprint=$(gpgsm --batch --with-colons --list-keys | awk -F: '$1 == "fpr" { print $10; exit }')
      echo "$fingerprint S relax" > trustlist.txt
      gpg-connect-agent reloadagent /bye
      """
    let made = try runProgram("bash", ["-c", script], in: home, variables: ["GNUPGHOME": home])
    try #require(made.status == 0, "\(made.error)")
  }

  @Test(
    .enabled(if: ["/usr/bin/gpgsm", "/usr/local/bin/gpgsm"].contains(where: FileManager.default.fileExists)))
  func `commits are signed by X.509, or not made at all`() throws {
    let clone = try clone()
    let keys = TemporaryFolder()
    // An agent's socket has a short path.
    let home = "/tmp/gpgsm-\(UUID().uuidString.prefix(8))"
    defer {
      _ = try? runProgram("gpgconf", ["--kill", "all"], variables: ["GNUPGHOME": home])
      try? FileManager.default.removeItem(atPath: home)
    }
    try certificate(in: home)
    for (name, value) in [
      ("commit.gpgsign", "true"), ("gpg.format", "x509"), ("user.signingkey", "ada@example.com"),
    ] { _ = try clone.git("config", name, value) }
    let signed = try revert(clone, "--branch", "signed", variables: ["GNUPGHOME": home])
    #expect(signed.status == 0, "\(signed.error)")
    let verified = try runProgram(
      "git", ["verify-commit", "signed"], in: clone.path,
      variables: TestRepository.variables.merging(["GNUPGHOME": home]) { $1 })
    #expect(verified.status == 0 && verified.error.contains("Good signature"), "\(verified.error)")
    // Nobody's key, no program: clearly refused, and nothing is made.
    let without = try revert(clone, "--branch", "without", variables: ["GNUPGHOME": keys("empty")])
    #expect(without.status == 77 && without.error.contains("could not be signed"), "\(without.error)")
    _ = try clone.git("config", "gpg.x509.program", keys("no-such-program"))
    let missing = try revert(clone, "--branch", "missing", variables: ["GNUPGHOME": home])
    #expect(missing.status == 77 && missing.error.contains("there is no program"), "\(missing.error)")
    for name in ["without", "missing"] {
      #expect(try clone.git("rev-parse", "-q", "--verify", name).status != 0)
    }
  }

  @Test func `a branch that another one is in the way of is a stop that names it, dry run or not`() throws {
    let clone = try clone()
    for name in ["backstop", "deep/er"] { _ = try clone.git("branch", name) }
    for (branch, other) in [("backstop/x", "backstop"), ("deep", "deep/er"), ("deep/er/x", "deep/er")] {
      for run in try [
        revert(clone, "--branch", branch), revert(clone, "--branch", branch, "--dry-run"),
      ] {
        #expect(
          run.status == 1 && run.outcome.output.contains("cannot be made beside \(other),"),
          "\(run.outcome.output)\(run.error)")
      }
    }
    // The name that is chosen where none is given stands below one as well.
    #expect(try revert(clone).status == 1)
    for name in ["@", String(repeating: "x", count: 300), "a/b..c"] {
      #expect(try revert(clone, "--branch", name).status == 64)
    }
  }

  @Test func `titles follow the repository, trailers say where it came from, the CI says who`() throws {
    let repository = try TestRepository()
    for (number, title) in ["feat: one", "fix(api): two", "chore: three", "feat(ui)!: four"].enumerated() {
      try repository.write("\(number)\n", to: "file\(number)")
      try repository.commit(title, at: number)
    }
    let step = BuiltStep(
      "auto-revert", in: repository.path,
      variables: [
        "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_ACTOR": "ada",
        "GITHUB_ACTOR_ID": "1234", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
      ])
    let run = try step.run([
      "prod", "--git-only", "--revert", "HEAD", "--branch", "undo", "--reason", "it\nfails",
    ])
    #expect(run.status == 0, "\(run.error)")
    #expect(try repository.git("log", "-1", "--format=%s", "undo") == "revert: feat(ui)!: four")
    let head = try repository.git("rev-parse", "HEAD")
    let body = try repository.git("log", "-1", "--format=%b", "undo")
    #expect(body.hasPrefix("This reverts commit \(head).\n\nReason: it fails\n\n"), "\(body)")
    let trailers = try repository.git("log", "-1", "--format=%(trailers:only)", "undo")
    #expect(
      trailers.contains("Backstop-Environment: prod")
        && trailers.contains("Backstop-Record: github-77-1/auto-revert.json"), "\(trailers)")
    #expect(
      try repository.git("log", "-1", "--format=%an %ae", "undo") == "ada 1234+ada@users.noreply.github.com")
    let back = try step.run(["prod", "--git-only", "--revert", "undo", "--onto", "undo", "--branch", "again"])
    #expect(back.status == 0, "\(back.error)")
  }

  @Test func `migrations stay where there is a database, unless the team says otherwise`() throws {
    let clone = try clone()
    let folder = "\(clone.path)/db/migrations"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, text) in [
      ("V2__drop_notes.sql", "ALTER TABLE jobs DROP COLUMN notes;\n"),
      ("U2__drop_notes.sql", "ALTER TABLE jobs ADD COLUMN notes text;\n"),
      ("R__view.sql", "CREATE VIEW v AS SELECT 1;\n"),
    ] { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
    try Data("better\n".utf8).write(to: URL(fileURLWithPath: "\(clone.path)/app.txt"))
    _ = try clone.git("add", "-A")
    #expect(try clone.git("commit", "-q", "-m", "With a migration").status == 0)
    let kept = try revert(clone, "--branch", "kept")
    #expect(kept.status == 0, "\(kept.error)")
    #expect(
      try clone.git("diff", "--name-only", "HEAD", "kept").lines == ["app.txt", "db/migrations/R__view.sql"])
    #expect(kept.outcome.output.contains("revert-migrations-kept"))
    let text = try String(contentsOfFile: try #require(kept.summary("pullRequestText")), encoding: .utf8)
    // Nobody was asked, and nobody claims to know.
    #expect(text.contains("its file stays, since it may be applied: db/migrations/V2"), "\(text)")
    #expect(text.contains("(no database was asked)"), "\(text)")
    let gone = try revert(clone, "--branch", "gone", "--migrations", "revert")
    #expect(gone.status == 0)
    #expect(try clone.git("rev-parse", "gone^{tree}").text == clone.git("rev-parse", "HEAD~1^{tree}").text)
    #expect(gone.outcome.output.contains("revert-migrations-gone"))
    // Without a configuration there is no environment whose database could have it: git's own tree.
    let outcome = try clone.step("auto-revert").run([
      "nowhere", "--git-only", "--revert", "HEAD", "--branch", "plain", "--format", "json",
    ])
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try clone.git("rev-parse", "plain^{tree}").text == clone.git("rev-parse", "HEAD~1^{tree}").text)
  }
}
