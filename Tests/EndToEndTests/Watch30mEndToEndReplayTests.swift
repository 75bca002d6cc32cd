import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `watch-30m` over recorded points and over mistakes.
@Suite(.blocking) struct Watch30mEndToEndReplayTests {
  private let folder = TemporaryFolder()
  private static let deployment = "2026-11-24T10:00:00Z"
  private var step: BuiltStep { BuiltStep("watch-30m", in: folder.path) }
  private let replay = ["prod", "--replay", "points.csv", "--deployed-at", deployment]

  private func write(_ text: String, to name: String) throws {
    try LocalFileSystem().writeAtomically(Array(text.utf8), to: folder(name), mode: 0o644)
  }

  /// A day before and half an hour after, one request in two hundred failing before and `failures` of forty after.
  private func record(failures: Int) throws {
    let deployment = try #require(Timestamp(Self.deployment))
    var lines = ["timestamp,series,kind,value,count"]
    for minute in -1440..<30 {
      let time = (deployment + .seconds(60 * minute)).formatted(milliseconds: false)
      let failed = minute < 0 ? (minute % 5 == 0 ? 1 : 0) : failures
      lines.append("\(time),api/shop,errors,\(failed),40")
      lines.append("\(time),api/shop,latency,\(100 + minute & 7),40")
    }
    try write(lines.joined(separator: "\n"), to: "points.csv")
  }

  @Test(arguments: [(0, 0), (2, 0), (20, 1)] as [(Int, Int32)])
  func `a recording is judged at once`(failures: Int, status: Int32) throws {
    try record(failures: failures)
    let outcome = try step.run(replay + ["--format", "json"])
    #expect(outcome.status == status, "\(outcome.error)")
    let record = try JSONValue(parsing: Array(outcome.output.utf8))
    #expect(record["step"]?.string == "watch-30m")
    #expect(record["schemaVersion"]?.int == 1)
    #expect(record["verdict"]?.string == (status == 0 ? "go" : "stop"))
    #expect(record["series"]?.array?.count == 2)
    let written = try LocalFileSystem().readText(folder(".backstop/prod/watch-30m.json"))
    #expect(try JSONValue(parsing: Array(written.utf8)) == record)
    if LocalAWS.isInstalled {
      #expect(try Schema.problems(of: folder(".backstop/prod/watch-30m.json"), "watch-30m") == "")
    }
  }

  @Test func `text is for people, progress goes elsewhere`() throws {
    try record(failures: 20)
    let outcome = try step.run(replay + ["--color", "never"])
    #expect(outcome.status == 1)
    #expect(outcome.output.hasPrefix("STOP  watch-30m prod: api/shop (errors): errors 0.5 % before"))
    #expect(!outcome.output.contains("\u{1B}"))
  }

  @Test func `without arguments it says what is missing`() throws {
    let outcome = try step.run([])
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.error.contains("environment"))
  }

  @Test func `a wrong environment names those that there are`() throws {
    try write("AWS_REGION=us-east-1\n", to: "deployment-prod.config")
    let outcome = try step.run(["production", "--for", "10s"])
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("deployment-production.config"))
    #expect(outcome.error.contains("prod"))
  }

  @Test(arguments: [
    ("", "points.csv:1: "), ("timestamp,series,kind,value,count\nx,api,errors,1,2\n", "points.csv:2: "),
    ("timestamp,series,kind,value,count\n2026-11-24T10:00:00Z,api,errors,3,2\n", "points.csv:2: "),
  ])
  func `a malformed file is named with its line`(text: String, place: String) throws {
    try write(text, to: "points.csv")
    let outcome = try step.run(replay)
    #expect(outcome.status == 65)
    #expect(outcome.error.contains(place))
    #expect(outcome.output.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: folder(".backstop/prod/watch-30m.json")))
  }

  @Test func `a missing file is named`() throws {
    let outcome = try step.run(replay)
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("points.csv"))
  }

  @Test func `options come from the environment too`() throws {
    try record(failures: 0)
    let step = BuiltStep(
      "watch-30m", in: folder.path,
      variables: [
        "BACKSTOP_REPLAY": "points.csv", "BACKSTOP_DEPLOYED_AT": Self.deployment, "BACKSTOP_FORMAT": "json",
        "BACKSTOP_RECORDS": "elsewhere",
      ])
    let outcome = try step.run(["prod"])
    #expect(outcome.status == 0)
    #expect(outcome.output.hasPrefix("{"))
    #expect(FileManager.default.fileExists(atPath: folder("elsewhere/watch-30m.json")))
  }
}
