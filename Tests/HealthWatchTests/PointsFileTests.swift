import HealthAnalysis
import StepResults
import SystemInterfaces
import Testing

@testable import HealthWatch

@Suite struct PointsFileTests {
  private static let header = PointsFile.header + "\n"
  private static let good = "2026-11-24T10:00:00Z,api/shop,errors,1,100"

  private func refusal(of text: String) -> StepFailure? {
    do throws(StepFailure) {
      _ = try PointsFile.parse(Array(text.utf8), path: "points.csv")
      return nil
    } catch {
      return error
    }
  }

  @Test func `a file is read, whatever its order and its line ends`() throws {
    let text =
      "\u{FEFF}timestamp,series,kind,value,count\r\n2026-11-24T10:01:00Z,api/shop,errors,3,100\r\n\r\n"
      + "2026-11-24T11:00:00+01:00,\"a \"\"quoted\"\", name\",latency,120.5,7\r\n"
      + "2026-11-24T10:00:00.5Z, api/shop ,errors,0,0\r\n2026-11-24T10:00:00Z,cpu,gauge,-1.5,"
    let seen = try PointsFile.parse(Array(text.utf8), path: "points.csv")
    #expect(seen.count == 4)
    let quoted = SeriesName(name: "a \"quoted\", name", kind: .latency)
    let point = try #require(seen.points[quoted]?.values.first)
    #expect(point.time == Timestamp("2026-11-24T10:00:00Z"))
    #expect(point.value == 120.5)
    #expect(Set(seen.names.map(\.name)) == [quoted.name, "api/shop", "cpu"])
  }

  @Test(arguments: [
    ("", 1, "expected the header"),
    ("time,series\n", 1, "expected the header"),
    (header + good + "\n2026-11-24,api,errors,1,2", 3, "RFC 3339"),
    (header + "2026-11-24T10:00:00Z,api,errors,1", 2, "expected 5 fields"),
    (header + "2026-11-24T10:00:00Z,api,errors,1,2,3", 2, "expected 5 fields"),
    (header + "2026-11-24T10:00:00Z,,errors,1,2", 2, "no name"),
    (header + "2026-11-24T10:00:00Z,api,faults,1,2", 2, "expected one of errors, latency, gauge"),
    (header + "2026-11-24T10:00:00Z,api,errors,one,2", 2, "expected a number as value"),
    (header + "2026-11-24T10:00:00Z,api,errors,nan,2", 2, "expected a number as value"),
    (header + "2026-11-24T10:00:00Z,api,errors,1,", 2, "number of requests"),
    (header + "2026-11-24T10:00:00Z,api,errors,1,-2", 2, "number of requests"),
    (header + "2026-11-24T10:00:00Z,api,errors,-1,2", 2, "negative"),
    (header + "2026-11-24T10:00:00Z,api,latency,-1,2", 2, "negative"),
    (header + "2026-11-24T10:00:00Z,api,errors,3,2", 2, "3 of 2 requests cannot have failed"),
    (header + "\n\n" + "2026-11-24T10:00:00Z,\"api,errors,1,2", 4, "does not end"),
  ])
  func `a malformed line is named`(text: String, line: Int, message: String) throws {
    let failure = try #require(refusal(of: text))
    #expect(failure.status == .data)
    #expect(failure.message.hasPrefix("points.csv:\(line): "))
    #expect(failure.message.contains(message))
    #expect(!failure.advice.isEmpty)
  }

  @Test func `what is written reads back the same`() throws {
    var seen = Observations()
    let start = Timestamp(seconds: 1_750_000_000.25)
    for (index, name) in ["api/shop", "a, b", "x \"y\"", "probe:GET /"].enumerated() {
      for minute in 0..<5 {
        let kind = SeriesKind.allCases[(index + minute) % 3]
        seen.insert(
          SeriesPoint(
            time: start + .seconds(60 * minute), value: Double(minute) / 3, count: Double(minute + 1)),
          into: SeriesName(name: name, kind: kind))
      }
    }
    let text = PointsFile.text(seen)
    #expect(try PointsFile.parse(Array(text.utf8), path: "x") == seen)
    #expect(PointsFile.text(try PointsFile.parse(Array(text.utf8), path: "x")) == text)
  }

  @Test func `two lines that contradict each other are a mistake, two equal ones are not`() throws {
    let line = "2026-11-24T10:00:00Z,api,errors,1,2"
    #expect(
      try PointsFile.parse(Array("\(PointsFile.header)\n\(line)\n\(line)\n".utf8), path: "p").count == 1)
    #expect {
      try PointsFile.parse(
        Array("\(PointsFile.header)\n\(line)\n2026-11-24T10:00:00Z,api,errors,2,2\n".utf8), path: "p")
    } throws: { error in
      "\(error)".contains("p:3: ") && "\(error)".contains("1.0 of 2.0 in an earlier line")
    }
  }

  @Test(arguments: ["0x10", "inf", "nan", "1_000", " "])
  func `what is no decimal number is refused`(value: String) {
    #expect(throws: StepFailure.self) {
      try PointsFile.parse(
        Array("\(PointsFile.header)\n2026-11-24T10:00:00Z,cpu,gauge,\(value),\n".utf8), path: "p")
    }
  }

  @Test func `NaN is a time at which nothing was measured`() throws {
    let seen = try PointsFile.parse(
      Array("\(PointsFile.header)\n2026-11-24T10:00:00Z,cpu,gauge,NaN,\n".utf8), path: "p")
    #expect(seen.count == 0)
    #expect(seen.names.map(\.name) == ["cpu"])
  }
}
