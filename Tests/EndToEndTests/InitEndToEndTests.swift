import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// `preflight-snapshot --init` as built: in repositories of each CI system, with an account and without.
@Suite(.blocking) struct InitEndToEndTests {
  private let python = Repository.root + "/.build/venv/bin"

  private func initialize(
    _ repository: TestRepository, _ arguments: String..., variables: [String: String] = [:]
  ) throws
    -> BuiltStep.Outcome
  {
    try BuiltStep("preflight-snapshot", in: repository.path, variables: variables).run(
      ["prod", "--init"] + arguments)
  }

  private func text(_ repository: TestRepository, _ path: String) throws -> String {
    try String(contentsOfFile: repository.path + "/" + path, encoding: .utf8)
  }

  /// What tells a system, and the file that is written; the schema by which it is checked, where there is one.
  static let systems: [(mark: String, file: String, schema: [String])] = [
    (".github/workflows/ci.yml", ".github/workflows/backstop-prod.yml", ["vendor.github-workflows"]),
    (".gitlab-ci.yml", ".gitlab/backstop-prod.yml", ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ("Jenkinsfile", "Jenkinsfile.backstop-prod", []),
    (".buildkite/pipeline.yml", ".buildkite/backstop-prod.yml", ["vendor.buildkite"]),
    (".circleci/config.yml", ".circleci/backstop-prod.yml", ["vendor.circle-ci"]),
    (
      "azure-pipelines.yml", "azure-pipelines.backstop-prod.yml",
      ["vendor.azure-pipelines", "--data-transform", "azure-pipelines"]
    ),
    (".tekton/run.yaml", ".tekton/backstop-prod.yaml", []),
    (".woodpecker/ci.yml", ".woodpecker/backstop-prod.yml", ["vendor.woodpecker-ci"]),
    (".drone.yml", ".drone.backstop-prod.yml", ["vendor.drone-ci"]),
    ("bitbucket-pipelines.yml", "bitbucket-pipelines.backstop-prod.yml", ["vendor.bitbucket-pipelines"]),
    ("buildspec.yml", "buildspec.backstop-prod.yml", []),
    ("README.md", "deploy-prod", []),
  ]

  @Test(arguments: systems.indices)
  func `the pipeline file of the system that is there is written, and is one of it`(_ index: Int) throws {
    let (mark, file, schema) = Self.systems[index]
    let repository = try TestRepository()
    try repository.write("x: y\n", to: mark)
    try repository.write("{}\n", to: "cdk.json")
    try repository.commit("First", at: 1)
    let result = try initialize(repository, "--format", "json")
    #expect(result.status == 0, "\(result.error)")
    let answer = try JSONValue(parsing: result.output)
    #expect(answer["written"]?.array?.compactMap(\.string) == ["backstop.yml", file])
    let written = try text(repository, file)
    // Tekton's deployment is a task of the cluster.
    let deploys = !file.hasPrefix(".tekton/")
    #expect(written.contains("npx cdk deploy --all --require-approval never") == deploys, "\(written)")
    #expect(written.contains("--confirm rollback-production"), "\(written)")
    // What was there is as it was.
    #expect(try text(repository, mark) == "x: y\n")
    if FileManager.default.isExecutableFile(atPath: python + "/check-jsonschema"), !schema.isEmpty {
      let check = try runProgram(
        python + "/check-jsonschema",
        ["--regex-variant", "nonunicode", "--builtin-schema"] + schema + [repository.path + "/" + file])
      #expect(check.status == 0, "\(String(decoding: check.output, as: UTF8.self))\(check.error)\n\(written)")
    }
    if file == "deploy-prod" {
      #expect(try runProgram("sh", ["-n", repository.path + "/" + file]).status == 0)
    }
  }

  @Test func `nothing that is there is written over, and a second run writes nothing`() throws {
    let repository = try TestRepository()
    try repository.write("version: 1\n# mine\n", to: "backstop.yml")
    try repository.write("on: push\n", to: ".github/workflows/backstop-prod.yml")
    try repository.commit("First", at: 1)
    for _ in 1...2 {
      let result = try initialize(repository)
      #expect(
        result.status == 0 && result.output.contains("Left as it is"), "\(result.output)\(result.error)")
    }
    #expect(try text(repository, "backstop.yml") == "version: 1\n# mine\n")
    #expect(try text(repository, ".github/workflows/backstop-prod.yml") == "on: push\n")
    let other = try TestRepository()
    let dry = try initialize(other, "--dry-run")
    #expect(
      dry.status == 0 && dry.output.contains("Would write\n  backstop.yml"), "\(dry.output)\(dry.error)")
    #expect(!FileManager.default.fileExists(atPath: other.path + "/backstop.yml"))
  }

  @Test func `the policy holds what was found, and each comment of it is a line that counts`() throws {
    let repository = try TestRepository()
    try repository.write("GET {{API_ENDPOINT}}\n", to: "checks/smoke/jobs.hurl")
    try repository.write("openapi: 3.0.0\n", to: "docs/openapi.yaml")
    try repository.write("SELECT 1;\n", to: "db/v2.sql")
    try repository.write("ENVIRONMENT=prod\nAWS_REGION=us-east-1\n", to: "deployment-prod.config")
    try repository.commit("First", at: 1)
    #expect(try initialize(repository).status == 0)
    let policy = try text(repository, "backstop.yml")
    #expect(policy.contains("files: [checks/smoke/*.hurl]"))
    #expect(policy.contains("openapi: [docs/openapi.yaml]"))
    #expect(policy.contains("Found: db"))
    func shown() throws -> BuiltStep.Outcome {
      try BuiltStep("preflight-snapshot", in: repository.path).run(["prod", "--show-config"])
    }
    let first = try shown()
    #expect(first.status == 0, "\(first.error)")
    // Every suggestion, taken: a line of a key in a comment becomes the key.
    let taken = policy.replacing(#/(?m)^( *)# ([a-z-]+: .+)$/#) { "\($0.1)\($0.2)" }
      .replacing("yaml-language-server:", with: "# yaml-language-server:").replacing(#/(?m)^Found:.*$/#) {
        _ in ""
      }
    #expect(taken != policy)
    try repository.write(taken, to: "backstop.yml")
    let second = try shown()
    #expect(second.status == 0, "\(second.error)\n\(taken)")
  }

  @Test func `without credentials it says so, and goes on`() throws {
    let repository = try TestRepository()
    let result = try initialize(
      repository, variables: ["AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"])
    #expect(result.status == 0, "\(result.error)")
    #expect(result.output.contains("not the account: "), "\(result.output)")
    #expect(result.output.contains("write deployment-prod.config"), "\(result.output)")
    // A folder that is no repository is looked at as well.
    let folder = TemporaryFolder()
    let bare = try BuiltStep("preflight-snapshot", in: folder.path).run(["staging", "--init"])
    #expect(bare.status == 0, "\(bare.error)")
    #expect(try String(contentsOfFile: folder("deploy-staging"), encoding: .utf8).contains("--force"))
  }

  @Test(.enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
  func `with credentials it names the stacks of the environment`() async throws {
    let aws = try LocalAWS.shared()
    let name = "Init\(UUID().uuidString.prefix(6))"
    try await aws.createStack(
      "\(name)-Api-prod",
      template:
        "Resources: {Marker: {Type: 'AWS::SSM::Parameter', Properties: {Name: '/\(name)', Type: String, Value: x}}}"
    )
    let repository = try TestRepository()
    let result = try initialize(repository, variables: aws.environment.variables)
    #expect(result.status == 0, "\(result.error)")
    #expect(result.output.contains("_STACK=\(name)-Api-prod"), "\(result.output)")
  }
}
