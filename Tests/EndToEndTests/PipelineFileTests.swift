import Foundation
import JSONValues
import TestSupport
import Testing

enum PipelineEngines {
  static let python = Repository.root + "/.build/venv/bin/python"
  static let areInstalled = FileManager.default.isExecutableFile(
    atPath: Repository.root + "/.build/venv/bin/act")
  /// By their own engines: act, bitrab, a shell; Groovy for Jenkins' library.
  static let own: [String] = ["github", "gitlab", "jenkins", "shell"]
  /// By their documentation: neither Debian nor PyPI has an engine of theirs that runs without a server.
  static let played: [String] = [
    "buildkite", "circleci", "azure", "tekton", "woodpecker", "drone", "bitbucket", "codebuild", "argo",
    "argocd",
  ]
  static let all: [String] = own + played
  /// What must never start a rollback, and whether it fails the run.
  static let others: [(scenario: String, fails: Bool)] = [
    ("watch-30m=3", false), ("smoke-test=69", true), ("watch-30m=69", true), ("smoke-test=64", true),
    ("smoke-test=65", true), ("watch-30m=75", true), ("watch-30m=77", true), ("preflight-snapshot=1", true),
    ("deploy=1", true), ("watch-30m=cancelled", true), ("watch-30m=lost", true), ("smoke-test=lost", true),
  ]
}

/// The pipeline files of `ci/pipelines`, `ci/gitlab.yml` and `.github/workflows`, run over stand-ins for the steps: by the
/// system's own engine where it runs here, else played by its documented order and conditions.
@Suite(.blocking, .enabled(if: PipelineEngines.areInstalled, "ci/install installs what runs pipeline files"))
struct PipelineFileTests {
  struct Run {
    var ran: [[String]], failed: Bool, log: String
    var steps: [String] { ran.map { $0[0] } }
  }

  private func run(_ system: String, _ scenarios: String...) throws -> [Run] {
    let result = try runProgram(
      PipelineEngines.python, [Repository.root + "/Tests/Servers/pipelines.py", system] + scenarios,
      variables: [:])
    let answer = try JSONValue(parsing: result.output)
    return try #require(answer["runs"]?.array, "\(result.error)").map { run in
      Run(
        ran: run["ran"]?.array?.map { $0.array?.compactMap(\.string) ?? [] } ?? [],
        failed: run["failed"]?.bool ?? true, log: run["log"]?.string ?? "")
    }
  }

  @Test(arguments: PipelineEngines.all) func `what goes well goes through, and nothing is rolled back`(
    _ system: String
  )
    throws
  {
    let runs = try run(system, "good")
    #expect(runs[0].steps == ["preflight-snapshot", "deploy", "smoke-test", "watch-30m"], "\(runs[0].log)")
    #expect(!runs[0].failed, "\(runs[0].log)")
  }

  @Test(arguments: PipelineEngines.all)
  func `a stop of either check rolls back, with the options as they were written`(
    _ system: String
  ) throws {
    let runs = try run(system, "smoke-test=1", "watch-30m=1")
    #expect(runs[0].steps == ["preflight-snapshot", "deploy", "smoke-test", "auto-revert"], "\(runs[0].log)")
    #expect(
      runs[1].steps == ["preflight-snapshot", "deploy", "smoke-test", "watch-30m", "auto-revert"],
      "\(runs[1].log)")
    for run in runs {
      #expect(run.failed)
      let revert = try #require(run.ran.last)
      #expect(revert.prefix(4) == ["auto-revert", "prod", "--confirm", "rollback-production"], "\(revert)")
      // Words with spaces stay words, where the file's example has them.
      #expect(!revert.contains { $0.contains("'") }, "\(revert)")
    }
  }

  @Test(arguments: PipelineEngines.all) func `nothing but a stop rolls back`(_ system: String) throws {
    for other in PipelineEngines.others {
      let run = try #require(try run(system, other.scenario).first)
      #expect(!run.steps.contains("auto-revert"), "\(system) \(other.scenario): \(run.log)")
      #expect(run.failed == other.fails, "\(system) \(other.scenario): \(run.log)")
      let step = String(other.scenario.prefix { $0 != "=" })
      #expect(run.steps.contains(step), "\(system) \(other.scenario): \(run.steps)")
      if step == "preflight-snapshot" { #expect(!run.steps.contains("deploy"), "\(system)") }
    }
  }

  @Test(arguments: PipelineEngines.all) func `a run after a rollback is one of its own`(_ system: String)
    throws
  {
    let runs = try run(system, "watch-30m=1", "good", "watch-30m=lost")
    #expect(runs[0].steps.contains("auto-revert"))
    #expect(!runs[1].steps.contains("auto-revert") && !runs[1].failed, "\(runs[1].log)")
    // The lost run finds the answers of the runs before it in the same folder, and takes none of them for its own.
    #expect(!runs[2].steps.contains("auto-revert") && runs[2].failed, "\(runs[2].log)")
  }
}
