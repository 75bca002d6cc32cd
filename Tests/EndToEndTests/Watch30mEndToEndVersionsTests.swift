import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `watch-30m` over recorded points of two versions at the same time.
@Suite(.blocking) struct Watch30mEndToEndVersionsTests {
  private let folder = TemporaryFolder()
  private static let deployment = "2026-11-24T10:00:00Z"

  /// What a recording holds: the rate of errors or the level of each version, and requests a minute of both.
  struct Recording: Sendable, CustomTestStringConvertible {
    var name: String
    var kind = "errors"
    var new: Double, old: Double
    var requests = 1000.0
    var share = 0.1
    var status: Int32
    var says: String
    var testDescription: String { name }
  }

  static let recordings: [Recording] = [
    .init(name: "both well", new: 0.01, old: 0.01, status: 0, says: "the one series stays where it was"),
    .init(name: "new is bad", new: 0.3, old: 0.01, status: 1, says: "in new since the onset"),
    .init(name: "both fail", new: 0.4, old: 0.4, status: 3, says: "both fail"),
    .init(name: "new is a little worse", new: 0.05, old: 0.01, status: 0, says: "worse, but not surely over"),
    .init(name: "too few", new: 0, old: 0, requests: 4, status: 3, says: "min more at 0.3 a minute"),
    .init(name: "half and half", new: 0.2, old: 0.01, share: 0.5, status: 1, says: "in new since the onset"),
    .init(
      name: "new is slow", kind: "latency", new: 900, old: 100, status: 1, says: "times the old version's"),
    .init(name: "both slow", kind: "latency", new: 900, old: 900, status: 3, says: "both are slow"),
    .init(name: "a level of both", kind: "gauge", new: 900, old: 900, status: 0, says: ""),
    .init(name: "a level of the new one", kind: "gauge", new: 900, old: 40, status: 1, says: "far beyond"),
  ]

  private func write(_ recording: Recording) throws {
    let deployment = try #require(Timestamp(Self.deployment))
    var lines = ["timestamp,series,kind,value,count"]
    func line(_ minute: Int, _ name: String, _ level: Double, _ share: Double) {
      let requests = recording.requests * share
      let value = recording.kind == "errors" ? (requests * level).rounded() : level
      let time = (deployment + .seconds(60 * minute)).formatted(milliseconds: false)
      // Thin traffic comes now and then.
      let isQuiet = requests < 1 && minute % Int((1 / requests).rounded()) != 0
      lines.append(
        "\(time),checkout\(name),\(recording.kind),\(isQuiet ? 0 : value),\(isQuiet ? 0 : max(1, requests))")
    }
    for minute in -600..<0 {
      line(minute, "@old", recording.kind == "errors" ? 0.01 : recording.kind == "latency" ? 100 : 40, 1)
    }
    for minute in 0..<30 {
      line(minute, "@old", recording.old, 1 - recording.share)
      line(minute, "@new", recording.new, recording.share)
    }
    if recording.kind == "gauge" {
      for minute in -600..<30 {
        let time = (deployment + .seconds(60 * minute)).formatted(milliseconds: false)
        lines.append("\(time),other,errors,0,100")
      }
    }
    try LocalFileSystem().writeAtomically(
      Array((lines.joined(separator: "\n") + "\n").utf8), to: folder("points.csv"), mode: 0o644)
  }

  @Test(arguments: recordings)
  func `two versions are told by how their series end`(recording: Recording) throws {
    try write(recording)
    let outcome = try BuiltStep("watch-30m", in: folder.path).run([
      "prod", "--replay", "points.csv", "--deployed-at", Self.deployment, "--records", "records", "--format",
      "json",
    ])
    #expect(outcome.status == recording.status, "\(outcome.output.suffix(3000)) \(outcome.error)")
    #expect(outcome.output.contains(recording.says), "\(outcome.output.suffix(3000))")
    #expect(try Schema.problems(of: folder("records/watch-30m.json"), "watch-30m") == "")
    let record = try JSONValue(parsing: Array(outcome.output.utf8))
    let series = try #require(record["series"]?.array)
    #expect(!series.contains { $0["name"]?.string == "checkout@old" })
    let pair = try #require(series.first { $0["name"]?.string == "checkout@new" })
    let compared = try #require(pair["comparison"])
    #expect(compared["new"]?["version"]?.string == "new" && compared["old"]?["version"]?.string == "old")
    #expect(compared["test"]?.string?.isEmpty == false)
    if recording.kind == "errors", recording.requests == 1000 {
      #expect(abs((compared["share"]?.double ?? 0) - recording.share) < 0.001)
      #expect(compared["old"]?["figures"]?["requests"]?.double == 30_000 * (1 - recording.share))
    }
  }

  @Test func `a new version without an old one beside it is judged as any series`() throws {
    try write(.init(name: "", new: 0.01, old: 0.01, status: 0, says: ""))
    let text = try LocalFileSystem().readText(folder("points.csv"))
    let alone = text.split(separator: "\n").filter { !$0.contains("@old") }.joined(separator: "\n") + "\n"
    try LocalFileSystem().writeAtomically(Array(alone.utf8), to: folder("points.csv"), mode: 0o644)
    let outcome = try BuiltStep("watch-30m", in: folder.path).run([
      "prod", "--replay", "points.csv", "--deployed-at", Self.deployment, "--records", "records", "--format",
      "json",
    ])
    #expect(outcome.status == 0, "\(outcome.output.suffix(2000)) \(outcome.error)")
    #expect(!outcome.output.contains("comparison"))
  }
}
