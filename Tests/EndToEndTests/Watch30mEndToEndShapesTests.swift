import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `watch-30m` over recordings of everyday shapes, of mistakes, and of Kayenta's cases.
@Suite(.blocking) struct Watch30mEndToEndShapesTests {
  private let folder = TemporaryFolder()
  private static let deployment = "2026-11-24T10:00:00Z"
  private let replay = ["prod", "--replay", "points.csv", "--deployed-at", deployment]

  private func write(_ text: String, to name: String) throws {
    try LocalFileSystem().writeAtomically(Array(text.utf8), to: folder(name), mode: 0o644)
  }

  /// One point a minute of the front door, a day before and half an hour after.
  private func record(
    kind: String = "errors", from: Int = -1440, to: Int = 30, _ point: (Int) -> (value: Double, count: Int)
  ) throws {
    let deployment = try #require(Timestamp(Self.deployment))
    var lines = ["timestamp,series,kind,value,count"]
    for minute in from..<to {
      let (value, count) = point(minute)
      let time = (deployment + .seconds(60 * minute)).formatted(milliseconds: false)
      lines.append("\(time),api/shop,\(kind),\(value),\(count)")
    }
    try write(lines.joined(separator: "\n"), to: "points.csv")
  }

  private func run(_ more: [String] = []) throws -> (outcome: BuiltStep.Outcome, record: JSONValue) {
    let outcome = try BuiltStep("watch-30m", in: folder.path).run(replay + ["--format", "json"] + more)
    return (outcome, try JSONValue(parsing: Array(outcome.output.utf8)))
  }

  enum Shape: String, CaseIterable {
    case badDay, newPart, flapping, seldom, lastMinutes, stopped, lost, bursts, hourly
  }

  @Test(
    arguments: [
      (.badDay, 1), (.newPart, 1), (.flapping, 1), (.seldom, 1), (.lastMinutes, 3), (.stopped, 3), (.lost, 3),
      (.bursts, 0), (.hourly, 0),
    ] as [(Shape, Int32)])
  func `everyday shapes have their answers`(shape: Shape, status: Int32) throws {
    try record(from: shape == .newPart ? 0 : -1440) { minute in
      let well = (minute + 1440) % 5 == 0 ? 1.0 : 0
      switch shape {
      case .badDay: return (minute >= 0 ? 25 : (-600 ..< -510).contains(minute) ? 47 : well, 50)
      case .newPart: return (50, 50)
      case .flapping: return (minute >= 0 && minute % 5 < 2 ? 48 : well, 50)
      case .seldom: return (minute >= 0 && minute % 4 == 0 ? 40 : well, 50)
      case .lastMinutes: return (minute >= 28 ? 50 : well, 50)
      case .stopped: return minute >= 22 ? (0, 0) : (well, 50)
      case .lost: return minute >= 10 ? (0, 7) : (well, 50)
      case .bursts:
        let bursts = [-1300: 2, -1100: 5, -800: 1, -500: 3, -300: 4, -100: 3, 8: 4]
        return (bursts.contains { ($0.key..<$0.key + $0.value).contains(minute) } ? 15 : well, 50)
      case .hourly: return (((minute % 60) + 60) % 60 / 4 == 3 ? 15 : well, 50)
      }
    }
    let (outcome, record) = try run()
    #expect(outcome.status == status, "\(outcome.error) \(record["summary"] ?? .null)")
    #expect(record["finished"]?.bool == true)
  }

  @Test func `slowness that is no reason to roll back is said in the headline`() throws {
    try record(kind: "latency") { ($0 >= 0 ? 300 : 100 + Double(($0 + 1440) % 7), 50) }
    let outcome = try BuiltStep("watch-30m", in: folder.path).run(replay)
    #expect(outcome.status == 0)
    #expect(
      outcome.output.hasPrefix("GO  watch-30m prod: degraded: 1 of 1 series that could be judged got worse"))
  }

  @Test func `slowness that comes and goes is found`() throws {
    try record(kind: "latency") { ($0 >= 0 && $0 % 5 < 2 ? 1200 : 100 + Double(($0 + 1440) % 7), 50) }
    let (outcome, record) = try run()
    #expect(outcome.status == 1)
    #expect(record["series"]?[0]?["onset"]?.string == "2026-11-24T10:05:00.000Z")
  }

  @Test(arguments: [true, false])
  func `a job that fails each time that it runs is no go, however seldom that is`(isKnown: Bool) throws {
    try record { _ in (0, 50) }
    let deployment = try #require(Timestamp(Self.deployment))
    let runs = stride(from: isKnown ? -1435 : 5, to: 30, by: 30).map { minute in
      let time = (deployment + .seconds(60 * minute)).formatted(milliseconds: false)
      return "\(time),function/job,errors,\(minute > 0 ? 30 : 0),30"
    }
    let idle = (deployment + .seconds(60 * 29)).formatted(milliseconds: false) + ",function/job,errors,0,0"
    let points = try LocalFileSystem().readText(folder("points.csv"))
    try write(([points] + runs + [idle]).joined(separator: "\n"), to: "points.csv")
    let (outcome, record) = try run()
    #expect(outcome.status == 3)
    let reason = record["summary"]?["reasons"]?[0]?.string ?? ""
    #expect(
      reason.hasPrefix("function/job (errors): 30 of 30 requests failed since the deployment"), "\(reason)")
  }

  @Test func `points that end before a usual watch may be of a service that is asked nothing any more`()
    throws
  {
    try record(to: 22) { _ in (0, 50) }
    let (outcome, record) = try run()
    #expect(outcome.status == 3)
    let reason = record["summary"]?["reasons"]?[0]?.string ?? ""
    #expect(reason.contains("the points end at 2026-11-24T10:21:00Z, before a watch of 30 min does"))
    #expect(try run(["--for", "22m"]).outcome.status == 0)
    // What is severe is so however long the watch was.
    try self.record(to: 12) { ($0 >= 5 ? 50 : 0, 50) }
    #expect(try run().outcome.status == 1)
  }

  @Test(arguments: ["9999-12-31T23:59:59Z", "2226-11-24T10:00:00Z"])
  func `a time that no watch reaches is a mistake`(time: String) throws {
    try write(
      "timestamp,series,kind,value,count\n2026-11-24T10:00:00Z,api,errors,1,20\n\(time),api,errors,1,20\n",
      to: "points.csv")
    let step = BuiltStep("watch-30m", in: folder.path)
    let outcome = try step.run(replay)
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("points.csv: the points reach to \(time), which no watch does"))
    #expect(try step.run(replay + ["--for", "30m"]).status == 3)
  }

  @Test(arguments: ["errors", "latency", "gauge"])
  func `immense numbers are judged and shown`(kind: String) throws {
    try record(kind: kind) { _ in (kind == "errors" ? 0 : 9.3e17, 900_000_000_000_000_000) }
    for format in ["text", "json"] {
      let outcome = try BuiltStep("watch-30m", in: folder.path).run(
        replay + ["--format", format, "--html", "page.html", "--svg", "charts.svg"])
      #expect([0, 3].contains(outcome.status), "\(outcome.error)")
    }
  }

  @Test(arguments: [
    ("2026-11-24T10:00:00Z,api,errors,0x10,20", "points.csv:3: expected a number as value, found '0x10'"),
    (
      "2026-11-24T10:00:00Z,api,errors,1,3",
      "points.csv:3: api (errors) at 2026-11-24T10:00:00Z is 1.0 of 3.0 here"
    ),
  ])
  func `a line that cannot be true is named`(line: String, message: String) throws {
    try write(
      "timestamp,series,kind,value,count\n2026-11-24T10:00:00Z,api,errors,1,2\n\(line)\n", to: "points.csv")
    let outcome = try BuiltStep("watch-30m", in: folder.path).run(replay)
    #expect(outcome.status == 65)
    #expect(outcome.error.contains(message))
  }

  @Test func `the page and the picture have a chart of each series`() throws {
    try record { ($0 >= 10 ? 25 : 0, 50) }
    let outcome = try BuiltStep("watch-30m", in: folder.path).run(
      replay + ["--html", "page.html", "--svg", "charts.svg", "--markdown", "page.md"])
    #expect(outcome.status == 1)
    let page = try LocalFileSystem().readText(folder("page.html"))
    #expect(page.ranges(of: "<svg class=\"chart\"").count == 1)
    #expect(page.contains("class=\"onset\"") && page.contains("class=\"decided\""))
    #expect(!page.contains("http://") && !page.contains("<script"))
    let text = try LocalFileSystem().readText(folder("page.md"))
    let bars = String(repeating: "▁", count: 40) + String(repeating: "█", count: 20)
    #expect(text.contains("now         \(bars)\n"), "\(text)")
    #expect(text.contains(String(repeating: " ", count: 42) + "D         O X\n"))
    #expect(
      text.contains("highest bar 50%; usual 0 to 0%; severe from 10%; D deployed 2026-11-24T10:00:00Z"))
    let picture = try LocalFileSystem().readText(folder("charts.svg"))
    #expect(picture.contains("api/shop (errors): severe"))
    if LocalAWS.isInstalled {
      #expect(try Schema.problems(of: folder(".backstop/prod/watch-30m.json"), "watch-30m") == "")
    }
  }

  // MARK: - Kayenta's cases

  struct Case: Decodable, CustomTestStringConvertible {
    var name: String
    var control: [Double], experiment: [Double]
    var direction: String, nanStrategy: String
    var critical: Bool
    var tol: Double, conf: Double
    var eff: [Double], crit: [Double]
    var measure: String
    var expected: String?
    var expectedCritical: Bool?
    var testDescription: String { name }
  }
  struct CaseFile: Decodable { var cases: [Case] }

  static func cases() -> [Case] {
    SharedData.json("watch/kayenta/classifier_cases.json", CaseFile.self)?.cases ?? []
  }

  @Test(.enabled(if: SharedData.exists("watch/kayenta")), arguments: cases())
  func `Kayenta's options give Kayenta's labels`(one: Case) throws {
    let deployment = try #require(Timestamp(Self.deployment))
    var lines = ["timestamp,series,kind,value,count", "2026-11-24T10:00:00Z,m,gauge,NaN,"]
    for (values, first) in [(one.control, -one.control.count - 1), (one.experiment, 1)] {
      for (index, value) in values.enumerated() {
        let time = (deployment + .seconds(60 * (first + index))).formatted(milliseconds: false)
        lines.append("\(time),m,gauge,\(value),")
      }
    }
    try write(lines.joined(separator: "\n"), to: "points.csv")
    try write(
      """
      watch-30m:
        judge: mann-whitney
        mann-whitney:
          tolerance: \(one.tol)
          confidence: \(one.conf)
          direction: \(one.direction)
          nan-strategy: \(one.nanStrategy)
          critical: \(one.critical)
          effect-size-measure: \(one.measure)
          allowed-decrease: \(one.eff[0])
          allowed-increase: \(one.eff[1])
          critical-decrease: \(one.crit[0])
          critical-increase: \(one.crit[1])
      """, to: "policy.yml")
    let (outcome, record) = try run(["--policy", "policy.yml"])
    let series = try #require(record["series"]?[0], "\(outcome.error)")
    let reason = try #require(series["reasons"]?[0]?.string)
    if let expected = one.expected {
      #expect(reason.hasPrefix("Mann-Whitney: \(expected)"), "\(reason)")
      #expect(outcome.status == (expected == "Pass" ? 0 : expected == "Nodata" ? 3 : 1))
    }
    if let expected = one.expectedCritical {
      #expect(series["observed"]?["critical"]?.int == (expected ? 1 : 0))
    }
  }
}
