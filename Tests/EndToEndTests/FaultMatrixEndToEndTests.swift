import Foundation
import TestSupport
import Testing

/// Faults of the network and of AWS before each step: the table that `ci/fault-matrix` prints, as far as a run of all tests has
/// time for it.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
struct FaultMatrixEndToEndTests {
  @Test func `no fault is taken for an answer, and nothing is done twice`() throws {
    let made = try runProgram(
      "python3", [Repository.root + "/ci/fault-matrix", "--quick", "--folder", BuiltStep.binaries],
      in: Repository.root)
    let table = String(decoding: made.output, as: UTF8.self)
    #expect(made.status == 0, "\(table)\(made.error)")
    for step in ["preflight-snapshot", "auto-revert", "smoke-test", "watch-30m"] {
      #expect(table.contains("\(step) (without a fault"), "\(table)")
    }
  }
}
