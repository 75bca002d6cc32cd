import AWSClients
import Foundation
import JSONValues
import TestSupport

/// An application of two stacks on the local AWS, its deployments at random, and the built steps over it. It knows what no
/// step is told: which versions work.
struct HistoryWorld {
  /// What each stack holds: `7-good` or `7-bad`.
  typealias Contents = [String]
  private let aws: LocalAWS
  private let world: AutoRevertWorld
  private var random: SeededGenerator
  private let stacks: [String]
  private let records: [String]
  private var next = 1
  private var live: Contents = ["0-good", "0-good"]
  /// What was live when a restore point was made, and the commit that was said to be live.
  private var held: [String: Contents] = [:]
  private var commits: [Contents: String] = [:]
  /// What checks found failing as a whole, and none found good since.
  private var knownBad: Set<Contents> = []
  /// What was just checked, and passed.
  private var justPassed: Contents?
  /// What was done, and what broke a promise.
  private(set) var log: [String] = [], broken: [String] = []

  /// - Parameter health: where the application answers.
  init(seed: UInt64, _ aws: LocalAWS, health: Int) async throws {
    self.aws = aws
    world = try AutoRevertWorld(aws)
    random = SeededGenerator(seed: seed)
    stacks = ["\(world.name)-a", "\(world.name)-w"]
    // Half of the worlds share one records folder with another application.
    records = seed.isMultiple(of: 2) ? ["--records", "shared"] : []
    for folder in ["shop", "blog"] {
      try FileManager.default.createDirectory(
        atPath: world.folder(folder), withIntermediateDirectories: true)
    }
    try write(
      "shop/deployment-prod.config", ["API_STACK=\(stacks[0])", "WORKFLOW_STACK=\(stacks[1])"])
    try write("blog/deployment-prod.config", ["API_STACK=\(world.name)-b"])
    try "GET http://127.0.0.1:\(health)/\(stacks[0])/\(stacks[1])\nHTTP 200\n"
      .write(toFile: world.folder("health.hurl"), atomically: true, encoding: .utf8)
    try "GET http://127.0.0.1:\(health)/\(world.name)-b\nHTTP 200\n"
      .write(toFile: world.folder("blog.hurl"), atomically: true, encoding: .utf8)
    try
      "options: {settle: 0s}\nsmoke-test: {files: [health.hurl]}\npreflight-snapshot: {require-pushed: false}\n"
      .write(toFile: world.folder("shop.yml"), atomically: true, encoding: .utf8)
    try
      "options: {settle: 0s}\nsmoke-test: {files: [blog.hurl]}\npreflight-snapshot: {require-pushed: false}\n"
      .write(toFile: world.folder("blog.yml"), atomically: true, encoding: .utf8)
    try git("init", "-q", "-b", "main")
    try commit("The first")
    for stack in stacks + ["\(world.name)-b"] {
      try await aws.createStack(stack, template: template(stack), parameters: ["Version": "0-good"])
    }
  }

  private func write(_ name: String, _ lines: [String]) throws {
    let text = ["ENVIRONMENT=prod", "AWS_REGION=us-east-1", "USE_EXTERNAL_DATABASE=true"] + lines
    try text.joined(separator: "\n").write(toFile: world.folder(name), atomically: true, encoding: .utf8)
  }

  private func git(_ arguments: String...) throws {
    let result = try runProgram("git", arguments, in: world.folder.path, variables: TestRepository.variables)
    guard result.status == 0 else { throw AutoRevertWorld.Unexpected(description: result.error) }
  }

  private mutating func commit(_ message: String) throws {
    try git("commit", "-q", "--allow-empty", "-m", message)
    let head = try runProgram(
      "git", ["rev-parse", "HEAD"], in: world.folder.path, variables: TestRepository.variables)
    commits[live] = String(decoding: head.output, as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func template(_ stack: String, fails: Bool = false) -> String {
    """
    Parameters:
      Version: {Type: String, Default: "0-good"}
    Resources:
      Marker:
        Type: AWS::SSM::Parameter
        Properties: {Name: "/\(stack)/marker", Type: String, Value: !Ref Version}
    """
      + (fails
        ? """

          Broken:
            Type: Custom::Broken
            DependsOn: Marker
            Properties: {ServiceToken: "arn:aws:lambda:us-east-1:000000000000:function:none"}
        """ : "")
  }

  // MARK: - What happens

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  private var works: Bool { live.allSatisfy { $0.hasSuffix("good") } }

  private mutating func violated(_ what: String) { broken.append("\(what) after \(log)") }

  /// One thing at random.
  mutating func step() async throws {
    // All begin with what is recorded: without it there is nothing to go back to.
    if log.isEmpty { return try snapshot() }
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<24: try await deploy()
    case 24..<30: try await deployBadly()
    case 30..<56: try check()
    case 56..<68: try snapshot()
    case 68..<76: try await noise()
    default: try await revert()
    }
  }

  private mutating func deploy() async throws {
    // One that a pipeline makes has a commit, one by hand has none.
    let isForeign = chance(20)
    for index in chance(70) ? [0, 1] : [Int.random(in: 0...1, using: &random)] {
      live[index] = "\(next)-\(chance(60) ? "good" : "bad")"
      try await aws.updateStack(
        stacks[index], template: template(stacks[index]), parameters: ["Version": live[index]])
    }
    next += 1
    justPassed = nil
    log.append("\(isForeign ? "foreign " : "")deploy \(live)")
    if !isForeign { try commit("\(live)") }
  }

  /// CloudFormation undoes it by itself, or it never reached a stack.
  private mutating func deployBadly() async throws {
    if chance(60) {
      for stack in stacks {
        try await aws.updateStack(
          stack, template: template(stack, fails: true), parameters: ["Version": "\(next)-bad"])
      }
    }
    next += 1
    justPassed = nil
    log.append("failed deployment")
  }

  private func run(_ step: String, _ arguments: [String], in application: String = "shop") throws
    -> BuiltStep.Outcome
  {
    let outcome = try world.run(
      step, ["--config-dir", application, "--policy", "\(application).yml"] + records + arguments)
    guard [0, 1, 3, 77].contains(outcome.status) else {
      throw AutoRevertWorld.Unexpected(
        description: "\(step) \(arguments): \(outcome.status) \(outcome.error) after \(log)")
    }
    return outcome
  }

  private mutating func check() throws {
    let named = commits[live].map { ["--commit", $0] } ?? []
    let outcome = try run("smoke-test", named)
    if outcome.status == 1 { knownBad.insert(live) } else { knownBad.remove(live) }
    justPassed = outcome.status == 0 && works ? live : nil
    if works, outcome.status != 0 { violated("a check of what works ended with \(outcome.status)") }
    log.append("check \(outcome.status)")
  }

  private mutating func snapshot() throws {
    let outcome = try run("preflight-snapshot", ["--format", "json"])
    log.append("snapshot \(outcome.status == 0 ? "made" : "refused")")
    let record = try JSONValue(parsing: outcome.output)
    guard let id = record["restorePoint"]?.string else {
      if justPassed == live {
        violated("what had just passed its checks was not recorded: \(outcome.output)")
      }
      return
    }
    if knownBad.contains(live) { violated("a bad version was recorded as good") }
    held[id] = live
  }

  /// What states nothing about what is live.
  private mutating func noise() async throws {
    switch Int.random(in: 0...4, using: &random) {
    case 0: _ = try run("auto-revert", ["--dry-run"])
    case 1: _ = try run("auto-revert", ["--dry-run", "--restore-database", "--reason", "to look"])
    case 2: _ = try run("smoke-test", ["--parse-only"])
    case 3: _ = try run("preflight-snapshot", [], in: "blog")
    default:
      let value = "\(next)-\(chance(50) ? "good" : "bad")"
      try await aws.updateStack(
        "\(world.name)-b", template: template("\(world.name)-b"), parameters: ["Version": value])
      _ = try run("smoke-test", [], in: "blog")
      _ = try run("auto-revert", ["--confirm", "rollback-production"], in: "blog")
    }
    log.append("noise")
  }

  /// What auto-revert does without a person.
  private mutating func revert() async throws {
    let (before, worked) = (live, works)
    let only = chance(25) ? [Int.random(in: 0...1, using: &random)] : [0, 1]
    let arguments = only.count < 2 ? ["--only", ["api", "workflow"][only[0]]] : []
    let outcome = try run(
      "auto-revert", ["--confirm", "rollback-production", "--format", "json"] + arguments)
    let after = try await markers()
    for index in stacks.indices where !only.contains(index) && after[index] != before[index] {
      violated("what --only left out was changed: \(before) to \(after)")
    }
    live = after
    if after != before {
      justPassed = nil
      if worked { violated("a good version was rolled back: \(before) to \(after)") }
    }
    guard outcome.status != 77 else { return log.append("revert refused") }
    let record = try JSONValue(parsing: outcome.output)
    let summary = record["summary"]
    let word = summary?["outcome"]?.string ?? ""
    log.append("revert\(arguments.isEmpty ? "" : " of one") \(word) \(outcome.status): \(after)")
    guard ["restored", "nothing-to-do"].contains(word) else {
      if after != before { violated("stacks were changed by what ended as \(word)") }
      return
    }
    if word == "nothing-to-do", after != before {
      violated("something was rolled back, and nothing was said")
    }
    if let point = summary?["restorePoint"]?.string, let target = held[point] {
      if after != before, knownBad.contains(target) { violated("a bad version was the good one: \(target)") }
      for index in only where after[index] != target[index] {
        violated("it is said to be at \(point), which holds \(target), and it is at \(after)")
      }
      if let said = summary?["restoredCommit"]?.string, let commit = commits[target], said != commit {
        violated("\(said) is said to be live, and it is \(commit)")
      }
    }
    let failures = record["health"]?["failures"]?.array?.compactMap(\.string) ?? []
    if outcome.status == 0, !works, !failures.contains(where: { $0.hasSuffix("as before the deployment") }) {
      violated("what does not work was called healthy: \(outcome.output)")
    }
    if outcome.status == 0, after == before, knownBad.contains(live) {
      violated("what is known to be bad was left, and all was said to be well: \(outcome.output)")
    }
    if !works, outcome.status == 1 { knownBad.insert(live) }
    if works, outcome.status == 0, only.count == 2 { justPassed = live }
  }

  /// What the stacks hold, by the service.
  private func markers() async throws -> Contents {
    var found: Contents = []
    for stack in stacks {
      found.append(try await SSMClient(aws.client).getParameter("/\(stack)/marker").value)
    }
    return found
  }
}
