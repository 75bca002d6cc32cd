import Foundation
import JSONValues
import TestSupport

/// A remote behind `git http-backend` and sshd, and clones of it with a configuration each.
final class LedgerWorld: Sendable {
  let folder = TemporaryFolder()
  let server: ServerProcess
  let remote: String
  private let seed: TestRepository

  static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/sbin/sshd")
  static let token = "planted-ledger-token"

  init() throws {
    server = try ServerProcess(python: "git_server.py", arguments: [folder.path])
    remote = folder("repositories/app.git")
    seed = try TestRepository()
    try seed.write(
      """
      ENVIRONMENT=prod
      AWS_REGION=us-east-1
      API_STACK=app-api
      API_ENDPOINT=http://127.0.0.1:1/
      API_KEY=planted-configured-key
      """, to: "deployment-prod.config")
    try seed.write("GET http://127.0.0.1:1/\nHTTP 200\n", to: "check.hurl")
    for count in 1...3 { try seed.commit("commit \(count)", at: count) }
    try seed.git("clone", "-q", "--bare", seed.path, remote)
    try seed.git("--git-dir", remote, "config", "http.receivepack", "true")
  }

  /// The address behind HTTP, without credentials.
  func http(_ path: String = "app.git") -> String { "http://127.0.0.1:\(server.port("http"))/\(path)" }
  var ssh: String {
    "ssh://\(server.ready["user"]?.string ?? "")@127.0.0.1:\(server.port("ssh"))\(remote)"
  }

  /// A clone of the remote.
  func clone(_ options: [String] = []) throws -> LedgerClone {
    let path = folder("clone-\(UUID().uuidString)")
    let result = try runProgram(
      "git", ["clone", "-q"] + options + ["file://\(remote)", path], variables: TestRepository.variables)
    guard result.status == 0 else { throw LedgerWorldError(result.error) }
    for (name, value) in [
      ("remote.origin.url", http()), ("user.name", "Ada"), ("user.email", "ada@example.com"),
    ] {
      _ = try runProgram("git", ["config", name, value], in: path)
    }
    return LedgerClone(path: path, world: self)
  }

  /// git in the remote.
  func git(_ arguments: String...) throws -> ProgramResult {
    try runProgram("git", ["--git-dir", remote] + arguments, variables: TestRepository.variables)
  }

  /// The first lines of the entries of an environment's trail at the remote, newest first.
  func trail(_ environment: String = "prod") throws -> [String] {
    try git("log", "--format=%s", "refs/backstop/\(environment)").lines
  }
}

/// One clone, and the steps run in it.
struct LedgerClone: Sendable {
  let path: String
  let world: LedgerWorld

  var variables: [String: String] {
    [
      "BACKSTOP_LEDGER_TOKEN": LedgerWorld.token, "BACKSTOP_LEDGER_USER": "ci", "AWS_ACCESS_KEY_ID": "test",
      "AWS_SECRET_ACCESS_KEY": "planted-aws-secret", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
      "AWS_MAX_ATTEMPTS": "1", "GIT_CONFIG_NOSYSTEM": "1",
    ]
  }

  /// A step that needs no AWS and leaves a record.
  func check(_ arguments: String..., variables more: [String: String] = [:]) throws -> BuiltStep.Outcome {
    try step("smoke-test", more).run(
      ["prod", "--parse-only", "--smoke", "check.hurl", "--push-ledger"] + arguments)
  }

  /// `preflight-snapshot`, which locks; AWS does not answer it.
  func preflight(
    _ arguments: String..., variables more: [String: String] = [:],
    whileRunning: (Int32) throws -> Void = { _ in }
  ) throws -> BuiltStep.Outcome {
    try step("preflight-snapshot", more).run(
      ["prod", "--push-ledger"] + arguments, whileRunning: whileRunning)
  }

  func step(_ name: String, _ more: [String: String] = [:]) -> BuiltStep {
    BuiltStep(name, in: path, variables: variables.merging(more) { $1 })
  }

  func git(_ arguments: String...) throws -> ProgramResult {
    try runProgram("git", arguments, in: path, variables: TestRepository.variables)
  }

  /// Runs `preflight-snapshot` against an AWS that is silent, so that it holds the lock; `body` runs meanwhile.
  func holdingLock(run: String, _ body: (_ process: Int32) throws -> Void) throws -> BuiltStep.Outcome {
    let silent = [
      "AWS_ENDPOINT_URL": world.http("silent"), "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": run,
      "GITHUB_RUN_ATTEMPT": "1",
    ]
    return try preflight(variables: silent) { process in
      let deadline = Date().addingTimeInterval(60)
      while try world.git("cat-file", "-e", "refs/backstop/prod:lock.json").status != 0 {
        guard Date() < deadline else { throw LedgerWorldError("nobody locked within a minute") }
      }
      try body(process)
    }
  }
}

struct LedgerWorldError: Error {
  let text: String
  init(_ text: String) { self.text = text }
}
