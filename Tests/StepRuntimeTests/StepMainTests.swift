import CommandArguments
import DeploymentConfig
import DeploymentRecords
import HTTPTransport
import JSONValues
import Reporting
import StepResults
import SystemInterfaces
import TestSupport
import Testing

@testable import StepRuntime

/// A step that answers as it is told.
private struct SampleCommand: StepCommand {
  struct Part: StepPart {
    struct Summary: Codable, Sendable { var word: String }
    static let step = Step.smokeTest
    var endpoint: String
  }
  let common: CommonOptions
  let verdict: String
  let size: Int?
  let force: Bool
  init(_ arguments: inout ArgumentReader) throws(ArgumentError) {
    common = try CommonOptions(&arguments)
    verdict = try arguments.option("verdict", "How to end.") ?? "go"
    size = try arguments.option("size", "A number.")
    force = arguments.flag("force", "By force.")
  }

  static let abstract = "A sample."
  static let environmentOptions = ["verdict"]
  static let catalog = [
    FindingDescription("leak", "A value was seen.", severity: .warning, remedy: "Hide it.", since: "1.2.0")
  ]

  func run(in session: StepSession) async throws -> StepOutcome<Part> {
    switch verdict {
    case "crash": throw SampleError()
    case "refused": throw StepFailure(.refused, "no \(session.config["API_KEY"] ?? "")", advice: "ask")
    case "wait":
      try await Task.sleep(for: .seconds(3600))
      fallthrough
    default:
      session.progress.say("working with \(session.config["API_KEY"] ?? "nothing")")
      return StepOutcome(
        verdict: Verdict(rawValue: verdict) ?? .stop,
        findings: [Finding("leak", .warning, "saw \(session.config["API_KEY"] ?? "")")],
        summary: .init(word: force ? "forced" : "plain"),
        part: Part(endpoint: session.config.apiEndpoint ?? ""))
    }
  }

  static func report(_ record: Record<Part>) -> Report {
    Report(record, headline: "ended \(record.verdict.rawValue)")
  }
}

private struct SampleError: Error {}

@Suite struct StepMainTests {
  private let folder = TemporaryFolder()
  private let files = LocalFileSystem()
  private let terminal = CapturingTerminal()

  private func run(
    _ arguments: [String], variables: [String: String] = [:], interruption: Interruption = Interruption()
  ) async -> Int32 {
    let context = StepContext(
      environment: Environment(variables), clock: ManualClock(), files: files, terminal: terminal,
      random: Randomness(), makeTransport: { _ in ScriptedTransport { _ in HTTPResponse(status: 200) } },
      openRepository: { _, _ in throw StepFailure(.data, "no repository in this test") },
      workingDirectory: folder.path, processId: 1)
    return await StepMain<SampleCommand>.run(
      arguments: arguments, context: context, interruption: interruption)
  }

  private func writeConfig(_ text: String, _ environment: String = "prod") throws {
    try files.writeAtomically(Array(text.utf8), to: folder("deployment-\(environment).config"), mode: 0o644)
  }

  @Test(
    arguments: [
      ("go", 0, "GO  smoke-test prod: ended go\n", "working with [redacted]\n"),
      ("stop", 1, "STOP  smoke-test prod: ended stop\n", "working with [redacted]\n"),
      ("inconclusive", 3, "INCONCLUSIVE  smoke-test prod: ended inconclusive\n", "working with [redacted]\n"),
      (
        "crash", 70, "",
        "smoke-test: unexpected: SampleError()\n  this is a defect of backstop: please report it with the command line and "
          + "this message\n"
      ),
      ("refused", 77, "", "smoke-test: no [redacted]\n  ask\n"),
    ] as [(String, Int32, String, String)])
  func `each end has its exit code and its words`(
    verdict: String, status: Int32, output: String, error: String
  ) async throws {
    try writeConfig("API_KEY=abcdefgh12345678\n")
    #expect(await run(["prod", "--verdict", verdict]) == status)
    #expect(terminal.output.hasPrefix(output) && terminal.output.isEmpty == output.isEmpty)
    #expect(terminal.error == error)
    #expect(!terminal.output.contains("abcdefgh12345678"))
  }

  @Test func `a finding code is explained without an environment or a configuration`() async throws {
    #expect(await run(["--explain", "leak"]) == 0)
    #expect(
      terminal.output == """
        leak – Leak
          severity: warning
          since:    1.2.0
          meaning:  A value was seen.
          to do:    Hide it.

        """)
    #expect(terminal.error.isEmpty)
    #expect(await run(["--explain", "leek"]) == 64)
    #expect(terminal.error.contains("--explain leek: smoke-test has no such finding code"))
  }

  @Test func `inconclusive is mapped where two answers are wanted`() async throws {
    try writeConfig("A=1\n")
    #expect(await run(["prod", "--verdict=inconclusive", "--inconclusive=go"]) == 0)
    #expect(await run(["prod", "--verdict=inconclusive", "--inconclusive=stop"]) == 1)
    #expect(await run(["prod", "--verdict=stop", "--inconclusive=go"]) == 1)
  }

  @Test(arguments: [
    [], ["prod", "--nonsense"], ["prod", "--size", "x"], ["../prod"], ["prod", "other"], ["-x"],
  ])
  func `a wrong command line is 64 and says how it is right`(arguments: [String]) async throws {
    try writeConfig("A=1\n")
    #expect(await run(arguments) == 64)
    #expect(terminal.error.lowercased().contains("usage: smoke-test"))
    #expect(terminal.output.isEmpty)
  }

  @Test func `help and version are answers on standard output`() async {
    #expect(await run(["--help"]) == 0)
    #expect(await run(["--version"]) == 0)
    #expect(terminal.output.contains("USAGE: smoke-test"))
    #expect(terminal.output.contains("smoke-test \(ToolVersion.current.version)"))
  }

  @Test func `a missing configuration is 65 and names those that exist`() async throws {
    try writeConfig("A=1\n", "staging")
    #expect(await run(["prod"]) == 65)
    #expect(terminal.error.contains("deployment-prod.config"))
    #expect(terminal.error.contains("staging"))
    #expect(try files.names(in: folder.path) == ["deployment-staging.config"])
  }

  @Test func `a malformed configuration is 65 with file and line, and touches nothing`() async throws {
    try writeConfig("A=1\nB=$(id)\n")
    #expect(await run(["prod"]) == 65)
    #expect(terminal.error.contains("deployment-prod.config:2: "))
    #expect(try files.names(in: folder.path) == ["deployment-prod.config"])
  }

  @Test func `a configuration of another environment is 65`() async throws {
    try writeConfig("ENVIRONMENT=staging\n")
    #expect(await run(["prod"]) == 65)
    #expect(terminal.error.contains("ENVIRONMENT is 'staging'"))
  }

  @Test func `a policy with a misspelt key is 65 with its line`() async throws {
    try writeConfig("A=1\n")
    try files.writeAtomically(
      Array("smoke-test:\n  dedline: 3m\n".utf8), to: folder("backstop.yml"), mode: 0o644)
    #expect(await run(["prod"]) == 65)
    #expect(terminal.error.contains("backstop.yml:2: unknown key 'smoke-test.dedline'"))
  }

  @Test func `variables stand for options, the command line wins, and nothing destructive is taken`()
    async throws
  {
    try writeConfig("A=1\n")
    let variables = ["BACKSTOP_VERDICT": "stop", "BACKSTOP_FORCE": "1", "BACKSTOP_FORMAT": "json"]
    #expect(await run(["prod"], variables: variables) == 1)
    #expect(await run(["prod", "--verdict", "go"], variables: variables) == 0)
    #expect(terminal.output.contains("\"word\": \"plain\""))
    #expect(!terminal.output.contains("forced"))
  }

  @Test func `standard output carries exactly the record, redacted`() async throws {
    try writeConfig("API_KEY=abcdefgh12345678\nAPI_ENDPOINT=https://x.example/prod\n")
    #expect(await run(["prod", "--format", "json"]) == 0)
    let record = try JSONValue(parsing: terminal.output)
    #expect(record["verdict"]?.string == "go")
    #expect(record["endpoint"]?.string == "https://x.example/prod/")
    #expect(record["findings"]?[0]?["message"]?.string == "saw [redacted]")
    #expect(terminal.error == "working with [redacted]\n")
    let written = try JSONValue(parsing: files.read(folder(".backstop/prod/smoke-test.json")))
    #expect(written == record)
  }

  @Test func `the configuration is shown with places and without secrets`() async throws {
    try writeConfig(
      "API_KEY=short\nexport API_STACK=Shop-Api-prod\nDATABASE_URL=postgres://a:password1@h/d\n# x\n")
    #expect(await run(["prod", "--show-config"]) == 0)
    let shown = try JSONValue(parsing: terminal.output)
    #expect(shown["values"]?[0]?["value"]?.string == "[redacted]")
    #expect(shown["values"]?[1]?["source"]?.string == "deployment-prod.config:2")
    #expect(shown["values"]?[2]?["value"]?.string == "postgres://a:[redacted]@h/d")
    #expect(shown["values"]?[3]?["value"]?.string == "Shop-Database-prod")
    #expect(shown["production"]?.bool == true)
    #expect(try files.names(in: folder.path) == ["deployment-prod.config"])
  }

  @Test func `an interruption ends the wait with 130`() async throws {
    try writeConfig("A=1\n")
    let interruption = Interruption()
    interruption.interrupt(.interrupted)
    #expect(await run(["prod", "--verdict", "wait"], interruption: interruption) == 130)
  }

  @Test func `a records folder that cannot be written is 69 and says so`() async throws {
    try writeConfig("A=1\n")
    #expect(await run(["prod", "--records", "/proc/nowhere"]) == 69)
    #expect(terminal.error.contains("cannot create folder /proc/nowhere"))
    // What was done is told all the same.
    #expect(!terminal.output.isEmpty && terminal.error.contains("the result stands"))
  }

  @Test func `a stop that cannot be written down is a stop all the same, and says so`() async throws {
    try writeConfig("A=1\n")
    #expect(await run(["prod", "--records", "/proc/nowhere", "--verdict", "stop"]) == 1)
    #expect(terminal.error.contains("cannot create folder /proc/nowhere"))
    #expect(!terminal.output.isEmpty)
  }

  @Test func `CI systems get the verdict and a summary`() async throws {
    try writeConfig("A=1\n")
    let variables = [
      "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "2",
      "GITHUB_STEP_SUMMARY": folder("summary.md"), "GITHUB_OUTPUT": folder("out"),
    ]
    #expect(await run(["prod"], variables: variables) == 0)
    let record = folder(".backstop/prod/runs/github-77-2/smoke-test.json")
    #expect(try files.readText(folder("out")) == "exit-code=0\nrecord=\(record)\nverdict=go\n")
    #expect(try files.readText(folder("summary.md")).contains("`smoke-test` prod: go"))
    #expect(files.exists(record))
  }

  @Test(arguments: [
    (["prod", "--verdict", "stop"], "1", "stop"), (["prod", "--verdict=inconclusive"], "3", "inconclusive"),
    (["prod", "--nonsense"], "64", "usage"), (["elsewhere"], "65", "data"), (["--version"], "0", "none"),
  ])
  func `later jobs are told how a run ended, however it ended`(
    _ arguments: [String], _ code: String, _ word: String
  ) async throws {
    try writeConfig("A=1\n")
    _ = await run(arguments, variables: ["BACKSTOP_OUTPUTS": folder("run.env")])
    let lines = try files.readText(folder("run.env")).split(separator: "\n").map(String.init)
    #expect(lines.first == "BACKSTOP_EXIT_CODE=\(code)" && lines.last == "BACKSTOP_VERDICT=\(word)")
  }
}
