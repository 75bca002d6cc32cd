import Foundation
import TestSupport
import Testing

/// `ci/step` and `ci/said-stop`: what the jobs of every CI system call.
@Suite(.blocking) struct CIStepTests {
  private let folder = TemporaryFolder()

  private func step(_ arguments: [String], options: String = "") throws -> ProgramResult {
    try runProgram(
      Repository.root + "/ci/step", arguments,
      variables: [
        "BACKSTOP_BIN": BuiltStep.binaries, "BACKSTOP_OPTIONS": options,
        "BACKSTOP_OUTPUTS": folder("run.env"),
        // Nothing of the run around these tests may answer for them.
        "GITHUB_ACTIONS": "", "GITHUB_OUTPUT": "",
      ])
  }

  private func points(_ failed: Int) throws -> String {
    var lines = ["timestamp,series,kind,value,count"]
    for minute in 0..<120 {
      let bad = minute >= 60 ? failed : 0
      lines.append(
        "2026-01-01T\(10 + minute / 60):\(minute % 60 < 10 ? "0" : "")\(minute % 60):00Z,api,errors,\(bad),100"
      )
    }
    try lines.joined(separator: "\n").write(toFile: folder("points.csv"), atomically: true, encoding: .utf8)
    try "ENVIRONMENT=prod\n".write(
      toFile: folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    return "--config-dir \(folder.path) --records '\(folder("the records"))' "
      + "--replay \(folder("points.csv")) --deployed-at 2026-01-01T11:00:00Z"
  }

  @Test func `options are words as a shell would make them, and nothing in them is run`() throws {
    let marker = folder("marker")
    let options = try points(50) + " --unknown \"$(touch \(marker))\" `touch \(marker)`; touch \(marker)"
    let result = try step(["watch-30m", "prod"], options: options)
    #expect(result.status == 64, "\(result.error)")
    #expect(!FileManager.default.fileExists(atPath: marker))
    let open = try step(["watch-30m", "prod"], options: "--reason 'smoke test")
    #expect(open.status == 64 && open.error.contains("quote that does not end"))
  }

  @Test func `a reason of several words and lines reaches the step whole`() throws {
    let result = try step(
      ["auto-revert", "prod"],
      options: "--config-dir \(folder.path) --reason 'smoke test\nsaid \"stop\"' --show-config")
    // Without a configuration it is 65; with a torn reason it would be 64.
    #expect(result.status == 65, "\(result.error)")
  }

  @Test(arguments: [(50, "stop", Int32(1), Int32(0)), (0, "go", 0, 1)])
  func `only a stop after the deployment starts a rollback`(
    _ failed: Int, _ verdict: String, _ code: Int32, _ starts: Int32
  ) throws {
    let result = try step(["watch-30m", "prod"], options: points(failed))
    #expect(result.status == code, "\(result.error)")
    let outputs = try String(contentsOfFile: folder("run.env"), encoding: .utf8)
    #expect(outputs.contains("BACKSTOP_VERDICT=\(verdict)\n"))
    #expect(outputs.contains("BACKSTOP_RECORD=\(folder("the records"))/runs/"))
    let saidStop = Repository.root + "/ci/said-stop"
    #expect(try runProgram(saidStop, [folder("absent.env"), folder("run.env")]).status == starts)
  }

  @Test func `an answer that stands in the repository starts none`() throws {
    let repository = try TestRepository()
    try repository.write("BACKSTOP_VERDICT=stop\n", to: "backstop-watch-30m-prod.env")
    try repository.commit("First", at: 1)
    let script = Repository.root + "/ci/said-stop"
    let said = try runProgram(script, ["backstop-watch-30m-prod.env"], in: repository.path)
    #expect(said.status == 1 && said.error.contains("is a file of the repository"), "\(said.error)")
    // What a step wrote there is one, tracked or not by a repository around it.
    try repository.write("BACKSTOP_VERDICT=stop\n", to: "backstop-smoke-test-prod.env")
    #expect(try runProgram(script, ["backstop-smoke-test-prod.env"], in: repository.path).status == 0)
  }

  @Test func `a step that could not run starts none`() throws {
    for (options, word) in [("--nonsense", "usage"), ("--config-dir \(folder.path)", "data")] {
      _ = try step(["smoke-test", "prod"], options: options)
      let outputs = try String(contentsOfFile: folder("run.env"), encoding: .utf8)
      #expect(outputs.hasSuffix("BACKSTOP_VERDICT=\(word)\n"))
    }
    let none = try runProgram(Repository.root + "/ci/said-stop", [folder("run.env")])
    #expect(none.status == 1 && none.error.contains("nothing is rolled back"))
  }
}
