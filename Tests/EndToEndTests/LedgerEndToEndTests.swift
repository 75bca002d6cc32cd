import Foundation
import JSONValues
import TestSupport
import Testing

/// The built steps over one remote that several clones share.
@Suite(.blocking, .enabled(if: LedgerWorld.isInstalled, "ci/install installs sshd"))
struct LedgerEndToEndTests {
  let world: LedgerWorld
  init() throws { world = try LedgerWorld() }

  // MARK: - Entries

  @Test(arguments: [[String](), ["--depth", "1"], ["--depth", "1", "--bare"], ["--filter=blob:none"]])
  func `entries of two clones end up in one trail`(options: [String]) throws {
    let one = try world.clone()
    let two = try clone(options)
    for clone in [one, two, one, two, two] {
      // Nothing but its name tells that a folder is a bare repository.
      let outcome = try clone.check("--repo", ".")
      #expect(outcome.status == 0 && outcome.error == "", "\(outcome.error)")
    }
    #expect(try world.trail().count == 5)
    #expect(try world.git("rev-list", "--merges", "refs/backstop/prod").lines.isEmpty)
    #expect(
      try two.git("rev-parse", "refs/backstop/prod").text == world.git("rev-parse", "refs/backstop/prod").text
    )
    #expect(try world.git("fsck", "--strict").status == 0)
    #expect(try one.git("fsck", "--strict").status == 0)
    #expect(try one.git("status", "--porcelain").text == "")
  }

  private func clone(_ options: [String]) throws -> LedgerClone {
    // A bare clone has no work tree: its configuration is read from the commit.
    let clone = try world.clone(options)
    guard options.contains("--bare") else { return clone }
    for file in ["deployment-prod.config", "check.hurl"] {
      try Data(clone.git("show", "HEAD:\(file)").output).write(
        to: URL(fileURLWithPath: "\(clone.path)/\(file)"))
    }
    return clone
  }

  @Test func `what was written without the remote comes with the next push, behind what is there`() throws {
    let (one, two) = (try world.clone(), try world.clone())
    let away = ["--ledger-remote", "http://127.0.0.1:1/app.git"]
    let outcome = try one.check(away[0], away[1])
    #expect(outcome.status == 0)
    #expect(outcome.error.contains("was written here and not pushed to http://127.0.0.1:1/app.git"))
    #expect(outcome.error.contains("Connection refused"))
    #expect(try two.check().status == 0)
    #expect(try one.check().status == 0)
    #expect(try world.trail().count == 3)
  }

  @Test func `many at once lose nothing`() async throws {
    let clones = try (0..<4).map { _ in try world.clone() }
    let outcomes = try await withThrowingTaskGroup(of: BuiltStep.Outcome.self) { group in
      for clone in clones {
        group.addTask {
          try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try clone.check() }) }
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for outcome in outcomes { #expect(outcome.status == 0 && outcome.error == "", "\(outcome.error)") }
    #expect(try world.trail().count == 4)
  }

  @Test func `without a repository, or where the trail cannot be written, a step goes on`() throws {
    let clone = try world.clone()
    try Data().write(to: URL(fileURLWithPath: "\(clone.path)/.git/refs/backstop"))
    let outcome = try clone.step("smoke-test").run(["prod", "--parse-only", "--smoke", "check.hurl"])
    #expect(outcome.status == 0)
    #expect(outcome.error.contains("the ledger refs/backstop/prod was not written: cannot "))
    let folder = TemporaryFolder()
    for file in ["deployment-prod.config", "check.hurl"] {
      try FileManager.default.copyItem(atPath: "\(clone.path)/\(file)", toPath: folder(file))
    }
    let alone = try BuiltStep("smoke-test", in: folder.path).run([
      "prod", "--parse-only", "--smoke", "check.hurl",
    ])
    #expect(alone.status == 0 && alone.error == "", "\(alone.error)")
  }

  @Test func `no secret is in any object`() throws {
    let clone = try world.clone()
    let planted = [
      "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "planted-configured-key", "GITHUB_RUN_ATTEMPT": "1",
      "SOME_TOKEN": "planted-variable-value",
    ]
    #expect(try clone.check(variables: planted).status == 0)
    #expect(try clone.preflight(variables: planted).status == 69)
    for folder in [world.remote, "\(clone.path)/.git", "\(clone.path)/.git/backstop"] {
      let objects = try runProgram(
        "git", ["--git-dir", folder, "cat-file", "--batch-all-objects", "--batch"],
        variables: TestRepository.variables)
      #expect(objects.status == 0)
      // The application's own configuration is committed; what the trail holds is everything beside it.
      let text = objects.text.replacing("API_KEY=planted-configured-key", with: "")
      #expect(text.contains("\"kind\": \"record\"") && text.contains("\"kind\": \"lock\""))
      #expect(!text.contains("planted"), "\(folder)")
    }
  }

  // MARK: - The lock

  @Test func `6 two runs at once on two clones: one gets 75, and nothing is lost`() throws {
    let (one, two) = (try world.clone(), try world.clone(["--depth", "1"]))
    #expect(try two.check().status == 0)
    let first = try one.holdingLock(run: "71") { process in
      let second = try two.preflight()
      #expect(second.status == 75)
      #expect(second.error.contains("run github-71-1 (preflight-snapshot on "))
      #expect(second.error.contains("--take-lock github-71-1"))
      // Who only leaves a record is not kept out.
      #expect(try two.check().status == 0)
      // A dry run locks nothing, and says that it could not run.
      #expect(try two.preflight("--dry-run").status == 75)
      // Neither is auto-revert told otherwise.
      let revert = try two.step("auto-revert").run(
        ["prod", "--push-ledger", "--confirm", "rollback-production", "--reason", "it is bad"])
      #expect(revert.status == 75, "\(revert.error)")
      kill(process, SIGTERM)
    }
    #expect(first.status == 143)
    let trail = try world.trail()
    #expect(trail.filter { $0.hasPrefix("smoke-test: go") }.count == 2)
    #expect(trail.first == "preflight-snapshot: release")
    #expect(trail.filter { $0 == "preflight-snapshot: lock" }.count == 1)
    #expect(try world.git("cat-file", "-e", "refs/backstop/prod:lock.json").status != 0)
    // Free again: AWS is what is missing now.
    #expect(try two.preflight("--dry-run").status == 69)
    #expect(try world.trail() == trail)
    #expect(try two.preflight().status == 69)
  }

  @Test func `a killed run's lock: its own clone knows it, others take it by name`() throws {
    let (one, two) = (try world.clone(), try world.clone())
    let killed = try one.holdingLock(run: "72") { process in kill(process, SIGKILL) }
    #expect(killed.status == -9)
    #expect(try two.preflight().status == 75)
    #expect(try two.preflight("--take-lock", "github-1-1").status == 75)
    let back = try one.preflight()
    #expect(back.status == 69)
    #expect(back.error.contains("took over the lock of run github-72-1"))

    _ = try one.holdingLock(run: "73") { process in kill(process, SIGKILL) }
    let taken = try two.preflight("--take-lock", "github-73-1")
    #expect(taken.status == 69)
    #expect(taken.error.contains("took over the lock of run github-73-1"))
    #expect(try world.git("cat-file", "-e", "refs/backstop/prod:lock.json").status != 0)
  }

  @Test func `a lock is expired by the policy's time`() throws {
    let (one, two) = (try world.clone(), try world.clone())
    try Data("ledger: {lock-expiry: 0s}\n".utf8).write(to: URL(fileURLWithPath: "\(one.path)/backstop.yml"))
    _ = try one.holdingLock(run: "74") { process in kill(process, SIGKILL) }
    let taken = try two.preflight()
    #expect(taken.status == 69)
    #expect(taken.error.contains("took over the lock of run github-74-1"))
  }

  @Test func `a push whose answer is lost has taken and released the lock all the same`() throws {
    let clone = try world.clone()
    let outcome = try clone.preflight("--ledger-remote", world.http("lost/app.git"))
    // AWS is what is missing: the lock was held, and is free again.
    #expect(outcome.status == 69)
    #expect(
      outcome.error.contains("127.0.0.1:1") && !outcome.error.contains("was not released"), "\(outcome.error)"
    )
    #expect(try world.trail().first == "preflight-snapshot: release")
    #expect(try world.git("cat-file", "-e", "refs/backstop/prod:lock.json").status != 0)
  }

  @Test func `a remote that is gone is passed over where a person says so, and said`() throws {
    let clone = try world.clone()
    let gone = ["--ledger-remote", "http://127.0.0.1:1/app.git"]
    let refused = try clone.preflight(gone[0], gone[1])
    #expect(refused.status == 69)
    #expect(refused.error.contains("--skip-shared-lock goes on"), "\(refused.error)")
    // Nothing was sent, so that no lock can stand there.
    #expect(!refused.error.contains("--take-lock "), "\(refused.error)")
    let passed = try clone.preflight(gone[0], gone[1], "--skip-shared-lock")
    #expect(passed.status == 69)
    #expect(passed.error.contains("runs on other machines are not kept out"), "\(passed.error)")
    #expect(!passed.error.contains("stays until"), "\(passed.error)")
    #expect(
      passed.error.contains("CloudFormation") || passed.error.contains("DescribeStacks"), "\(passed.error)")
  }

  @Test func `taking a lock over needs the ledger`() throws {
    let clone = try world.clone()
    let outcome = try clone.step("preflight-snapshot").run(["prod", "--take-lock", "x"])
    #expect(outcome.status == 64)
    #expect(outcome.error.contains("--push-ledger"))
  }

  // MARK: - Logging in

  @Test func `HTTP: the credential helper, the address, a header of the CI`() throws {
    let clone = try world.clone()
    let none = ["BACKSTOP_LEDGER_TOKEN": ""]
    let refused = try clone.preflight(variables: none)
    #expect(refused.status == 77)
    #expect(refused.error.contains("there was nothing to log in with"))
    #expect(refused.error.contains("BACKSTOP_LEDGER_TOKEN"))
    let wrong = try clone.preflight(variables: ["BACKSTOP_LEDGER_TOKEN": "wrong-token-value"])
    #expect(wrong.status == 77)
    #expect(wrong.error.contains("tried BACKSTOP_LEDGER_TOKEN"))
    #expect(!wrong.error.contains("wrong-token-value"))

    let helper = "!f() { echo username=ci; echo password=\(LedgerWorld.token); }; f"
    _ = try clone.git("config", "credential.helper", helper)
    #expect(try clone.preflight(variables: none).status == 69)
    _ = try clone.git("config", "--unset", "credential.helper")

    let basic = Data("ci:\(LedgerWorld.token)".utf8).base64EncodedString()
    _ = try clone.git("config", "http.\(world.http("")).extraheader", "AUTHORIZATION: basic \(basic)")
    #expect(try clone.preflight(variables: none).status == 69)
    _ = try clone.git("config", "--unset", "http.\(world.http("")).extraheader")

    let address = world.http().replacing("http://", with: "http://ci:\(LedgerWorld.token)@")
    _ = try clone.git("remote", "set-url", "origin", address)
    #expect(try clone.preflight(variables: none).status == 69)
    let server = world.http("").dropLast()
    #expect(
      try clone.preflight(
        "--ledger-remote", world.http(),
        variables: [
          "BACKSTOP_LEDGER_TOKEN": "", "CI_SERVER_URL": String(server), "CI_JOB_TOKEN": "not-the-one",
        ]
      ).error.contains("tried CI_JOB_TOKEN"))
  }

  @Test(arguments: [
    ("status/403/app.git", 77, "403", "contents: write"),
    ("status/404/app.git", 65, "404", "check the address"),
    ("status/500/app.git", 69, "500", "check the network"),
  ]) func `HTTP: what a server says`(path: String, status: Int32, words: String, advice: String) throws {
    let outcome = try world.clone().preflight("--ledger-remote", world.http(path))
    #expect(outcome.status == status)
    #expect(outcome.error.contains(world.http(path)))
    #expect(outcome.error.contains(words) && outcome.error.contains(advice), "\(outcome.error)")
  }

  @Test(arguments: [
    ("http://127.0.0.1:1/app.git", 69, "Connection refused", "check the network"),
    ("http://no-such-host.invalid/app.git", 69, "no-such-host.invalid", "check the network"),
    ("upstream", 65, "there is no remote upstream", "the remotes are: origin"),
    ("/no/such/folder", 65, "/no/such/folder", "check the address"),
    ("ftp://x/y", 65, "ftp://x/y", "https://"),
  ]) func `an address that leads nowhere`(remote: String, status: Int32, words: String, advice: String) throws
  {
    let outcome = try world.clone().preflight("--ledger-remote", remote)
    #expect(outcome.status == status)
    #expect(outcome.error.contains(words) && outcome.error.contains(advice), "\(outcome.error)")
  }

  @Test func `a server that is silent is given up after the policy's time`() throws {
    let clone = try world.clone()
    try Data("ledger: {timeout: 200ms}\n".utf8).write(to: URL(fileURLWithPath: "\(clone.path)/backstop.yml"))
    let outcome = try clone.preflight("--ledger-remote", world.http("silent/app.git"))
    #expect(outcome.status == 69)
    #expect(outcome.error.contains("no answer within") && outcome.error.contains("ledger.timeout"))
  }

  @Test func `a hook that refuses is named`() throws {
    let hook = "\(world.remote)/hooks/pre-receive"
    try Data("#!/bin/sh\necho not today >&2\nexit 1\n".utf8).write(to: URL(fileURLWithPath: hook))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
    let clone = try world.clone()
    let outcome = try clone.preflight()
    #expect(outcome.status == 77)
    #expect(outcome.error.contains("pre-receive hook declined"))
    // The lock that nobody else has seen is taken back.
    #expect(try clone.git("rev-parse", "-q", "--verify", "refs/backstop/prod").status != 0)
  }

  @Test func `SSH: a known host and a key, in a file or an agent`() throws {
    let clone = try world.clone()
    let home = TemporaryFolder()
    try FileManager.default.createDirectory(atPath: home(".ssh"), withIntermediateDirectories: true)
    let key = world.folder("ssh/id_ed25519")
    func check(_ more: [String: String]) throws -> BuiltStep.Outcome {
      try clone.preflight("--ledger-remote", world.ssh, variables: more.merging(["HOME": home.path]) { $1 })
    }
    let unknown = try check(["BACKSTOP_LEDGER_SSH_KEY": key])
    #expect(unknown.status == 77)
    #expect(unknown.error.contains("the host key of 127.0.0.1 (SHA256:"))
    #expect(unknown.error.contains("ssh-keyscan 127.0.0.1 >> ~/.ssh/known_hosts"))

    let known = try String(contentsOfFile: world.folder("ssh/known_hosts"), encoding: .utf8)
    let other = try String(contentsOfFile: world.folder("ssh/stranger.pub"), encoding: .utf8)
    let wrongKey = "\(known.split(separator: " ")[0]) \(other)"
    try Data(wrongKey.utf8).write(to: URL(fileURLWithPath: home(".ssh/known_hosts")))
    #expect(try check(["BACKSTOP_LEDGER_SSH_KEY": key]).status == 77)

    try Data(known.utf8).write(to: URL(fileURLWithPath: home(".ssh/known_hosts")))
    #expect(try check(["BACKSTOP_LEDGER_SSH_KEY": key]).status == 69)
    let stranger = try check(["BACKSTOP_LEDGER_SSH_KEY": world.folder("ssh/stranger")])
    #expect(stranger.status == 77)
    #expect(stranger.error.contains("tried BACKSTOP_LEDGER_SSH_KEY") && stranger.error.contains("ed25519"))
    #expect(try check([:]).error.contains("there was nothing to log in with"))
    try FileManager.default.copyItem(atPath: key, toPath: home(".ssh/id_ed25519"))
    #expect(try check([:]).status == 69)
    try FileManager.default.removeItem(atPath: home(".ssh/id_ed25519"))

    let step = clone.step("preflight-snapshot")
    let agent = try runProgram(
      "ssh-agent",
      ["sh", "-c", "ssh-add -q \(key) && exec \(BuiltStep.binaries)/\(step.name) prod --push-ledger"],
      in: clone.path,
      variables: step.variables.merging(["HOME": home.path, "BACKSTOP_LEDGER_REMOTE": world.ssh]) { $1 })
    #expect(agent.status == 69, "\(agent.error)")
    #expect(try world.trail().filter { $0.hasSuffix(": lock") }.count == 3)
  }

  // MARK: - Reading

  @Test func `the trail is read by a clone that has nothing but the remote`() throws {
    let (one, two) = (try world.clone(), try world.clone(["--depth", "1"]))
    for run in 1...3 {
      let ci = ["GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "\(run)", "GITHUB_RUN_ATTEMPT": "1"]
      #expect(try one.check(variables: ci).status == 0)
    }
    _ = try one.preflight()
    let step = two.step("preflight-snapshot")
    let nothing = try step.run(["prod", "--history"])
    #expect(nothing.status == 65)
    #expect(
      nothing.error.contains("there is no refs/backstop/prod") && nothing.error.contains("--push-ledger"))

    let history = try step.run(["prod", "--history", "--push-ledger"])
    #expect(history.status == 0, "\(history.error)")
    let lines = history.output.split(separator: "\n")
    #expect(lines.count == 4, "a head and three records; a lock is none")
    #expect(
      lines[1].hasPrefix("1  20") && lines[1].contains("smoke-test  go") && lines[1].contains("github-3-1"))
    let commit = try two.git("rev-parse", "HEAD").text.prefix(10)
    #expect(lines[1].contains(commit))
    let limited = try step.run(["prod", "--history", "--limit", "2", "--format", "json"])
    let entries = try #require(try JSONValue(parsing: limited.output)["entries"]?.array)
    #expect(entries.map { $0["run"]?.string } == ["github-3-1", "github-2-1"])
    #expect(entries.first?["ledgerCommit"]?.string?.count == 40)

    let shown = try step.run(["prod", "--show", "3"])
    #expect(shown.status == 0)
    for words in ["smoke-test prod, record 3", "github-1-1", "deployment-prod.config", "not on this machine"]
    {
      #expect(shown.output.contains(words), "\(shown.output)")
    }
    #expect(
      try one.step("preflight-snapshot").run(["prod", "--show", "3"]).output.contains("/runs/github-1-1/"))
    let beyond = try step.run(["prod", "--show", "4"])
    #expect(beyond.status == 64)
    #expect(beyond.error.contains("holds 3 records"))

    let stats = try step.run(["prod", "--stats"])
    #expect(stats.output.contains("Deployment frequency   1.0 a week  1 deployment:"), "\(stats.output)")
    #expect(stats.output.contains("Change failure rate    0.0 %"))
    let figures = try JSONValue(parsing: step.run(["prod", "--stats", "--format", "json"]).output)
    #expect(figures["deployments"]?.int == 1)
    #expect(figures["medianSecondsToRestore"] == JSONValue.null)
    #expect(try step.run(["prod", "--stats", "--since", "x"]).status == 64)
    #expect(try step.run(["prod", "--history", "--limit", "0"]).status == 64)
  }
}
