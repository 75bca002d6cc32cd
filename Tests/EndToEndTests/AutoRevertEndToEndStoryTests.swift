import AWSClients
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `auto-revert` around its calls: git, people, health, what it leaves behind.
@Suite(
  .blocking, .enabled(if: LocalAWS.isInstalled && PeopleServer.isInstalled, "ci/install-python was not run"))
struct AutoRevertEndToEndStoryTests {
  private let world: AutoRevertWorld
  private let people: PeopleServer

  init() throws {
    people = try PeopleServer()
    world = try AutoRevertWorld(
      try LocalAWS.shared(), extraConfig: ["API_KEY=planted-api-key-1"])
  }

  @discardableResult
  private func git(_ arguments: String...) throws -> String {
    let result = try runProgram("git", arguments, in: world.folder.path, variables: TestRepository.variables)
    guard result.status == 0 else { throw AutoRevertWorld.Unexpected(description: result.error) }
    return result.lines.joined(separator: "\n")
  }

  private func write(_ text: String, _ name: String) throws {
    try text.write(toFile: world.folder(name), atomically: true, encoding: .utf8)
  }

  private var variables: [String: String] {
    var variables = world.variables.merging(TestRepository.variables) { $1 }
    variables["HOOK"] = "\(people.web)/hook?token=planted-hook-token-2"
    variables["MAIL"] = "smtp://localhost:\(people.port("starttls"))"
    variables["MAIL_USER"] = "backstop"
    variables["MAIL_PASSWORD"] = "mail p@ss/word?"
    return variables
  }

  private func revert(_ arguments: String...) throws -> BuiltStep.Outcome {
    try BuiltStep("auto-revert", in: world.folder.path, variables: variables)
      .run(
        ["prod", "--confirm", "rollback-production"]
          + (arguments.contains("--reason") ? [] : ["--reason", "it is bad"]) + arguments)
  }

  /// A good commit that is recorded, and a bad one that is deployed.
  private func deployBad(_ message: String = "Charge twice") async throws {
    try write(
      """
      auto-revert: { kill-switch: refs/heads/stop }
      smoke-test: { files: [smoke/home.hurl] }
      notifications:
        - { url-from: HOOK }
        - { kind: smtp, url-from: MAIL, user-from: MAIL_USER, password-from: MAIL_PASSWORD, from: ops@example.com,
            to: [a@example.com], ca-file: \(people.authority) }
      """, "backstop.yml")
    try FileManager.default.createDirectory(
      atPath: world.folder("smoke"), withIntermediateDirectories: true)
    try write("GET \(people.web)/allow\nHTTP 200\n", "smoke/home.hurl")
    try git("init", "-q", "-b", "main")
    try git("add", "backstop.yml", "smoke")
    try git("commit", "-q", "-m", "Good")
    var template = world.plain()
    template = template.replacing(
      "Parameters:\n", with: "Parameters:\n  Hidden: {Type: String, NoEcho: true}\n")
    try await world.aws.createStack(
      world.name, template: template, parameters: ["Hidden": "planted-noecho-3"])
    let snapshot = try BuiltStep("preflight-snapshot", in: world.folder.path, variables: variables)
      .run(["prod", "--deployed-commit", "HEAD"])
    #expect(snapshot.status == 0, "\(snapshot.output)\(snapshot.error)")
    try write("2", "feature.txt")
    try git("add", "feature.txt")
    try git("commit", "-q", "-m", message)
    try await world.aws.updateStack(
      world.name, template: template, parameters: ["Version": "2", "Hidden": "planted-noecho-3"])
  }

  /// Everything that was left in the records, by path.
  private var left: [String: String] {
    get throws {
      let root = world.folder(".backstop")
      let names = try FileManager.default.subpathsOfDirectory(atPath: root)
      var texts: [String: String] = [:]
      for name in names where !name.contains("restore-points") {
        texts[name] = try? String(contentsOfFile: "\(root)/\(name)", encoding: .utf8)
      }
      return texts
    }
  }

  @Test func `people are told before and after, and the report, the branch and its text are left`()
    async throws
  {
    try await deployBad()
    let outcome = try revert(
      "--reason", "login with planted-api-key-1 fails", "--markdown", "incident.md", "--html", "incident.html"
    )
    // All is put back, and a NoEcho value cannot be compared.
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(try await world.marker() == "1")
    let posts = try await people.posts().compactMap { $0["body"] }
    #expect(posts.map { $0["state"]?.string } == ["in-progress", "needs-person"])
    #expect(posts.allSatisfy { $0["issue"]?.string == "login with [redacted] fails" })
    let mails = try await people.mails()
    #expect(
      mails.map { $0["fields"]?["subject"]?.string } == [
        "[URGENT] Rolling back prod", "Re: [OVER] Rolling back prod",
      ])

    // The revert stands on a branch, and its tree is the good one.
    let branch = try git("for-each-ref", "--format=%(refname:short)", "refs/heads/backstop")
    #expect(try git("rev-parse", "\(branch)^{tree}") == git("rev-parse", "main~1^{tree}"))
    let text = try #require(try left["prod/revert-pull-request.md"])
    #expect(text.contains("Charge twice") && text.contains("git revert \(branch)"))
    let report = try String(contentsOfFile: world.folder("incident.md"), encoding: .utf8)
    for words in [
      "RESTORED, NOT ALL VERIFIED", "Not verified", "Left to do", "git push --set-upstream origin",
      "Timeline",
      "UPDATE\\_COMPLETE", "Charge twice",
      "Checklist",
    ] { #expect(report.contains(words), "\(words)") }

    #expect(!(try git("log", "-1", "--format=%B", branch)).contains("planted-api-key-1"))
    let trailers = try git("log", "-1", "--format=%(trailers:only)", branch)
    #expect(
      trailers.contains("Backstop-Restore-Point: 20") && trailers.contains("Backstop-Environment: prod"))

    // No secret is anywhere.
    let html = try String(contentsOfFile: world.folder("incident.html"), encoding: .utf8)
    var all = try left
    all.merge(["stdout": outcome.output, "stderr": outcome.error, "report": report, "html": html]) { $1 }
    all["posts"] = posts.map { $0.serialized() }.joined()
    all["mails"] = mails.map { $0.serialized() }.joined()
    for (name, content) in all {
      for secret in ["planted-api-key-1", "planted-hook-token-2", "planted-noecho-3", "p@ss/word", "p%40ss"] {
        #expect(!content.contains(secret), "\(secret) in \(name)")
      }
    }
    #expect(all.keys.contains { $0.hasSuffix(".jsonl") } && all.keys.contains("prod/incident.json"))
  }

  @Test func `the next deployment does not bring back what was taken back, until somebody says Reapply`()
    async throws
  {
    try await deployBad()
    #expect(try revert().status == 3)
    func preflight() throws -> BuiltStep.Outcome {
      try BuiltStep("preflight-snapshot", in: world.folder.path, variables: variables).run([
        "prod", "--dry-run",
      ])
    }
    let refused = try preflight()
    #expect(
      refused.status == 1 && refused.output.contains("reverted-change-deployed"),
      "\(refused.output)\(refused.error)")
    #expect(
      refused.output.contains("Reapply \(try git("rev-parse", "--short=10", "HEAD"))"), "\(refused.output)")
    try git(
      "commit", "-q", "--allow-empty", "-m", "Reapply \(try git("rev-parse", "HEAD")) once it is mended")
    let said = try preflight()
    #expect(!said.output.contains("reverted-change-deployed"), "\(said.output)\(said.error)")
    // Without the word, the revert is what lets it pass.
    try git("reset", "-q", "--hard", "HEAD~1")
    try git(
      "merge", "-q", "--ff-only", git("for-each-ref", "--format=%(refname:short)", "refs/heads/backstop"))
    #expect(!(try preflight()).output.contains("reverted-change-deployed"))
  }

  @Test func `a commit that says NOAUTOREVERT=true is left to a person, who is told`() async throws {
    try await deployBad("Migrate by hand\n\nNOAUTOREVERT=true")
    let refused = try revert("--reason", "500")
    #expect(refused.status == 77)
    #expect(refused.error.contains("NOAUTOREVERT=true") && refused.error.contains("--operator NAME"))
    #expect(refused.error.contains("--reason 500 --confirm rollback-production"))
    #expect(try await world.marker() == "2")
    let posts = try await people.posts().compactMap { $0["body"] }
    #expect(posts.map { $0["state"]?.string } == ["needs-person"])
    #expect(posts.first?["status"]?.string?.contains("NOAUTOREVERT=true") == true)
    // A dry run shows what forbids, beside the plan, and says so to nobody.
    let shown = try revert("--dry-run", "--format", "json")
    #expect(shown.status == 1)
    let tree = try JSONValue(parsing: Array(shown.output.utf8))
    #expect(tree["plan"]?[0]?["action"]?.string == "restore")
    #expect(tree["findings"]?.array?.contains { $0["code"]?.string == "safety-rule" } == true)
    #expect(try await people.posts().count == 1)
    let outcome = try revert("--operator", "sam", "--format", "json")
    #expect(outcome.status == 3, "\(outcome.error)")
    #expect(
      outcome.output.contains("safety-rule-overridden") && outcome.output.contains("sam takes responsibility")
    )
    #expect(try await world.marker() == "1")
  }

  @Test func `a reference stops every run before AWS is asked`() async throws {
    try await deployBad()
    try git("branch", "stop")
    let refused = try revert()
    #expect(refused.status == 77 && refused.error.contains("refs/heads/stop"))
    #expect(try await world.marker() == "2")
  }

  @Test func `health is what the policy's files say, and what the numbers say`() async throws {
    try await deployBad()
    try write("GET \(people.web)/not-there\nHTTP 200\n", "smoke/home.hurl")
    let sick = try revert("--format", "json")
    #expect(sick.status == 1)
    let tree = try JSONValue(parsing: Array(sick.output.utf8))
    #expect(tree["summary"]?["outcome"]?.string == "restored" && tree["health"]?["verdict"]?.string == "stop")
    #expect(tree["findings"]?.array?.contains { $0["code"]?.string == "not-healthy" } == true)
    #expect(try await people.posts().last?["body"]?["state"]?.string == "needs-person")
    #expect(try await world.marker() == "1")
    // Nothing is left to put back; other checks pass, and the watch has too little to go by. What failed was not asked again,
    // so its stop stands.
    try write("GET \(people.web)/allow\nHTTP 200\n", "smoke/home.hurl")
    try write("auto-revert: { watch: 1s }\nsmoke-test: { files: [smoke/home.hurl] }\n", "backstop.yml")
    let watched = try revert("--format", "json")
    let health = try JSONValue(parsing: Array(watched.output.utf8))["health"]
    #expect(health?["watch"]?.string != nil && health?["failed"]?.int == 0)
    #expect(watched.status == 1 && watched.output.contains("the same checks have not passed since"))
  }
}
