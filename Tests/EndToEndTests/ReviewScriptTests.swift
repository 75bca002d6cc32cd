import Foundation
import JSONValues
import TestSupport
import Testing

/// `ci/review` against the answers of GitHub's and GitLab's review APIs.
@Suite(.blocking) struct ReviewScriptTests {
  private let server: ServerProcess
  private let folder = TemporaryFolder()
  private let root: String

  init() throws {
    server = try ServerProcess(python: "reviews.py")
    root = "http://127.0.0.1:\(server.port("reviews"))"
    try #"{"pull_request": {"number": 7}}"#.write(
      toFile: folder("event.json"), atomically: true, encoding: .utf8)
  }

  private func variables(_ system: String, token: String) -> [String: String] {
    system == "github"
      ? [
        "GITHUB_ACTIONS": "true", "GITHUB_API_URL": root, "GITHUB_REPOSITORY": "org/app",
        "GITHUB_TOKEN": token,
        "GITHUB_EVENT_PATH": folder("event.json"),
      ]
      : [
        "CI_API_V4_URL": root, "CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7",
        "BACKSTOP_GITLAB_TOKEN": token,
        "GITHUB_ACTIONS": "",
      ]
  }

  private func review(_ arguments: String..., variables: [String: String]) throws -> ProgramResult {
    try runProgram(Repository.root + "/ci/review", arguments, variables: variables)
  }

  private func calls() throws -> [String] {
    let answer = try runProgram("curl", ["--silent", "--noproxy", "*", root + "/calls"])
    return try JSONValue(parsing: answer.output).array?.compactMap(\.string) ?? []
  }

  @Test(arguments: [
    ("github", "POST /repos/org/app/issues/7/comments", "PATCH /repos/org/app/issues/comments/151"),
    ("gitlab", "POST /projects/3/merge_requests/7/notes", "PUT /projects/3/merge_requests/7/notes/151"),
  ])
  func `a report becomes one comment, and the next run writes over it`(
    _ system: String, _ first: String, _ second: String
  ) throws {
    let variables = variables(system, token: "writer")
    for number in 1...2 {
      try "<!-- backstop:diff-gate:prod -->\nreport \(number)\n".write(
        toFile: folder("report.md"), atomically: true, encoding: .utf8)
      let result = try review("comment", folder("report.md"), variables: variables)
      #expect(result.status == 0, "\(result.error)")
    }
    #expect(try calls().filter { !$0.hasPrefix("GET") } == [first, second])
    // Another environment's report is another comment.
    try "<!-- backstop:diff-gate:staging -->\n".write(
      toFile: folder("report.md"), atomically: true, encoding: .utf8)
    #expect(try review("comment", folder("report.md"), variables: variables).status == 0)
    #expect(try calls().last == first)
  }

  @Test func `a report that is too long is cut at a line, with its folds closed`() throws {
    let text =
      "<!-- backstop:diff-gate:prod -->\n<details><summary>x</summary>\n\n"
      + String(repeating: "a line of the table\n", count: 5000) + "</details>\n"
    try text.write(toFile: folder("report.md"), atomically: true, encoding: .utf8)
    let variables = variables("github", token: "writer")
    #expect(try review("comment", folder("report.md"), variables: variables).status == 0)
    let answer = try runProgram(
      "curl", ["--silent", "--noproxy", "*", root + "/repos/org/app/issues/7/comments?per_page=100&page=2"])
    let body = try #require(try JSONValue(parsing: answer.output).array?.last?["body"]?.string)
    #expect(body.utf8.count <= 65_000)
    #expect(body.contains("</details>") && body.hasSuffix("record have it all.\n"))
  }

  @Test func `a fork's token and a job without a review are no failures`() throws {
    try "<!-- backstop:diff-gate:prod -->\n".write(
      toFile: folder("report.md"), atomically: true, encoding: .utf8)
    let reader = try review("comment", folder("report.md"), variables: variables("github", token: "reader"))
    #expect(reader.status == 0)
    #expect(reader.error.contains("may not"))
    let none = try review("comment", folder("report.md"), variables: ["GITHUB_ACTIONS": ""])
    #expect(none.status == 0)
    #expect(none.error.contains("no pull or merge request"))
    let strange = try review("comment", folder("event.json"), variables: variables("github", token: "writer"))
    #expect(strange.status == 1)
  }

  @Test func `a host that is busy is asked again, and a comment that it never takes fails no job`() throws {
    try "<!-- backstop:diff-gate:prod -->\n".write(
      toFile: folder("report.md"), atomically: true, encoding: .utf8)
    let busy = try review("comment", folder("report.md"), variables: variables("github", token: "busy"))
    #expect(
      busy.status == 0 && String(decoding: busy.output, as: UTF8.self).contains("wrote the comment"),
      "\(busy.error)")
    let drowned = try review(
      "comment", folder("report.md"), variables: variables("github", token: "drowned"))
    #expect(drowned.status == 0 && drowned.error.contains("was not written"), "\(drowned.error)")
    // What was not read was not approved.
    let approvals = try review(
      "approvals", folder("approvals.json"), variables: variables("github", token: "drowned"))
    #expect(approvals.status == 1)
    #expect(!FileManager.default.fileExists(atPath: folder("approvals.json")))
  }

  @Test(arguments: ["github", "gitlab"])
  func `approvals are what diff-gate reads`(_ system: String) throws {
    let result = try review(
      "approvals", folder("approvals.json"), variables: variables(system, token: "reader"))
    #expect(result.status == 0, "\(result.error)")
    let text = try String(contentsOfFile: folder("approvals.json"), encoding: .utf8)
    #expect(text.contains("dba"))

    let repository = try TestRepository()
    try repository.write("* @dba\n", to: "CODEOWNERS")
    try repository.write("ENVIRONMENT=prod\n", to: ".git/deployment-prod.config")
    try repository.commit("First", at: 1)
    try repository.write("TRUNCATE t;\n", to: "migrations/v2.sql")
    try repository.write("SELECT 1;\n", to: "migrations/rollback-v2.sql")
    try repository.commit("Change", at: 2)
    func gate(_ arguments: String...) throws -> JSONValue {
      let outcome = try BuiltStep("diff-gate", in: repository.path).run(
        ["prod", "--config-dir", ".git", "--records", ".git/records", "--format", "json"] + arguments)
      return try JSONValue(parsing: outcome.output)
    }
    let fingerprints =
      try gate()["findings"]?.array?.filter { $0["severity"]?.string == "error" }
      .compactMap { $0["fingerprint"]?.string } ?? []
    #expect(!fingerprints.isEmpty)
    try repository.git("switch", "-q", "-c", "change")
    let list = fingerprints.map { "  - {fingerprint: \($0), reason: a dump was made, expires: 2999-12-31}\n" }
    try repository.write("acknowledgements:\n" + list.joined(), to: "backstop-acknowledgements.yml")
    try repository.commit("Acknowledge", at: 3)
    let base = try repository.git("rev-parse", "main^")
    let approved = try gate("--base", base, "--approvals", folder("approvals.json"))
    #expect(approved["verdict"]?.string == "go", "\(approved)")
    #expect(approved["acknowledgements"]?[0]?["standing"]?.string == "approved")
    try #"["somebody"]"#.write(toFile: folder("approvals.json"), atomically: true, encoding: .utf8)
    #expect(try gate("--base", base, "--approvals", folder("approvals.json"))["verdict"]?.string == "stop")
  }
}
