import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `watch-30m` where AWS cannot be reached or lets nobody in.
@Suite(.blocking) struct Watch30mEndToEndLiveTests {
  private let folder = TemporaryFolder()

  private func step(_ variables: [String: String]) throws -> BuiltStep {
    let config = """
      ENVIRONMENT=prod
      AWS_REGION=us-east-1
      API_ENDPOINT=http://127.0.0.1:9/prod/
      API_STACK=Shop-Api-prod

      """
    try LocalFileSystem().writeAtomically(
      Array(config.utf8), to: folder("deployment-prod.config"), mode: 0o644)
    let common = ["AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1"]
    return BuiltStep("watch-30m", in: folder.path, variables: common.merging(variables) { _, given in given })
  }

  private var hasRecord: Bool {
    FileManager.default.fileExists(atPath: folder(".backstop/prod/watch-30m.json"))
  }

  @Test func `a closed port before the first look is unavailable`() throws {
    // Port 9 is the discard service's, and nobody listens there.
    let outcome = try step([
      "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "test",
      "AWS_SECRET_ACCESS_KEY": "test-test",
    ]).run(["prod", "--for", "10s", "--every", "2s"])
    #expect(outcome.status == 69)
    #expect(outcome.error.contains("127.0.0.1:9"))
    #expect(outcome.error.contains("check the network"))
    #expect(outcome.output.isEmpty)
    #expect(!hasRecord)
  }

  @Test func `no credentials are a refusal`() throws {
    let outcome = try step(["AWS_ENDPOINT_URL": "http://127.0.0.1:9"]).run(["prod", "--for", "10s"])
    #expect(outcome.status == 77)
    #expect(outcome.error.contains("AWS_ACCESS_KEY_ID"))
    #expect(!hasRecord)
  }

  @Test func `a configuration that names nothing to watch is wrong, and no half hour is waited`() throws {
    let step = try step(["AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-test"])
    try LocalFileSystem().writeAtomically(
      Array("ENVIRONMENT=prod\nAWS_REGION=us-east-1\n".utf8), to: folder("deployment-prod.config"),
      mode: 0o644)
    let outcome = try step.run(["prod"])
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("there is nothing to watch"))
    #expect(!hasRecord)
  }

  @Test func `the keys that were read can be shown`() throws {
    let outcome = try step([:]).run(["prod", "--show-config"])
    #expect(outcome.status == 0)
    #expect(try JSONValue(parsing: Array(outcome.output.utf8)) != .null)
    #expect(outcome.output.contains("API_STACK"))
  }

  @Test(arguments: [
    ["--for", "soon"], ["--every", "0s"], ["--deployed-at", "noon"], ["--judge", "dice"], ["--unknown"],
  ])
  func `a wrong option is a wrong command line`(option: [String]) throws {
    let outcome = try step([:]).run(["prod"] + option)
    #expect(outcome.status == 64)
    #expect(outcome.error.contains(option[0].dropFirst(2)))
  }
}
