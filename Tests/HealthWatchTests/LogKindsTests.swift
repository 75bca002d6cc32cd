import SystemInterfaces
import Testing

@testable import HealthWatch

@Suite struct LogKindsTests {
  @Test(arguments: [
    ("ERROR slow request 17 took 2000 ms", "ERROR slow request 99 took 3 ms"),
    (
      "2026-11-24T10:00:00.120Z\t2f1c5b8e-6a9d-4b1f-8a77-0123456789ab\tERROR\tno column tax",
      "2026-11-24T11:30:59.001Z\t99999999-aaaa-4b1f-8a77-ba9876543210\tERROR\tno column tax"
    ),
    ("[ERROR] timeout after 3.00 seconds", "[ERROR] timeout after 29.90 seconds"),
    ("ERROR item user_12 unknown\n  at handler.js:10", "ERROR item user_7 unknown\n  at handler.js:99"),
  ])
  func `messages that differ in numbers and ids are of one kind`(left: String, right: String) {
    #expect(LogKinds.kind(of: left) == LogKinds.kind(of: right))
    #expect(!LogKinds.kind(of: left).isEmpty)
  }

  @Test(arguments: [
    ("ERROR no column tax", "ERROR no column vat"),
    ("Task timed out", "Task failed"),
    ("ERROR deadbeef", "ERROR feedback"),
  ])
  func `messages in other words are of other kinds`(left: String, right: String) {
    #expect(LogKinds.kind(of: left) != LogKinds.kind(of: right))
  }

  @Test func `the most frequent new kind comes first, shortened`() {
    let start = Timestamp(seconds: 1_750_000_000)
    let long = "ERROR " + String(repeating: "x", count: 1000)
    let after = ["ERROR b", long, long, "ERROR a"].enumerated().map {
      LogLine(time: start + .seconds($0.offset), message: $0.element)
    }
    let new = LogKinds.new(in: "g", before: [LogLine(time: start, message: "ERROR b")], after: after)
    #expect(new.map(\.count) == [2, 1])
    #expect(new[0].example.count == 300)
    #expect(new[0].firstSeen == start + .seconds(1))
    #expect(new[1].example == "ERROR a")
  }
}
