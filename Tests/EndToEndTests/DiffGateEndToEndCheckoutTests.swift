import Foundation
import JSONValues
import TestSupport
import Testing

/// The built `diff-gate` in the checkouts that CI systems make, each made by the real git.
///
/// The history: `main` has B1 and B2; the change leaves at B1 with two commits, of which the second is a migration;
/// `pull` is the merge of the change into B2, as a CI system makes it.
@Suite(.blocking) struct DiffGateEndToEndCheckoutTests {
  /// A checkout and what the gate has to make of it.
  struct Situation: CustomTestStringConvertible, Sendable {
    var name: String
    /// Options of `git clone`.
    var clone: [String]
    /// Variables of the CI; `$pull`, `$change`, `$main` and `$first` stand for commit ids.
    var variables: [String: String]
    /// The branch that is compared with, or the words and the exit code of the refusal.
    var base: String?
    var status: Int32 = 1
    var words: [String] = []
    /// Arguments of git after the clone.
    var then: [[String]] = []

    var testDescription: String { name }
  }

  private static let origin: TestRepository = {
    do {
      let repository = try TestRepository()
      try repository.write("one\n", to: "x.txt")
      try repository.commit("B1", at: 1)
      try repository.git("tag", "first")
      try repository.git("switch", "-q", "-c", "change")
      try repository.write("two\n", to: "y.txt")
      try repository.commit("C1", at: 2)
      try repository.write("DROP TABLE t;\n", to: "migrations/v1.sql")
      try repository.write("CREATE TABLE t (a bigint);\n", to: "migrations/rollback-v1.sql")
      try repository.commit("C2", at: 3)
      try repository.git("switch", "-q", "main")
      try repository.write("other\n", to: "x.txt")
      try repository.commit("B2", at: 4)
      try repository.git("switch", "-q", "-c", "pull")
      try repository.git("merge", "-q", "--no-ff", "-m", "Merge", "change")
      try repository.git("switch", "-q", "main")
      try repository.git("config", "uploadpack.allowFilter", "true")
      return repository
    } catch { fatalError("\(error)") }
  }()

  private static let github = [
    "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "1", "GITHUB_BASE_REF": "main",
    "GITHUB_REF": "refs/pull/7/merge", "GITHUB_SHA": "$pull",
  ]
  private static let gitlab = ["GITLAB_CI": "true", "CI_PIPELINE_ID": "1"]
  private static let everyBranch = ["--no-single-branch"]

  static let situations: [Situation] = [
    .init(name: "GitHub, the merge ref, whole", clone: ["-b", "pull"], variables: github, base: "main"),
    .init(
      name: "GitHub, the merge ref, two deep", clone: ["-b", "pull", "--depth=2"], variables: github,
      base: "main"),
    .init(
      name: "GitHub, the merge ref, one deep", clone: ["-b", "pull", "--depth=1"], variables: github,
      status: 69, words: ["first parent", "fetch-depth: 2"]),
    .init(
      name: "GitHub, the head instead of the merge", clone: ["-b", "change"], variables: github, base: "first"
    ),
    .init(
      name: "GitHub, a head that is a merge itself", clone: ["-b", "pull"],
      variables: github.merging(["GITHUB_SHA": "$main"]) { $1 }, base: "main"),
    .init(
      name: "GitHub, the head without its target", clone: ["-b", "change", "--single-branch"],
      variables: github, status: 69, words: ["GITHUB_BASE_REF", "main", "git fetch origin main"]),
    .init(
      name: "GitHub, a head one deep", clone: ["-b", "change", "--depth=1"] + everyBranch, variables: github,
      status: 69, words: ["unshallow"]),
    .init(
      name: "GitLab, a merge request", clone: ["-b", "change"],
      variables: gitlab.merging([
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "$first",
      ]) { $1 }, base: "first"),
    .init(
      name: "GitLab, a merged result", clone: ["-b", "pull", "--depth=2"],
      variables: gitlab.merging([
        "CI_MERGE_REQUEST_EVENT_TYPE": "merged_result", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_COMMIT_SHA": "$pull",
      ]) { $1 }, base: "main"),
    .init(
      name: "GitLab, a push to a branch", clone: ["-b", "change"],
      variables: gitlab.merging([
        "CI_COMMIT_BRANCH": "change", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": "$change",
      ]) { $1 }, base: "first"),
    .init(
      name: "GitLab, a push to the default branch", clone: ["-b", "pull"],
      variables: gitlab.merging([
        "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": "$main",
      ]) { $1 }, base: "main"),
    .init(
      name: "GitLab, a commit before that a forced push put aside", clone: ["-b", "change"],
      variables: gitlab.merging(["CI_COMMIT_BEFORE_SHA": String(repeating: "1", count: 40)]) { $1 },
      base: "first"),
    .init(
      name: "GitLab, a commit before that the clone lacks", clone: ["-b", "change", "--depth=1"],
      variables: gitlab.merging(["CI_COMMIT_BEFORE_SHA": "$first"]) { $1 }, status: 69,
      words: ["shallow", "fetch-depth"]),
    .init(
      name: "Buildkite", clone: ["-b", "change"],
      variables: ["BUILDKITE": "true", "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main"], base: "first"),
    .init(
      name: "Jenkins", clone: ["-b", "change"],
      variables: ["JENKINS_URL": "http://localhost/", "BUILD_TAG": "b", "CHANGE_TARGET": "main"],
      base: "first"),
    .init(
      name: "Jenkins, the last success", clone: ["-b", "pull"],
      variables: [
        "JENKINS_URL": "http://localhost/", "BUILD_TAG": "b", "GIT_PREVIOUS_SUCCESSFUL_COMMIT": "$main",
      ], base: "main"),
    .init(
      name: "Azure", clone: ["-b", "pull"],
      variables: [
        "TF_BUILD": "True", "BUILD_BUILDID": "1", "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
        "BUILD_SOURCEBRANCH": "refs/pull/7/merge", "BUILD_SOURCEVERSION": "$pull",
      ], base: "main"),
    .init(
      name: "CircleCI, which names no target", clone: ["-b", "change"], variables: ["CIRCLECI": "true"],
      base: "first", then: [["remote", "set-head", "origin", "main"]]),
    .init(
      name: "CircleCI, told the revision", clone: ["-b", "change"],
      variables: ["CIRCLECI": "true", "CIRCLE_BASE_REVISION": "$first"], base: "first"),
    .init(
      name: "Woodpecker", clone: ["-b", "change"],
      variables: ["CI": "woodpecker", "CI_COMMIT_TARGET_BRANCH": "main"], base: "first"),
    .init(
      name: "by hand, detached", clone: ["-b", "change"], variables: [:], base: "first",
      then: [["checkout", "-q", "--detach"]]),
    .init(
      name: "by hand, blobless", clone: ["-b", "change", "--filter=blob:none", "--no-checkout"],
      variables: [:], status: 69, words: ["partial", "migrations/"]),
    .init(
      name: "by hand, treeless", clone: ["-b", "change", "--filter=tree:0", "--no-checkout"],
      variables: [:], status: 69, words: ["partial"]),
    .init(name: "by hand, sparse", clone: ["-b", "change", "--sparse"], variables: [:], base: "first"),
    .init(name: "by hand, bare", clone: ["-b", "change", "--bare"], variables: [:], base: "first"),
    .init(
      name: "by hand, with git's newer extensions", clone: ["-b", "change"], variables: [:], base: "first",
      then: [
        ["config", "core.repositoryformatversion", "1"], ["config", "extensions.worktreeConfig", "true"],
        ["config", "extensions.relativeWorktrees", "true"],
      ]),
    .init(
      name: "no branch that could be the default one", clone: ["-b", "change", "--single-branch"],
      variables: [:], base: "change^",
      then: [["remote", "remove", "origin"]]),
  ]

  @Test(arguments: situations)
  func `the true base is found, or what is missing is named`(_ situation: Situation) throws {
    let ids = try ["pull", "change", "main", "first"].map { ($0, try Self.origin.git("rev-parse", $0)) }
    let clone = try TestRepository(cloning: Self.origin, options: situation.clone)
    for arguments in situation.then {
      let result = try runProgram("git", arguments, in: clone.path, variables: TestRepository.variables)
      #expect(result.status == 0, "\(result.error)")
    }
    let outside = TemporaryFolder()
    try "ENVIRONMENT=prod\n".write(
      toFile: outside("deployment-prod.config"), atomically: true, encoding: .utf8)
    let variables = situation.variables.mapValues { value in
      ids.reduce(value) { $0 == "$\($1.0)" ? $1.1 : $0 }
    }
    let outcome = try BuiltStep("diff-gate", in: clone.path, variables: variables).run([
      "prod", "--config-dir", outside.path, "--records", outside("records"), "--format", "json",
    ])
    #expect(outcome.status == situation.status, "\(outcome.error)")
    for word in situation.words { #expect(outcome.error.contains(word), "\(outcome.error)") }
    guard let base = situation.base else {
      #expect(outcome.output.isEmpty)
      return
    }
    let record = try JSONValue(parsing: outcome.output)
    let expected = try Self.origin.git("rev-parse", base)
    #expect(record["summary"]?["base"]?.string == expected, "\(record["summary"]?["comparedBecause"] ?? "")")
    #expect(record["migrations"]?.array?.map { $0["path"]?.string } == ["migrations/v1.sql"])
  }

  @Test func `a push of several commits to the default branch is judged whole`() throws {
    let clone = try TestRepository(cloning: Self.origin, options: ["-b", "change"])
    let first = try clone.git("rev-parse", "first")
    let head = try clone.git("rev-parse", "HEAD")
    try clone.git("update-ref", "refs/remotes/origin/main", head)
    let event =
      #"{"before": "\#(first)", "after": "\#(head)", "commits": [{}, {}]}"#
    try clone.write(event, to: ".git/event.json")
    try clone.write("ENVIRONMENT=prod\n", to: ".git/deployment-prod.config")
    let variables = [
      "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "1", "GITHUB_EVENT_NAME": "push",
      "GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_PATH": clone.path + "/.git/event.json",
    ]
    func run(_ path: String) throws -> BuiltStep.Outcome {
      try BuiltStep("diff-gate", in: path, variables: variables).run([
        "prod", "--config-dir", clone.path + "/.git", "--records", clone.path + "/.git/records", "--format",
        "json",
      ])
    }
    let whole = try JSONValue(parsing: run(clone.path).output)
    #expect(whole["summary"]?["base"]?.string == first)
    #expect(whole["summary"]?["changedFiles"]?.int == 3)
    let shallow = try TestRepository(cloning: clone, options: ["--depth=2", "-b", "change"])
    try shallow.git("update-ref", "refs/remotes/origin/main", head)
    let refused = try run(shallow.path)
    #expect(refused.status == 69)
    #expect(refused.error.contains("brought 2 commits") && refused.error.contains("fetch-depth: 3"))
  }

  @Test func `unrelated histories are compared tip with tip; an empty repository says what to do`() throws {
    let repository = try TestRepository()
    try repository.write("ENVIRONMENT=prod\n", to: ".git/deployment-prod.config")
    func run(_ arguments: String...) throws -> BuiltStep.Outcome {
      try BuiltStep("diff-gate", in: repository.path).run(
        ["prod", "--config-dir", ".git", "--records", ".git/records", "--format", "json"] + arguments)
    }
    let empty = try run()
    #expect(empty.status == 65)
    #expect(empty.error.contains("no commit yet") && empty.error.contains("--old"))
    try repository.write("one\n", to: "x.txt")
    try repository.commit("One", at: 1)
    try repository.git("checkout", "-q", "--orphan", "other")
    try repository.git("rm", "-rfq", ".")
    try repository.write("two\n", to: "y.txt")
    try repository.commit("Two", at: 2)
    let record = try JSONValue(parsing: run("--base", "main").output)
    #expect(record["summary"]?["base"]?.string == (try repository.git("rev-parse", "main")))
    #expect(record["summary"]?["changedFiles"]?.int == 2)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can run as another user"))
  func `a repository of another user is refused with the remedy, and read once it is trusted`() throws {
    let clone = try TestRepository(cloning: Self.origin, options: ["-b", "change"])
    try clone.write("ENVIRONMENT=prod\n", to: ".git/deployment-prod.config")
    _ = try runProgram("chown", ["-R", "12345", clone.path])
    let home = TemporaryFolder()
    func run() throws -> BuiltStep.Outcome {
      try BuiltStep("diff-gate", in: clone.path, variables: ["HOME": home.path]).run([
        "prod", "--config-dir", clone.path + "/.git", "--records", home("records"), "--format", "json",
      ])
    }
    let refused = try run()
    #expect(refused.status == 77)
    #expect(refused.error.contains("git config --global --add safe.directory \(clone.path)"))
    try "[safe]\n\tdirectory = \(clone.path)\n".write(
      toFile: home(".gitconfig"), atomically: true, encoding: .utf8)
    #expect(try run().status == 1)
  }

  @Test func `GIT_DIR and GIT_WORK_TREE, a linked work tree, a submodule`() throws {
    let clone = try TestRepository(cloning: Self.origin, options: ["-b", "change"])
    let outside = TemporaryFolder()
    try "ENVIRONMENT=prod\n".write(
      toFile: outside("deployment-prod.config"), atomically: true, encoding: .utf8)
    func base(_ folder: String, _ variables: [String: String] = [:]) throws -> String? {
      let outcome = try BuiltStep("diff-gate", in: folder, variables: variables).run([
        "prod", "--config-dir", outside.path, "--records", outside("records"), "--format", "json",
      ])
      #expect(outcome.status == 1, "\(outcome.error)")
      return try JSONValue(parsing: outcome.output)["summary"]?["base"]?.string
    }
    let first = try clone.git("rev-parse", "first")
    #expect(
      try base(outside.path, ["GIT_DIR": clone.path + "/.git", "GIT_WORK_TREE": clone.path]) == first)
    try clone.git("worktree", "add", "-q", "--detach", outside("linked"), "change")
    #expect(try base(outside("linked")) == first)
    let parent = try TestRepository()
    try parent.git(
      "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "-b", "change",
      "file://\(Self.origin.path)", "part")
    #expect(try base(parent.path + "/part") == first)
  }
}
