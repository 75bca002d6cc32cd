import Foundation
import JSONValues
import TestSupport
import Testing

/// Machines that lack what nearly all have: `/proc`, a home, descriptors. A step works, or says what it lacks and ends with
/// a code of the contract; it is never ended by a signal.
@Suite(.blocking) struct LeanMachineEndToEndTests {
  private let folder = TemporaryFolder()
  private static let steps = ["preflight-snapshot", "diff-gate", "smoke-test", "watch-30m", "auto-revert"]
  /// Whether a place without /proc can be made here.
  private static let canHideProc =
    (try? runProgram("unshare", ["-m", "sh", "-c", "mount -t tmpfs none /proc"], in: "/"))?.status == 0

  init() throws {
    try "ENVIRONMENT=prod\nAWS_REGION=us-east-1\n"
      .write(toFile: folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    try "GET http://127.0.0.1:1/\nHTTP 200\n".write(
      toFile: folder("check.hurl"), atomically: true, encoding: .utf8)
  }

  private func shell(_ script: String) throws -> (status: Int32, output: String, error: String) {
    let result = try runProgram("sh", ["-c", script], in: folder.path)
    return (result.status, String(decoding: result.output, as: UTF8.self), result.error)
  }

  @Test(.enabled(if: canHideProc, "this user may mount nothing"), arguments: steps)
  func `without /proc a step says so`(step: String) throws {
    let made = try shell(
      "unshare -m sh -c 'mount -t tmpfs none /proc && exec \(BuiltStep.binaries)/\(step) prod --show-config'")
    #expect(made.status == 69, "\(made.error)")
    #expect(made.error.contains("/proc is not there"), "\(made.error)")
  }

  @Test(arguments: steps) func `with few descriptors a step says so`(step: String) throws {
    for limit in [5, 8, 16, 32] {
      let made = try shell("ulimit -n \(limit); exec \(BuiltStep.binaries)/\(step) prod --show-config")
      #expect(made.status == 69, "\(limit): \(made.error)")
      #expect(made.error.contains("only \(limit) files may be open at once"), "\(made.error)")
      #expect(made.error.contains("ulimit -n"))
    }
    // A soft limit is raised.
    let raised = try shell("ulimit -S -n 16; exec \(BuiltStep.binaries)/\(step) prod --show-config")
    #expect(raised.status == 0, "\(raised.error)")
  }

  @Test(arguments: steps) func `without a home and without any variable a step says what it lacks`(
    step: String
  ) throws {
    let short = step == "watch-30m" ? "--for 1s --every 1s" : ""
    let made = try shell("exec env -i \(BuiltStep.binaries)/\(step) prod \(short)")
    #expect([1, 3, 64, 65, 69, 77].contains(made.status), "\(made.status): \(made.output)\(made.error)")
    #expect(!made.error.isEmpty || !made.output.isEmpty)
    for home in ["/no/such/home", "/dev/null"] {
      let check = try shell(
        "HOME=\(home) exec \(BuiltStep.binaries)/smoke-test prod --smoke check.hurl --settle 0s")
      #expect(check.status == 1, "\(check.output)\(check.error)")
    }
  }
}
